//! The assumptions of the pallet, checked over the whole state.

use crate::*;
use frame_support::ensure;
use sp_runtime::{traits::Convert, TryRuntimeError};

impl<T: Config> Pallet<T> {
	/// Verifies the assumptions of the check of reports: the current session follows from the
	/// height (CON-R5), and its stored root is that of the keys in force (CON-R14). And a rotation has not
	/// ended before validators were disabled again (CON-R16).
	pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(
			T::SessionOf::convert(frame_system::Pallet::<T>::block_number())
				== pallet_session::Pallet::<T>::current_index(),
			"CON-R5: the current session differs from the session of the height"
		);
		ensure!(
			KeyOwners::<T>::is_root_in_force(),
			"CON-R14: the root of the session differs from that of the keys in force"
		);
		ensure!(
			!KeptDisabled::<T>::exists(),
			"CON-R16: a rotation has not disabled again those who were disabled"
		);
		Ok(())
	}
}
