//! How the pot is filled and paid out.

use crate::*;
use core::mem;
use frame_support::traits::{
	fungible::{Balanced, Dust},
	Get, Imbalance, OnUnbalanced,
};
use frame_system::Account;
use pallet_authorship::Pallet as Authorship;
use sp_runtime::traits::{AccountIdConversion, Saturating, Zero};

impl<T: Config> OnUnbalanced<CreditOf<T>> for Pallet<T> {
	/// Gathers the fee of a transaction, and its tip, which comes second (ECO-R11).
	fn on_unbalanceds(mut fee_then_tip: impl Iterator<Item = CreditOf<T>>) {
		let Some(mut paid) = fee_then_tip.next() else { return };
		if let Some(tip) = fee_then_tip.next().filter(|tip| !tip.peek().is_zero()) {
			// Saturating: tips are parts of the total issuance, which has the same type.
			Tips::<T>::mutate(|tips| *tips = tips.saturating_add(tip.peek()));
			paid.subsume(tip);
		}
		Self::on_unbalanced(paid);
	}

	/// Gathers a fee without a tip.
	fn on_nonzero_unbalanced(fee: CreditOf<T>) {
		Self::put(fee);
	}
}

impl<T: Config> Pallet<T> {
	/// The account of the pot.
	pub fn account() -> T::AccountId {
		T::PotId::get().into_account_truncating()
	}

	/// Adds a credit to the pot.
	///
	/// Directly, with one read and one write for each transaction: `pallet-balances` would read the account several
	/// times to check what cannot be otherwise here, deposit an event, and refuse a fee below the existential deposit
	/// as the first of a block.
	///
	/// To the reserved balance, which no call can take: a free balance below the existential deposit becomes dust as
	/// soon as `pallet-balances` writes the account, and anybody can make it do so. The provider and the consumer are
	/// those that `pallet-balances` expects of an account with a reserved balance.
	fn put(credit: CreditOf<T>) {
		Account::<T>::mutate(Self::account(), |pot| {
			pot.providers = pot.providers.max(1);
			pot.consumers = pot.consumers.max(1);
			// Saturating: all balances together are the total issuance, which has the same type.
			pot.data.reserved = pot.data.reserved.saturating_add(credit.peek());
		});
		// The pot holds the amount now. A credit that is dropped lowers the total issuance.
		mem::forget(credit);
	}

	/// Takes everything out of the pot, also what was sent to it, and removes its record if there is one.
	fn take() -> CreditOf<T> {
		let gathered = Account::<T>::take(Self::account()).data.total();
		// Balance that left an account without `pallet-balances` becomes a credit this way.
		Dust::<T::AccountId, Balances<T>>(gathered).into_credit()
	}

	/// Shares what the pot has between the treasury and the author (ECO-R4). Writes nothing if it is empty.
	pub(crate) fn pay_out() {
		// Also if the pot is empty: root can empty it, and tips that stay would be taken from the next fees.
		let tips = Tips::<T>::take();
		let mut fees = Self::take();
		if fees.peek().is_zero() {
			return;
		}
		let tips = fees.extract(tips);
		let part = u32::from(T::TreasuryShare::get().deconstruct());
		// Saturating: a percentage is at most 100.
		let (mut for_treasury, rest) = fees.ration(part, 100_u32.saturating_sub(part));
		let for_author = rest.merge(tips);
		let not_paid = match Authorship::<T>::author() {
			// Refused if the account would still be below the existential deposit.
			Some(author) => Balances::<T>::resolve(&author, for_author).err(),
			None => Some(for_author),
		};
		if let Some(not_paid) = not_paid {
			for_treasury.subsume(not_paid);
		}
		T::Treasury::on_unbalanced(for_treasury);
	}
}
