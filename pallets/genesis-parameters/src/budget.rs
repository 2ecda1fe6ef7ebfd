//! What a block may cost (STA-R12).
//!
//! A block has to be built, stored, announced, fetched, executed and stored again within one slot, so that
//! the next author builds on it. [`block_budget`] solves that inequality for the length and the weight of a
//! block. The runtime takes its limits from the result, and the node the time in which it builds.

use crate::NetworkProfile;
use pallet_genesis_parameters_runtime_api::BlockBudget;

/// Least length of a block, in bytes: 15/16 of it, which ordinary transactions may fill, hold a deployment
/// of 256 KiB.
pub const MIN_LENGTH_BYTES: u64 = 288 * 1_024;
/// Greatest length of a block, in bytes.
pub const MAX_LENGTH_BYTES: u64 = 5 * 512 * 1_024;
/// Least weight of a block, in milliseconds. With less, a chain would be of no use.
pub const MIN_WEIGHT_MS: u64 = 25;
/// The limits of a block on a chain whose genesis should have been refused.
pub const LEAST_BUDGET: BlockBudget = BlockBudget {
	build_ms: 2 * MIN_WEIGHT_MS as u32,
	weight_ms: MIN_WEIGHT_MS as u32,
	length_bytes: MIN_LENGTH_BYTES as u32,
};

/// Bytes that a new TCP connection sends before the first acknowledgement: ten segments (RFC 6928). A
/// connection that only carries gossip does not get beyond it.
const INITIAL_WINDOW_BYTES: u64 = 10 * 1_460;
/// Window of a yamux stream. Its reader grants more whenever it has read half of it.
const STREAM_WINDOW_BYTES: u64 = 256 * 1_024;
/// Part of a slot for which a block may occupy the line: one in 16.
const LENGTH_SLOT_PARTS: u64 = 16;
/// Ways between two nodes, half a round trip each, until the first byte of a block has arrived: of the announcement, of
/// a new stream, of its confirmation, of the request and of the answer.
const HALF_ROUND_TRIPS: u64 = 5;
/// Time to store a block of weight zero and to announce it, in milliseconds.
const COMMIT_MS: u64 = 10;
/// Part of its time, in thousandths, that the author spends on transactions: the slot worker keeps 2 % of
/// it, and the proposer 10 % of the rest for the end of the block.
const PROPOSING_PER_MILLE: u64 = 882;

/// The network that the inequality assumes.
struct Network {
	/// Transfers from one node to another between the author and the next author.
	hops: u64,
	/// Round trip between two nodes, in milliseconds.
	round_trip_ms: u64,
	/// Rate of one connection, in bytes per millisecond.
	link_rate: u64,
	/// Rate at which a node sends, in bytes per millisecond, which its fetchers share.
	uplink_rate: u64,
	/// Nodes that fetch the same block from one node at the same time.
	fetchers: u64,
	/// How far the clocks of two validators are apart, in milliseconds.
	clock_ms: u64,
}

impl NetworkProfile {
	const fn network(self) -> Network {
		match self {
			// 20 Mbit/s a connection, 1 Gbit/s a node, the 40 peers of the node's default settings.
			Self::Wan => Network {
				hops: 1,
				round_trip_ms: 100,
				link_rate: 2_500,
				uplink_rate: 125_000,
				fetchers: 40,
				clock_ms: 20,
			},
			// 1 Gbit/s, four peers.
			Self::Lan => Network {
				hops: 1,
				round_trip_ms: 2,
				link_rate: 125_000,
				uplink_rate: 125_000,
				fetchers: 4,
				clock_ms: 5,
			},
		}
	}
}

