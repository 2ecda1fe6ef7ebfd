//! The check of new code.

use crate::*;
use alloc::vec::Vec;
use codec::Decode;
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use frame_system::SetCode;
use sp_runtime::{traits::SaturatedConversion, DigestItem};
use sp_version::{ApiId, RuntimeVersion};

impl<T: Config> Pallet<T> {
	/// Checks that `code` can follow the running runtime (UPG-R1), and that this block has not replaced it
	/// already (UPG-R2).
	///
	/// Decompresses the code to read the version that is embedded in it, which takes as long as a large
	/// part of a block. The node compiles code without an embedded version and calls `Core_version` of it, which
	/// takes longer. Call it only with code that somebody pays for or that is authorised.
	pub fn ensure_can_follow(code: &[u8]) -> Result<(), Error<T>> {
		ensure!(!Self::has_replaced_runtime(), Error::<T>::RuntimeAlreadyReplaced);
		// Saturating: no argument of a call has 2^32 bytes.
		let length: u32 = code.len().saturated_into();
		ensure!(length <= T::MaxCodeLength::get(), Error::<T>::CodeTooLong);
		let next = sp_io::misc::runtime_version(code)
			.and_then(|bytes| RuntimeVersion::decode(&mut &bytes[..]).ok())
			.ok_or(Error::<T>::CodeUnreadable)?;
		let current = T::Version::get();
		ensure!(next.spec_name == current.spec_name, Error::<T>::OtherSpecName);
		ensure!(next.spec_version > current.spec_version, Error::<T>::SpecVersionNotHigher);
		let has = |(id, least): &(ApiId, u32)| {
			next.apis.iter().any(|(other, version)| other == id && version >= least)
		};
		let has_all = T::RequiredApis::get().iter().all(has);
		ensure!(has_all, Error::<T>::MissingRuntimeApi);
		Ok(())
	}

	/// Whether this block has replaced the runtime.
	///
	/// Two upgrades in one block would each be compared with the runtime that executes the block, and the
	/// second would silently replace the first, whatever their versions. `system.set_heap_pages` deposits
	/// the same digest item, so after it an upgrade waits for the next block, too.
	fn has_replaced_runtime() -> bool {
		frame_system::Pallet::<T>::digest()
			.logs()
			.iter()
			.any(|item| matches!(item, DigestItem::RuntimeEnvironmentUpdated))
	}
}

// Every call that replaces the runtime comes here, those named "without checks" included.
impl<T: Config> SetCode<T> for Pallet<T> {
	fn set_code(code: Vec<u8>) -> DispatchResult {
		Self::ensure_can_follow(&code)?;
		frame_system::Pallet::<T>::update_code_in_storage(&code);
		Ok(())
	}
}
