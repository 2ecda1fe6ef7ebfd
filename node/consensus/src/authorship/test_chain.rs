//! A chain that has only its genesis block, with the runtime's Wasm, and its first slot, for tests.

use crate::{
	test_client,
	test_extrinsics::{remark, sign},
};
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{
	opaque::{Header, UncheckedExtrinsic},
	Balance, Hash, Nonce,
};
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{
	digests::CompatibleDigestItem,
	sr25519::{AuthorityId, AuthoritySignature},
	Slot,
};
use sp_inherents::InherentData;
use sp_keyring::Sr25519Keyring;
use sp_runtime::Digest;
use sp_timestamp::Timestamp;
use std::sync::Arc;
use tempfile::TempDir;

const FIRST_SLOT: u64 = 1;

pub(super) struct TestChain {
	pub(super) client: Arc<FullClient>,
	pub(super) genesis: Hash,
	/// Dropped last, because it contains the database.
	_folder: TempDir,
}

impl TestChain {
	pub(super) fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let client = Arc::new(test_client::open_with_state(folder.path()));
		let genesis = client.info().genesis_hash;
		Self { client, genesis, _folder: folder }
	}

	pub(super) fn header(&self) -> Header {
		self.client.header(self.genesis).unwrap().unwrap()
	}

	pub(super) fn digest(&self) -> Digest {
		let slot = Slot::from(FIRST_SLOT);
		let item = CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(slot);
		Digest { logs: vec![item] }
	}

	pub(super) fn inherent_data(&self) -> InherentData {
		let duration =
			sc_consensus_aura::slot_duration::<AuthorityId, Block, FullClient>(&self.client);
		let now = Timestamp::new(FIRST_SLOT * duration.unwrap().as_millis());
		let mut data = InherentData::new();
		data.put_data(sp_timestamp::INHERENT_IDENTIFIER, &now).unwrap();
		data
	}

	/// A remark of so many bytes.
	pub(super) fn remark(
		&self,
		signer: Sr25519Keyring,
		nonce: Nonce,
		tip: Balance,
		length: usize,
	) -> UncheckedExtrinsic {
		sign(self.genesis, signer, nonce, tip, &remark(length))
	}
}
