//! What two headers prove without the state of the chain (CON-R21).

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

/// Hash of the header without its seal, which the seal signs. `None` unless the header claims `slot`
/// and its seal is a signature of `author`.
///
/// Two headers are compared by this hash, because sealing the same content twice is not an
/// equivocation.
fn sealed_content<H: Header>(header: &H, slot: Slot, author: &AuthorityId) -> Option<H::Hash> {
	if slot_of(header.digest()) != Some(slot) {
		return None;
	}
	let mut header = header.clone();
	let seal: AuthoritySignature = header.digest_mut().pop()?.as_aura_seal()?;
	let content = header.hash();
	author.verify(&content.as_ref(), &seal).then_some(content)
}

/// The slot that a header claims. `None` for a header that claims several, which nodes refuse.
pub(crate) fn slot_of(digest: &Digest) -> Option<Slot> {
	let as_slot =
		|item: &DigestItem| CompatibleDigestItem::<AuthoritySignature>::as_aura_pre_digest(item);
	let mut slots = digest.logs().iter().filter_map(as_slot);
	let slot = slots.next();
	slots.next().is_none().then_some(slot).flatten()
}
