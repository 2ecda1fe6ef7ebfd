//! Tests of the verifier on states built from raw keys and values, as the specification defines them.

use super::*;
use codec::Encode;
use hex_literal::hex;
use sp_api::RuntimeApiInfo;
use sp_runtime::{traits::BlakeTwo256, AccountId32, StateVersion};
use sp_state_machine::{prove_read_on_trie_backend, InMemoryBackend};
use sp_storage::Storage;

type Block = sp_runtime::generic::Block<
	sp_runtime::generic::Header<u32, BlakeTwo256>,
	sp_runtime::OpaqueExtrinsic,
>;

const CODE: &[u8] = b"\0asm\x01\0\0\0";
const DEPLOYER: AccountId32 = AccountId32::new([1; 32]);
const SALT: H256 = H256::repeat_byte(0xaa);

fn record() -> ProvenRecord {
	ContractRecord {
		code_hash: code_hash(CODE),
		code_len: 8,
		deployer: DEPLOYER,
		block_number: 7,
		timestamp: 1_800_000_000_000,
	}
}

fn address() -> H256 {
	contract_address(&DEPLOYER, SALT, code_hash(CODE))
}

/// Storage key of the record, written out: `twox128` of pallet and item, then the address.
fn record_key() -> Vec<u8> {
	let prefix = hex!("8c6d2650d807d953e21d955216caeb3c 4342193e496fab7ec59d615ed0dc5530");
	[&prefix[..], address().as_bytes()].concat()
}

/// Storage key of the code, written out.
fn code_key() -> Vec<u8> {
	let prefix = hex!("8c6d2650d807d953e21d955216caeb3c 29f09a1b1e65650877530fe7894f3789");
	[&prefix[..], code_hash(CODE).as_bytes()].concat()
}

/// A state of a thousand other items and, optionally, the contract's record and code.
struct State(InMemoryBackend<BlakeTwo256>);

impl State {
	fn new(record: Option<Vec<u8>>, code: Option<Vec<u8>>) -> Self {
		let mut top = (0..1_000_u32)
			.map(|n| (code_hash(&n.encode()).as_bytes().to_vec(), n.encode()))
			// Other contracts, so that the path to ours branches within their prefix.
			.chain((0..100_u32).map(|n| {
				let mut key = record_key();
				key.truncate(32);
				key.extend(code_hash(&n.encode()).0);
				(key, record_bytes())
			}))
			.collect::<std::collections::BTreeMap<_, _>>();
		top.extend(record.map(|record| (record_key(), record)));
		top.extend(code.map(|code| (code_key(), code)));
		Self(InMemoryBackend::from((
			Storage { top, children_default: Default::default() },
			StateVersion::V1,
		)))
	}

	fn root(&self) -> H256 {
		*self.0.root()
	}

	/// The proof that a node returns: the nodes on the paths to `keys`.
	fn prove(&self, keys: &[Vec<u8>]) -> Vec<Vec<u8>> {
		let proof = prove_read_on_trie_backend(&self.0, keys).expect("the state is complete");
		proof.into_iter_nodes().collect()
	}

	fn verify(&self, keys: &[Vec<u8>]) -> Result<Option<ProvenContract>, ProofError> {
		verify_proof(self.root(), self.prove(keys), address())
	}
}

fn record_bytes() -> Vec<u8> {
	record().encode()
}

fn sound() -> State {
	State::new(Some(record_bytes()), Some(CODE.encode()))
}

fn keys() -> [Vec<u8>; 2] {
	proof_keys(address(), code_hash(CODE))
}

#[test]
fn keys_are_pinned() {
	assert_eq!(keys(), [record_key(), code_key()]);
}

#[test]
fn proof_of_a_contract_shows_record_and_code() {
	let proven = sound().verify(&keys()).expect("it is sound").expect("it is there");
	assert_eq!(proven, ProvenContract { record: record(), code: CODE.to_vec() });
	assert_eq!(contract_address(&proven.record.deployer, SALT, proven.record.code_hash), address());
}

/// Short values are inline in their trie node, long ones are stored under their hash.
#[test]
fn proof_of_code_of_any_length_shows_it() {
	for length in [1, 30, 31, 32, 33, 64, 16_384, 262_144] {
		let code = vec![7; length];
		let hash = code_hash(&code);
		let record =
			ContractRecord { code_hash: hash, code_len: length as u32, ..record() }.encode();
		let [record_key, code_key] = proof_keys(address(), hash);
		let top = [(record_key, record), (code_key, code.encode())].into();
		let state = State(InMemoryBackend::from((
			Storage { top, children_default: Default::default() },
			StateVersion::V1,
		)));
		let proven = state.verify(&proof_keys(address(), hash));
		assert_eq!(proven.map(|contract| contract.map(|contract| contract.code)), Ok(Some(code)));
	}
}

