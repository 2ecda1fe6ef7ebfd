//! The parts of the opened chain.

use gtos_node_consensus::{
	clock::Clock,
	discarded_forks::DiscardedForks,
	equivocation::{Metrics, ObservedHeader},
	fork_choice::{BestArrival, PunctualImport},
	observed_import::ObservedImport,
	signatures_ahead::SignaturesAhead,
	state_import::StateImport,
};
use gtos_node_slashing_protection::SlashingProtection;
use gtos_node_types::{Block, FullBackend, FullClient, TransactionPool};
use sc_telemetry::Telemetry;
use std::sync::Arc;
use tokio::sync::mpsc;

/// The head of the chain: the longest chain that contains the best block. Block import decides which
/// block that is.
pub type SelectChain = sc_consensus::LongestChain<FullBackend, Block>;

/// GRANDPA's block import, which executes blocks and follows the authority set.
pub type GrandpaBlockImport =
	sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, SelectChain>;

/// The other end of [`GrandpaBlockImport`], for the voter.
pub type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, SelectChain>;

/// The block import that authoring and the import queue share.
pub type ObservedBlockImport = ObservedImport<PunctualImport<GrandpaBlockImport>>;

/// The block import of the import queue: what only blocks of others need, in front of the shared one.
pub type QueueBlockImport = DiscardedForks<SignaturesAhead<StateImport<ObservedBlockImport>>>;

/// The opened chain, as a command needs it.
pub type PartialComponents = sc_service::PartialComponents<
	FullClient,
	FullBackend,
	SelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	TransactionPool,
	ConsensusParts,
>;

/// The parts of the opened chain that only a running node needs.
pub struct ConsensusParts {
	pub(crate) block_import: ObservedBlockImport,
	/// Headers of the blocks that `block_import` receives.
	pub(crate) observed_headers: mpsc::Receiver<ObservedHeader>,
	pub(crate) equivocation_metrics: Metrics,
	/// The clock by which blocks are checked.
	pub(crate) clock: Arc<Clock>,
	/// How the best block arrived.
	pub(crate) best_arrival: Arc<BestArrival>,
	pub(crate) grandpa_link: GrandpaLink,
	/// Keeps a validator from signing twice; `None` if nothing is signed or the operator wants none.
	pub(crate) protection: Option<Arc<SlashingProtection>>,
	pub(crate) telemetry: Option<Telemetry>,
}
