//! Inherent data: the time and the slot at which the author makes a block.

use sc_consensus_aura::SlotDuration;
use sp_timestamp::Timestamp;

/// Slot and time, in the order that the consensus worker expects.
pub type InherentDataProviders =
	(sc_consensus_aura::InherentDataProvider, sp_timestamp::InherentDataProvider);

/// Provides the current time and the slot it falls into.
///
/// Authoring and benchmarks use these providers. Import uses [`providers_at`], with the time of the
/// [`Clock`](crate::clock::Clock).
pub fn providers(slot_duration: SlotDuration) -> InherentDataProviders {
	providers_at(Timestamp::current(), slot_duration)
}

/// Provides `now` and the slot it falls into.
pub fn providers_at(now: Timestamp, slot_duration: SlotDuration) -> InherentDataProviders {
	let timestamp = sp_timestamp::InherentDataProvider::new(now);
	let slot = sc_consensus_aura::InherentDataProvider::from_timestamp_and_slot_duration(
		*timestamp,
		slot_duration,
	);
	(slot, timestamp)
}
