//! Property tests of arbitrary bytes as extrinsics.

use crate::common::{call_api, chain, rolled_back, run_block, sign_with_tip};
use codec::{DecodeLimit, Encode};
use frame_support::MAX_EXTRINSIC_DEPTH;
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::DEV, Balance, Executive, Nonce, RuntimeCall,
	System, UncheckedExtrinsic,
};
use proptest::{
	collection::vec,
	prelude::*,
	sample::{select, Index},
	test_runner::TestRunner,
};
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	transaction_validity::{TransactionSource, TransactionValidity},
	StateVersion,
};
use std::cell::RefCell;

/// Runs `test` on many values of `strategy`, all on the chain of the `dev` preset one block after
/// genesis.
fn check<S: Strategy>(
	strategy: S,
	test: impl Fn(&mut TestExternalities, S::Value) -> Result<(), TestCaseError>,
) {
	let mut state = chain(DEV);
	state.execute_with(|| run_block(0, vec![]));
	let state = RefCell::new(state);
	let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) };
	TestRunner::new(config)
		.run(&strategy, |value| test(&mut state.borrow_mut(), value))
		.unwrap_or_else(|failure| panic!("{failure}"));
}

fn decode(bytes: &[u8]) -> Option<UncheckedExtrinsic> {
	UncheckedExtrinsic::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &bytes[..]).ok()
}

fn validate(extrinsic: UncheckedExtrinsic) -> TransactionValidity {
	let parent = System::block_hash(System::block_number());
	Executive::validate_transaction(TransactionSource::External, extrinsic, parent)
}

fn state_root() -> Vec<u8> {
	sp_io::storage::root(StateVersion::V1)
}

fn calls() -> impl Strategy<Value = RuntimeCall> {
	let remark = vec(any::<u8>(), 0..64)
		.prop_map(|remark| RuntimeCall::System(frame_system::Call::remark { remark }));
	let transfer = (any::<[u8; 32]>(), any::<Balance>()).prop_map(|(dest, value)| {
		RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
			dest: sp_runtime::AccountId32::new(dest).into(),
			value,
		})
	});
	let set_time =
		any::<u64>().prop_map(|now| RuntimeCall::Timestamp(pallet_timestamp::Call::set { now }));
	prop_oneof![remark, transfer, set_time].prop_recursive(4, 16, 4, |inner| {
		vec(inner, 0..4)
			.prop_map(|calls| RuntimeCall::Utility(pallet_utility::Call::batch { calls }))
	})
}

/// A transaction to sign: signer, nonce, tip and call.
fn orders() -> impl Strategy<Value = (Sr25519Keyring, Nonce, Balance, RuntimeCall)> {
	let signers = select(vec![Sr25519Keyring::Alice, Sr25519Keyring::Bob]);
	(signers, 0..3 as Nonce, 0..TOS, calls())
}

/// A change to the bytes of a transaction.
#[derive(Clone, Debug)]
enum Damage {
	Flip(Index, u8),
	Cut(Index),
	Add(Vec<u8>),
	Remove(Index),
}

impl Damage {
	fn apply(self, bytes: &mut Vec<u8>) {
		match self {
			Self::Flip(at, bits) => {
				let at = at.index(bytes.len());
				bytes[at] ^= bits;
			},
			Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
			Self::Add(more) => bytes.extend(more),
			Self::Remove(at) => {
				bytes.remove(at.index(bytes.len()));
			},
		}
	}
}

fn damages() -> impl Strategy<Value = Damage> {
	prop_oneof![
		4 => (any::<Index>(), 1..=u8::MAX).prop_map(|(at, bits)| Damage::Flip(at, bits)),
		1 => any::<Index>().prop_map(Damage::Cut),
		1 => vec(any::<u8>(), 1..8).prop_map(Damage::Add),
		1 => any::<Index>().prop_map(Damage::Remove),
	]
}

/// Arbitrary bodies with the right length prefix (TXN-R1), so that decoding gets past it.
fn framed() -> impl Strategy<Value = Vec<u8>> {
	let first = select(vec![0x04, 0x05, 0x84, 0x45]);
	(first, vec(any::<u8>(), 0..300)).prop_map(|(first, mut body)| {
		body.insert(0, first);
		body.encode()
	})
}

