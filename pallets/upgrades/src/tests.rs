//! Which code is refused, and which calls.

use crate::{mock::*, ClosedPallets, Error, Event, MaxPallets, Reopen};
use codec::Encode;
use frame_support::{
	assert_noop, assert_ok,
	dispatch::DispatchResult,
	migrations::MigrationStatusHandler,
	traits::{Contains, OnRuntimeUpgrade},
	BoundedVec,
};
use frame_system::SetCode;
use sp_core::storage::well_known_keys::CODE;
use sp_io::hashing::twox_128;
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash},
	DispatchError,
};
use sp_version::RuntimeVersion;

fn set_code(code: Vec<u8>) -> DispatchResult {
	<Upgrades as SetCode<Test>>::set_code(code)
}

fn dispatch(call: frame_system::Call<Test>, origin: RuntimeOrigin) -> DispatchResult {
	RuntimeCall::System(call).dispatch(origin).map(|_| ()).map_err(|failure| failure.error)
}

fn transfer() -> RuntimeCall {
	RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive { dest: 2, value: 1 })
}

fn remark() -> RuntimeCall {
	RuntimeCall::System(frame_system::Call::remark { remark: vec![] })
}

/// Checks that the code of `next` is refused with `error` and that the runtime stays.
fn assert_refused(next: RuntimeVersion, error: Error<Test>) {
	assert_noop!(set_code(next.encode()), error);
}

/// UPG-R1.
#[test]
fn code_of_a_higher_version_replaces_the_runtime() {
	new_test_ext().execute_with(|| {
		let code = version(8).encode();
		assert_ok!(set_code(code.clone()));
		assert_eq!(sp_io::storage::get(CODE).as_deref(), Some(&code[..]));
	});
}

/// UPG-R1: each condition for itself.
#[test]
fn code_that_cannot_follow_is_refused() {
	new_test_ext().execute_with(|| {
		for spec_version in [0, 6, 7] {
			assert_refused(version(spec_version), Error::SpecVersionNotHigher);
		}
		let other_name = RuntimeVersion { spec_name: "other".into(), ..version(8) };
		assert_refused(other_name, Error::OtherSpecName);
		for apis in [
			vec![],
			vec![([1; 8], 5)],
			vec![([1; 8], 4), ([2; 8], 1)],
			vec![([1; 8], 5), ([3; 8], 1)],
		] {
			let lacking = RuntimeVersion { apis: apis.into(), ..version(8) };
			assert_refused(lacking, Error::MissingRuntimeApi);
		}
		for unreadable in [vec![], vec![0xff; 100]] {
			assert_noop!(set_code(unreadable), Error::<Test>::CodeUnreadable);
		}
	});
}

/// UPG-R1: newer APIs and further ones do no harm.
#[test]
fn code_with_newer_runtime_apis_is_accepted() {
	new_test_ext().execute_with(|| {
		let apis = vec![([3; 8], 9), ([2; 8], 2), ([1; 8], 6)];
		assert_ok!(set_code(RuntimeVersion { apis: apis.into(), ..version(8) }.encode()));
	});
}

/// UPG-R1: the limit counts the bytes that are stored.
#[test]
fn code_beyond_the_length_limit_is_refused() {
	new_test_ext().execute_with(|| {
		let mut code = version(8).encode();
		code.resize(MAX_CODE_LENGTH as usize + 1, 0);
		assert_noop!(set_code(code.clone()), Error::<Test>::CodeTooLong);
		code.truncate(MAX_CODE_LENGTH as usize);
		assert_ok!(set_code(code));
	});
}

/// UPG-R2: the second of two upgrades in a block is refused, whichever is higher.
#[test]
fn second_upgrade_in_a_block_is_refused() {
	new_test_ext().execute_with(|| {
		let first = version(9).encode();
		assert_ok!(set_code(first.clone()));
		for spec_version in [8, 10] {
			assert_refused(version(spec_version), Error::RuntimeAlreadyReplaced);
		}
		assert_eq!(sp_io::storage::get(CODE).as_deref(), Some(&first[..]));

		// The digest is that of one block.
		System::initialize(&2, &System::parent_hash(), &Default::default());
		assert_ok!(set_code(version(10).encode()));
	});
}

/// UPG-R1: the calls named "without checks" check as well.
#[test]
fn calls_without_checks_cannot_set_unsuitable_code() {
	new_test_ext().execute_with(|| {
		let root = RuntimeOrigin::root();
		let refused = Err(DispatchError::from(Error::<Test>::SpecVersionNotHigher));
		let code = version(7).encode();
		let set = frame_system::Call::set_code_without_checks { code: code.clone() };
		assert_eq!(dispatch(set, root.clone()), refused);

		let code_hash = BlakeTwo256::hash(&code);
		assert_ok!(System::authorize_upgrade_without_checks(root, code_hash));
		let apply = frame_system::Call::apply_authorized_upgrade { code };
		assert_eq!(dispatch(apply, RuntimeOrigin::signed(1)), refused);
		// The authorisation stays, so governance can see what it was for and replace it.
		assert!(System::authorized_upgrade().is_some());
	});
}

