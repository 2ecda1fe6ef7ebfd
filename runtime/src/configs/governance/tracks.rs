//! The tracks that referenda run on, one for each origin.

use super::pallet_origins::Origin;
use crate::{
	configs::timing::{hours, HOURS_PER_DAY},
	constants::currency::TOS,
	Balance, BlockNumber, OriginCaller, RuntimeOrigin,
};
use alloc::borrow::Cow;
use frame_support::traits::OriginTrait;
use pallet_referenda::{Curve, Track, TrackInfo};
use sp_runtime::str_array as s;

const ROOT: u16 = 0;
const WHITELISTED_CALLER: u16 = 1;
const STAKING_ADMIN: u16 = 10;
const TREASURER: u16 = 11;
const REFERENDUM_CANCELLER: u16 = 20;
const REFERENDUM_KILLER: u16 = 21;

const fn percent(value: i64) -> sp_runtime::FixedI64 {
	sp_runtime::FixedI64::from_rational(value as u128, 100)
}

/// The required share of ayes falls linearly from all to half over the decision period.
const APPROVAL: Curve = Curve::make_linear(100, 100, percent(50), percent(100));
/// The required turnout in favour falls linearly from half of all TOS to a hundredth.
const SUPPORT: Curve = Curve::make_linear(100, 100, percent(1), percent(50));
/// A whitelisted call has the committee's approval, so the required turnout falls quickly.
const WHITELISTED_SUPPORT: Curve =
	Curve::make_reciprocal(1, 28, percent(20), percent(5), percent(50));

/// Tracks whose periods are the chain's own hours.
pub struct TracksInfo;

fn track(
	id: u16,
	name: [u8; 25],
	max_deciding: u32,
	decision_deposit: Balance,
	hours_of: [BlockNumber; 4],
	min_support: Curve,
) -> Cow<'static, Track<u16, Balance, BlockNumber>> {
	let [prepare, decision, confirm, enactment] = hours_of.map(hours);
	Cow::Owned(Track {
		id,
		info: TrackInfo {
			name,
			max_deciding,
			decision_deposit,
			prepare_period: prepare,
			decision_period: decision,
			confirm_period: confirm,
			min_enactment_period: enactment,
			min_approval: APPROVAL,
			min_support,
		},
	})
}

impl pallet_referenda::TracksInfo<Balance, BlockNumber> for TracksInfo {
	type Id = u16;
	type RuntimeOrigin = <RuntimeOrigin as OriginTrait>::PalletsOrigin;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<u16, Balance, BlockNumber>>> {
		const DECISION: BlockNumber = 14 * HOURS_PER_DAY;
		// A slash can be cancelled for six days: a referendum that cancels it has to be prepared,
		// decided, confirmed and enacted within that time.
		const SLASH_DECISION: BlockNumber = 4 * HOURS_PER_DAY;
		[
			track(ROOT, s("root"), 5, 100_000 * TOS, [2, DECISION, 24, 24], SUPPORT),
			track(
				WHITELISTED_CALLER,
				s("whitelisted_caller"),
				20,
				10_000 * TOS,
				[1, DECISION, 1, 1],
				WHITELISTED_SUPPORT,
			),
			track(
				STAKING_ADMIN,
				s("staking_admin"),
				10,
				5_000 * TOS,
				[1, SLASH_DECISION, 3, 1],
				SUPPORT,
			),
			track(TREASURER, s("treasurer"), 10, 1_000 * TOS, [2, DECISION, 24, 24], SUPPORT),
			track(
				REFERENDUM_CANCELLER,
				s("referendum_canceller"),
				20,
				10_000 * TOS,
				[1, 7 * HOURS_PER_DAY, 3, 1],
				SUPPORT,
			),
			track(
				REFERENDUM_KILLER,
				s("referendum_killer"),
				20,
				50_000 * TOS,
				[1, 7 * HOURS_PER_DAY, 3, 1],
				SUPPORT,
			),
		]
		.into_iter()
	}

	fn track_for(origin: &Self::RuntimeOrigin) -> Result<u16, ()> {
		match origin {
			OriginCaller::system(frame_system::RawOrigin::Root) => Ok(ROOT),
			OriginCaller::Origins(origin) => Ok(match origin {
				Origin::WhitelistedCaller => WHITELISTED_CALLER,
				Origin::StakingAdmin => STAKING_ADMIN,
				Origin::Treasurer => TREASURER,
				Origin::ReferendumCanceller => REFERENDUM_CANCELLER,
				Origin::ReferendumKiller => REFERENDUM_KILLER,
			}),
			_ => Err(()),
		}
	}
}
