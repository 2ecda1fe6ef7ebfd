//! Referenda about a runtime upgrade: how code is authorised and applied, and what happens to the deposits.

use crate::common::{code_of, genesis_json, run_block, run_to, stop_payouts, upgradable};
use frame_support::{
	assert_noop, assert_ok,
	traits::{schedule::DispatchTime, StorePreimage},
};
use frame_system::RawOrigin;
use gtos_runtime::{
	configs::governance::TracksInfo, constants::currency::TOS, genesis_config_presets::DEV,
	Balance, BlockNumber, ConvictionVoting, OriginCaller, Preimage, Referenda, Runtime,
	RuntimeCall, RuntimeOrigin, Scheduler, System, UncheckedExtrinsic, VERSION,
};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_referenda::{
	Error, ReferendumCount, ReferendumIndex, ReferendumInfo, ReferendumInfoFor, Track,
	TracksInfo as _,
};
use sp_core::storage::well_known_keys::CODE;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::{
	traits::{BlakeTwo256, Hash as _},
	transaction_validity::InvalidTransaction,
	ApplyExtrinsicResult,
};

/// A chain whose hours have one block, so that a decision takes hundreds of blocks.
fn chain_with(slot_duration_ms: u64, network: &str) -> TestExternalities {
	let mut config = genesis_json(DEV);
	config["genesisParameters"]["timing"]["slotDurationMs"] = slot_duration_ms.into();
	config["genesisParameters"]["timing"]["hourBlocks"] = 1.into();
	config["genesisParameters"]["network"] = network.into();
	upgradable(&config)
}

fn dev() -> TestExternalities {
	chain_with(500, "lan")
}

fn signed(who: Sr25519Keyring) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.to_account_id())
}

fn reserved(who: Sr25519Keyring) -> Balance {
	System::account(who.to_account_id()).data.reserved
}

fn root_track() -> Track<u16, Balance, BlockNumber> {
	let root = OriginCaller::system(RawOrigin::Root);
	let id = TracksInfo::track_for(&root).expect("root has a track");
	let mut tracks = TracksInfo::tracks();
	tracks.find(|track| track.id == id).expect("it is listed").into_owned()
}

fn submission_deposit() -> Balance {
	<Runtime as pallet_referenda::Config>::SubmissionDeposit::get()
}

/// Bob proposes that the runtime of `spec_version` becomes the next.
fn propose(spec_version: u32) -> ReferendumIndex {
	let code_hash = BlakeTwo256::hash(&code_of(spec_version));
	let call = RuntimeCall::System(frame_system::Call::authorize_upgrade { code_hash });
	let proposal = Preimage::bound(call).expect("it is short");
	assert!(!proposal.lookup_needed());
	let root = Box::new(OriginCaller::system(RawOrigin::Root));
	assert_ok!(Referenda::submit(signed(Bob), root, proposal, DispatchTime::After(0)));
	ReferendumCount::<Runtime>::get() - 1
}

/// Charlie pays the deposit without which nothing is decided.
fn pay_decision_deposit(index: ReferendumIndex) {
	assert_ok!(Referenda::place_decision_deposit(signed(Charlie), index));
}

fn vote(who: Sr25519Keyring, index: ReferendumIndex, aye: bool) {
	let vote = AccountVote::Standard {
		vote: Vote { aye, conviction: Conviction::Locked1x },
		balance: 9_000_000 * TOS,
	};
	assert_ok!(ConvictionVoting::vote(signed(who), index, vote));
}

/// Those who hold most of all TOS are in favour.
fn approve(index: ReferendumIndex) {
	pay_decision_deposit(index);
	for voter in [Alice, Dave, Eve] {
		vote(voter, index, true);
	}
}

/// Anybody applies the code of `spec_version`.
fn apply(spec_version: u32) -> UncheckedExtrinsic {
	let code = code_of(spec_version);
	let call = frame_system::Call::apply_authorized_upgrade { code };
	UncheckedExtrinsic::new_bare(RuntimeCall::System(call))
}

fn info(index: ReferendumIndex) -> pallet_referenda::ReferendumInfoOf<Runtime, ()> {
	ReferendumInfoFor::<Runtime>::get(index).expect("it was submitted")
}

/// Runs blocks until `is_over`, at most as long as a referendum of the root track lives.
fn run_until(is_over: impl Fn() -> bool) {
	let track = root_track().info;
	let longest = <Runtime as pallet_referenda::Config>::UndecidingTimeout::get()
		+ track.prepare_period
		+ track.decision_period
		+ track.confirm_period
		+ track.min_enactment_period;
	let end = System::block_number() + longest + 10;
	while !is_over() {
		assert!(System::block_number() < end, "nothing happens");
		run_block(0, vec![]);
	}
}

fn code() -> Option<Vec<u8>> {
	sp_io::storage::get(CODE).map(|code| code.to_vec())
}

