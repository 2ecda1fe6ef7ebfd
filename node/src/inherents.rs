//! What the author of a block states about the moment of its making.

use sc_consensus_aura::SlotDuration;

/// Slot and time, in the order that the consensus worker expects.
pub type InherentDataProviders =
	(sc_consensus_aura::InherentDataProvider, sp_timestamp::InherentDataProvider);

/// The current time and the slot it falls into.
///
/// Importing, authoring and measuring a block all state the same things.
pub fn providers(slot_duration: SlotDuration) -> InherentDataProviders {
	let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
	let slot = sc_consensus_aura::InherentDataProvider::from_timestamp_and_slot_duration(
		*timestamp,
		slot_duration,
	);
	(slot, timestamp)
}
