//! What two headers prove without the state of the chain (CON-R21).

use sp_consensus_aura::{
	digests::CompatibleDigestItem,
	sr25519::{AuthorityId, AuthoritySignature},
	Slot,
};
use sp_consensus_slots::EquivocationProof;
use sp_runtime::{
	traits::{Hash, Header},
	Digest, DigestItem, RuntimeAppPublic,
};

/// Maximum length of a reported header without its seal, in bytes (CON-R21).
///
/// The header of a valid block is never longer. The part that the author writes has at most 1,024 bytes (CON-R1), and
/// the runtime adds fewer than 10,000 bytes even if it replaces and disables a hundred validators. A longer header
/// would only make the check of a report take longer.
pub const MAX_HEADER_BYTES: usize = 16_384;

/// Whether the holder of the key sealed two different headers of the slot (CON-R21, 1 to 4).
pub fn is_equivocation<H: Header>(proof: &EquivocationProof<H, AuthorityId>) -> bool {
	let sealed_content = |header: &H| sealed_content(header, proof.slot, &proof.offender);
	match (sealed_content(&proof.first_header), sealed_content(&proof.second_header)) {
		(Some(first), Some(second)) => first != second,
		_ => false,
	}
}

/// Hash of the header without its seal, which the seal signs. `None` unless the header claims `slot`, is
/// short enough, and its seal is a signature of `author`.
///
/// Two headers are compared by this hash, because sealing the same content twice is not an
/// equivocation.
fn sealed_content<H: Header>(header: &H, slot: Slot, author: &AuthorityId) -> Option<H::Hash> {
	// Each item has at least one byte. Many short items are not even copied: that is what takes longest.
	let has_too_many_items = header.digest().logs().len() > MAX_HEADER_BYTES;
	if has_too_many_items || slot_of(header.digest()) != Some(slot) {
		return None;
	}
	let mut header = header.clone();
	let seal: AuthoritySignature = header.digest_mut().pop()?.as_aura_seal()?;
	// Not `encoded_size`, which would encode the items once more.
	let encoded = codec::Encode::encode(&header);
	if encoded.len() > MAX_HEADER_BYTES {
		return None;
	}
	let content = <H::Hashing as Hash>::hash(&encoded);
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
