//! Our proposer beside that of the SDK.

use super::{test_chain::TestChain, *};
use crate::gathered_validation::{start_pool, PoolLimits};
use futures::executor::block_on;
use gtos_runtime::{constants::currency::TOS, opaque::UncheckedExtrinsic, Nonce};
use sc_basic_authorship::ProposerFactory;
use sc_transaction_pool_api::TransactionSource;
use sp_api::{Core, ProvideRuntimeApi};
use sp_core::testing::TaskExecutor;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::traits::Block as _;
use std::time::Duration;

const LIMITS: PoolLimits =
	PoolLimits { transactions: 10_000, bytes: 10_000_000, ban_time: Duration::from_secs(3_600) };

/// Longer than any test takes.
const TIME: Duration = Duration::from_secs(300);

fn pool(chain: &TestChain, transactions: &[UncheckedExtrinsic]) -> Arc<TransactionPool> {
	let (client, spawner) = (chain.client.clone(), Box::new(TaskExecutor::new()));
	let pool = start_pool(client, &LIMITS, true, spawner, None).unwrap();
	for transaction in transactions {
		let source = TransactionSource::External;
		block_on(pool.submit_one(chain.genesis, source, transaction.clone())).unwrap();
	}
	assert_eq!(pool.status().ready, transactions.len());
	Arc::new(pool)
}

fn propose(
	chain: &TestChain,
	mut proposers: impl Environment<Block>,
	max_duration: Duration,
) -> Block {
	let args = ProposeArgs {
		inherent_data: chain.inherent_data(),
		inherent_digests: chain.digest(),
		max_duration,
		..Default::default()
	};
	let proposer = block_on(proposers.init(&chain.header())).unwrap();
	block_on(proposer.propose(args)).unwrap().block
}

fn ours(chain: &TestChain, pool: &Arc<TransactionPool>) -> Proposers {
	Proposers::new(chain.client.clone(), pool.clone(), TaskExecutor::new(), None, None)
}

/// Proposes from equal pools, and returns the number of transactions in the block.
fn assert_same_block(chain: &TestChain, transactions: &[UncheckedExtrinsic]) -> usize {
	let (pool_of_sdk, our_pool) = (pool(chain, transactions), pool(chain, transactions));
	let client = chain.client.clone();
	let factory =
		ProposerFactory::new(TaskExecutor::new(), client, pool_of_sdk.clone(), None, None);
	let expected = propose(chain, factory, TIME);
	let block = propose(chain, ours(chain, &our_pool), TIME);
	assert_eq!(block.header().hash(), expected.header().hash());
	assert_eq!(block, expected);
	// What has turned out to be invalid has left the pool.
	assert_eq!(our_pool.status().ready, pool_of_sdk.status().ready);
	assert_eq!(our_pool.status().future, pool_of_sdk.status().future);

	// As another node does. The runtime checks the state root.
	let api = chain.client.runtime_api();
	api.execute_block(chain.genesis, block.clone().into()).unwrap();
	let inherents = 1;
	block.extrinsics().len() - inherents
}

#[test]
fn block_is_that_of_the_sdk_if_a_transaction_is_invalid() {
	let chain = TestChain::new();
	// Bob can pay only one of them. His last one depends on both.
	let most = 6_000_000 * TOS;
	let mut transactions = vec![
		chain.remark(Bob, 0, most, 1),
		chain.remark(Bob, 1, most, 1),
		chain.remark(Bob, 2, 0, 1),
	];
	transactions.extend((0..50).map(|nonce| chain.remark(Alice, nonce, 0, 1)));
	transactions.push(chain.remark(Charlie, 0, 0, 1));
	assert_eq!(assert_same_block(&chain, &transactions), 52);
}

#[test]
fn block_is_that_of_the_sdk_if_it_is_full() {
	let chain = TestChain::new();
	let signers = [Alice, Bob, Charlie, Dave, Eve, Ferdie];
	let remarks = |nonce: Nonce| signers.map(|signer| chain.remark(signer, nonce, 0, 60_000));
	let transactions: Vec<_> = (0..4).flat_map(remarks).collect();
	let taken = assert_same_block(&chain, &transactions);
	assert!((10..24).contains(&taken), "{taken}");
}

#[test]
fn block_without_time_for_transactions_has_inherents_only() {
	let chain = TestChain::new();
	let pool = pool(&chain, &[chain.remark(Alice, 0, 0, 1)]);
	let block = propose(&chain, ours(&chain, &pool), Duration::ZERO);
	assert_eq!(block.extrinsics().len(), 1);
	assert_eq!(pool.status().ready, 1);
}

#[test]
fn proposer_keeps_the_metrics_of_the_sdk() {
	let (chain, registry) = (TestChain::new(), Registry::new());
	let pool = pool(&chain, &[]);
	let spawner = TaskExecutor::new();
	let proposers = Proposers::new(chain.client.clone(), pool, spawner, Some(&registry), None);
	propose(&chain, proposers, TIME);
	let constructed = registry
		.gather()
		.into_iter()
		.find(|family| family.get_name() == "substrate_proposer_block_constructed");
	assert!(constructed.is_some());
}