/// Checks that bytes either do not decode or encode to the same bytes again, and that validating them
/// leaves the state unchanged.
fn check_bytes(state: &mut TestExternalities, bytes: &[u8]) -> Result<(), TestCaseError> {
	let Some(extrinsic) = decode(bytes) else { return Ok(()) };
	prop_assert_eq!(&extrinsic.encode()[..], bytes);
	state.execute_with(|| {
		let before = state_root();
		let _ = rolled_back(|| validate(extrinsic));
		prop_assert_eq!(state_root(), before);
		Ok(())
	})
}

#[test]
fn arbitrary_bytes_never_panic() {
	check(vec(any::<u8>(), 0..512), |state, bytes| check_bytes(state, &bytes));
}

#[test]
fn arbitrary_bodies_with_a_valid_length_prefix_never_panic() {
	check(framed(), |state, bytes| check_bytes(state, &bytes));
}

#[test]
fn damaged_transactions_never_panic() {
	check((orders(), vec(damages(), 1..4)), |state, ((signer, nonce, tip, call), damages)| {
		let mut bytes = state.execute_with(|| sign_with_tip(signer, nonce, tip, call)).encode();
		for damage in damages {
			if !bytes.is_empty() {
				damage.apply(&mut bytes);
			}
		}
		check_bytes(state, &bytes)
	});
}

#[test]
fn transactions_decode_to_what_was_encoded() {
	check(orders(), |state, (signer, nonce, tip, call)| {
		let transaction = state.execute_with(|| sign_with_tip(signer, nonce, tip, call));
		let bytes = transaction.encode();
		let decoded = decode(&bytes);
		prop_assert!(decoded.is_some());
		let decoded = decoded.expect("it was just looked at");
		prop_assert_eq!(&decoded.function, &transaction.function);
		prop_assert_eq!(decoded.encode(), bytes);
		Ok(())
	});
}

/// A block refuses every transaction that the pool refuses. After the rollback that every author
/// does, the state is unchanged in both cases.
#[test]
fn refused_transactions_leave_the_state_root() {
	check((orders(), damages()), |state, ((signer, nonce, tip, call), damage)| {
		let mut bytes = state.execute_with(|| sign_with_tip(signer, nonce, tip, call)).encode();
		damage.apply(&mut bytes);
		let Some(extrinsic) = decode(&bytes) else { return Ok(()) };
		state.execute_with(|| {
			let before = state_root();
			let is_valid = rolled_back(|| validate(extrinsic.clone())).is_ok();
			let applied = rolled_back(|| {
				let parent = System::block_hash(System::block_number());
				let number = System::block_number() + 1;
				System::initialize(&number, &parent, &Default::default());
				System::note_finished_initialize();
				Executive::apply_extrinsic(extrinsic)
			});
			prop_assert!(is_valid || applied.is_err());
			prop_assert_eq!(state_root(), before);
			Ok(())
		})
	});
}

#[test]
fn transactions_validated_together_get_the_verdicts_that_they_get_alone() {
	check(vec((orders(), vec(damages(), 0..3)), 1..4), |state, list| {
		state.execute_with(|| {
			let encode = |((signer, nonce, tip, call), damages): (_, Vec<Damage>)| {
				let mut bytes = sign_with_tip(signer, nonce, tip, call).encode();
				for damage in damages {
					if !bytes.is_empty() {
						damage.apply(&mut bytes);
					}
				}
				bytes
			};
			let encoded: Vec<Vec<u8>> = list.into_iter().map(encode).collect();
			let alone = |bytes: &Vec<u8>| {
				decode(bytes).map(|extrinsic| rolled_back(|| validate(extrinsic)))
			};
			let alone: Vec<Option<TransactionValidity>> = encoded.iter().map(alone).collect();
			let parent = System::block_hash(System::block_number());
			let arguments = (TransactionSource::External, encoded, parent).encode();
			let together: Vec<Option<TransactionValidity>> =
				call_api("TransactionApi_validate_transactions", &arguments);
			prop_assert_eq!(together, alone);
			Ok(())
		})
	});
}