#[test]
fn proof_of_absence_shows_that_there_is_no_contract() {
	let state = State::new(None, None);
	assert_eq!(state.verify(&[record_key()]), Ok(None));
	// Code without a record is not a contract either.
	assert_eq!(State::new(None, Some(CODE.encode())).verify(&keys()), Ok(None));
}

#[test]
fn proof_of_absence_in_an_empty_state_needs_no_nodes() {
	let empty = sp_trie::empty_trie_root::<sp_trie::LayoutV1<BlakeTwo256>>();
	assert_eq!(verify_proof(empty, [], address()), Ok(None));
}

/// Without any one of its nodes, a proof shows neither a contract nor its absence.
#[test]
fn proof_without_one_of_its_nodes_shows_nothing() {
	let with_contract = (sound(), keys().to_vec());
	let without = (State::new(None, None), vec![record_key()]);
	for (state, keys) in [with_contract, without] {
		let nodes = state.prove(&keys);
		assert!(nodes.len() > 2);
		for missing in 0..nodes.len() {
			let mut rest = nodes.clone();
			rest.remove(missing);
			let shown = verify_proof(state.root(), rest, address());
			assert!(shown.is_err(), "{missing}: {shown:?}");
		}
	}
}

/// With any one byte changed, a proof shows nothing.
#[test]
fn proof_with_a_changed_byte_shows_nothing() {
	let state = sound();
	let nodes = state.prove(&keys());
	for index in 0..nodes.len() {
		for byte in 0..nodes[index].len() {
			let mut changed = nodes.clone();
			changed[index][byte] ^= 1;
			let shown = verify_proof(state.root(), changed, address());
			assert!(shown.is_err(), "node {index}, byte {byte}: {shown:?}");
		}
	}
}

#[test]
fn proof_with_additional_or_reordered_nodes_shows_the_same() {
	let state = sound();
	let mut nodes = state.prove(&keys());
	nodes.extend(State::new(None, None).prove(&keys()));
	nodes.push(b"no node at all".to_vec());
	nodes.push(Vec::new());
	nodes.reverse();
	assert_eq!(
		verify_proof(state.root(), nodes, address()),
		Ok(Some(ProvenContract { record: record(), code: CODE.to_vec() }))
	);
}

#[test]
fn proof_under_another_root_shows_nothing() {
	let nodes = sound().prove(&keys());
	for root in [State::new(None, None).root(), H256::zero()] {
		assert_eq!(verify_proof(root, nodes.clone(), address()), Err(ProofError::RecordNotProven));
	}
}

#[test]
fn proof_of_the_record_alone_shows_no_contract() {
	assert_eq!(sound().verify(&[record_key()]), Err(ProofError::CodeNotProven));
	assert_eq!(sound().verify(&[code_key()]), Err(ProofError::RecordNotProven));
}

/// The verifier also checks values under a trusted root, which the runtime never stores like this.
#[test]
fn proof_of_malformed_values_is_refused() {
	let code = || Some(CODE.encode());
	let verify = |record, code| State::new(record, code).verify(&keys());
	let mut long = record_bytes();
	long.push(0);
	for malformed in [Vec::new(), record_bytes()[1..].to_vec(), long] {
		assert_eq!(verify(Some(malformed), code()), Err(ProofError::RecordMalformed));
	}
	assert_eq!(verify(Some(record_bytes()), None), Err(ProofError::CodeNotProven));
	let mut long = CODE.encode();
	long.push(0);
	for malformed in [CODE.to_vec(), long] {
		assert_eq!(verify(Some(record_bytes()), Some(malformed)), Err(ProofError::CodeMalformed));
	}
	for other in [&CODE[1..], b"another!"] {
		let other = Some(other.encode());
		assert_eq!(verify(Some(record_bytes()), other), Err(ProofError::CodeMismatch));
	}
	let record = ContractRecord { code_len: 9, ..record() }.encode();
	assert_eq!(verify(Some(record), code()), Err(ProofError::CodeMismatch));
}

#[test]
fn api_version_is_pinned() {
	type Api = dyn ContractStoreApi<Block, AccountId32, u32, u128>;
	assert_eq!(<Api as RuntimeApiInfo>::VERSION, 1);
	// BLAKE2b with eight bytes of output over the name.
	assert_eq!(<Api as RuntimeApiInfo>::ID, hex!("a21d8917f392cb08"));
}
