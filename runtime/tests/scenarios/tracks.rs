//! What the tracks require, and what each of their origins may spend.

use crate::{
	ballots::{chain_with_hours_of, enacted_at, nothing, submit_with_deposit, vote},
	common::{chain, run_block},
};
use frame_support::assert_ok;
use gtos_runtime::{
	configs::governance::{pallet_origins::Origin, TracksInfo},
	constants::{currency::TOS, governance::AGENDA_TRIES},
	genesis_config_presets::LOCAL,
	AccountId, Balance, BlockNumber, Runtime, RuntimeCall, RuntimeOrigin, System,
};
use pallet_genesis_parameters::ChainTiming;
use pallet_referenda::TracksInfo as _;
use pallet_treasury::{Error, SpendCount};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::{traits::Dispatchable, DispatchResult, Perbill};

const WHITELISTED_CALLER: u16 = 1;
const STAKING_ADMIN: u16 = 10;

/// Nays in percent; then the blocks from submission to enactment, for hours of 20 and of 3,600 blocks, of a whitelisted
/// referendum for which half of all TOS vote (STA-R15).
const TIMES: [(u32, BlockNumber, BlockNumber); 4] =
	[(0, 60, 10_800), (10, 68, 12_154), (20, 81, 14_402), (30, 105, 18_874)];

/// STA-R15: the spec's table, in seconds of a live chain.
#[test]
fn whitelisted_referendum_takes_hours_on_a_live_chain() {
	chain_with_hours_of(3_600).execute_with(|| {
		let track = TracksInfo::info(WHITELISTED_CALLER).expect("there is such a track");
		for (nays, _, blocks) in TIMES {
			let delay = track.min_approval.delay(Perbill::from_percent(100 - nays));
			assert_eq!(
				track.prepare_period
					+ delay.mul_ceil(track.decision_period)
					+ track.confirm_period
					+ track.min_enactment_period,
				blocks,
				"{nays} % nays"
			);
		}
	});
}

/// STA-R15: nobody has to nudge the referendum for that.
#[test]
fn whitelisted_referendum_is_enacted_in_time_by_itself() {
	for (nays, blocks, _) in TIMES {
		chain_with_hours_of(20).execute_with(|| {
			run_block(0, vec![]);
			let submitted = System::block_number();
			let index = submit_with_deposit(Alice, Origin::WhitelistedCaller, nothing());
			vote(index, Perbill::from_percent(nays));
			let enacted = enacted_at(index, submitted + blocks + 1);
			assert_eq!(enacted, Some(submitted + blocks), "{nays} % nays");
		});
	}
}

/// A curve whose start lies below 100 % answers 100 % of the period for all shares above its start if it is reciprocal:
/// the alarm of a referendum with too many votes would ring last.
#[test]
fn no_track_delays_what_everybody_wants() {
	chain_with_hours_of(20).execute_with(|| {
		for track in TracksInfo::tracks() {
			let info = &track.info;
			for curve in [&info.min_approval, &info.min_support] {
				assert_eq!(curve.delay(Perbill::one()), Perbill::zero(), "{}", track.id);
				assert!(curve.passing(Perbill::zero(), Perbill::one()), "{}", track.id);
			}
		}
	});
}

/// STA-R15: referenda that fill the track keep one with more ayes than those in the queue for two days at most.
#[test]
fn urgent_referendum_is_decided_within_two_days_although_the_track_was_full() {
	chain_with_hours_of(3_600).execute_with(|| {
		let track = TracksInfo::info(WHITELISTED_CALLER).expect("there is such a track");
		let until_others_are_decided = track.decision_period + track.confirm_period;
		assert_eq!(until_others_are_decided, 25 * 3_600);
		let own = track.prepare_period + track.decision_period;
		assert!(until_others_are_decided + own <= 50 * 3_600);
		// With half of all TOS and no nay it needs no time to be decided.
		assert_eq!(track.min_approval.delay(Perbill::one()), Perbill::zero());
		// The required turnout has fallen before the period ends.
		let least = track.min_support.delay(Perbill::from_percent(10));
		assert_eq!(least.mul_floor(track.decision_period), 16 * 3_600);
	});
}

/// STA-R14: an unopposed minority of 1 % can spend a thousand TOS at a time, and a tenth must vote for a million.
#[test]
fn least_support_rises_with_the_amount() {
	chain_with_hours_of(20).execute_with(|| {
		let least = |id: u16| {
			let track = TracksInfo::info(id).expect("there is such a track");
			track.min_support.threshold(Perbill::one()).deconstruct() / 10_000_000
		};
		assert_eq!([12, 13, 14, 11].map(least), [1, 2, 5, 10]);
		assert_eq!(TracksInfo::check_integrity(), Ok(()));
	});
}

