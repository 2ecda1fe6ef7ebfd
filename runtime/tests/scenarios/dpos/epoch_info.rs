//! Progress of session and era (RPC-R28).

use super::{build, chain, epoch, run_to, short_local, LENGTH, SESSIONS};
use gtos_dpos_api::EpochInfo;
use gtos_runtime::Runtime;
use pallet_staking::Forcing;

/// RPC-R28: progress of session and era on a chain whose elections succeed.
#[test]
fn epoch_info_at_every_block_has_the_progress_of_session_and_era() {
	chain().execute_with(|| {
		for number in 0..=31 {
			run_to(number);
			let session = number / LENGTH;
			let era = session / SESSIONS;
			let expected = EpochInfo {
				session,
				session_progress: number % LENGTH,
				session_length: LENGTH,
				era,
				era_progress: session % SESSIONS,
				sessions_per_era: SESSIONS,
				next_session_block: (session + 1) * LENGTH,
				next_era_session: Some((era + 1) * SESSIONS),
				next_era_block: Some((era + 1) * SESSIONS * LENGTH),
			};
			assert_eq!(epoch(), expected, "at {number}");
		}
	});
}

#[test]
fn epoch_info_after_failed_elections_names_the_next_session_that_can_begin_an_era() {
	chain().execute_with(|| {
		pallet_staking::MinimumValidatorCount::<Runtime>::put(10);
		let next = || (epoch().era, epoch().era_progress, epoch().next_era_session);
		run_to(LENGTH);
		assert_eq!((next(), epoch().next_era_block), ((0, 1, Some(3)), Some(3 * LENGTH)));
		run_to(2 * LENGTH);
		assert_eq!((next(), epoch().next_era_block), ((0, 2, Some(4)), Some(4 * LENGTH)));
		pallet_staking::MinimumValidatorCount::<Runtime>::put(1);
		// The election of this block succeeds, for the session after its own.
		run_to(3 * LENGTH);
		assert_eq!((next(), epoch().next_era_block), ((0, 3, Some(4)), Some(4 * LENGTH)));
		run_to(4 * LENGTH);
		assert_eq!(next(), (1, 0, Some(6)));
	});
}

#[test]
fn epoch_info_follows_what_governance_forces() {
	let mut config = short_local();
	config["genesisParameters"]["timing"]["sessionsPerEra"] = 4.into();
	build(&config).expect("the configuration is sound").execute_with(|| {
		run_to(1);
		let next = |forcing| {
			pallet_staking::ForceEra::<Runtime>::put(forcing);
			(epoch().next_era_session, epoch().next_era_block)
		};
		assert_eq!(next(Forcing::ForceNone), (None, None));
		for forcing in [Forcing::ForceNew, Forcing::ForceAlways] {
			assert_eq!(next(forcing), (Some(2), Some(2 * LENGTH)));
		}
		assert_eq!(next(Forcing::NotForcing), (Some(4), Some(4 * LENGTH)));
		// A set that is already elected takes over anyway.
		run_to(3 * LENGTH);
		assert_eq!(next(Forcing::ForceNone), (Some(4), Some(4 * LENGTH)));
	});
}
