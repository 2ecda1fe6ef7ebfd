//! The runtime as a whole, block by block: transfers, fees, replay and the rotation of sessions.

use crate::common::{chain, run_block, run_to, sign, sign_with_tip};
use codec::Encode;
use frame_support::{assert_ok, traits::fungible::Inspect};
use gtos_runtime::{
	configs::{fees::TreasuryAccount, RuntimeBlockLength},
	constants::currency::{EXISTENTIAL_DEPOSIT, TOS},
	genesis_config_presets::{DEV, DEVELOPMENT_TIMING, LOCAL},
	Balance, Balances, Executive, Hash, Header, Runtime, RuntimeCall, RuntimeEvent, Session,
	Staking, System,
};
use sp_consensus_aura::{Slot, AURA_ENGINE_ID};
use sp_keyring::Sr25519Keyring::{self, Alice, AliceStash, Bob, Charlie, Ferdie};
use sp_runtime::{
	traits::{Header as _, TypedGet},
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	Digest, DigestItem, DispatchError, TokenError,
};

fn transfer(to: Sr25519Keyring, value: Balance) -> RuntimeCall {
	RuntimeCall::Balances(pallet_balances::Call::transfer_allow_death {
		dest: to.to_account_id().into(),
		value,
	})
}

fn balance(of: Sr25519Keyring) -> Balance {
	Balances::total_balance(&of.to_account_id())
}

/// The fee and the tip of the last transaction, which the fee includes.
pub fn last_fee() -> (Balance, Balance) {
	System::events()
		.into_iter()
		.rev()
		.find_map(|record| match record.event {
			RuntimeEvent::TransactionPayment(
				pallet_transaction_payment::Event::TransactionFeePaid { actual_fee, tip, .. },
			) => Some((actual_fee, tip)),
			_ => None,
		})
		.expect("a fee was paid")
}

/// TXN-R27: a transfer moves its value, and the sender also pays the fee.
#[test]
fn transfer_moves_the_value_and_charges_the_sender() {
	chain(DEV).execute_with(|| {
		let (alice, bob) = (balance(Alice), balance(Bob));
		let results = run_block(0, vec![sign(Alice, 0, transfer(Bob, TOS))]);
		assert_eq!(results, [Ok(Ok(()))]);
		let (fee, tip) = last_fee();
		assert!(fee > 0 && tip == 0);
		assert_eq!(balance(Bob), bob + TOS);
		assert_eq!(balance(Alice), alice - TOS - fee);
	});
}

/// ECO-R4: treasury and author share the fees of a block, and the author gets the whole tip.
#[test]
fn fee_goes_to_treasury_and_author_and_tip_to_author() {
	chain(DEV).execute_with(|| {
		let treasury = || Balances::total_balance(&TreasuryAccount::get());
		let (treasury_before, author_before) = (treasury(), balance(AliceStash));
		let issued = Balances::total_issuance();
		let tip = 7 * TOS;
		let results = run_block(0, vec![sign_with_tip(Alice, 0, tip, transfer(Bob, TOS))]);
		assert_eq!(results, [Ok(Ok(()))]);
		let (fee_and_tip, paid_tip) = last_fee();
		assert_eq!(paid_tip, tip);
		let fee = fee_and_tip - tip;
		let to_treasury = fee * 80 / 100;
		assert_eq!(treasury() - treasury_before, to_treasury);
		assert_eq!(balance(AliceStash) - author_before, fee - to_treasury + tip);
		assert_eq!(Balances::total_issuance(), issued);
	});
}

/// TXN-R15: a transaction that was executed is stale from then on.
#[test]
fn replayed_transaction_is_refused_as_stale() {
	chain(DEV).execute_with(|| {
		let transaction = sign(Alice, 0, transfer(Bob, TOS));
		assert_eq!(run_block(0, vec![transaction.clone()]), [Ok(Ok(()))]);
		let bob = balance(Bob);
		let stale = Err(TransactionValidityError::Invalid(InvalidTransaction::Stale));
		assert_eq!(run_block(0, vec![transaction]), [stale]);
		assert_eq!(balance(Bob), bob);
	});
}

#[test]
fn second_spend_of_the_same_balance_fails_in_the_same_block_and_in_the_next() {
	for blocks in [1, 2] {
		chain(DEV).execute_with(|| {
			let most = balance(Alice) - TOS;
			let first = sign(Alice, 0, transfer(Bob, most));
			let second = sign(Alice, 1, transfer(Charlie, most));
			let charlie = balance(Charlie);
			let results = if blocks == 1 {
				run_block(0, vec![first, second])
			} else {
				let mut results = run_block(0, vec![first]);
				results.extend(run_block(0, vec![second]));
				results
			};
			assert_eq!(results[0], Ok(Ok(())));
			assert_eq!(results[1], Ok(Err(DispatchError::Token(TokenError::FundsUnavailable))));
			assert_eq!(balance(Charlie), charlie);
		});
	}
}

