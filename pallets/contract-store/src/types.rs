//! Aliases for the types that the configuration composes.

use crate::Config;
use frame_support::{
	traits::fungible::{Credit, Inspect},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_contract_store_runtime_api::ContractRecord;

/// Amount of the currency that storage is paid in.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// Payment that has been withdrawn from its payer and not yet credited to anybody.
pub type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;
/// Code as it is stored.
pub type CodeOf<T> = BoundedVec<u8, <T as Config>::MaxCodeLength>;
/// Record as it is stored.
pub type ContractRecordOf<T> =
	ContractRecord<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;