#[test]
fn rejected_upgrade_returns_the_decision_deposit_only() {
	dev().execute_with(|| {
		stop_payouts();
		run_block(0, vec![]);
		let before = code();
		let index = propose(VERSION.spec_version + 1);
		pay_decision_deposit(index);
		vote(Dave, index, false);
		run_until(|| matches!(info(index), ReferendumInfo::Rejected(..)));

		assert_ok!(Referenda::refund_decision_deposit(signed(Alice), index));
		assert_eq!(reserved(Charlie), 0);
		assert_noop!(
			Referenda::refund_submission_deposit(signed(Alice), index),
			Error::<Runtime>::BadStatus
		);
		assert_eq!(reserved(Bob), submission_deposit());
		assert_eq!(code(), before);
	});
}

#[test]
fn upgrade_without_a_decision_deposit_times_out_and_its_submission_deposit_stays() {
	dev().execute_with(|| {
		stop_payouts();
		run_block(0, vec![]);
		let index = propose(VERSION.spec_version + 1);
		run_until(|| matches!(info(index), ReferendumInfo::TimedOut(..)));

		assert_noop!(
			Referenda::refund_decision_deposit(signed(Alice), index),
			Error::<Runtime>::NoDeposit
		);
		assert_noop!(
			Referenda::refund_submission_deposit(signed(Alice), index),
			Error::<Runtime>::BadStatus
		);
		assert_eq!(reserved(Bob), submission_deposit());
	});
}

#[test]
fn cancelled_upgrade_returns_both_deposits() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		let index = propose(VERSION.spec_version + 1);
		pay_decision_deposit(index);
		assert_eq!(reserved(Charlie), root_track().info.decision_deposit);
		run_block(0, vec![]);
		assert_noop!(
			Referenda::refund_decision_deposit(signed(Alice), index),
			Error::<Runtime>::Unfinished
		);
		assert_ok!(Referenda::cancel(RuntimeOrigin::root(), index));
		assert_ok!(Referenda::refund_decision_deposit(signed(Alice), index));
		assert_ok!(Referenda::refund_submission_deposit(signed(Alice), index));
		assert_eq!((reserved(Bob), reserved(Charlie)), (0, 0));
	});
}

#[test]
fn killed_upgrade_loses_both_deposits() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		let total =
			|who: Sr25519Keyring| System::account(who.to_account_id()).data.free + reserved(who);
		let before = (total(Bob), total(Charlie));
		let index = propose(VERSION.spec_version + 1);
		pay_decision_deposit(index);
		assert_ok!(Referenda::kill(RuntimeOrigin::root(), index));

		assert_eq!((reserved(Bob), reserved(Charlie)), (0, 0));
		let lost = (before.0 - total(Bob), before.1 - total(Charlie));
		assert_eq!(lost, (submission_deposit(), root_track().info.decision_deposit));
		assert_noop!(
			Referenda::refund_decision_deposit(signed(Alice), index),
			Error::<Runtime>::NoDeposit
		);
	});
}

/// UPG-R1: the path of an upgrade works however short the slots are, because the scheduled call is light and the
/// application may exceed the budget.
#[test]
fn approved_upgrade_is_applied_without_an_account_in_slots_of_every_length() {
	for (slot, network) in [(775, "wan"), (1_000, "wan"), (100, "lan"), (500, "lan")] {
		chain_with(slot, network).execute_with(|| {
			stop_payouts();
			run_block(0, vec![]);
			let next = VERSION.spec_version + 1;
			let index = propose(next);
			approve(index);
			run_until(|| System::authorized_upgrade().is_some());
			assert_eq!(run_block(0, vec![apply(next)]), [Ok(Ok(()))], "{slot} ms, {network}");
			assert_eq!(code(), Some(code_of(next)));
			assert!(System::authorized_upgrade().is_none());
		});
	}
}

/// UPG-R1: a referendum authorises unsuitable code like any other, and nobody can apply it. The runtime stays, and both
/// deposits can be taken back.
#[test]
fn approved_upgrade_with_unsuitable_code_cannot_be_applied() {
	dev().execute_with(|| {
		stop_payouts();
		run_block(0, vec![]);
		let before = code();
		let index = propose(VERSION.spec_version);
		approve(index);
		run_until(|| System::authorized_upgrade().is_some());
		let refused: ApplyExtrinsicResult = Err(InvalidTransaction::Call.into());
		assert_eq!(run_block(0, vec![apply(VERSION.spec_version)]), [refused]);

		assert!(matches!(info(index), ReferendumInfo::Approved(..)));
		assert_ok!(Referenda::refund_decision_deposit(signed(Alice), index));
		assert_ok!(Referenda::refund_submission_deposit(signed(Alice), index));
		assert_eq!((reserved(Bob), reserved(Charlie)), (0, 0));
		assert_eq!(code(), before);
	});
}

/// A scheduled upgrade that is cancelled before its block leaves nothing behind.
#[test]
fn enactment_that_is_cancelled_does_nothing() {
	dev().execute_with(|| {
		run_block(0, vec![]);
		let before = code();
		let code_of_next = code_of(VERSION.spec_version + 1);
		let call =
			RuntimeCall::System(frame_system::Call::set_code_without_checks { code: code_of_next });
		let id = [7; 32];
		let root = RuntimeOrigin::root;
		assert_ok!(Scheduler::schedule_named(root(), id, 4, None, 0, Box::new(call)));
		run_block(0, vec![]);
		assert_ok!(Scheduler::cancel_named(root(), id));
		run_to(6);
		assert_eq!(code(), before);
	});
}
