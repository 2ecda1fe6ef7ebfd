//! Types of the storage.

use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::DefaultNoBound;
use scale_info::TypeInfo;
use sp_staking::{EraIndex, Page};

/// A page of the rewards of an era.
#[derive(Clone, Debug, Decode, DefaultNoBound, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct Position<AccountId> {
	/// The era in which the rewards were earned.
	pub era: EraIndex,
	/// The validator before the one whose page it is; `None` if that is the first of the era.
	pub after: Option<AccountId>,
	/// The page of that validator's nominators.
	pub page: Page,
}
