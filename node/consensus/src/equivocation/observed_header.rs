//! The header of a block, as the reporter receives it.

use codec::Encode;
use gtos_node_types::Block;
use gtos_runtime::{constants::block::MAX_HEADER_BYTES, opaque::Header, Hash};
use sc_consensus::BlockImportParams;
use sc_consensus_aura::standalone::find_pre_digest;
use sp_consensus::BlockOrigin;
use sp_consensus_aura::{sr25519::AuthoritySignature, Slot};

/// Number of slots whose headers are kept. It covers more than any honest delay, and is far smaller
/// than the number of block hashes against which the chain checks a report.
pub(super) const MAX_SLOTS: usize = 256;

/// A sealed header that was on its way into the database.
#[derive(Clone, Debug)]
pub struct ObservedHeader {
	pub(super) header: Header,
	pub(super) slot: Slot,
	/// Hash of the header without its seal, by which headers are compared.
	pub(super) unsealed_hash: Hash,
	/// Whether this node sealed the block.
	pub(super) is_own: bool,
}

impl ObservedHeader {
	/// The header of `block`, in slot `now`; `None` if the slot is not known yet.
	///
	/// `None` for a block that may be too old to report, because it was not just announced or
	/// authored, and is not one of the last slots of a sync; for a block whose seal was not checked;
	/// and for a header that has no slot or is, with its seal, longer than [`MAX_HEADER_BYTES`].
	pub(super) fn of(block: &BlockImportParams<Block>, now: Option<Slot>) -> Option<Self> {
		let is_synced = match block.origin {
			BlockOrigin::NetworkBroadcast | BlockOrigin::ConsensusBroadcast | BlockOrigin::Own => {
				false
			},
			BlockOrigin::NetworkInitialSync => true,
			_ => return None,
		};
		if block.with_state() || block.state_action.skip_execution_checks() {
			return None;
		}
		let slot = find_pre_digest::<Block, AuthoritySignature>(&block.header).ok()?;
		let is_recent = |now: Slot| slot.saturating_add(MAX_SLOTS as u64) >= now;
		if is_synced && !now.is_some_and(is_recent) {
			return None;
		}
		let is_own = block.origin == BlockOrigin::Own;
		Self::new(block.header.hash(), block.post_header(), is_own)
	}

	pub(super) fn new(unsealed_hash: Hash, header: Header, is_own: bool) -> Option<Self> {
		let slot = find_pre_digest::<Block, AuthoritySignature>(&header).ok()?;
		let is_short = header.encoded_size() <= MAX_HEADER_BYTES;
		is_short.then_some(Self { header, slot, unsealed_hash, is_own })
	}
}
