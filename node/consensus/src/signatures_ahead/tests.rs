//! What is verified during an import, and by whom.

use super::*;
use crate::test_client::{self, EXECUTOR, GENESIS};
use codec::Decode;
use futures::{executor::block_on, future::BoxFuture};
use gtos_node_verified_signatures::switch_on;
use gtos_runtime::{opaque::Header, VERSION};
use parking_lot::Mutex;
use sc_transaction_pool::Builder;
use sc_transaction_pool_api::TransactionSource;
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockOrigin, Error};
use sp_core::{
	ecdsa, ed25519, sr25519,
	testing::TaskExecutor,
	traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
	Pair,
};
use sp_keyring::Sr25519Keyring::Alice;
use sp_runtime::{
	traits::{BlakeTwo256, Hash as _, Header as _, IdentifyAccount},
	MultiSignature, MultiSigner,
};
use sp_state_machine::BasicExternalities;
use std::{mem, num::NonZeroU32, sync::atomic::AtomicBool};

const PARENT: Hash = Hash::repeat_byte(7);

/// Keeps tasks until they are run.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Tasks {
	async fn run(&self) {
		let tasks = mem::take(&mut *self.0.lock());
		for task in tasks {
			task.await;
		}
	}
}

impl SpawnNamed for Tasks {
	fn spawn_blocking(
		&self,
		_: &'static str,
		_: Option<&'static str>,
		task: BoxFuture<'static, ()>,
	) {
		self.0.lock().push(task);
	}

	fn spawn(&self, _: &'static str, _: Option<&'static str>, _: BoxFuture<'static, ()>) {
		panic!("the tasks must not block the other tasks of the node");
	}
}

/// A block import that runs tasks while it executes a block, if it has them.
struct Inner(Option<Tasks>);

#[async_trait]
impl BlockImport<Block> for Inner {
	type Error = Error;

	async fn check_block(&self, _: BlockCheckParams<Block>) -> Result<ImportResult, Error> {
		Ok(ImportResult::AlreadyInChain)
	}

	async fn import_block(&self, _: BlockImportParams<Block>) -> Result<ImportResult, Error> {
		if let Some(tasks) = &self.0 {
			tasks.run().await;
		}
		Ok(ImportResult::imported(true))
	}
}

/// Imports blocks, and notes which extrinsics are given to the runtime to verify, by call.
struct Fixture {
	import: SignaturesAhead<Inner>,
	tasks: Tasks,
	can_verify: Arc<AtomicBool>,
	calls: Arc<Mutex<Vec<Vec<Vec<u8>>>>>,
}

impl Fixture {
	/// Tasks run during the import, or wait for the test. The extrinsics in `known` need not be verified.
	fn new(tasks_run: bool, known: Vec<UncheckedExtrinsic>) -> Self {
		let (tasks, calls) = (Tasks::default(), Arc::new(Mutex::new(Vec::new())));
		let can_verify = Arc::new(AtomicBool::new(true));
		let (noted, can) = (calls.clone(), can_verify.clone());
		let import = SignaturesAhead {
			inner: Inner(tasks_run.then(|| tasks.clone())),
			tasks: MAX_TASKS,
			spawner: Box::new(tasks.clone()),
			is_known: Arc::new(move |extrinsic: &UncheckedExtrinsic| known.contains(extrinsic)),
			verify: Arc::new(move |parent: Hash, extrinsics: Vec<Vec<u8>>| {
				assert_eq!(parent, PARENT);
				noted.lock().push(extrinsics);
				can.load(Relaxed)
			}),
		};
		Self { import, tasks, can_verify, calls }
	}

	fn import(&self, block: BlockImportParams<Block>) {
		block_on(self.import.import_block(block)).expect("the inner import accepts every block");
	}

	fn started(&self) -> usize {
		self.tasks.0.lock().len()
	}

	fn verified(&self) -> Vec<Vec<u8>> {
		self.calls.lock().concat()
	}
}

fn extrinsics(numbers: impl Iterator<Item = u16>) -> Vec<UncheckedExtrinsic> {
	numbers.map(|number| UncheckedExtrinsic::from_blob(number.to_le_bytes().to_vec())).collect()
}

fn encoded(extrinsics: &[UncheckedExtrinsic]) -> Vec<Vec<u8>> {
	extrinsics.iter().map(Encode::encode).collect()
}

fn block(body: Vec<UncheckedExtrinsic>) -> BlockImportParams<Block> {
	let header = Header::new(1, PARENT, PARENT, PARENT, Default::default());
	let mut block = BlockImportParams::new(BlockOrigin::NetworkBroadcast, header);
	block.body = Some(body);
	block
}

