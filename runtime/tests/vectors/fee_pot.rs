//! The fees of a block: what gathers in the pot, and who gets it.

use crate::{
	chain::{self, account},
	vector_file::{Check, Decimal, Nothing},
};
use frame_support::traits::{
	fungible::{Balanced, Inspect},
	tokens::{Fortitude, Precision, Preservation},
	Imbalance, OnFinalize, OnUnbalanced,
};
use gtos_runtime::{
	AccountId, Balance, Balances, FeePot, Runtime, RuntimeOrigin, System, Treasury,
};
use pallet_fee_pot::Tips;
use serde::Deserialize;

/// More than all payments of a case.
const FUNDS: Balance = 10_u128.pow(35);

/// A block in which extrinsics pay fees (ECO-R4, ECO-R11). A balance of zero is no account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FeePayout {
	/// `None` if the author is not known.
	author: Option<Decimal>,
	treasury: Decimal,
	steps: Vec<Step>,
	author_after: Option<Decimal>,
	treasury_after: Decimal,
	burnt: Decimal,
}

/// What changes the pot, and its balance afterwards.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum Step {
	Payment { fee: Decimal, tip: Decimal, pot: Decimal },
	Transfer { transfer: Decimal, succeeds: bool, pot: Decimal },
}

impl Step {
	/// Lets `payer` pay or send, and checks the balance of the pot.
	fn take(&self, payer: &AccountId) {
		let expected = match self {
			Step::Payment { fee, tip, pot } => {
				pay(payer, fee.0, tip.0);
				pot
			},
			Step::Transfer { transfer, succeeds, pot } => {
				let origin = RuntimeOrigin::signed(payer.clone());
				let to = FeePot::account().into();
				let result = Balances::transfer_keep_alive(origin, to, transfer.0);
				assert_eq!(result.is_ok(), *succeeds, "{result:?}");
				pot
			},
		};
		assert_eq!(Decimal(Balances::total_balance(&FeePot::account())), *expected);
	}
}

/// Pays a fee and a tip as a transaction does.
fn pay(payer: &AccountId, fee: Balance, tip: Balance) {
	let (keep, polite) = (Preservation::Preserve, Fortitude::Polite);
	let paid = Balances::withdraw(payer, fee + tip, Precision::Exact, keep, polite)
		.expect("the payer has enough");
	let (fee, tip) = paid.split(fee);
	FeePot::on_unbalanceds([fee, tip].into_iter());
}

/// ECO-I2: the issuance, which all accounts have together.
fn issuance() -> Balance {
	let accounts = frame_system::Account::<Runtime>::iter_values();
	let sum: Balance = accounts.map(|account| account.data.free + account.data.reserved).sum();
	assert_eq!(Balances::total_issuance(), sum);
	sum
}

impl Check for FeePayout {
	type Shared = Nothing;

	fn check(self, _: &Nothing) {
		let (author, payer, treasury) = (account(0), account(1), Treasury::account_id());
		let mut balances = vec![
			(author.clone(), self.author.map_or(0, |balance| balance.0)),
			(treasury.clone(), self.treasury.0),
			(payer.clone(), FUNDS),
		];
		balances.retain(|(_, balance)| *balance > 0);
		chain::with_accounts(balances).execute_with(|| {
			System::set_block_number(1);
			if self.author.is_some() {
				chain::set_author(&author);
			}
			let before = issuance();
			for step in &self.steps {
				step.take(&payer);
				assert_eq!(issuance(), before);
			}
			FeePot::on_finalize(1);

			let free = |who: &AccountId| Decimal(Balances::free_balance(who));
			assert_eq!(self.author.map(|_| free(&author)), self.author_after);
			assert_eq!(free(&treasury), self.treasury_after);
			assert_eq!(Decimal(before - issuance()), self.burnt);
			// ECO-I1
			assert!(!System::account_exists(&FeePot::account()));
			assert!(!frame_system::Account::<Runtime>::contains_key(FeePot::account()));
			assert!(!Tips::<Runtime>::exists());
		});
	}
}

/// HAS-R18, ECO-R11: the pot's account is derived from its identifier.
#[test]
fn account_of_the_pot_is_that_of_its_id() {
	let mut bytes = [0; 32];
	bytes[..12].copy_from_slice(b"modlgtos/pot");
	assert_eq!(FeePot::account(), AccountId::new(bytes));
}
