//! What is verified during an import, and by whom.

use super::*;
use crate::test_client::{EXECUTOR, GENESIS};
use codec::Decode;
use futures::{executor::block_on, future::BoxFuture};
use gtos_node_verified_signatures::switch_on;
use gtos_runtime::{opaque::Header, VERSION};
use parking_lot::Mutex;
use sp_consensus::{BlockOrigin, Error};
use sp_core::{
	ecdsa, ed25519, sr25519,
	traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
	Pair,
};
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

/// Imports blocks, and notes which extrinsics are given to the runtime to verify, in chunks.
struct Fixture {
	import: SignaturesAhead<Inner>,
	tasks: Tasks,
	can_verify: Arc<AtomicBool>,
	verified: Arc<Mutex<Vec<Vec<Vec<u8>>>>>,
}

impl Fixture {
	/// Tasks run during the import, or wait for the test. The extrinsics in `known` need not be verified.
	fn new(tasks_run: bool, known: Vec<UncheckedExtrinsic>) -> Self {
		let (tasks, verified) = (Tasks::default(), Arc::new(Mutex::new(Vec::new())));
		let can_verify = Arc::new(AtomicBool::new(true));
		let (noted, can) = (verified.clone(), can_verify.clone());
		let import = SignaturesAhead {
			inner: Inner(tasks_run.then(|| tasks.clone())),
			tasks: MAX_TASKS,
			spawner: Box::new(tasks.clone()),
			is_known: Arc::new(move |extrinsic: &UncheckedExtrinsic| known.contains(extrinsic)),
			verify: Arc::new(move |parent: Hash, extrinsics: &[Vec<u8>]| {
				assert_eq!(parent, PARENT);
				noted.lock().push(extrinsics.to_vec());
				can.load(Relaxed)
			}),
		};
		Self { import, tasks, can_verify, verified }
	}

	fn import(&self, block: BlockImportParams<Block>) {
		block_on(self.import.import_block(block)).expect("the inner import accepts every block");
	}

	fn started(&self) -> usize {
		self.tasks.0.lock().len()
	}
}

fn extrinsics(numbers: impl Iterator<Item = u16>) -> Vec<UncheckedExtrinsic> {
	numbers.map(|number| UncheckedExtrinsic::from_blob(number.to_le_bytes().to_vec())).collect()
}

fn block(body: Vec<UncheckedExtrinsic>) -> BlockImportParams<Block> {
	let header = Header::new(1, PARENT, PARENT, PARENT, Default::default());
	let mut block = BlockImportParams::new(BlockOrigin::NetworkBroadcast, header);
	block.body = Some(body);
	block
}

#[test]
fn signatures_that_are_not_known_are_verified_during_the_import() {
	let fixture = Fixture::new(true, extrinsics((0..200).step_by(2)));
	fixture.import(block(extrinsics(0..200)));
	let chunks = fixture.verified.lock();
	let unknown: Vec<Vec<u8>> =
		extrinsics((1..200).step_by(2)).iter().map(Encode::encode).collect();
	assert_eq!(chunks.concat(), unknown);
	let lengths: Vec<usize> = chunks.iter().map(Vec::len).collect();
	assert_eq!(lengths, [CHUNK, CHUNK, CHUNK, 100 - 3 * CHUNK]);
}

#[test]
fn tasks_end_when_the_runtime_cannot_verify() {
	let fixture = Fixture::new(true, vec![]);
	fixture.can_verify.store(false, Relaxed);
	fixture.import(block(extrinsics(0..1_000)));
	assert_eq!(fixture.verified.lock().len(), 1);
}

#[test]
fn nothing_is_verified_after_the_import() {
	let fixture = Fixture::new(false, vec![]);
	fixture.import(block(extrinsics(0..1_000)));
	assert_eq!(fixture.started(), MAX_TASKS);
	block_on(fixture.tasks.run());
	assert!(fixture.verified.lock().is_empty());
}

#[test]
fn task_ends_after_its_chunk_when_the_import_ends() {
	let work =
		Work { parent: PARENT, extrinsics: vec![vec![]; 5 * CHUNK], next: AtomicUsize::new(0) };
	let work = Arc::new(work);
	let running = Running(work.clone());
	assert_eq!(work.next_chunk().map(<[_]>::len), Some(CHUNK));
	drop(running);
	assert_eq!(work.next_chunk(), None);
	assert_eq!(work.next_chunk(), None);
}

#[test]
fn no_task_is_started_without_an_execution_or_with_few_signatures() {
	let started = |block| {
		let fixture = Fixture::new(false, extrinsics(1_000..2_000));
		fixture.import(block);
		fixture.started()
	};
	let few = MIN_EXTRINSICS as u16 - 1;
	assert_eq!(started(block(extrinsics(0..few + 1))), 1);
	assert_eq!(started(block(extrinsics(0..few))), 0);
	assert_eq!(started(block(extrinsics((0..few).chain(1_000..2_000)))), 0);

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

/// A remark without bytes, signed for the chain whose genesis block is [`PARENT`].
fn signed_remark<P: Pair>() -> Vec<u8>
where
	MultiSigner: From<P::Public>,
	MultiSignature: From<P::Signature>,
{
	let pair = P::from_seed_slice(&[1; 32]).expect("every seed of this length makes a key");
	let call = [0_u8; 3];
	// Immortal, nonce 0, no tip, no hash of metadata.
	let explicit = [0_u8; 4];
	let implicit =
		(VERSION.spec_version, VERSION.transaction_version, PARENT, PARENT, None::<Hash>).encode();
	let signature = pair.sign(&[&call[..], &explicit, &implicit].concat());
	let signature = MultiSignature::from(signature).encode();
	let account = MultiSigner::from(pair.public()).into_account().encode();
	// Signed, format 4; the address is an account.
	[&[0x84_u8, 0][..], &account, &signature, &explicit, &call].concat().encode()
}

/// How many signatures the Wasm finds right at genesis.
fn right_in_wasm(extrinsics: Vec<Vec<u8>>) -> u32 {
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

#[test]
fn wasm_verifies_signatures_of_every_scheme_by_functions_that_remember() {
	let memory = switch_on(NonZeroU32::new(64).expect("it is not zero"));
	let right = vec![
		signed_remark::<sr25519::Pair>(),
		signed_remark::<ed25519::Pair>(),
		signed_remark::<ecdsa::Pair>(),
	];
	let before = (memory.hits(), memory.misses());
	assert_eq!(right_in_wasm(right.clone()), 3);
	assert_eq!((memory.hits() - before.0, memory.misses() - before.1), (0, 3));
	assert_eq!(right_in_wasm(right.clone()), 3);
	assert_eq!((memory.hits() - before.0, memory.misses() - before.1), (3, 3));

	// The same signatures under another nonce, which stands before two bytes of extensions and three of the call.
	let mut other_nonce = right;
	for bytes in &mut other_nonce {
		let nonce = bytes.len() - 6;
		bytes[nonce] = 4;
	}
	assert_eq!(right_in_wasm(other_nonce), 0);
	assert_eq!((memory.hits() - before.0, memory.misses() - before.1), (3, 6));
}
