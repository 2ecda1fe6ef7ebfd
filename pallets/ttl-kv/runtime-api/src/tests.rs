//! Tests of the verifier on states built from raw keys and values, as the specification defines them.

use super::*;
use codec::Encode;
use hex_literal::hex;
use sp_api::RuntimeApiInfo;
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{traits::BlakeTwo256, AccountId32, StateVersion};
use sp_state_machine::{prove_read_on_trie_backend, InMemoryBackend};
use sp_storage::Storage;

type Block = sp_runtime::generic::Block<
	sp_runtime::generic::Header<u32, BlakeTwo256>,
	sp_runtime::OpaqueExtrinsic,
>;

const OWNER: AccountId32 = AccountId32::new([1; 32]);
const KEY: &[u8] = b"key";
const EXPIRES_AT: u32 = 11;

fn entry() -> StoredEntry {
	StoredEntry { expires_at: EXPIRES_AT, created_at: 1, revision: 7, value: b"value".to_vec() }
}

/// Bytes that the Python model computes for it.
fn entry_bytes() -> Vec<u8> {
	hex!("0b0000000100000007000000000000001476616c7565").to_vec()
}

fn entry_key() -> Vec<u8> {
	[
		&hex!("ddc17fb0c3015f189a4b4d622602840bf2c528f439cb4e3ed0c3631044c7e5de")[..],
		&hex!("c035f853fcd0f0589e30c9e2dc1a0f57"),
		&[1; 32],
		&hex!("8ebbe3da38b535b21473832e5e1ef1e9"),
		&hex!("0c6b6579"),
	]
	.concat()
}

/// A state of a thousand other items and, optionally, a value at the entry's key.
struct State(InMemoryBackend<BlakeTwo256>);

impl State {
	fn new(stored: Option<Vec<u8>>) -> Self {
		let mut top = (0..1_000_u32)
			.map(|n| (blake2_256(&n.encode()).to_vec(), n.encode()))
			// Other entries of the owner, so that the path to ours branches within their prefix.
			.chain((0..100_u32).map(|n| (proof_key(&OWNER, &n.encode()), entry_bytes())))
			.collect::<std::collections::BTreeMap<_, _>>();
		top.extend(stored.map(|stored| (entry_key(), stored)));
		Self(InMemoryBackend::from((
			Storage { top, children_default: Default::default() },
			StateVersion::V1,
		)))
	}

	fn root(&self) -> H256 {
		*self.0.root()
	}

	/// The proof that a node returns: the nodes on the path to the entry.
	fn prove(&self) -> Vec<Vec<u8>> {
		let proof =
			prove_read_on_trie_backend(&self.0, [entry_key()]).expect("the state is complete");
		proof.into_iter_nodes().collect()
	}

	fn verify(&self, number: u32) -> Result<Proven, ProofError> {
		verify_proof(self.root(), number, self.prove(), &OWNER, KEY)
	}
}

/// TTL-R1: the verifier derives the storage key from owner and key.
#[test]
fn proof_key_is_pinned() {
	assert_eq!(proof_key(&OWNER, KEY), entry_key());
	assert_eq!(proof_key(&OWNER, &[7; 63]).len(), 97 + 63);
	assert_eq!(proof_key(&OWNER, &[7; 64]).len(), 98 + 64);
}

/// TTL-R2: the verifier decodes the stored bytes of an entry.
#[test]
fn stored_entry_encoding_is_pinned() {
	assert_eq!(entry().encode(), entry_bytes());
}

/// TTL-R3: an entry is live below `expires_at` and expired from that height on.
#[test]
fn proof_of_an_entry_shows_it_live_before_its_end_and_expired_from_its_end_on() {
	let state = State::new(Some(entry_bytes()));
	for number in [1, EXPIRES_AT - 1] {
		assert_eq!(state.verify(number), Ok(Proven::Live(entry())));
	}
	for number in [EXPIRES_AT, EXPIRES_AT + 1, u32::MAX] {
		assert_eq!(state.verify(number), Ok(Proven::Expired(entry())));
	}
}

#[test]
fn proof_of_the_largest_entry_shows_it() {
	let large = StoredEntry { value: vec![7; 16_384], ..entry() };
	let state = State::new(Some(large.encode()));
	assert_eq!(state.verify(1), Ok(Proven::Live(large)));
}

#[test]
fn proof_without_an_entry_shows_absence() {
	assert_eq!(State::new(None).verify(1), Ok(Proven::Absent));
}

