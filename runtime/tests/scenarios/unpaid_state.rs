//! No call stores records of votes or stakes that nobody has paid for (STA-R17).

use crate::{
	ballots::{nothing, root, submit, vote_with_little},
	common::{chain, run_block},
	wrappings::{
		as_derivative, as_multisig, dispatch, filtered, give_alice_other_accounts, signed, wrapped,
	},
};
use frame_support::{
	assert_ok,
	traits::fungible::{Inspect, Mutate},
};
use gtos_runtime::{
	constants::currency::{EXISTENTIAL_DEPOSIT, TOS},
	genesis_config_presets::LOCAL,
	AccountId, Balance, Balances, Runtime, RuntimeCall,
};
use pallet_conviction_voting::{AccountVote, Call, ClassLocksFor, Conviction, Vote, VotingFor};
use pallet_staking::{Bonded, Error, Ledger, Payee, RewardDestination};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::DispatchResult;

/// The track of root.
const ROOT: u16 = 0;

/// Somebody who has never voted.
fn stranger() -> AccountId {
	AccountId::new([7; 32])
}

fn unlock(class: u16, target: AccountId) -> RuntimeCall {
	RuntimeCall::ConvictionVoting(Call::unlock { class, target: target.into() })
}

fn delegate(balance: Balance) -> RuntimeCall {
	RuntimeCall::ConvictionVoting(Call::delegate {
		class: ROOT,
		to: stranger().into(),
		conviction: Conviction::None,
		balance,
	})
}

/// A vote on a referendum of the root track.
fn vote(poll_index: u32, vote: AccountVote<Balance>) -> RuntimeCall {
	RuntimeCall::ConvictionVoting(Call::vote { poll_index, vote })
}

/// A vote of each kind, with `balance` as its last part and otherwise nothing.
fn votes(balance: Balance) -> [AccountVote<Balance>; 3] {
	let vote = Vote { aye: true, conviction: Conviction::None };
	[
		AccountVote::Standard { vote, balance },
		AccountVote::Split { aye: 0, nay: balance },
		AccountVote::SplitAbstain { aye: 0, nay: 0, abstain: balance },
	]
}

fn bond(value: Balance) -> RuntimeCall {
	let payee = RewardDestination::Staked;
	RuntimeCall::Staking(pallet_staking::Call::bond { value, payee })
}

/// How many records of votes there are.
fn records() -> usize {
	VotingFor::<Runtime>::iter().count() + ClassLocksFor::<Runtime>::iter().count()
}

#[test]
fn unlocking_or_delegating_nothing_stores_no_record_in_any_wrapping() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		give_alice_other_accounts();
		for call in [unlock(ROOT, stranger()), unlock(60_000, Alice.to_account_id()), delegate(0)] {
			assert_eq!(dispatch(call.clone(), signed(Alice)), Err(filtered()), "{call:?}");
			for way in wrapped(&call).into_iter().chain([as_multisig(call)]) {
				let _ = dispatch(way.clone(), signed(Alice));
				assert_eq!(records(), 0, "{way:?}");
			}
		}
	});
}

#[test]
fn vote_with_nothing_stores_no_record_in_any_wrapping() {
	for ballot in votes(0) {
		chain(LOCAL).execute_with(|| {
			run_block(0, vec![]);
			give_alice_other_accounts();
			let call = vote(submit(Alice, root(), nothing()), ballot);
			assert_eq!(dispatch(call.clone(), signed(Alice)), Err(filtered()), "{call:?}");
			for way in wrapped(&call).into_iter().chain([as_multisig(call)]) {
				let _ = dispatch(way.clone(), signed(Alice));
				assert_eq!(records(), 0, "{way:?}");
			}
		});
	}
}

#[test]
fn vote_with_a_unit_is_accepted() {
	for ballot in votes(1) {
		chain(LOCAL).execute_with(|| {
			run_block(0, vec![]);
			let index = submit(Alice, root(), nothing());
			assert_ok!(dispatch(vote(index, ballot), signed(Alice)));
			assert!(VotingFor::<Runtime>::contains_key(Alice.to_account_id(), ROOT));
		});
	}
}

/// Who has voted can be unlocked by anybody, also once the vote is removed.
#[test]
fn account_with_a_record_is_unlocked_on_its_track_only() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let index = submit(Alice, root(), nothing());
		vote_with_little(Bob, index);
		let remove = Call::remove_vote { class: Some(ROOT), index };
		assert_ok!(dispatch(RuntimeCall::ConvictionVoting(remove), signed(Bob)));
		let bob = Bob.to_account_id();
		assert_eq!(Balances::locks(&bob).len(), 1);
		assert_eq!(dispatch(unlock(ROOT + 1, bob.clone()), signed(Alice)), Err(filtered()));
		assert_ok!(dispatch(unlock(ROOT, bob.clone()), signed(Alice)));
		assert!(Balances::locks(&bob).is_empty());
	});
}

#[test]
fn delegation_of_a_unit_is_accepted() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		assert_ok!(dispatch(delegate(1), signed(Alice)));
		assert!(VotingFor::<Runtime>::contains_key(stranger(), ROOT));
	});
}

/// A stake of less than the existential deposit, or of nothing, is refused although the argument is more.
#[test]
fn account_bonds_only_if_it_can_stake_the_existential_deposit() {
	chain(LOCAL).execute_with(|| {
		run_block(0, vec![]);
		let derived = pallet_utility::derivative_account_id(Alice.to_account_id(), 0);
		let bond = as_derivative(bond(TOS));
		for free in [EXISTENTIAL_DEPOSIT, 2 * EXISTENTIAL_DEPOSIT - 1] {
			Balances::set_balance(&derived, free);
			let refused: DispatchResult = Err(Error::<Runtime>::Restricted.into());
			assert_eq!(dispatch(bond.clone(), signed(Alice)), refused, "{free}");
			assert!(!Bonded::<Runtime>::contains_key(&derived));
			assert!(!Payee::<Runtime>::contains_key(&derived));
		}
		Balances::set_balance(&derived, 2 * EXISTENTIAL_DEPOSIT);
		assert_ok!(dispatch(bond, signed(Alice)));
		let ledger = Ledger::<Runtime>::get(&derived).expect("it has bonded");
		assert_eq!(ledger.total, EXISTENTIAL_DEPOSIT);
		// What is staked keeps the account, and with it the records, from being abandoned.
		let leave = RuntimeCall::Balances(pallet_balances::Call::transfer_all {
			dest: Bob.to_account_id().into(),
			keep_alive: false,
		});
		assert_ok!(dispatch(as_derivative(leave), signed(Alice)));
		assert!(Balances::total_balance(&derived) >= EXISTENTIAL_DEPOSIT);
	});
}
