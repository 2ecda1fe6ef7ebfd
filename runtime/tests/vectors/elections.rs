//! Elections: whose votes count (CON-R24), who is elected, and with whose stake (CON-R25, CON-R26).

use crate::{
	chain::{self, session_keys},
	vector_file::{Bytes, Check, Decimal, Nothing},
};
use frame_election_provider_support::bounds::CountBound;
use gtos_runtime::{
	configs::staking::ElectionLimits, AccountId, Runtime, RuntimeOrigin, Staking, System,
};
use pallet_genesis_parameters::{ChainTiming, Timing};
use pallet_liveness::{Record, Standing};
use pallet_session::SessionManager;
use pallet_staking::{EraInfo, Forcing, RewardDestination, ValidatorPrefs};
use serde::Deserialize;
use sp_staking::EraIndex;

/// The era for which validators are elected.
const ERA: EraIndex = 1;

/// The number of voters that an election considers on a chain with slots of this length.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct VoterLimit {
	slot_duration_ms: u64,
	max_voters: u32,
}

impl Check for VoterLimit {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		chain::with_accounts(vec![]).execute_with(|| {
			let timing =
				ChainTiming { slot_duration_ms: self.slot_duration_ms, ..ChainTiming::default() };
			Timing::<Runtime>::put(timing);
			let voters = ElectionLimits::get().voters;
			assert_eq!(voters.count, Some(CountBound(self.max_voters)));
			assert_eq!(voters.size, None);
		});
	}
}

/// An election: the stakers, and the validators that are elected with their exposures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Election {
	seats: u32,
	minimum: u32,
	issuance: Decimal,
	stakers: Vec<Staker>,
	/// In the order of the set; `None` if the election fails.
	elected: Option<Vec<Elected>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Staker {
	account: Bytes,
	stake: Decimal,
	has_session_keys: bool,
	#[serde(default)]
	is_suspended: bool,
	/// Nominated validators; `None` if the staker is a candidate.
	targets: Option<Vec<Bytes>>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Elected {
	account: Bytes,
	total: Decimal,
	own: Decimal,
	/// Sorted by account.
	others: Vec<Backing>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Backing {
	account: Bytes,
	stake: Decimal,
}

impl Staker {
	/// Bonds, sets the keys of the validator with this `number`, and validates or nominates.
	fn stake(&self, number: usize) {
		let account = self.account.account();
		let origin = || RuntimeOrigin::signed(account.clone());
		Staking::bond(origin(), self.stake.0, RewardDestination::Staked).expect("it has the money");
		if self.has_session_keys {
			pallet_session::NextKeys::<Runtime>::insert(&account, session_keys(number, 0));
		}
		if self.is_suspended {
			let standing = Standing::Suspended { until: EraIndex::MAX, stake: self.stake.0 };
			let record = Record { validator: account.clone(), level: 1, standing };
			pallet_liveness::Records::<Runtime>::try_mutate(|records| records.try_push(record))
				.expect("there are few");
		}
		match &self.targets {
			None => Staking::validate(origin(), ValidatorPrefs::default()),
			Some(targets) => Staking::nominate(
				origin(),
				targets.iter().map(|target| target.account().into()).collect(),
			),
		}
		.expect("it has enough at stake");
	}
}

impl Elected {
	fn read(account: AccountId) -> Self {
		let exposure = EraInfo::<Runtime>::get_full_exposure(ERA, &account);
		let bytes = |account: &AccountId| Bytes(AsRef::<[u8]>::as_ref(account).to_vec());
		let mut others: Vec<Backing> = exposure
			.others
			.iter()
			.map(|other| Backing { account: bytes(&other.who), stake: Decimal(other.value) })
			.collect();
		others.sort_by(|a, b| a.account.0.cmp(&b.account.0));
		Self {
			account: bytes(&account),
			total: Decimal(exposure.total),
			own: Decimal(exposure.own),
			others,
		}
	}
}

impl Check for Election {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let balances = self
			.stakers
			.iter()
			.map(|staker| (staker.account.account(), 2 * staker.stake.0))
			.collect();
		chain::with_accounts(balances).execute_with(|| {
			System::set_block_number(1);
			for (number, staker) in self.stakers.iter().enumerate() {
				staker.stake(number);
			}
			pallet_balances::TotalIssuance::<Runtime>::put(self.issuance.0);
			pallet_staking::ValidatorCount::<Runtime>::put(self.seats);
			pallet_staking::MinimumValidatorCount::<Runtime>::put(self.minimum);
			pallet_staking::CurrentEra::<Runtime>::put(ERA - 1);
			pallet_staking::ErasStartSessionIndex::<Runtime>::insert(ERA - 1, 0_u32);
			pallet_staking::ForceEra::<Runtime>::put(Forcing::ForceAlways);

			let set = <Staking as SessionManager<AccountId>>::new_session(1);
			let elected = set.map(|set| set.into_iter().map(Elected::read).collect::<Vec<_>>());
			assert_eq!(elected, self.elected);
			let planned = pallet_staking::CurrentEra::<Runtime>::get();
			assert_eq!(planned, Some(if elected.is_some() { ERA } else { ERA - 1 }));
		});
	}
}
