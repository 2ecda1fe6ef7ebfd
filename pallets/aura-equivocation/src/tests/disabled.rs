//! Offenders that stay disabled when keys change within an era (CON-R16).

use super::*;
use pallet_session::NextKeys;
use sp_core::Pair;

/// The first block of era 1 and of session 3. Keys that are registered in it are in force two sessions later,
/// and the era has three.
const ERA_1: u32 = 3 * SESSION_LENGTH;
/// The block in which these keys come into force.
const NEW_KEYS: u32 = ERA_1 + 2 * SESSION_LENGTH;
/// The first block of era 2.
const ERA_2: u32 = 2 * ERA_1;

/// Registers the key of the seed for `validator`, as `session.set_keys` does.
fn register(validator: u64, seed: u64) {
	NextKeys::<Test>::insert(validator, SessionKeys { aura: key(seed).public() });
}

/// Runs a chain into era 1 and disables validator 2 there.
fn disable() {
	go_to(ERA_1 + 2);
	assert_ok!(report(&equivocation(2, 101), &owner(2)));
	assert_eq!(Session::disabled_validators(), [1]);
}

/// CON-R16: new keys of the offender or of another validator enable nobody before the next era.
#[test]
fn new_keys_within_an_era_do_not_enable_an_offender() {
	for validator in [2, 3] {
		on_chain(|| {
			disable();
			let before = pallet_session::DisabledValidators::<Test>::get();
			register(validator, 7);
			go_to(NEW_KEYS);
			let authorities = pallet_aura::Authorities::<Test>::get();
			assert_eq!(authorities[validator as usize - 1], key(7).public());
			assert_eq!(pallet_session::DisabledValidators::<Test>::get(), before);
			let disabled = pallet_session::Event::<Test>::ValidatorDisabled { validator: 2 };
			System::assert_has_event(disabled.into());
			go_to(ERA_2 - 1);
			assert_eq!(pallet_session::DisabledValidators::<Test>::get(), before);
			// An election was held.
			go_to(ERA_2);
			assert!(Session::disabled_validators().is_empty());
		})
	}
}

/// CON-R16: the limit is that of the new set. Of three validators none may be disabled.
#[test]
fn smaller_set_enables_those_beyond_its_limit() {
	on_chain(|| {
		disable();
		NextKeys::<Test>::remove(1);
		go_to(NEW_KEYS - 1);
		assert_eq!(Session::disabled_validators(), [1]);
		go_to(NEW_KEYS);
		assert_eq!(Session::validators(), [2, 3, 4]);
		assert!(Session::disabled_validators().is_empty());
	})
}

/// CON-R16: an offender that leaves the set disables nobody that takes its index.
#[test]
fn offender_that_leaves_the_set_leaves_the_list() {
	on_chain(|| {
		disable();
		NextKeys::<Test>::remove(2);
		go_to(NEW_KEYS);
		assert_eq!(Session::validators(), [1, 3, 4]);
		assert!(Session::disabled_validators().is_empty());
	})
}

/// CON-R16: a list that is left over from a rotation is found.
#[test]
fn list_that_is_left_over_is_found() {
	new_test_ext().execute_with(|| {
		KeptDisabled::<Test>::set(Some(Default::default()));
		let error: &str = AuraEquivocation::do_try_state().expect_err("it is left over").into();
		assert_eq!(error, "CON-R16: a rotation has not disabled again those who were disabled");
	})
}

/// CON-R16: the item is part of the state while a session rotates.
#[test]
fn storage_key_is_pinned() {
	let key = [b"AuraEquivocation".as_slice(), b"KeptDisabled"].map(sp_io::hashing::twox_128);
	assert_eq!(KeptDisabled::<Test>::hashed_key().to_vec(), key.concat());
}
