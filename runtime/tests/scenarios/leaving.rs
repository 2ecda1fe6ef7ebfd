//! What a stash has to keep besides its stake to be able to leave (docs/operating.md, "Joining").

use crate::common::{chain, run_block, sign};
use frame_support::traits::Get;
use gtos_runtime::{
	constants::currency::TOS, genesis_config_presets::LOCAL, Balance, Balances, Runtime,
	RuntimeCall,
};
use pallet_staking::{Call, RewardDestination};
use pallet_transaction_payment::{Config as Fees, MultiplierUpdate, NextFeeMultiplier};
use sp_keyring::Sr25519Keyring::{self, Dave, Eve};
use sp_runtime::{
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult,
};

/// What a stash keeps besides its stake and the existential deposit.
const KEPT: Balance = 5 * TOS;
/// The pages and programs that have this number, and how they name it.
const COPIES: [(&str, &str); 2] = [
	(
		include_str!("../../../docs/operating.md"),
		"at least 5 TOS more than the existential deposit",
	),
	(include_str!("../../../e2e/tos.mjs"), "const KEPT = units('5TOS');"),
];

/// Result of a transaction whose call succeeds.
const DONE: ApplyExtrinsicResult = Ok(Ok(()));

fn bond(value: Balance) -> RuntimeCall {
	RuntimeCall::Staking(Call::bond { value, payee: RewardDestination::Stash })
}

fn unbond(value: Balance) -> RuntimeCall {
	RuntimeCall::Staking(Call::unbond { value })
}

fn free(stash: Sr25519Keyring) -> Balance {
	Balances::free_balance(stash.to_account_id())
}

/// ECO-R3: fees are at most 1,000 times as high as usual.
#[test]
fn stash_that_keeps_five_tokens_can_pay_for_leaving_at_the_highest_fees() {
	chain(LOCAL).execute_with(|| {
		NextFeeMultiplier::<Runtime>::put(<Runtime as Fees>::FeeMultiplierUpdate::max());
		let deposit: Balance = <Runtime as pallet_balances::Config>::ExistentialDeposit::get();
		let stake = free(Dave) - deposit - KEPT;
		let withdraw = RuntimeCall::Staking(Call::withdraw_unbonded { num_slashing_spans: 0 });
		let calls = [bond(stake), RuntimeCall::Staking(Call::chill {}), unbond(stake), withdraw];
		let signed = (0..).zip(calls).map(|(nonce, call)| sign(Dave, nonce, call));
		assert_eq!(run_block(0, signed.collect()), [DONE; 4]);
	});
}

#[test]
fn amount_that_a_stash_keeps_is_the_same_everywhere() {
	for (text, expected) in COPIES {
		let words: Vec<&str> = text.split_whitespace().collect();
		assert!(words.join(" ").contains(expected), "{expected}");
	}
}

#[test]
fn stash_that_has_bonded_everything_needs_another_account_to_leave() {
	chain(LOCAL).execute_with(|| {
		assert_eq!(run_block(0, vec![sign(Eve, 0, bond(Balance::MAX))]), [DONE]);
		let refused = Err(TransactionValidityError::Invalid(InvalidTransaction::Payment));
		assert_eq!(run_block(0, vec![sign(Eve, 1, unbond(TOS))]), [refused]);

		let transfer = RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
			dest: Eve.to_account_id().into(),
			value: TOS,
		});
		let calls = vec![sign(Dave, 0, transfer), sign(Eve, 1, unbond(TOS))];
		assert_eq!(run_block(0, calls), [DONE; 2]);
	});
}
