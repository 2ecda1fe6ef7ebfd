//! The check before a real pool, on a chain that has only its genesis block.

use super::*;
use crate::{
	test_client,
	test_extrinsics::{remark, sign},
};
use codec::Compact;
use futures::{executor::block_on, FutureExt, StreamExt};
use gtos_runtime::{constants::currency::TOS, Nonce};
use sc_transaction_pool::Builder;
use sc_transaction_pool_api::{
	error::IntoPoolError, InPoolTransaction as _, TransactionStatus, TxHash,
};
use sp_blockchain::HeaderBackend;
use sp_core::testing::TaskExecutor;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob};
use tempfile::TempDir;

/// What `Utility.batch` begins with in a call (STA-R1).
const BATCH: [u8; 2] = [60, 0];

/// A remark that makes an extrinsic longer than [`MAX_SHALLOW_BYTES`].
const LONG: usize = MAX_SHALLOW_BYTES;

/// So many levels overflow the stack of the Wasm: without the check the runtime fails, which is no reason
/// of the pool.
const TOO_DEEP: usize = 10_000;

struct Node {
	pool: ScreenedPool,
	genesis: Hash,
	/// Dropped last, because it contains the database.
	_folder: TempDir,
}

impl Node {
	fn new() -> Self {
		let folder = tempfile::tempdir().unwrap();
		let client = Arc::new(test_client::open_with_state(folder.path()));
		let genesis = client.info().genesis_hash;
		let inner: Pool = Builder::new(TaskExecutor::new(), client.clone(), true.into()).build();
		Self { pool: ScreenedPool::new(Arc::new(inner), client), genesis, _folder: folder }
	}

	fn sign(
		&self,
		signer: Sr25519Keyring,
		nonce: Nonce,
		tip: Balance,
		call: &[u8],
	) -> UncheckedExtrinsic {
		sign(self.genesis, signer, nonce, tip, call)
	}

	fn submit(&self, extrinsic: UncheckedExtrinsic) -> Result<Hash, Error> {
		block_on(self.pool.submit_one(self.genesis, TransactionSource::External, extrinsic))
	}

	fn submit_many(&self, extrinsics: Vec<UncheckedExtrinsic>) -> Vec<Result<Hash, Error>> {
		block_on(self.pool.submit_at(self.genesis, TransactionSource::External, extrinsics))
			.unwrap()
	}

	fn watch(
		&self,
		extrinsic: UncheckedExtrinsic,
	) -> Result<Pin<Box<TransactionStatusStreamFor<ScreenedPool>>>, Error> {
		block_on(self.pool.submit_and_watch(self.genesis, TransactionSource::External, extrinsic))
	}
}

/// A remark in so many batches of one call each.
fn nested(depth: usize, remark: Vec<u8>) -> Vec<u8> {
	let level = (BATCH, Compact(1u32)).encode();
	[level.repeat(depth), remark].concat()
}

/// Bytes that are no extrinsic, of this length with the length prefix.
fn garbage(length: usize) -> UncheckedExtrinsic {
	let extrinsic = UncheckedExtrinsic::from_blob(vec![0xff; length - 2]);
	assert_eq!(extrinsic.encoded_size(), length);
	extrinsic
}

/// Why the pool has refused; `None` if it has not, or if the runtime has failed.
fn refusal<T>(result: Result<T, Error>) -> Option<PoolError> {
	result.err()?.into_pool_error().ok()
}

#[track_caller]
fn assert_screened<T>(result: Result<T, Error>) {
	let refusal = refusal(result);
	assert!(
		matches!(refusal, Some(PoolError::InvalidTransaction(InvalidTransaction::Call))),
		"{refusal:?}"
	);
}

fn hashes(ready: Ready) -> Vec<TxHash<Pool>> {
	ready.map(|transaction| *transaction.hash()).collect()
}

#[test]
fn extrinsic_that_is_nested_too_deeply_is_refused_whichever_way_it_comes() {
	let node = Node::new();
	let deep = node.sign(Alice, 0, 0, &nested(TOO_DEEP, remark(0)));
	assert_screened(node.submit(deep.clone()));
	assert_screened(node.watch(deep.clone()));
	let [result] = node.submit_many(vec![deep]).try_into().unwrap();
	assert_screened(result);
	assert!(node.pool.status().is_empty());
}

