//! Queries of the outcomes of a block's extrinsics (RPC-R8, RPC-R9).

use crate::common::{call_api, chain, run_block, sign, sign_with_tip};
use codec::Encode;
use frame_metadata::RuntimeMetadata;
use frame_support::traits::fungible::Inspect;
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::DEV, Balance, Balances, Runtime, RuntimeCall,
	RuntimeEvent, System,
};
use gtos_transaction_api::{Failure, Outcome, Payment};
use scale_info::TypeDef;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use sp_runtime::{
	proving_trie::TrieError, ArithmeticError, DispatchError, ModuleError, TokenError,
	TransactionalError,
};

fn outcomes() -> Vec<Option<Outcome<Balance>>> {
	call_api("TransactionApi_outcomes", &[])
}

fn outcome(index: u32) -> Option<Outcome<Balance>> {
	call_api("TransactionApi_outcome", &index.encode())
}

fn is_extrinsic(bytes: &[u8]) -> bool {
	call_api("TransactionApi_is_extrinsic", &bytes.encode())
}

fn transfer(to: Sr25519Keyring, value: Balance) -> RuntimeCall {
	RuntimeCall::Balances(pallet_balances::Call::transfer_allow_death {
		dest: to.to_account_id().into(),
		value,
	})
}

/// The payments that the events show, in order.
fn payments() -> Vec<Payment<Balance>> {
	let payment = |event| match event {
		RuntimeEvent::TransactionPayment(
			pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, tip, .. },
		) => Some(Payment { fee: actual_fee, tip }),
		_ => None,
	};
	System::events().into_iter().filter_map(|record| payment(record.event)).collect()
}

/// The failure that the runtime reports for an extrinsic that fails with `error`.
fn failure(error: DispatchError) -> Failure {
	System::reset_events();
	System::deposit_event(frame_system::Event::<Runtime>::ExtrinsicFailed {
		dispatch_error: error,
		dispatch_info: Default::default(),
	});
	outcome(0).and_then(|outcome| outcome.failure).expect("it failed")
}

/// Runs `test` in a state in which events belong to the first extrinsic of a block.
fn in_first_extrinsic(test: impl FnOnce()) {
	chain(DEV).execute_with(|| {
		System::set_block_number(1);
		System::note_finished_initialize();
		test();
	});
}

#[test]
fn outcomes_show_success_failure_fee_and_tip_in_the_order_of_the_body() {
	chain(DEV).execute_with(|| {
		let too_much = Balances::total_balance(&Alice.to_account_id()) + TOS;
		let root_only = RuntimeCall::System(frame_system::Call::set_heap_pages { pages: 1 });
		let results = run_block(
			0,
			vec![
				sign(Alice, 0, transfer(Bob, TOS)),
				sign_with_tip(Alice, 1, 7, transfer(Bob, too_much)),
				sign(Bob, 0, root_only),
			],
		);
		assert!(results.iter().all(Result::is_ok));
		let payments = payments();
		assert_eq!((payments.len(), payments[1].tip), (3, 7));
		let token = Failure {
			kind: "Token".into(),
			pallet: None,
			name: Some("FundsUnavailable".into()),
			encoded: vec![7, 0],
		};
		let bad_origin =
			Failure { kind: "BadOrigin".into(), pallet: None, name: None, encoded: vec![2] };
		let paid = |index: usize| Some(payments[index].clone());
		let expected = [
			// The timestamp inherent.
			Outcome { failure: None, payment: None },
			Outcome { failure: None, payment: paid(0) },
			Outcome { failure: Some(token), payment: paid(1) },
			Outcome { failure: Some(bad_origin), payment: paid(2) },
		]
		.map(Some);
		assert_eq!(outcomes(), expected);
		for (index, expected) in (0..).zip(expected) {
			assert_eq!(outcome(index), expected);
		}
		assert_eq!(outcome(4), None);
		assert_eq!(outcome(u32::MAX), None);
	});
}

#[test]
fn outcomes_of_a_block_without_extrinsics_are_none() {
	chain(DEV).execute_with(|| {
		assert_eq!(outcomes(), []);
		assert_eq!(outcome(0), None);
	});
}

