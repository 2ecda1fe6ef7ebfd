//! Steps of a referendum: submission, deposit, votes, and the block in which it is enacted.

use crate::common::{build, genesis_json, run_block};
use frame_support::{
	assert_ok,
	traits::{
		fungible::Mutate,
		schedule::{v3::Anon, DispatchTime},
		StorePreimage,
	},
};
use frame_system::RawOrigin;
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::LOCAL, Balance, Balances, BlockNumber,
	ConvictionVoting, OriginCaller, Preimage, Referenda, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeOrigin, Scheduler, System,
};
use pallet_conviction_voting::AccountVote;
use pallet_referenda::{
	ReferendumCount, ReferendumIndex, ReferendumInfoFor, ReferendumInfoOf, ReferendumStatusOf,
};
use pallet_scheduler::Agenda;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring::{self, Eve};
use sp_runtime::Perbill;

/// What each well-known account votes with. All of them hold more than half of all TOS.
const STAKE: Balance = 9_000_000 * TOS;
/// The key that [`marker`] writes.
const MARKER: &[u8] = b"a referendum was here";

/// Three validators, on a chain that counts `blocks` as an hour.
pub fn chain_with_hours_of(blocks: BlockNumber) -> TestExternalities {
	let mut config = genesis_json(LOCAL);
	config["genesisParameters"]["timing"]["hourBlocks"] = blocks.into();
	build(&config).expect("the preset is sound")
}

/// The origin of the root track.
pub fn root() -> OriginCaller {
	OriginCaller::system(RawOrigin::Root)
}

/// Submits `call`, to be enacted by `origin` as early as its track permits.
pub fn submit(
	who: Sr25519Keyring,
	origin: impl Into<OriginCaller>,
	call: impl Into<RuntimeCall>,
) -> ReferendumIndex {
	let index = ReferendumCount::<Runtime>::get();
	let call: RuntimeCall = call.into();
	let proposal = Preimage::bound(call).expect("it is short");
	assert_ok!(Referenda::submit(
		RuntimeOrigin::signed(who.to_account_id()),
		Box::new(origin.into()),
		proposal,
		DispatchTime::After(0),
	));
	index
}

/// Submits `call` and places the decision deposit.
pub fn submit_with_deposit(
	who: Sr25519Keyring,
	origin: impl Into<OriginCaller>,
	call: impl Into<RuntimeCall>,
) -> ReferendumIndex {
	let index = submit(who, origin, call);
	let payer = RuntimeOrigin::signed(who.to_account_id());
	assert_ok!(Referenda::place_decision_deposit(payer, index));
	index
}

/// All well-known accounts vote, each with `nays` of its votes against.
pub fn vote(index: ReferendumIndex, nays: Perbill) {
	for who in Sr25519Keyring::well_known() {
		let nay = nays * STAKE;
		let votes = AccountVote::Split { aye: STAKE - nay, nay };
		assert_ok!(ConvictionVoting::vote(
			RuntimeOrigin::signed(who.to_account_id()),
			index,
			votes
		));
	}
}

/// One account votes with 1 TOS.
pub fn vote_with_little(who: Sr25519Keyring, index: ReferendumIndex) {
	let votes = AccountVote::Split { aye: TOS, nay: 0 };
	assert_ok!(ConvictionVoting::vote(RuntimeOrigin::signed(who.to_account_id()), index, votes));
}

/// Gives Eve enough for `count` decision deposits of the root track.
pub fn pay_root_deposits_of_eve(count: u32) {
	Balances::set_balance(&Eve.to_account_id(), (u128::from(count) * 100_200 + 10_000_000) * TOS);
}

pub fn info(index: ReferendumIndex) -> ReferendumInfoOf<Runtime, ()> {
	ReferendumInfoFor::<Runtime>::get(index).expect("it was submitted")
}

/// The referendum, which has not ended.
pub fn ongoing(index: ReferendumIndex) -> ReferendumStatusOf<Runtime, ()> {
	Referenda::ensure_ongoing(index).expect("it has not ended")
}

/// A call of root that leaves a mark in the state.
pub fn marker() -> RuntimeCall {
	RuntimeCall::System(frame_system::Call::set_storage {
		items: vec![(MARKER.to_vec(), b"!".to_vec())],
	})
}

/// Whether root has dispatched [`marker`].
pub fn is_marked() -> bool {
	sp_io::storage::get(MARKER).is_some()
}

/// A call of root without effect.
pub fn nothing() -> RuntimeCall {
	RuntimeCall::System(frame_system::Call::remark { remark: vec![] })
}

/// Adds tasks of somebody else to the agenda of `block`, until it has `count`.
pub fn fill_agenda(block: BlockNumber, count: u32) {
	let present = Agenda::<Runtime>::get(block).iter().flatten().count() as u32;
	for _ in present..count {
		let task = Preimage::bound(nothing()).expect("it is short");
		let when = DispatchTime::At(block);
		assert_ok!(<Scheduler as Anon<BlockNumber, RuntimeCall, OriginCaller>>::schedule(
			when,
			None,
			128,
			root(),
			task
		));
	}
}

/// The block in which the referendum's call is dispatched. Runs blocks until then, but not beyond `last`.
pub fn enacted_at(index: ReferendumIndex, last: BlockNumber) -> Option<BlockNumber> {
	let name = codec::Encode::using_encoded(
		&(*b"assembly", "enactment", index),
		sp_io::hashing::blake2_256,
	);
	while System::block_number() < last {
		run_block(0, vec![]);
		let is_enacted = System::events().iter().any(|record| {
			matches!(
				record.event,
				RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched { id, .. })
					if id == Some(name)
			)
		});
		if is_enacted {
			return Some(System::block_number());
		}
	}
	None
}
