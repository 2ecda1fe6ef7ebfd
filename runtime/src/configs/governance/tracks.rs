//! The tracks that referenda run on, one for each origin (STA-R14).

use super::pallet_origins::Origin;
use crate::{
	configs::timing::{hours, HOURS_PER_DAY},
	constants::currency::TOS,
	Balance, BlockNumber, OriginCaller, RuntimeOrigin,
};
use alloc::borrow::Cow;
use frame_support::traits::OriginTrait;
use pallet_referenda::{Curve, Track, TrackInfo};
use sp_runtime::{str_array as s, FixedI64};

const ROOT: u16 = 0;
const WHITELISTED_CALLER: u16 = 1;
const STAKING_ADMIN: u16 = 10;
const TREASURER: u16 = 11;
const SMALL_SPENDER: u16 = 12;
const MEDIUM_SPENDER: u16 = 13;
const BIG_SPENDER: u16 = 14;
const REFERENDUM_CANCELLER: u16 = 20;
const REFERENDUM_KILLER: u16 = 21;

const fn percent(value: i64) -> FixedI64 {
	FixedI64::from_rational(value as u128, 100)
}

/// The required share of ayes falls linearly from all to half over the decision period.
const APPROVAL: Curve = Curve::make_linear(100, 100, percent(50), percent(100));
/// The required share of ayes falls from all to 52.8 % along `K / (x + S) + T`, so quickly that nays of a fifth delay
/// an urgent call by an hour.
const WHITELISTED_APPROVAL: Curve = Curve::Reciprocal {
	factor: FixedI64::from_inner(31_641_750),
	x_offset: FixedI64::from_inner(63_000_000),
	y_offset: FixedI64::from_inner(497_750_000),
};
/// The required turnout in favour falls linearly from half of all TOS to a share that depends on the track.
const fn support(floor: i64) -> Curve {
	Curve::make_linear(100, 100, percent(floor), percent(50))
}
/// The curves of most tracks, with the floor of the required turnout.
const fn usual(support_floor: i64) -> [Curve; 2] {
	[APPROVAL, support(support_floor)]
}
/// A whitelisted call has the committee's approval, so the required turnout falls within 16 hours, from half of all TOS
/// to a tenth.
///
/// Not reciprocal: the SDK answers that a turnout above the start of such a curve never suffices, and would set the
/// alarm to the end of the decision period.
const WHITELISTED_SUPPORT: Curve =
	Curve::make_linear(16, URGENT_DECISION as u128, percent(10), percent(50));

/// Decision period of urgent calls.
///
/// Long enough for the required turnout to fall to its end. Anybody can fill the places of the track with referenda that
/// nobody wants, for deposits that are returned; they occupy it no longer than this.
const URGENT_DECISION: BlockNumber = HOURS_PER_DAY;
/// Decision period of most tracks.
const DECISION: BlockNumber = 14 * HOURS_PER_DAY;
/// Decision period of small payments, and of referenda about referenda.
const SHORT_DECISION: BlockNumber = 7 * HOURS_PER_DAY;
/// A slash can be cancelled for six days: a referendum that cancels it has to be prepared, decided, confirmed
/// and enacted within that time, also if it first waits until those that fill the track have been decided and
/// confirmed. Then it takes 104 hours at most, and there are 40 to notice the slash.
const SLASH_DECISION: BlockNumber = 2 * HOURS_PER_DAY;

/// Hours of preparation, decision, confirmation and enactment.
type Periods = [BlockNumber; 4];
/// Periods of most tracks.
const THOROUGH: Periods = [2, DECISION, 24, 24];
/// Periods of referenda about referenda.
const QUICK: Periods = [1, SHORT_DECISION, 3, 1];

/// Tracks whose periods are the chain's own hours.
pub struct TracksInfo;

fn track(
	id: u16,
	name: [u8; 25],
	max_deciding: u32,
	decision_deposit: Balance,
	hours_of: Periods,
	[min_approval, min_support]: [Curve; 2],
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
			min_approval,
			min_support,
		},
	})
}

impl pallet_referenda::TracksInfo<Balance, BlockNumber> for TracksInfo {
	type Id = u16;
	type RuntimeOrigin = <RuntimeOrigin as OriginTrait>::PalletsOrigin;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<u16, Balance, BlockNumber>>> {
		[
			track(ROOT, s("root"), 5, 100_000 * TOS, THOROUGH, usual(1)),
			track(
				WHITELISTED_CALLER,
				s("whitelisted_caller"),
				20,
				10_000 * TOS,
				[1, URGENT_DECISION, 1, 1],
				[WHITELISTED_APPROVAL, WHITELISTED_SUPPORT],
			),
			track(
				STAKING_ADMIN,
				s("staking_admin"),
				10,
				5_000 * TOS,
				[1, SLASH_DECISION, 3, 1],
				usual(1),
			),
			track(TREASURER, s("treasurer"), 5, 5_000 * TOS, THOROUGH, usual(10)),
			track(
				SMALL_SPENDER,
				s("small_spender"),
				20,
				100 * TOS,
				[1, SHORT_DECISION, 12, 12],
				usual(1),
			),
			track(MEDIUM_SPENDER, s("medium_spender"), 15, 500 * TOS, THOROUGH, usual(2)),
			track(BIG_SPENDER, s("big_spender"), 10, 1_000 * TOS, THOROUGH, usual(5)),
			track(
				REFERENDUM_CANCELLER,
				s("referendum_canceller"),
				20,
				10_000 * TOS,
				QUICK,
				usual(1),
			),
			track(REFERENDUM_KILLER, s("referendum_killer"), 20, 50_000 * TOS, QUICK, usual(1)),
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
				Origin::SmallSpender => SMALL_SPENDER,
				Origin::MediumSpender => MEDIUM_SPENDER,
				Origin::BigSpender => BIG_SPENDER,
			}),
			_ => Err(()),
		}
	}
}
