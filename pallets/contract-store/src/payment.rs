//! What permanent storage costs, and how a deployer pays.

use crate::*;
use frame_support::traits::{
	fungible::Balanced,
	tokens::{Fortitude, Precision, Preservation},
	Get, OnUnbalanced,
};
use sp_runtime::{
	traits::{CheckedAdd, CheckedMul},
	ArithmeticError,
};

impl<T: Config> Pallet<T> {
	/// Price of a record and of `stored` bytes of new code (CTR-R7).
	pub(crate) fn price(stored: u32) -> Result<BalanceOf<T>, ArithmeticError> {
		let bytes = BalanceOf::<T>::from(T::RecordBytes::get())
			.checked_add(&stored.into())
			.ok_or(ArithmeticError::Overflow)?;
		bytes.checked_mul(&T::PricePerByte::get()).ok_or(ArithmeticError::Overflow)
	}

	/// Moves `price` from the deployer to the treasury and keeps the deployer's account alive (CTR-R8).
	pub(crate) fn pay(deployer: &T::AccountId, price: BalanceOf<T>) -> Result<(), Error<T>> {
		let payment = T::Currency::withdraw(
			deployer,
			price,
			Precision::Exact,
			Preservation::Preserve,
			Fortitude::Polite,
		)
		// One error for every reason why the account cannot pay.
		.map_err(|_| Error::InsufficientBalance)?;
		T::OnPayment::on_unbalanced(payment);
		Ok(())
	}
}