/// Imports a block with so many extrinsics that are not known, and as many that are. Answers how many of them each call
/// verifies.
fn calls_for(unknown: usize) -> Vec<usize> {
	let end = 2 * unknown as u16;
	let fixture = Fixture::new(true, extrinsics((0..end).step_by(2)));
	fixture.import(block(extrinsics(0..end)));
	let verified = fixture.verified();
	assert_eq!(verified, encoded(&extrinsics((1..end).step_by(2)))[..verified.len()]);
	let calls = fixture.calls.lock();
	calls.iter().map(Vec::len).collect()
}

#[test]
fn signatures_that_are_not_known_are_verified_during_the_import() {
	const MAX: usize = MAX_SIGNATURES;
	assert_eq!(calls_for(3 * MAX + MIN_SIGNATURES), [MAX, MAX, MAX, MIN_SIGNATURES]);
	assert_eq!(calls_for(3 * MAX + MIN_SIGNATURES - 1), [MAX, MAX, MAX]);
}

#[test]
fn signatures_that_are_all_known_cost_no_call_of_the_runtime() {
	let body = extrinsics(0..1_000);
	// Of the extrinsics of a block, the inherents are never in the pool.
	let fixture = Fixture::new(true, body[MIN_SIGNATURES - 1..].to_vec());
	fixture.import(block(body));
	assert!(fixture.verified().is_empty());
}

/// The author of a block must not be able to choose how long a call lasts.
#[test]
fn long_extrinsics_are_left_to_the_execution() {
	let longest = vec![0; MAX_SHALLOW_BYTES - 2];
	let longest = UncheckedExtrinsic::from_blob(longest);
	assert_eq!(longest.encoded_size(), MAX_SHALLOW_BYTES);
	let too_long = UncheckedExtrinsic::from_blob(vec![0; MAX_SHALLOW_BYTES - 1]);

	let fixture = Fixture::new(true, vec![]);
	fixture.import(block(vec![too_long.clone(); 100]));
	assert!(fixture.verified().is_empty());
	let body = vec![longest; MIN_SIGNATURES];
	fixture.import(block([&body[..], &[too_long]].concat()));
	assert_eq!(fixture.verified(), encoded(&body));
}

#[test]
fn tasks_end_when_the_runtime_cannot_verify() {
	let fixture = Fixture::new(true, vec![]);
	fixture.can_verify.store(false, Relaxed);
	fixture.import(block(extrinsics(0..1_000)));
	assert_eq!(fixture.calls.lock().len(), 1);
}

#[test]
fn nothing_is_verified_after_the_import() {
	let fixture = Fixture::new(false, vec![]);
	fixture.import(block(extrinsics(0..1_000)));
	assert_eq!(fixture.started(), MAX_TASKS);
	block_on(fixture.tasks.run());
	assert!(fixture.verified().is_empty());
}

#[test]
fn task_ends_after_its_call_when_the_import_ends() {
	let fixture = Fixture::new(false, vec![]);
	let running = fixture.import.start(&block(extrinsics(0..1_000)));
	let work = running.as_ref().expect("the block is executed").0.clone();
	assert_eq!(work.next_extrinsics().map(|taken| taken.len()), Some(MAX_SIGNATURES));
	drop(running);
	assert_eq!(work.next_extrinsics(), None);
	assert_eq!(work.next_extrinsics(), None);
}

/// Whoever looks into the pool may have to wait for it, so the import does not.
#[test]
fn import_does_not_look_into_the_pool() {
	let mut fixture = Fixture::new(false, vec![]);
	fixture.import.is_known =
		Arc::new(|_: &UncheckedExtrinsic| -> bool { panic!("the import looks into the pool") });
	fixture.import(block(extrinsics(0..1_000)));
	assert_eq!(fixture.started(), MAX_TASKS);
}

#[test]
fn no_task_is_started_without_an_execution_or_for_few_extrinsics() {
	let started = |block| {
		let fixture = Fixture::new(false, vec![]);
		fixture.import(block);
		fixture.started()
	};
	let few = MIN_SIGNATURES as u16 - 1;
	assert_eq!(started(block(extrinsics(0..few + 1))), 1);
	assert_eq!(started(block(extrinsics(0..few))), 0);

	let mut only_stored = block(extrinsics(0..500));
	only_stored.state_action = StateAction::Skip;
	assert_eq!(started(only_stored), 0);
	let mut without_body = block(vec![]);
	without_body.body = None;
	assert_eq!(started(without_body), 0);
}

