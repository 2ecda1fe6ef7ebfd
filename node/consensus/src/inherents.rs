//! Inherent data: the time and the slot at which the author makes a block.

use sc_consensus_aura::SlotDuration;

/// Slot and time, in the order that the consensus worker expects.
pub type InherentDataProviders =
	(sc_consensus_aura::InherentDataProvider, sp_timestamp::InherentDataProvider);

/// Provides the current time and the slot it falls into.
///
/// Import, authoring and benchmarks all use these providers.
pub fn providers(slot_duration: SlotDuration) -> InherentDataProviders {
	let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
	let slot = sc_consensus_aura::InherentDataProvider::from_timestamp_and_slot_duration(
		*timestamp,
		slot_duration,
	);
	(slot, timestamp)
}
