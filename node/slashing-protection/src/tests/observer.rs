//! What is seen in blocks that are imported.

use super::*;
use crate::{
	observer::observe_block, protection::SlashingProtection, record::Record, start::Doubt,
	start::Start,
};
use gtos_node_types::Block;
use sc_consensus::BlockImportParams;
use sc_keystore::{Keystore, LocalKeystore};
use sp_consensus::BlockOrigin;
use sp_consensus_aura::{digests::CompatibleDigestItem, sr25519::AuthoritySignature};
use sp_core::{crypto::key_types, sr25519, Pair};
use sp_runtime::{traits::Header as _, Digest, DigestItem};

const SLOT: u64 = 1_001;

fn node() -> SlashingProtection {
	let keystore = LocalKeystore::in_memory();
	keystore.sr25519_generate_new(key_types::AURA, Some("//Alice")).unwrap();
	let start = Start::Listen(Doubt::Missing);
	SlashingProtection::new(keystore.into(), None, Record::new(hash(0)), start, 1_000)
}

fn unsealed() -> Header {
	let slot: DigestItem = CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(SLOT.into());
	Header::new(5_000, hash(0), hash(0), hash(1), Digest { logs: vec![slot] })
}

fn seal_of_alice(header: &Header) -> DigestItem {
	let pair = sr25519::Pair::from_string("//Alice", None).unwrap();
	let seal: AuthoritySignature = pair.sign(header.hash().as_bytes()).into();
	CompatibleDigestItem::<AuthoritySignature>::aura_seal(seal)
}

// Aura's verifier leaves the seal in the header of a block that comes with its state.
#[test]
fn seal_counts_wherever_the_verifier_has_left_it() {
	let mut separated = BlockImportParams::<Block>::new(BlockOrigin::NetworkBroadcast, unsealed());
	separated.post_digests.push(seal_of_alice(&unsealed()));
	let mut whole = BlockImportParams::<Block>::new(BlockOrigin::NetworkInitialSync, unsealed());
	whole.header.digest_mut().push(seal_of_alice(&unsealed()));
	for block in [separated, whole] {
		let node = node();
		observe_block(&node, &block);
		assert_eq!(node.first_block(), Some((5_000, SLOT)));
		assert_eq!(node.record().last_slot(), SLOT);
	}
}

#[test]
fn block_without_slot_and_seal_is_one_of_an_old_chain() {
	let node = node();
	let header = Header::new(7, hash(0), hash(0), hash(1), Digest::default());
	observe_block(&node, &BlockImportParams::new(BlockOrigin::NetworkInitialSync, header));
	assert_eq!(node.first_block(), Some((7, 0)));
	assert_eq!(node.record().last_slot(), 0);
}

#[test]
fn own_block_is_no_news() {
	let node = node();
	let mut block = BlockImportParams::<Block>::new(BlockOrigin::Own, unsealed());
	block.post_digests.push(seal_of_alice(&unsealed()));
	observe_block(&node, &block);
	assert_eq!(node.first_block(), None);
	assert_eq!(node.record().last_slot(), 0);
}