#[test]
fn no_task_is_started_without_an_idle_core() {
	let mut fixture = Fixture::new(false, vec![]);
	fixture.import.tasks = 0;
	fixture.import(block(extrinsics(0..500)));
	assert_eq!(fixture.started(), 0);
}

/// A remark without bytes, signed for the chain with this genesis block. Without the length prefix.
fn signed_remark<P: Pair>(pair: &P, genesis: Hash) -> Vec<u8>
where
	MultiSigner: From<P::Public>,
	MultiSignature: From<P::Signature>,
{
	let call = [0_u8; 3];
	// Immortal, nonce 0, no tip, no hash of metadata.
	let explicit = [0_u8; 4];
	let versions = (VERSION.spec_version, VERSION.transaction_version);
	let implicit = (versions, genesis, genesis, None::<Hash>).encode();
	let signature = pair.sign(&[&call[..], &explicit[..], &implicit[..]].concat());
	let signature = MultiSignature::from(signature).encode();
	let account = MultiSigner::from(pair.public()).into_account().encode();
	// Signed, format 4; the address is an account.
	[&[0x84_u8, 0][..], &account[..], &signature[..], &explicit[..], &call[..]].concat()
}

#[test]
fn transaction_in_the_pool_is_known() {
	let folder = tempfile::tempdir().unwrap();
	let client = Arc::new(test_client::open_with_state(folder.path()));
	let genesis = client.info().genesis_hash;
	let pool: Pool = Builder::new(TaskExecutor::new(), client, true.into()).build();
	let remark = UncheckedExtrinsic::from_blob(signed_remark(&Alice.pair(), genesis));
	assert!(!is_in_pool(&pool, &remark));
	block_on(pool.submit_one(genesis, TransactionSource::External, remark.clone())).unwrap();
	assert!(is_in_pool(&pool, &remark));
}

#[test]
fn runtime_of_the_parent_verifies_if_its_state_is_there() {
	let folder = tempfile::tempdir().unwrap();
	let client = test_client::open_with_state(folder.path());
	let genesis = client.info().genesis_hash;
	let remark = signed_remark(&Alice.pair(), genesis).encode();
	let extrinsics = vec![vec![], vec![0xff; 100], remark];
	assert!(verify_by_runtime(&client, genesis, extrinsics.clone()).unwrap());
	assert!(verify_by_runtime(&client, PARENT, extrinsics).is_err());
}

/// How many signatures the Wasm finds right at genesis.
fn right_in_wasm(extrinsics: &[Vec<u8>]) -> u32 {
	let wasm = gtos_runtime::WASM_BINARY.expect("tests are built with the Wasm");
	let code = RuntimeCode {
		code_fetcher: &WrappedRuntimeCode(wasm.into()),
		heap_pages: None,
		hash: BlakeTwo256::hash(wasm).encode(),
	};
	let mut state = BasicExternalities::new(GENESIS.clone());
	let (answer, _) = EXECUTOR.call(
		&mut state,
		&code,
		"TransactionApi_verify_signatures",
		&(PARENT, extrinsics).encode(),
		CallContext::Offchain,
	);
	let answer = answer.expect("the runtime has the function");
	u32::decode(&mut &answer[..]).expect("it is a number")
}

// Other tests of this crate may verify signatures at the same time, which changes the numbers, too.
#[test]
fn wasm_verifies_signatures_of_every_scheme_by_functions_that_remember() {
	fn seeded<P: Pair>() -> P {
		P::from_seed_slice(&[1; 32]).expect("every seed of this length makes a key")
	}
	let memory = switch_on(NonZeroU32::new(1_024).expect("it is not zero"));
	let mut remarks = [
		signed_remark(&seeded::<sr25519::Pair>(), PARENT),
		signed_remark(&seeded::<ed25519::Pair>(), PARENT),
		signed_remark(&seeded::<ecdsa::Pair>(), PARENT),
	];
	let right = remarks.clone().map(|remark| remark.encode());
	let (hits, misses) = (memory.hits(), memory.misses());
	assert_eq!(right_in_wasm(&right), 3);
	assert!(memory.misses() >= misses + 3);
	assert_eq!(right_in_wasm(&right), 3);
	assert!(memory.hits() >= hits + 3);

	// The same signatures under another nonce, which stands before two bytes of extensions and three of the call.
	for bytes in &mut remarks {
		let nonce = bytes.len() - 6;
		bytes[nonce] = 4;
	}
	assert_eq!(right_in_wasm(&remarks.map(|remark| remark.encode())), 0);
}
