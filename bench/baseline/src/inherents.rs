//! Inherent data: slot and time.

use sc_consensus_aura::SlotDuration;

/// The slot and the time of a block that is made now.
pub fn inherents(
	slot_duration: SlotDuration,
) -> (sc_consensus_aura::InherentDataProvider, sp_timestamp::InherentDataProvider) {
	let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
	let slot = sc_consensus_aura::InherentDataProvider::from_timestamp_and_slot_duration(
		*timestamp,
		slot_duration,
	);
	(slot, timestamp)
}
