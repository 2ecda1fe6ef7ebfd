//! Transactions that are applied together make the block that they make one by one.

use crate::common::{call_api, chain, sign, sign_with_tip};
use codec::Encode;
use frame_support::dispatch::DispatchClass;
use gtos_runtime::{
	configs::{RuntimeBlockLength, RuntimeBlockWeights},
	constants::currency::TOS,
	genesis_config_presets::DEV,
	Balance, Executive, Hash, Header, Nonce, Runtime, RuntimeCall, System, UncheckedExtrinsic,
};
use gtos_transaction_api::{Application, MAX_APPLICATIONS};
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie};
use sp_runtime::{
	traits::Header as _,
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	Digest, DigestItem, Perbill, StateVersion,
};

/// More than anybody has.
const UNPAYABLE: Balance = Balance::MAX / 2;

fn transfer(nonce: Nonce) -> UncheckedExtrinsic {
	let call =
		pallet_balances::Call::transfer_keep_alive { dest: Bob.to_account_id().into(), value: TOS };
	sign(Alice, nonce, RuntimeCall::Balances(call))
}

/// A transfer that is in the block, although its call fails.
fn failing_transfer() -> UncheckedExtrinsic {
	let dest = Bob.to_account_id().into();
	let call = pallet_balances::Call::transfer_keep_alive { dest, value: UNPAYABLE };
	sign(Charlie, 0, RuntimeCall::Balances(call))
}

fn unpayable() -> UncheckedExtrinsic {
	let call = frame_system::Call::remark { remark: vec![] };
	sign_with_tip(Bob, 0, UNPAYABLE, RuntimeCall::System(call))
}

fn remark(signer: Sr25519Keyring, length: usize) -> UncheckedExtrinsic {
	let remark = vec![0; length];
	sign(signer, 0, RuntimeCall::System(frame_system::Call::remark { remark }))
}

/// A remark beside which about so many bytes of the length of ordinary transactions are left.
fn remark_that_leaves(bytes: usize) -> UncheckedExtrinsic {
	let most = *RuntimeBlockLength::get().max.get(DispatchClass::Normal) as usize;
	remark(Bob, most - bytes)
}

/// Runs `work` in block 1, after the inherents. Returns its answer and the header.
fn in_block<T>(work: impl FnOnce() -> T) -> (T, Header) {
	chain(DEV).execute_with(|| {
		let timing = pallet_genesis_parameters::Pallet::<Runtime>::timing();
		let aura = DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(1).encode());
		let digest = Digest { logs: vec![aura] };
		let parent = System::block_hash(0);
		Executive::initialize_block(&Header::new(1, Hash::zero(), Hash::zero(), parent, digest));
		let set = pallet_timestamp::Call::set { now: timing.slot_duration_ms };
		let inherent = UncheckedExtrinsic::new_bare(RuntimeCall::Timestamp(set));
		Executive::apply_extrinsic(inherent).expect("it is valid").expect("it dispatches");
		let answer = work();
		(answer, Executive::finalize_block())
	})
}

fn together(transactions: &[UncheckedExtrinsic], max_ref_time: u64) -> Application {
	let encoded: Vec<Vec<u8>> = transactions.iter().map(Encode::encode).collect();
	call_api("TransactionApi_apply_transactions", &(encoded, max_ref_time).encode())
}

fn one_by_one(transactions: &[UncheckedExtrinsic]) {
	for transaction in transactions {
		assert!(Executive::apply_extrinsic(transaction.clone()).is_ok());
	}
}

fn all(applied: u32) -> Application {
	Application { applied, refused: None, is_full: false }
}

fn refused(applied: u32, reason: InvalidTransaction, is_full: bool) -> Application {
	Application { applied, refused: Some(TransactionValidityError::Invalid(reason)), is_full }
}

fn weight() -> u64 {
	System::block_weight().total().ref_time()
}

fn root() -> Vec<u8> {
	sp_io::storage::root(StateVersion::V1)
}

/// Signs outside of a block, but with the state that signing reads.
fn signed<const N: usize>(
	sign: impl FnOnce() -> [UncheckedExtrinsic; N],
) -> [UncheckedExtrinsic; N] {
	chain(DEV).execute_with(sign)
}

#[test]
fn transactions_that_are_applied_together_make_the_same_block() {
	let transactions = signed(|| [transfer(0), transfer(1), failing_transfer(), transfer(2)]);
	let (answer, header) = in_block(|| together(&transactions, u64::MAX));
	assert_eq!(answer, all(4));
	let ((), expected) = in_block(|| one_by_one(&transactions));
	assert_eq!(header, expected);
}

#[test]
fn refused_transaction_ends_the_call_and_leaves_no_trace() {
	let transactions = signed(|| [transfer(0), unpayable(), transfer(1)]);
	let (answer, header) = in_block(|| together(&transactions, u64::MAX));
	assert_eq!(answer, refused(1, InvalidTransaction::Payment, false));
	let ((), expected) = in_block(|| one_by_one(&transactions[..1]));
	assert_eq!(header, expected);
}

#[test]
fn bytes_that_do_not_decode_are_refused() {
	in_block(|| {
		let before = root();
		let arguments = (vec![vec![0xff_u8; 100]], u64::MAX).encode();
		let answer: Application = call_api("TransactionApi_apply_transactions", &arguments);
		assert_eq!(answer, refused(0, InvalidTransaction::Call, false));
		assert_eq!(root(), before);
	});
}

#[test]
fn call_ends_when_what_it_has_applied_weighs_enough_and_always_tries_the_first() {
	in_block(|| {
		let transactions = [transfer(0), transfer(1), transfer(2), transfer(3)];
		let before = weight();
		assert_eq!(together(&transactions, 0), all(1));
		let each = weight() - before;
		// What the block contains already does not count.
		assert_eq!(together(&transactions[1..], each / 2), all(1));
		assert_eq!(together(&transactions[2..], each * 2), all(2));
	});
}

/// Anybody can call the function over JSON-RPC.
#[test]
fn call_applies_a_limited_number_of_transactions() {
	in_block(|| {
		let transactions: Vec<_> = (0..=MAX_APPLICATIONS as Nonce).map(transfer).collect();
		assert_eq!(together(&transactions, u64::MAX), all(MAX_APPLICATIONS as u32));
	});
}

#[test]
fn block_is_full_if_hardly_any_length_is_left() {
	for (left, is_full) in [(5_000, true), (100_000, false)] {
		in_block(|| {
			let transactions = [remark_that_leaves(left), remark(Charlie, 200_000)];
			let expected = refused(1, InvalidTransaction::ExhaustsResources, is_full);
			assert_eq!(together(&transactions, u64::MAX), expected, "{left}");
		});
	}
}

#[test]
fn block_is_full_if_hardly_any_weight_is_left() {
	let limits = || RuntimeBlockWeights::get().get(DispatchClass::Normal).max_total;
	for (left_percent, is_full) in [(0, true), (1, true), (2, false)] {
		in_block(|| {
			let most = limits().expect("the class has a limit");
			let left = Perbill::from_percent(left_percent) * most;
			let used = *System::block_weight().get(DispatchClass::Normal);
			let more = most.saturating_sub(used).saturating_sub(left).set_proof_size(0);
			System::register_extra_weight_unchecked(more, DispatchClass::Normal);
			let expected = refused(0, InvalidTransaction::ExhaustsResources, is_full);
			assert_eq!(together(&[remark(Charlie, 400_000)], u64::MAX), expected, "{left_percent}");
		});
	}
}