/// STA-R6, TXN-R26: a balance below the existential deposit cannot create an account.
#[test]
fn transfer_below_the_existential_deposit_creates_no_account() {
	chain(DEV).execute_with(|| {
		let dave = sp_core::crypto::AccountId32::new([9; 32]);
		let call = RuntimeCall::Balances(pallet_balances::Call::transfer_allow_death {
			dest: dave.clone().into(),
			value: EXISTENTIAL_DEPOSIT - 1,
		});
		let results = run_block(0, vec![sign(Alice, 0, call)]);
		assert_eq!(results, [Ok(Err(DispatchError::Token(TokenError::BelowMinimum)))]);
		assert_eq!(Balances::total_balance(&dave), 0);
	});
}

#[test]
fn sessions_rotate_and_eras_elect_at_the_pace_of_genesis() {
	chain(LOCAL).execute_with(|| {
		let validators = Session::validators();
		let sessions = 3 * DEVELOPMENT_TIMING.sessions_per_era;
		run_to(sessions * DEVELOPMENT_TIMING.session_length_blocks);
		assert_eq!(Session::current_index(), sessions);
		let era = pallet_staking::ActiveEra::<Runtime>::get().expect("eras began").index;
		assert!(era >= 2, "era {era}");
		let mut elected = Session::validators();
		let mut genesis = validators;
		elected.sort();
		genesis.sort();
		assert_eq!(elected, genesis);
		assert_eq!(Staking::current_era().expect("eras began"), era);
	});
}

#[test]
fn block_that_rotates_the_session_holds_transfers() {
	chain(DEV).execute_with(|| {
		run_to(DEVELOPMENT_TIMING.session_length_blocks - 1);
		assert_eq!(Session::current_index(), 0);
		assert_eq!(run_block(0, vec![sign(Alice, 0, transfer(Bob, TOS))]), [Ok(Ok(()))]);
		assert_eq!(Session::current_index(), 1);
	});
}

/// Begins block 1 with a header whose author's part has this number of bytes (CON-R1).
///
/// An item of an unknown engine pads the header.
fn begin_block_with_header_of(bytes: usize) {
	chain(DEV).execute_with(|| {
		let slot = DigestItem::PreRuntime(AURA_ENGINE_ID, Slot::from(1).encode());
		let digest = |padding| Digest {
			logs: vec![slot.clone(), DigestItem::PreRuntime(*b"xxxx", vec![0; padding])],
		};
		let header =
			|digest| Header::new(1, Hash::zero(), Hash::zero(), System::block_hash(0), digest);
		// Long enough for the length prefix of the item to take two bytes.
		let least = 64;
		let without = header(Digest::default()).encoded_size() + digest(least).encoded_size();
		Executive::initialize_block(&header(digest(least + bytes - without)));
	});
}

/// Maximum number of bytes that the author's part of a header may have.
fn max_header_size() -> usize {
	RuntimeBlockLength::get().max_header_size() as usize
}

#[test]
fn author_may_write_as_many_bytes_of_the_header_as_the_limit() {
	begin_block_with_header_of(max_header_size());
}

#[test]
#[should_panic(expected = "exceeds max header size limit")]
fn author_may_not_write_more_bytes_of_the_header_than_the_limit() {
	begin_block_with_header_of(max_header_size() + 1);
}

#[test]
fn skipped_slots_do_not_stop_the_chain() {
	chain(LOCAL).execute_with(|| {
		for skipped in [0, 1, 5, 1_000] {
			run_block(skipped, vec![]);
		}
		assert_eq!(System::block_number(), 4);
	});
}

#[test]
fn nominator_can_bond_and_nominate() {
	chain(LOCAL).execute_with(|| {
		let bond = RuntimeCall::Staking(pallet_staking::Call::bond {
			value: 100 * TOS,
			payee: pallet_staking::RewardDestination::Staked,
		});
		let nominate = RuntimeCall::Staking(pallet_staking::Call::nominate {
			targets: vec![AliceStash.to_account_id().into()],
		});
		let results = run_block(0, vec![sign(Ferdie, 0, bond), sign(Ferdie, 1, nominate)]);
		for result in results {
			assert_ok!(result.expect("it is valid"));
		}
		assert!(pallet_staking::Nominators::<Runtime>::contains_key(Ferdie.to_account_id()));
	});
}

#[cfg(feature = "try-runtime")]
#[test]
fn every_pallets_state_stays_consistent_over_eras() {
	use frame_support::traits::TryState;
	chain(LOCAL).execute_with(|| {
		for _ in 0..70 {
			run_block(0, vec![]);
			gtos_runtime::AllPalletsWithSystem::try_state(
				System::block_number(),
				frame_try_runtime::TryStateSelect::All,
			)
			.expect("the state is consistent");
		}
	});
}
