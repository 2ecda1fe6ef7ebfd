//! The timing of a chain and its bounds (STA-R9).

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Deserializer, Serialize};

/// Shortest slot, in milliseconds. The network may need longer ones ([`crate::check_slot`]).
pub const MIN_SLOT_DURATION_MS: u64 = 100;
/// Longest slot, in milliseconds: one minute.
pub const MAX_SLOT_DURATION_MS: u64 = 60_000;
/// Shortest session: in it, the keys of the next session are queued and a GRANDPA change is signalled.
pub const MIN_SESSION_LENGTH_BLOCKS: u32 = 5;
/// Longest session: one week of one-second slots.
pub const MAX_SESSION_LENGTH_BLOCKS: u32 = 604_800;
/// Fewest sessions per era: an election is held one session before its era begins.
pub const MIN_SESSIONS_PER_ERA: u32 = 2;
/// Maximum number of sessions per era.
pub const MAX_SESSIONS_PER_ERA: u32 = 1_000;
/// Shortest bonding: longer than the shortest deferral of a slash, so that the slash finds the stake.
pub const MIN_BONDING_DURATION_ERAS: u32 = 2;
/// Longest bonding. The runtime keeps staking history for as many eras, since a slash needs the
/// exposure of the era of the offence.
pub const MAX_BONDING_DURATION_ERAS: u32 = 336;
/// Maximum number of sessions that bonding may span: GRANDPA stores one entry for each of them.
pub const MAX_BONDING_DURATION_SESSIONS: u32 = 50_000;
/// Maximum number of blocks in an hour: as many as there are with the shortest slot.
pub const MAX_HOUR_BLOCKS: u32 = 36_000;

/// The periods of a chain, from which all others follow.
#[derive(
	Clone,
	Debug,
	Decode,
	DecodeWithMemTracking,
	Deserialize,
	Encode,
	Eq,
	MaxEncodedLen,
	PartialEq,
	Serialize,
	TypeInfo,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChainTiming {
	/// Time between two blocks, in milliseconds.
	///
	/// With the network it determines the limits of a block ([`crate::budget::block_budget`]).
	pub slot_duration_ms: u64,
	/// Blocks per session; validators rotate at its end.
	pub session_length_blocks: u32,
	/// Sessions per era; an election decides the validators of each era.
	pub sessions_per_era: u32,
	/// Eras between unbonding and withdrawing stake.
	pub bonding_duration_eras: u32,
	/// Eras between an offence and its slash, during which governance can cancel it.
	///
	/// At least one: a slash that falls due with an era is taken in pages, one in each block (CON-R30). One that does not
	/// wait would be taken in a single block.
	pub slash_defer_duration_eras: u32,
	/// Blocks that make an hour of the periods of governance.
	pub hour_blocks: u32,
}

/// The timing of a live network: one-second slots, sessions of ten minutes, eras of an hour, seven days
/// of bonding, six days to cancel a slash, and hours of 60 minutes.
impl Default for ChainTiming {
	fn default() -> Self {
		Self {
			slot_duration_ms: 1_000,
			session_length_blocks: 600,
			sessions_per_era: 6,
			bonding_duration_eras: 168,
			slash_defer_duration_eras: 144,
			hour_blocks: 3_600,
		}
	}
}

impl ChainTiming {
	/// Checks that every field is in its range. The error names the field and the range.
	///
	/// With a field outside its range, no chain could run. Whether blocks fit the slot depends on the network
	/// too: [`crate::check_slot`].
	pub fn check(&self) -> Result<(), &'static str> {
		if !(MIN_SLOT_DURATION_MS..=MAX_SLOT_DURATION_MS).contains(&self.slot_duration_ms) {
			return Err("slotDurationMs must be between 100 and 60000");
		}
		if !(MIN_SESSION_LENGTH_BLOCKS..=MAX_SESSION_LENGTH_BLOCKS)
			.contains(&self.session_length_blocks)
		{
			return Err("sessionLengthBlocks must be between 5 and 604800");
		}
		if !(MIN_SESSIONS_PER_ERA..=MAX_SESSIONS_PER_ERA).contains(&self.sessions_per_era) {
			return Err("sessionsPerEra must be between 2 and 1000");
		}
		if !(MIN_BONDING_DURATION_ERAS..=MAX_BONDING_DURATION_ERAS)
			.contains(&self.bonding_duration_eras)
		{
			return Err("bondingDurationEras must be between 2 and 336");
		}
		if self.bonding_duration_sessions() > MAX_BONDING_DURATION_SESSIONS {
			return Err("bondingDurationEras times sessionsPerEra must be at most 50000");
		}
		if self.slash_defer_duration_eras == 0 {
			return Err("slashDeferDurationEras must be at least 1: with 0, governance could not cancel a slash, \
				and a single block would take all stakes of a slash");
		}
		if self.slash_defer_duration_eras >= self.bonding_duration_eras {
			return Err("slashDeferDurationEras must be less than bondingDurationEras");
		}
		if !(1..=MAX_HOUR_BLOCKS).contains(&self.hour_blocks) {
			return Err("hourBlocks must be between 1 and 36000");
		}
		Ok(())
	}

	/// Number of sessions for which bonded stake can be slashed.
	pub fn bonding_duration_sessions(&self) -> u32 {
		// Saturating: a product that overflows is out of range anyway.
		self.bonding_duration_eras.saturating_mul(self.sessions_per_era)
	}
}

/// Reads a timing and refuses one that [`ChainTiming::check`] refuses.
pub(crate) fn deserialize_checked<'de, D: Deserializer<'de>>(
	deserializer: D,
) -> Result<ChainTiming, D::Error> {
	let timing = ChainTiming::deserialize(deserializer)?;
	timing.check().map_err(serde::de::Error::custom)?;
	Ok(timing)
}