/// STA-R14, CON-R17: others can fill the track for one decision period. On a live chain a deferred slash can be cancelled
/// nevertheless, if the referendum is submitted within 39 hours.
#[test]
fn slash_is_cancelled_in_time_although_the_track_was_full() {
	let timing = ChainTiming::default();
	let deferral =
		timing.session_length_blocks * timing.sessions_per_era * timing.slash_defer_duration_eras;
	chain_with_hours_of(timing.hour_blocks).execute_with(|| {
		let track = TracksInfo::info(STAKING_ADMIN).expect("there is such a track");
		let until_others_are_decided = track.decision_period + track.confirm_period;
		let own = track.prepare_period
			+ track.decision_period
			+ track.confirm_period
			+ track.min_enactment_period;
		// Each of six steps may wait for a slot of an agenda.
		let longest = until_others_are_decided + own + 6 * AGENDA_TRIES;
		assert!(longest + 39 * timing.hour_blocks < deferral, "{longest} of {deferral}");
	});
}

fn spend(amount: Balance) -> RuntimeCall {
	RuntimeCall::Treasury(pallet_treasury::Call::spend {
		asset_kind: Box::new(()),
		amount,
		beneficiary: Box::new(AccountId::new([7; 32])),
		valid_from: None,
	})
}

fn dispatch(call: RuntimeCall, origin: Origin) -> DispatchResult {
	call.dispatch(RuntimeOrigin::from(origin)).map(|_| ()).map_err(|failure| failure.error)
}

fn too_much() -> DispatchResult {
	Err(Error::<Runtime>::InsufficientPermission.into())
}

/// STA-R14: caps of the spending origins, each once and in parts of a batch.
#[test]
fn spender_spends_its_cap_and_no_more() {
	for (origin, cap) in [
		(Origin::SmallSpender, 1_000 * TOS),
		(Origin::MediumSpender, 10_000 * TOS),
		(Origin::BigSpender, 100_000 * TOS),
		(Origin::Treasurer, 1_000_000 * TOS),
	] {
		chain(LOCAL).execute_with(|| {
			run_block(0, vec![]);
			assert_eq!(dispatch(spend(cap + 1), origin.clone()), too_much(), "{origin:?}");
			let batch = |last| {
				let calls = vec![spend(cap / 2), spend(cap / 2), spend(last)];
				RuntimeCall::Utility(pallet_utility::Call::batch_all { calls })
			};
			assert_eq!(dispatch(batch(1), origin.clone()), too_much(), "{origin:?}");
			// A `batch_all` may hold a `batch`, but no `batch_all`.
			let whole = RuntimeCall::Utility(pallet_utility::Call::batch {
				calls: vec![spend(cap / 2), spend(cap / 2)],
			});
			let nested = RuntimeCall::Utility(pallet_utility::Call::batch_all {
				calls: vec![whole, spend(1)],
			});
			assert_eq!(dispatch(nested, origin.clone()), too_much(), "{origin:?}");
			assert_eq!(SpendCount::<Runtime, ()>::get(), 0);
			assert_ok!(dispatch(spend(cap), origin.clone()));
			assert_ok!(dispatch(batch(0), origin.clone()));
			assert_eq!(SpendCount::<Runtime, ()>::get(), 4);
		});
	}
}

/// STA-R14: no other origin spends, and only the treasurer and root void what is approved.
#[test]
fn other_origins_do_not_spend_and_spenders_do_not_void() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let refused: DispatchResult = Err(sp_runtime::DispatchError::BadOrigin);
		for origin in [
			Origin::WhitelistedCaller,
			Origin::StakingAdmin,
			Origin::ReferendumCanceller,
			Origin::ReferendumKiller,
		] {
			assert_eq!(dispatch(spend(1), origin.clone()), refused, "{origin:?}");
		}
		let signed = spend(1).dispatch(RuntimeOrigin::signed(Bob.to_account_id()));
		assert_eq!(signed.map(|_| ()).map_err(|failure| failure.error), refused);

		assert_ok!(dispatch(spend(1), Origin::SmallSpender));
		let void = || RuntimeCall::Treasury(pallet_treasury::Call::void_spend { index: 0 });
		for origin in [Origin::SmallSpender, Origin::MediumSpender, Origin::BigSpender] {
			assert_eq!(dispatch(void(), origin.clone()), refused, "{origin:?}");
		}
		assert_ok!(dispatch(void(), Origin::Treasurer));
	});
}
