//! What two headers show by themselves, without the chain's state.

use sp_consensus_aura::{
	digests::CompatibleDigestItem,
	sr25519::{AuthorityId, AuthoritySignature},
	Slot,
};
use sp_consensus_slots::EquivocationProof;
use sp_runtime::{traits::Header, Digest, DigestItem, RuntimeAppPublic};

/// Whether the holder of the key sealed two different headers of the slot (CON-R21, 1 to 3).
pub fn is_equivocation<H: Header>(proof: &EquivocationProof<H, AuthorityId>) -> bool {
	let sealed_content = |header: &H| sealed_content(header, proof.slot, &proof.offender);
	match (sealed_content(&proof.first_header), sealed_content(&proof.second_header)) {
		(Some(first), Some(second)) => first != second,
		_ => false,
	}
}

/// What the seal of a header of `slot` signs, if its signature is the author's: the hash of the
/// header without the seal.
///
/// Headers are compared by it: two seals of one content are no contradiction, as two signatures of
/// one vote are none.
fn sealed_content<H: Header>(header: &H, slot: Slot, author: &AuthorityId) -> Option<H::Hash> {
	if slot_of(header.digest()) != Some(slot) {
		return None;
	}
	let mut header = header.clone();
	let seal: AuthoritySignature = header.digest_mut().pop()?.as_aura_seal()?;
	let content = header.hash();
	author.verify(&content.as_ref(), &seal).then_some(content)
}

/// The slot that a header claims. Nodes refuse a block that claims several, so here it has none.
pub(crate) fn slot_of(digest: &Digest) -> Option<Slot> {
	let as_slot =
		|item: &DigestItem| CompatibleDigestItem::<AuthoritySignature>::as_aura_pre_digest(item);
	let mut slots = digest.logs().iter().filter_map(as_slot);
	let slot = slots.next();
	slots.next().is_none().then_some(slot).flatten()
}