#[test]
fn extrinsic_in_a_list_is_refused_and_the_others_get_through() {
	let node = Node::new();
	let deep = node.sign(Alice, 1, 0, &nested(TOO_DEEP, remark(0)));
	let others = [Alice, Bob].map(|signer| node.sign(signer, 0, 0, &remark(LONG)));
	let [first, second] = others.clone();
	let [first, middle, second] = node.submit_many(vec![first, deep, second]).try_into().unwrap();
	assert_eq!([first, second].map(Result::unwrap), others.map(|other| node.pool.hash_of(&other)));
	assert_screened(middle);
}

#[test]
fn only_extrinsics_that_could_overflow_the_stack_are_checked() {
	let node = Node::new();
	// The pool asks the runtime, which fails.
	let error = node.submit(garbage(MAX_SHALLOW_BYTES)).unwrap_err();
	assert!(error.into_pool_error().is_err());
	assert_screened(node.submit(garbage(MAX_SHALLOW_BYTES + 1)));
}

#[test]
fn long_extrinsic_with_few_levels_gets_through_unchanged() {
	let node = Node::new();
	let extrinsic = node.sign(Alice, 0, 0, &nested(20, remark(LONG)));
	let hash = node.submit(extrinsic.clone()).unwrap();
	assert_eq!(hash, node.pool.hash_of(&extrinsic));
	assert_eq!(**node.pool.ready_transaction(&hash).unwrap().data(), extrinsic);
}

#[test]
fn pool_bans_what_it_has_found_invalid_and_not_what_the_check_has_refused() {
	let node = Node::new();
	let unpaid = node.sign(Alice, 0, Balance::MAX / 2, &remark(LONG));
	let first = refusal(node.submit(unpaid.clone()));
	assert!(
		matches!(first, Some(PoolError::InvalidTransaction(InvalidTransaction::Payment))),
		"{first:?}"
	);
	let again = refusal(node.submit(unpaid));
	assert!(matches!(again, Some(PoolError::TemporarilyBanned)), "{again:?}");
	for _ in 0..2 {
		assert_screened(node.submit(garbage(MAX_SHALLOW_BYTES + 1)));
	}
}

#[test]
fn pool_decides_if_the_runtime_cannot_be_asked() {
	let node = Node::new();
	let unknown_block = Hash::repeat_byte(1);
	let deep = node.sign(Alice, 0, 0, &nested(TOO_DEEP, remark(0)));
	let result = block_on(node.pool.submit_one(unknown_block, TransactionSource::External, deep));
	let refusal = refusal(result);
	assert!(matches!(refusal, Some(PoolError::InvalidBlockId(_))), "{refusal:?}");
}

#[test]
fn priorities_and_order_are_those_of_the_pool() {
	let node = Node::new();
	let mut imported = node.pool.import_notification_stream();
	let submit = |signer, nonce, tip| node.submit(node.sign(signer, nonce, tip, &remark(LONG)));
	let cheap = submit(Alice, 0, 0).unwrap();
	let dear = submit(Bob, 0, TOS).unwrap();
	let early = submit(Alice, 2, 0).unwrap();
	let lower = refusal(submit(Bob, 0, TOS / 2));
	assert!(matches!(lower, Some(PoolError::TooLowPriority { .. })), "{lower:?}");

	let order = [dear, cheap];
	assert_eq!(hashes(node.pool.ready()), order);
	assert_eq!(hashes(block_on(node.pool.ready_at(node.genesis))), order);
	let timeout = Duration::from_secs(60);
	assert_eq!(hashes(block_on(node.pool.ready_at_with_timeout(node.genesis, timeout))), order);
	assert_eq!(node.pool.futures().iter().map(|tx| *tx.hash()).collect::<Vec<_>>(), [early]);
	let status = node.pool.status();
	assert_eq!((status.ready, status.future), (2, 1));
	for hash in [cheap, dear] {
		assert_eq!(imported.next().now_or_never().flatten(), Some(hash));
	}
}

#[test]
fn watchers_and_authors_reach_the_pool() {
	let node = Node::new();
	let extrinsic = node.sign(Alice, 0, 0, &remark(LONG));
	let hash = node.pool.hash_of(&extrinsic);
	let mut statuses = node.watch(extrinsic).unwrap();
	let peers = vec!["peer".to_string()];
	node.pool.on_broadcasted([(hash, peers.clone())].into());
	let removed = block_on(node.pool.report_invalid(None, [(hash, None)].into_iter().collect()));
	assert_eq!(removed.iter().map(|tx| *tx.hash()).collect::<Vec<_>>(), [hash]);
	assert!(node.pool.status().is_empty());
	for expected in
		[TransactionStatus::Ready, TransactionStatus::Broadcast(peers), TransactionStatus::Invalid]
	{
		assert_eq!(statuses.next().now_or_never().flatten(), Some(expected));
	}
}