#[test]
fn proof_of_an_entry_shows_no_entry_of_another_key_or_owner() {
	let state = State::new(Some(entry_bytes()));
	let verify =
		|owner: &AccountId32, key: &[u8]| verify_proof(state.root(), 1, state.prove(), owner, key);
	// The path to another key leads elsewhere, or ends on the path to ours.
	assert!(!matches!(verify(&OWNER, b"other"), Ok(Proven::Live(_) | Proven::Expired(_))));
	let other = AccountId32::new([2; 32]);
	assert!(!matches!(verify(&other, KEY), Ok(Proven::Live(_) | Proven::Expired(_))));
}

#[test]
fn proof_without_any_of_its_nodes_shows_nothing() {
	for stored in [Some(entry_bytes()), None] {
		let state = State::new(stored);
		let nodes = state.prove();
		assert!(nodes.len() > 2);
		for missing in 0..nodes.len() {
			let mut nodes = nodes.clone();
			nodes.remove(missing);
			assert_eq!(
				verify_proof(state.root(), 1, nodes, &OWNER, KEY),
				Err(ProofError::NotProven)
			);
		}
	}
}

#[test]
fn proof_under_another_root_or_with_a_changed_node_shows_nothing() {
	let (state, other) = (State::new(Some(entry_bytes())), State::new(None));
	assert_eq!(
		verify_proof(other.root(), 1, state.prove(), &OWNER, KEY),
		Err(ProofError::NotProven)
	);
	for changed in 0..state.prove().len() {
		let mut nodes = state.prove();
		if let Some(byte) = nodes[changed].last_mut() {
			*byte ^= 1;
		}
		assert_eq!(verify_proof(state.root(), 1, nodes, &OWNER, KEY), Err(ProofError::NotProven));
	}
}

#[test]
fn proof_with_additional_or_reordered_nodes_shows_the_same() {
	let state = State::new(Some(entry_bytes()));
	let mut nodes = state.prove();
	nodes.reverse();
	nodes.extend(State::new(None).prove());
	nodes.push(b"no node".to_vec());
	assert_eq!(verify_proof(state.root(), 1, nodes, &OWNER, KEY), Ok(Proven::Live(entry())));
}

#[test]
fn proof_of_a_malformed_entry_is_refused() {
	let mut longer = entry_bytes();
	longer.push(0);
	for stored in [b"".to_vec(), entry_bytes()[..21].to_vec(), longer] {
		assert_eq!(State::new(Some(stored)).verify(1), Err(ProofError::Malformed));
	}
}

#[test]
fn proof_error_displays_its_cause() {
	assert!(ProofError::NotProven.to_string().contains("prove neither"));
	assert!(ProofError::Malformed.to_string().contains("not an entry"));
}

#[test]
fn proof_of_absence_in_an_empty_state_needs_no_nodes() {
	let empty = sp_trie::empty_trie_root::<sp_trie::LayoutV1<BlakeTwo256>>();
	assert_eq!(verify_proof(empty, 1, [], &OWNER, KEY), Ok(Proven::Absent));
}

/// TTL-R19, TTL-R20: clients decode these bytes.
#[test]
fn answer_encodings_are_pinned() {
	let metadata = EntryMetadata {
		value_len: 1,
		expires_at: 2_u32,
		created_at: 3,
		revision: 4,
		remaining_blocks: 5,
	};
	let encoded = hex!("01000000 02000000 03000000 0400000000000000 05000000");
	assert_eq!(metadata.encode(), encoded);
	let items = vec![(KEY.to_vec(), metadata)];
	assert_eq!(
		EntryPage { items, next: Some(KEY.to_vec()) }.encode(),
		[&hex!("04 0c6b6579")[..], &encoded, &hex!("01 0c6b6579")].concat()
	);
	assert_eq!(
		Statistics { entries: 1, bytes: 2, backlog: 3, last_revision: 4 }.encode(),
		hex!("0100000000000000 0200000000000000 0300000000000000 0400000000000000")
	);
}

/// TTL-R20: a node finds the API by this id and version.
#[test]
fn api_version_is_pinned() {
	type Api = dyn TtlKvApi<Block, AccountId32, u32, u128>;
	assert_eq!(<Api as RuntimeApiInfo>::VERSION, 1);
	// BLAKE2b with eight bytes of output over the name.
	assert_eq!(<Api as RuntimeApiInfo>::ID, hex!("bae7d3d47458085c"));
}
