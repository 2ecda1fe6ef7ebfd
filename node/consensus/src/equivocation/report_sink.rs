//! A pool that hands the reports it receives to another task instead of keeping them.

use gtos_node_types::Block;
use gtos_runtime::Hash;
use sc_transaction_pool_api::{error::Error, LocalTransactionPool};
use sp_runtime::{
	traits::{BlakeTwo256, Hash as _},
	OpaqueExtrinsic,
};
use tokio::sync::mpsc;

/// Maximum number of reports of GRANDPA's voter that can wait for the reporter.
pub(super) const QUEUE_REPORTS: usize = 64;

/// The pool into which the runtime puts a report that it makes.
pub struct ReportSink(mpsc::Sender<OpaqueExtrinsic>);

impl ReportSink {
	/// A sink for the reports of GRANDPA's voter, and the receiver of these reports.
	///
	/// The voter makes a report once. The reporter submits it to the pool, as often as needed.
	pub fn for_grandpa() -> (Self, mpsc::Receiver<OpaqueExtrinsic>) {
		Self::new(QUEUE_REPORTS)
	}

	pub(super) fn new(capacity: usize) -> (Self, mpsc::Receiver<OpaqueExtrinsic>) {
		let (sender, receiver) = mpsc::channel(capacity);
		(Self(sender), receiver)
	}
}

impl LocalTransactionPool for ReportSink {
	type Block = Block;
	type Hash = Hash;
	type Error = Error;

	fn submit_local(&self, _: Hash, report: OpaqueExtrinsic) -> Result<Hash, Error> {
		let hash = BlakeTwo256::hash_of(&report);
		// The voter logs the error.
		self.0.try_send(report).map_err(|_| Error::ImmediatelyDropped)?;
		Ok(hash)
	}
}
