//! Names for what the configuration composes.

use crate::Config;
use frame_support::{
	traits::fungible::{Credit, Inspect},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_contract_store_runtime_api::ContractRecord;

/// Amount of the money that storage is paid in.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// Money that has been withdrawn and belongs to nobody yet.
pub type CreditOf<T> = Credit<<T as frame_system::Config>::AccountId, <T as Config>::Currency>;
/// Code as it is stored.
pub type CodeOf<T> = BoundedVec<u8, <T as Config>::MaxCodeLength>;
/// Record as it is stored.
pub type ContractRecordOf<T> =
	ContractRecord<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;
