//! The timing of a chain and the bounds it has to keep.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Deserializer, Serialize};

/// Shortest slot: what block propagation on one continent leaves room for. For blocks that are not
/// full: see [`ChainTiming::slot_duration_ms`].
pub const MIN_SLOT_DURATION_MS: u64 = 100;
/// Longest slot: one minute.
pub const MAX_SLOT_DURATION_MS: u64 = 60_000;
/// Shortest session: the next session's keys have to be queued and a GRANDPA change signalled in it.
pub const MIN_SESSION_LENGTH_BLOCKS: u32 = 5;
/// Longest session: one week of one-second slots.
pub const MAX_SESSION_LENGTH_BLOCKS: u32 = 604_800;
/// Fewest sessions per era: an election is held one session before its era begins.
pub const MIN_SESSIONS_PER_ERA: u32 = 2;
/// Most sessions per era.
pub const MAX_SESSIONS_PER_ERA: u32 = 1_000;
/// Longest bonding. The runtime keeps staking history for as many eras, since a slash needs the
/// exposure of the era of the offence.
pub const MAX_BONDING_DURATION_ERAS: u32 = 336;
/// Most sessions that bonding may span: GRANDPA stores one entry for each of them.
pub const MAX_BONDING_DURATION_SESSIONS: u32 = 50_000;
/// Most blocks to an hour: that of the shortest slot.
pub const MAX_HOUR_BLOCKS: u32 = 36_000;

/// The periods that everything else on the chain is counted in.
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
	/// What a block may weigh is a constant of the runtime, made for the default's one-second slots.
	/// Shorter ones are for development networks: there a full block takes longer than its slot and
	/// comes late.
	pub slot_duration_ms: u64,
	/// Blocks per session; validators rotate at its end.
	pub session_length_blocks: u32,
	/// Sessions per era; an election decides the validators of each era.
	pub sessions_per_era: u32,
	/// Eras between unbonding and withdrawing stake.
	pub bonding_duration_eras: u32,
	/// Eras between an offence and its slash, during which governance may cancel it. Zero slashes at
	/// once.
	pub slash_defer_duration_eras: u32,
	/// Blocks that the periods of governance count as one hour.
	pub hour_blocks: u32,
}

/// A live network's: one-second slots, sessions of ten minutes, eras of an hour, seven days of
/// bonding, six days to cancel a slash, true hours.
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
	/// Whether every field is in its range; the error names the field and the range.
	///
	/// Outside, no chain could run. Inside, one can whose blocks are light: whether full blocks fit the
	/// slot is not asked, since this pallet does not know what a block may weigh.
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
		if !(1..=MAX_BONDING_DURATION_ERAS).contains(&self.bonding_duration_eras) {
			return Err("bondingDurationEras must be between 1 and 336");
		}
		if self.bonding_duration_sessions() > MAX_BONDING_DURATION_SESSIONS {
			return Err("bondingDurationEras times sessionsPerEra must be at most 50000");
		}
		if self.slash_defer_duration_eras >= self.bonding_duration_eras {
			return Err("slashDeferDurationEras must be less than bondingDurationEras");
		}
		if !(1..=MAX_HOUR_BLOCKS).contains(&self.hour_blocks) {
			return Err("hourBlocks must be between 1 and 36000");
		}
		Ok(())
	}

	/// Sessions that bonded stake can be held to account for.
	pub fn bonding_duration_sessions(&self) -> u32 {
		// Saturating: an overflow is out of range like any other too large product.
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
