//! A block that is being built.

use gtos_runtime::opaque::UncheckedExtrinsic;
use sp_runtime::transaction_validity::TransactionValidityError;
use std::time::Duration;

/// Why a transaction is not in the block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
	/// The block has too little room for it.
	NoRoom {
		/// Whether it has hardly any room for others either.
		is_full: bool,
	},
	/// It is invalid; `None` if the runtime has failed on it.
	Invalid(Option<TransactionValidityError>),
}

impl Refusal {
	/// From the error of the runtime.
	pub(super) fn new(error: TransactionValidityError, is_full: bool) -> Self {
		if error.exhausted_resources() {
			Self::NoRoom { is_full }
		} else {
			Self::Invalid(Some(error))
		}
	}
}

/// What has become of a list of transactions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Applied {
	/// Number of those that are in the block, from the first one on. Not zero without a refusal.
	pub(super) count: usize,
	/// Why the one after them is not; `None` if it was not tried.
	pub(super) refused: Option<Refusal>,
}

/// Takes transactions. A refused one leaves no trace.
pub(super) trait OpenBlock {
	/// Applies transactions in one call, until one is refused or they weigh as much as `time` on the reference
	/// machine. `None` if the runtime cannot do that or has failed: then the block is as before.
	fn apply_together(
		&mut self,
		transactions: &[UncheckedExtrinsic],
		time: Duration,
	) -> Option<Applied>;

	/// Applies one transaction.
	fn apply_alone(&mut self, transaction: &UncheckedExtrinsic) -> Result<(), Refusal>;
}