/// UPG-R3: from the start to the end of the migrations.
#[test]
fn calls_of_a_migrated_pallet_are_refused_until_the_migrations_complete() {
	new_test_ext().execute_with(|| {
		assert!(Upgrades::contains(&transfer()) && Upgrades::contains(&remark()));

		Upgrades::started();
		let mut pallets = vec![twox_128(b"Balances"), twox_128(b"System")];
		pallets.sort();
		assert_eq!(ClosedPallets::<Test>::get().into_inner(), pallets);
		System::assert_last_event(Event::PalletsClosed { pallets: pallets.clone() }.into());
		assert_noop!(
			transfer().dispatch(RuntimeOrigin::signed(1)),
			frame_system::Error::<Test>::CallFiltered
		);
		// Kept open, although it is migrated.
		assert_ok!(remark().dispatch(RuntimeOrigin::signed(1)));

		Upgrades::completed();
		assert!(!ClosedPallets::<Test>::exists());
		System::assert_last_event(Event::PalletsReopened { pallets }.into());
		assert!(Upgrades::contains(&transfer()));
	});
}

/// Leaves the state as a failed migration of `pallets` does.
fn fail_migration_of(pallets: &[&[u8]]) {
	let prefixes: Vec<_> = pallets.iter().map(|name| twox_128(name)).collect();
	ClosedPallets::<Test>::put(BoundedVec::<_, MaxPallets>::truncate_from(prefixes));
}

/// UPG-R3: a failed migration opens nothing, and the next upgrade closes each pallet once.
#[test]
fn pallets_stay_closed_until_a_later_upgrade_completes() {
	new_test_ext().execute_with(|| {
		fail_migration_of(&[b"Balances"]);
		assert!(!Upgrades::contains(&transfer()));
		Upgrades::started();
		assert_eq!(ClosedPallets::<Test>::get().len(), 2);
		assert!(!Upgrades::contains(&transfer()));
		Upgrades::completed();
		assert!(Upgrades::contains(&transfer()));
		assert!(!ClosedPallets::<Test>::exists());
	});
}

/// UPG-R3: migrations of other pallets say nothing about the state that a failed one has left.
#[test]
fn pallet_of_a_failed_migration_stays_closed_when_migrations_of_others_complete() {
	new_test_ext().execute_with(|| {
		fail_migration_of(&[b"Other", b"Balances"]);
		Upgrades::started();
		Upgrades::completed();
		assert_eq!(ClosedPallets::<Test>::get().into_inner(), [twox_128(b"Other")]);
		let mut pallets = vec![twox_128(b"Balances"), twox_128(b"System")];
		let Some(Event::PalletsReopened { pallets: mut opened }) = last_event() else {
			panic!("pallets are opened");
		};
		pallets.sort();
		opened.sort();
		assert_eq!(opened, pallets);
		assert!(Upgrades::contains(&transfer()));
	});
}

/// The pallet's last event.
fn last_event() -> Option<Event<Test>> {
	System::events().into_iter().rev().find_map(|record| match record.event {
		RuntimeEvent::Upgrades(event) => Some(event),
		_ => None,
	})
}

/// UPG-R3: a release can open them without a migration.
#[test]
fn pallets_are_reopened_by_a_release_that_gives_the_migration_up() {
	new_test_ext().execute_with(|| {
		fail_migration_of(&[b"Other", b"Balances"]);
		Reopen::<Test>::on_runtime_upgrade();
		assert!(Upgrades::contains(&transfer()));
		assert!(!ClosedPallets::<Test>::exists());
		let pallets = vec![twox_128(b"Other"), twox_128(b"Balances")];
		System::assert_last_event(Event::PalletsReopened { pallets }.into());
	});
}

#[test]
fn error_and_event_indices_are_pinned() {
	let errors: [Error<Test>; 6] = [
		Error::CodeTooLong,
		Error::CodeUnreadable,
		Error::OtherSpecName,
		Error::SpecVersionNotHigher,
		Error::MissingRuntimeApi,
		Error::RuntimeAlreadyReplaced,
	];
	for (index, error) in errors.iter().enumerate() {
		assert_eq!(error.encode(), [index as u8]);
	}
	let closed = Event::<Test>::PalletsClosed { pallets: vec![[7; 16]] };
	assert_eq!(closed.encode(), [&[0, 4][..], &[7; 16]].concat());
	let opened = Event::<Test>::PalletsReopened { pallets: vec![[7; 16]] };
	assert_eq!(opened.encode(), [&[1, 4][..], &[7; 16]].concat());
}
