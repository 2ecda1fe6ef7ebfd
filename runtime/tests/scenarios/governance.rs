//! Which calls the staking admin's track may make, which only root may make, and when a whitelisted call is made.

use crate::{
	ballots::{is_marked, marker},
	common::{chain, run_block, sign},
};
use frame_support::{assert_ok, BoundedVec};
use gtos_runtime::{
	configs::governance::pallet_origins::Origin,
	genesis_config_presets::{DEVELOPMENT_TIMING, LOCAL},
	AccountId, Balance, Runtime, RuntimeCall, RuntimeOrigin,
};
use pallet_staking::{UnappliedSlash, UnappliedSlashes, Validators};
use sp_keyring::Sr25519Keyring::{Alice, AliceStash};
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash as _},
	DispatchError, DispatchResult, Perbill,
};
use sp_staking::EraIndex;

/// Era in which a slash for era 0 is applied after its deferral.
const DUE_ERA: EraIndex = DEVELOPMENT_TIMING.slash_defer_duration_eras + 1;

fn staking_admin() -> RuntimeOrigin {
	Origin::StakingAdmin.into()
}

fn dispatch(call: impl Into<RuntimeCall>, origin: RuntimeOrigin) -> DispatchResult {
	call.into().dispatch(origin).map(|_| ()).map_err(|failure| failure.error)
}

fn filtered() -> DispatchError {
	frame_system::Error::<Runtime>::CallFiltered.into()
}

/// Slashes a tenth of Alice's stake for an era without an offence.
fn manual_slash() -> RuntimeCall {
	RuntimeCall::Staking(pallet_staking::Call::manual_slash {
		validator_stash: AliceStash.to_account_id(),
		era: 0,
		slash_fraction: Perbill::from_percent(10),
	})
}

/// Restores Alice's ledger, which is sound.
fn restore_ledger() -> RuntimeCall {
	RuntimeCall::Staking(pallet_staking::Call::restore_ledger {
		stash: AliceStash.to_account_id(),
		maybe_controller: None,
		maybe_total: None,
		maybe_unlocking: None,
	})
}

fn waiting() -> Vec<UnappliedSlash<AccountId, Balance>> {
	UnappliedSlashes::<Runtime>::get(DUE_ERA)
}

#[test]
fn manual_slash_by_root_is_deferred_and_the_staking_admin_cancels_it() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		assert_ok!(dispatch(manual_slash(), RuntimeOrigin::root()));
		let [slash] = waiting().try_into().expect("it is deferred");
		assert_eq!(slash.validator, AliceStash.to_account_id());
		assert!(slash.own > 0);
		let cancel =
			pallet_staking::Call::cancel_deferred_slash { era: DUE_ERA, slash_indices: vec![0] };
		assert_ok!(dispatch(cancel, staking_admin()));
		assert!(waiting().is_empty());
	});
}

#[test]
fn manual_slash_is_refused_to_every_origin_but_root() {
	chain(LOCAL).execute_with(|| {
		let signed = run_block(0, vec![sign(Alice, 0, manual_slash())]);
		assert_eq!(signed, [Ok(Err(filtered()))]);
		for origin in [
			Origin::WhitelistedCaller,
			Origin::StakingAdmin,
			Origin::Treasurer,
			Origin::ReferendumCanceller,
			Origin::ReferendumKiller,
		] {
			let result = dispatch(manual_slash(), origin.clone().into());
			assert_eq!(result, Err(filtered()), "{origin:?}");
		}
		let batch = pallet_utility::Call::batch_all { calls: vec![manual_slash()] };
		assert_eq!(dispatch(batch, staking_admin()), Err(filtered()));
		assert!(waiting().is_empty());
	});
}

#[test]
fn ledger_is_restored_by_root_only() {
	chain(LOCAL).execute_with(|| {
		assert_eq!(dispatch(restore_ledger(), staking_admin()), Err(filtered()));
		// Root's call reaches the pallet, which finds nothing to restore.
		let sound = pallet_staking::Error::<Runtime>::CannotRestoreLedger.into();
		assert_eq!(dispatch(restore_ledger(), RuntimeOrigin::root()), Err(sound));
	});
}

/// Any account can apply the minimum to any validator, so whoever sets it can take all rewards from nominators.
#[test]
fn minimum_commission_is_set_by_root_only() {
	chain(LOCAL).execute_with(|| {
		let commission = || Validators::<Runtime>::get(AliceStash.to_account_id()).commission;
		let before = commission();
		let set = || {
			RuntimeCall::Staking(pallet_staking::Call::set_min_commission { new: Perbill::one() })
		};
		let apply = pallet_staking::Call::force_apply_min_commission {
			validator_stash: AliceStash.to_account_id(),
		};
		let by_anybody = || RuntimeOrigin::signed(Alice.to_account_id());

		assert_eq!(dispatch(set(), staking_admin()), Err(filtered()));
		let batch = pallet_utility::Call::batch_all { calls: vec![set()] };
		assert_eq!(dispatch(batch, staking_admin()), Err(filtered()));
		assert_ok!(dispatch(apply.clone(), by_anybody()));
		assert_eq!(commission(), before);

		assert_ok!(dispatch(set(), RuntimeOrigin::root()));
		assert_ok!(dispatch(apply, by_anybody()));
		assert_eq!(commission(), Perbill::one());
	});
}

#[test]
fn staking_admin_does_not_set_the_validator_count() {
	chain(LOCAL).execute_with(|| {
		let set_count = pallet_staking::Call::set_validator_count { new: 2 };
		assert_eq!(dispatch(set_count, staking_admin()), Err(DispatchError::BadOrigin));
	});
}

#[test]
fn deprecating_a_controller_as_the_staking_admin_changes_no_ledger() {
	chain(LOCAL).execute_with(|| {
		let stash = AliceStash.to_account_id();
		let ledger = pallet_staking::Ledger::<Runtime>::get(&stash);
		let deprecate = pallet_staking::Call::deprecate_controller_batch {
			controllers: BoundedVec::truncate_from(vec![stash.clone()]),
		};
		assert_ok!(dispatch(deprecate, staking_admin()));
		assert_eq!(pallet_staking::Ledger::<Runtime>::get(&stash), ledger);
	});
}

/// STA-R15: a referendum about a call that is whitelisted too late leaves no permission to make it as root.
#[test]
fn call_that_is_whitelisted_after_its_referendum_is_not_made_by_an_account() {
	use pallet_whitelist::{Call, DeferredDispatch, Error};
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let call_hash = BlakeTwo256::hash_of(&marker());
		let make = || Call::<Runtime>::dispatch_whitelisted_call_with_preimage {
			call: Box::new(marker()),
		};
		let by_anybody = || RuntimeOrigin::signed(Alice.to_account_id());
		assert_ok!(dispatch(make(), Origin::WhitelistedCaller.into()));
		assert_ok!(dispatch(Call::<Runtime>::whitelist_call { call_hash }, RuntimeOrigin::root()));
		let expired: DispatchResult = Err(Error::<Runtime>::DeferredDispatchExpired.into());
		for _ in 0..3 {
			assert_eq!(dispatch(make(), by_anybody()), expired);
			run_block(0, vec![]);
		}
		assert_ok!(dispatch(Call::<Runtime>::remove_deferred_dispatch { call_hash }, by_anybody()));
		assert!(!DeferredDispatch::<Runtime>::contains_key(call_hash));
		assert!(!is_marked());

		assert_ok!(dispatch(make(), Origin::WhitelistedCaller.into()));
		assert!(is_marked());
	});
}
