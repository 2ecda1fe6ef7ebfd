//! Validators that stay disabled when keys change within an era (CON-R16).
//!
//! `pallet-session` lists disabled validators by their indices, and empties the list whenever it installs a
//! changed set. The new keys of a single validator make a set a changed one. So an offender, or any other
//! validator, could register new keys, and the offender would author again two sessions later instead of in the
//! next era.

use crate::{Config, KeptDisabled};
use core::marker::PhantomData;
use frame_support::{traits::Get, BoundedVec};
use pallet_session::{DisabledValidators, Pallet as Session, QueuedChanged, SessionHandler};
use sp_runtime::{traits::OpaqueKeys, KeyTypeId};
use sp_staking::EraIndex;

/// Session handler that passes sessions on to `Inner`, and then disables again, at their new indices, those
/// whom `pallet-session` has removed from its list within an era.
///
/// `ActiveEra` is the era in force. The session manager has to change it before `on_new_session`, as
/// `pallet-staking` does.
pub struct KeepDisabled<T, ActiveEra, Inner>(PhantomData<(T, ActiveEra, Inner)>);

impl<T, ActiveEra, Inner> SessionHandler<T::ValidatorId> for KeepDisabled<T, ActiveEra, Inner>
where
	T: Config,
	ActiveEra: Get<EraIndex>,
	Inner: SessionHandler<T::ValidatorId>,
{
	const KEY_TYPE_IDS: &'static [KeyTypeId] = Inner::KEY_TYPE_IDS;

	fn on_genesis_session<Ks: OpaqueKeys>(validators: &[(T::ValidatorId, Ks)]) {
		Inner::on_genesis_session(validators);
	}

	/// The first step of a rotation, when set and list are still those of the session that ends.
	fn on_before_session_ending() {
		note_disabled::<T>(ActiveEra::get());
		Inner::on_before_session_ending();
	}

	/// The last step of a rotation.
	fn on_new_session<Ks: OpaqueKeys>(
		changed: bool,
		validators: &[(T::ValidatorId, Ks)],
		queued: &[(T::ValidatorId, Ks)],
	) {
		Inner::on_new_session(changed, validators, queued);
		disable_again::<T>(ActiveEra::get());
	}

	fn on_disabled(validator_index: u32) {
		Inner::on_disabled(validator_index);
	}
}

/// Notes who is disabled, if this rotation is going to empty the list.
fn note_disabled<T: Config>(era: EraIndex) {
	if !QueuedChanged::<T>::get() {
		return;
	}
	let disabled = DisabledValidators::<T>::get();
	if disabled.is_empty() {
		return;
	}
	let validators = Session::<T>::validators();
	let kept = disabled.into_iter().filter_map(|(index, severity)| {
		let validator = validators.get(usize::try_from(index).ok()?)?;
		Some((validator.clone(), severity))
	});
	// Never truncates: less than a third of the validators of a set are disabled.
	KeptDisabled::<T>::set(Some((era, BoundedVec::truncate_from(kept.collect()))));
}

/// Disables those who were disabled before this rotation, unless it has begun an era.
///
/// They are reported once more, so the limit is that of the new set, which can be smaller.
fn disable_again<T: Config>(era: EraIndex) {
	let Some((era_before, kept)) = KeptDisabled::<T>::take() else { return };
	if era_before != era {
		return;
	}
	for (validator, severity) in kept {
		Session::<T>::report_offence(validator, severity);
	}
}