/// TXN-R24: every error of every pallet in the metadata is named.
#[test]
fn module_errors_all_have_the_names_of_the_metadata() {
	let RuntimeMetadata::V14(metadata) = Runtime::metadata().1 else {
		panic!("the default metadata is V14")
	};
	let mut count = 0;
	in_first_extrinsic(|| {
		for pallet in &metadata.pallets {
			let Some(errors) = &pallet.error else { continue };
			let errors = metadata.types.resolve(errors.ty.id).expect("the type is known");
			let TypeDef::Variant(errors) = &errors.type_def else { panic!("an enumeration") };
			for error in &errors.variants {
				let raw = [error.index, 0, 0, 0];
				let module = ModuleError { index: pallet.index, error: raw, message: None };
				let expected = Failure {
					kind: "Module".into(),
					pallet: Some(pallet.name.clone()),
					name: Some(error.name.clone()),
					encoded: vec![3, pallet.index, error.index, 0, 0, 0],
				};
				assert_eq!(failure(DispatchError::Module(module)), expected);
				count += 1;
			}
		}
	});
	assert!(count > 100, "{count}");
}

#[test]
fn unknown_errors_have_no_names() {
	in_first_extrinsic(|| {
		let of = |index, error| {
			let module = ModuleError { index, error: [error, 0, 0, 0], message: None };
			let Failure { kind, pallet, name, .. } = failure(DispatchError::Module(module));
			(kind, pallet, name)
		};
		assert_eq!(of(255, 0), ("Module".into(), None, None));
		assert_eq!(of(10, 255), ("Module".into(), Some("Balances".into()), None));
	});
}

#[test]
fn other_errors_have_the_names_of_their_variants() {
	in_first_extrinsic(|| {
		for (error, kind, name) in [
			(DispatchError::Other("a text that is not encoded"), "Other", None),
			(DispatchError::CannotLookup, "CannotLookup", None),
			(DispatchError::ConsumerRemaining, "ConsumerRemaining", None),
			(DispatchError::NoProviders, "NoProviders", None),
			(DispatchError::TooManyConsumers, "TooManyConsumers", None),
			(DispatchError::Token(TokenError::Blocked), "Token", Some("Blocked")),
			(DispatchError::Arithmetic(ArithmeticError::Overflow), "Arithmetic", Some("Overflow")),
			(
				DispatchError::Transactional(TransactionalError::NoLayer),
				"Transactional",
				Some("NoLayer"),
			),
			(DispatchError::Exhausted, "Exhausted", None),
			(DispatchError::Corruption, "Corruption", None),
			(DispatchError::Unavailable, "Unavailable", None),
			(DispatchError::RootNotAllowed, "RootNotAllowed", None),
			(DispatchError::Trie(TrieError::DecodeError), "Trie", Some("DecodeError")),
		] {
			let expected = Failure {
				kind: kind.into(),
				pallet: None,
				name: name.map(Into::into),
				encoded: error.encode(),
			};
			assert_eq!(failure(error), expected);
		}
	});
}

#[test]
fn extrinsics_are_distinguished_from_other_bytes() {
	let bytes = chain(DEV).execute_with(|| sign(Alice, 0, transfer(Bob, TOS)).encode());
	assert!(is_extrinsic(&bytes));
	let mut longer = bytes.clone();
	longer.push(0);
	for wrong in [&longer[..], &bytes[..bytes.len() - 1], &bytes[2..], &[]] {
		assert!(!is_extrinsic(wrong));
	}
}

/// Nodes that are older than the runtime must still decode these bytes.
#[test]
fn outcome_encoding_is_pinned() {
	let failure = Failure {
		kind: "BadOrigin".into(),
		pallet: None,
		name: Some("A".into()),
		encoded: vec![2],
	};
	let outcome = Outcome { failure: Some(failure), payment: Some(Payment { fee: 3u8, tip: 1 }) };
	let expected =
		[&[1, 9 << 2][..], b"BadOrigin", &[0, 1, 1 << 2], b"A", &[1 << 2, 2], &[1, 3, 1]].concat();
	assert_eq!(outcome.encode(), expected);
}
