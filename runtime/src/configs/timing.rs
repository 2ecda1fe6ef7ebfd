//! Durations that genesis has chosen for this chain (STA-R9).

use crate::{BlockNumber, GenesisParameters, Moment};
use frame_support::parameter_types;
use sp_staking::{EraIndex, SessionIndex};

parameter_types! {
	pub SlotDuration: Moment = GenesisParameters::timing().slot_duration_ms;
	/// Half a slot: the minimum time between two blocks that the timestamp pallet requires
	/// (CON-R3). Aura's own check raises the minimum to a whole slot.
	pub MinimumPeriod: Moment = SlotDuration::get() / 2;
	pub SessionLength: BlockNumber = GenesisParameters::timing().session_length_blocks;
	pub SessionsPerEra: SessionIndex = GenesisParameters::timing().sessions_per_era;
	pub BondingDuration: EraIndex = GenesisParameters::timing().bonding_duration_eras;
	pub SlashDeferDuration: EraIndex = GenesisParameters::timing().slash_defer_duration_eras;
}

/// Hours of a day, for periods that are given in days.
pub(super) const HOURS_PER_DAY: BlockNumber = 24;

/// Number of blocks that this chain counts as `count` hours.
pub(super) fn hours(count: BlockNumber) -> BlockNumber {
	// Saturating: both factors are small constants of genesis and of the configuration.
	GenesisParameters::timing().hour_blocks.saturating_mul(count)
}
