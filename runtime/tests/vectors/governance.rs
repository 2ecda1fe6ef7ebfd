//! The tracks of referenda, and the calls that types of proxies may make (specs/state.md).

use crate::vector_file::{Bytes, Check, Decimal, Nothing};
use codec::{Decode, DecodeAll};
use frame_support::traits::{EnsureOrigin, InstanceFilter};
use gtos_runtime::{
	configs::{
		accounts::ProxyType,
		governance::{pallet_origins::Origin, TracksInfo},
	},
	Balance, OriginCaller, Runtime, RuntimeCall, RuntimeOrigin,
};
use pallet_genesis_parameters::ChainTiming;
use pallet_referenda::{Curve, TrackInfoOf, TracksInfo as _};
use serde::Deserialize;
use sp_io::TestExternalities;
use sp_runtime::{BuildStorage, Perbill};

/// A track (STA-R14, STA-R15). Shares are in parts of 10^9.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Track {
	track: String,
	id: u16,
	origin: Option<u8>,
	max_deciding: u32,
	decision_deposit: Decimal,
	hours: [u32; 4],
	cap: Option<Decimal>,
	approval_delays: Vec<Delay>,
	support_delays: Vec<Delay>,
	enactments: Vec<Enactment>,
}

/// The part of the decision period from which a share suffices.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
	share: u32,
	delay: u32,
}

/// Blocks from submission to enactment, if deposit and votes are there at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Enactment {
	hour_blocks: u32,
	ayes: u32,
	turnout: u32,
	blocks: u32,
}

/// A chain that counts `hour_blocks` as an hour.
fn chain_with_hours_of(hour_blocks: u32) -> TestExternalities {
	let genesis = pallet_genesis_parameters::GenesisConfig::<Runtime> {
		timing: ChainTiming { hour_blocks, ..ChainTiming::default() },
		..Default::default()
	};
	TestExternalities::new(genesis.build_storage().expect("the timing is sound"))
}

fn info(id: u16) -> TrackInfoOf<Runtime> {
	TracksInfo::info(id).expect("there is such a track").into_owned()
}

fn check_delays(curve: &Curve, delays: &[Delay]) {
	for delay in delays {
		let found = curve.delay(Perbill::from_parts(delay.share));
		assert_eq!(found.deconstruct(), delay.delay, "of {}", delay.share);
	}
}

impl Track {
	fn caller(&self) -> OriginCaller {
		match self.origin {
			None => OriginCaller::system(frame_system::RawOrigin::Root),
			Some(index) => {
				OriginCaller::Origins(Origin::decode(&mut &[index][..]).expect("it is an origin"))
			},
		}
	}

	fn check_cap(&self) {
		type SpendOrigin = <Runtime as pallet_treasury::Config>::SpendOrigin;
		let cap: Option<Balance> = SpendOrigin::try_origin(RuntimeOrigin::from(self.caller())).ok();
		// Root spends any amount.
		let expected =
			if self.origin.is_none() { Some(Balance::MAX) } else { self.cap.map(|c| c.0) };
		assert_eq!(cap, expected);
	}
}

impl Check for Track {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		assert_eq!(TracksInfo::track_for(&self.caller()), Ok(self.id));
		self.check_cap();
		chain_with_hours_of(1).execute_with(|| {
			let info = info(self.id);
			let name = String::from_utf8_lossy(&info.name).trim_end_matches('\0').to_owned();
			assert_eq!(name, self.track);
			assert_eq!(info.max_deciding, self.max_deciding);
			assert_eq!(info.decision_deposit, self.decision_deposit.0);
			let hours = [
				info.prepare_period,
				info.decision_period,
				info.confirm_period,
				info.min_enactment_period,
			];
			assert_eq!(hours, self.hours);
			check_delays(&info.min_approval, &self.approval_delays);
			check_delays(&info.min_support, &self.support_delays);
		});
		for enactment in &self.enactments {
			chain_with_hours_of(enactment.hour_blocks).execute_with(|| {
				let info = info(self.id);
				let approval = info.min_approval.delay(Perbill::from_parts(enactment.ayes));
				let support = info.min_support.delay(Perbill::from_parts(enactment.turnout));
				let blocks = info.prepare_period
					+ approval.max(support).mul_ceil(info.decision_period)
					+ info.confirm_period
					+ info.min_enactment_period;
				assert_eq!(blocks, enactment.blocks);
			});
		}
	}
}

/// A call, and whether a type of proxy may make it (STA-R16).
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ProxyFilter {
	proxy_type: Bytes,
	call: Bytes,
	is_allowed: bool,
}

impl Check for ProxyFilter {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let kind = ProxyType::decode_all(&mut &self.proxy_type.0[..]).expect("it is a type");
		let call = RuntimeCall::decode_all(&mut &self.call.0[..]).expect("it is a call");
		assert_eq!(kind.filter(&call), self.is_allowed);
	}
}