/// The limits of a block for slots of `slot_duration_ms` on a network of `profile` (STA-R12).
///
/// `None` if the slot is too short for a block of [`MIN_LENGTH_BYTES`] and [`MIN_WEIGHT_MS`].
pub fn block_budget(slot_duration_ms: u64, profile: NetworkProfile) -> Option<BlockBudget> {
	let network = profile.network();
	let rate = network.link_rate.min(network.uplink_rate.checked_div(network.fetchers)?);
	let length_bytes = slot_duration_ms
		.checked_div(LENGTH_SLOT_PARTS)?
		.checked_mul(rate)?
		.clamp(MIN_LENGTH_BYTES, MAX_LENGTH_BYTES);
	let hop_ms = network
		.round_trip_ms
		.checked_mul(HALF_ROUND_TRIPS)?
		.checked_div(2)?
		.checked_add(transfer_ms(length_bytes, rate, network.round_trip_ms)?)?;
	let commits_ms = network.hops.checked_add(1)?.checked_mul(COMMIT_MS)?;
	let overhead_ms =
		network.hops.checked_mul(hop_ms)?.checked_add(commits_ms)?.checked_add(network.clock_ms)?;
	let execution_ms = slot_duration_ms.checked_sub(overhead_ms)?;
	// Building `w` takes the author `1,000 / 882 * w`. Each hop executes `w` again.
	let divisor = network.hops.checked_mul(PROPOSING_PER_MILLE)?.checked_add(1_000)?;
	let weight_ms = execution_ms.checked_mul(PROPOSING_PER_MILLE)?.checked_div(divisor)?;
	let build_ms = execution_ms.checked_sub(network.hops.checked_mul(weight_ms)?)?;
	if weight_ms < MIN_WEIGHT_MS {
		return None;
	}
	Some(BlockBudget {
		build_ms: build_ms.try_into().ok()?,
		weight_ms: weight_ms.try_into().ok()?,
		length_bytes: length_bytes.try_into().ok()?,
	})
}

/// Checks that a block can reach the next author within a slot of this length (STA-R11).
pub fn check_slot(slot_duration_ms: u64, network: NetworkProfile) -> Result<(), &'static str> {
	match (block_budget(slot_duration_ms, network), network) {
		(Some(_), _) => Ok(()),
		(None, NetworkProfile::Wan) => Err("slotDurationMs is too short for the network `wan`, \
			which needs at least 775: choose a longer slot, or `lan` if all validators are in one place"),
		(None, NetworkProfile::Lan) => {
			Err("slotDurationMs is too short for the network `lan`: choose a longer slot")
		},
	}
}

/// Time from the first byte of a block to the last, in milliseconds, on a connection that starts cold.
///
/// The window of TCP doubles with every round trip until it fills the line; each round that does not fill it costs
/// a whole round trip. The rest is sent at the rate of the line.
fn transfer_ms(length_bytes: u64, rate: u64, round_trip_ms: u64) -> Option<u64> {
	let line_bytes = rate.checked_mul(round_trip_ms)?;
	let (mut window, mut sent, mut elapsed_ms) = (INITIAL_WINDOW_BYTES, 0_u64, 0_u64);
	// At most 32 rounds: the window doubles, and the length has 32 bits.
	while window < line_bytes && sent.checked_add(window)? < length_bytes {
		sent = sent.checked_add(window)?;
		window = window.checked_mul(2)?;
		elapsed_ms = elapsed_ms.checked_add(round_trip_ms)?;
	}
	let rest_ms =
		length_bytes.checked_sub(sent)?.checked_add(rate.checked_sub(1)?)?.checked_div(rate)?;
	elapsed_ms.checked_add(rest_ms)?.checked_add(stall_ms(length_bytes, rate, round_trip_ms)?)
}

/// Time for which a sender has to wait until the reader of the stream grants it more, in milliseconds.
///
/// The first grant arrives while the connection is cold and the sender still slow. Before the second, the sender has
/// used up the first. From then on the window doubles, and is more than what is on its way.
fn stall_ms(length_bytes: u64, rate: u64, round_trip_ms: u64) -> Option<u64> {
	let grant = STREAM_WINDOW_BYTES.checked_div(2)?;
	if length_bytes <= STREAM_WINDOW_BYTES.checked_add(grant)? {
		return Some(0);
	}
	// Saturating: if a grant lasts for longer than a round trip, the next one is in time.
	Some(round_trip_ms.saturating_sub(grant.checked_div(rate)?))
}
