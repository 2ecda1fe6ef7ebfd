//! The time in which a validator takes transactions into its block (STA-R12).
//!
//! The slot worker of the SDK discards a block that is not finished in the worker's time. That is a whole slot, because
//! hooks can take longer than the time to build, as an election does, and because such a block may still be in time if
//! it is short. A full pool would use up a slot, too, and the author would be late. So transactions have less time.
//!
//! The SDK never interrupts a transaction. The longest, a report of an equivocation, can take 0.6 of a short slot
//! ([ADR 0022](../../../specs/adr/0022-budget-of-a-block.md)). Started late in the time for transactions, after long
//! hooks or another report, it makes the block take longer than a slot. The next author would do the same, and no
//! block would follow. So after some slots without a block, authors take transactions for a short time only. While
//! finality lags, authors leave slots empty on purpose ([`backoff`](crate::backoff)), and that does not count.

use crate::backoff::{LONGEST_GAP_SLOTS, SLACK_BLOCKS};
use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use gtos_node_types::Block;
use gtos_runtime::{opaque::Header, BlockNumber};
use pallet_genesis_parameters_runtime_api::BlockBudget;
use parking_lot::Mutex;
use sc_consensus_aura::{SlotDuration, SlotProportion};
use sp_consensus::{Environment, ProposeArgs, Proposer};
use sp_consensus_aura::{digests::CompatibleDigestItem, sr25519::AuthoritySignature, Slot};
use sp_runtime::{traits::Header as _, Digest};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// Part of a slot after which the worker discards an unfinished block. No author gets more, also after slots without a
/// block, for which the SDK would give it a multiple.
const WORKER_PART: f32 = 1.0;

/// Part of a worker's time that the SDK gives its proposer.
const PROPOSER_PART: f32 = 0.98;

/// Most slots without a block after which the time for transactions is the usual one, if finality does not lag.
///
/// So many authors in a row are down now and then. If no block can be built, the chain waits for four slots.
const MAX_EMPTY_SLOTS: u64 = 3;

/// Part of a slot in which transactions are started after more empty slots. With the 0.6 slots that the longest report
/// takes (`runtime/tests/scenarios/longest_blocks.rs`) and the hooks after it, it is less than a slot. Transactions
/// still have a time, because a report may fit no other block.
const SHORT_PART: u32 = 10;

/// Most slots without a block after which the time for transactions is the usual one, for this number of blocks that
/// are not final.
///
/// Every block of a long stall of finality follows a pause. With a short time only, a full sweep would leave no time
/// for any transaction, for as long as the stall lasts: no vote of a referendum, and no report of an equivocation.
fn max_empty_slots(lag_blocks: BlockNumber) -> u64 {
	if u64::from(lag_blocks) > SLACK_BLOCKS {
		LONGEST_GAP_SLOTS
	} else {
		MAX_EMPTY_SLOTS
	}
}

/// How long an author may build, as parts of a slot and as a time.
#[derive(Clone, Copy, Debug)]
pub struct BuildTime {
	budget: BlockBudget,
	slot_duration: SlotDuration,
}

impl BuildTime {
	/// From what the runtime answers.
	pub fn new(budget: BlockBudget, slot_duration: SlotDuration) -> Self {
		Self { budget, slot_duration }
	}

	/// Longest time of the proposer, if its worker has begun so long ago. It spends 90 % of it on transactions.
	fn proposing(&self, since_begin: Duration) -> Duration {
		self.build().saturating_sub(since_begin).mul_f32(PROPOSER_PART)
	}

	/// The same after slots without a block, while so many blocks are not final.
	fn proposing_after(
		&self,
		empty_slots: u64,
		lag_blocks: BlockNumber,
		since_begin: Duration,
	) -> Duration {
		let usual = self.proposing(since_begin);
		if empty_slots > max_empty_slots(lag_blocks) {
			usual.min(self.slot_duration.as_duration() / SHORT_PART)
		} else {
			usual
		}
	}

	fn build(&self) -> Duration {
		Duration::from_millis(self.budget.build_ms.into())
	}
}

/// Part of a slot after which the worker discards an unfinished block, usually and at most.
pub fn worker_portion() -> SlotProportion {
	SlotProportion::new(WORKER_PART)
}

/// When the slot worker has begun with the present slot. The time to build runs from then on.
#[derive(Clone, Default)]
pub struct WorkerBegin(Arc<Mutex<Option<Instant>>>);

impl WorkerBegin {
	/// Notes that the worker begins with a slot.
	pub fn note(&self) {
		*self.0.lock() = Some(Instant::now());
	}

	/// Time since then.
	fn elapsed(&self) -> Duration {
		self.0.lock().map(|begin| begin.elapsed()).unwrap_or_default()
	}
}

/// Makes proposers that take transactions for no longer than the [`BuildTime`].
#[derive(Clone)]
pub struct TimedProposers<E> {
	proposers: E,
	build_time: BuildTime,
	begin: WorkerBegin,
	last_final: LastFinal,
}

/// Answers the height of the last final block.
pub type LastFinal = Arc<dyn Fn() -> BlockNumber + Send + Sync>;

impl<E> TimedProposers<E> {
	/// Limits the time of the proposers that `proposers` makes.
	pub fn new(
		proposers: E,
		build_time: BuildTime,
		begin: WorkerBegin,
		last_final: LastFinal,
	) -> Self {
		Self { proposers, build_time, begin, last_final }
	}
}

impl<E: Environment<Block>> Environment<Block> for TimedProposers<E> {
	type CreateProposer = BoxFuture<'static, Result<Self::Proposer, Self::Error>>;
	type Error = E::Error;
	type Proposer = TimedProposer<E::Proposer>;

	fn init(&mut self, parent_header: &Header) -> Self::CreateProposer {
		let (build_time, parent) = (self.build_time, slot_of(parent_header.digest()));
		let lag_blocks = parent_header.number().saturating_sub((self.last_final)());
		let begin = self.begin.clone();
		let timed =
			move |proposer| TimedProposer { proposer, build_time, begin, parent, lag_blocks };
		self.proposers.init(parent_header).map_ok(timed).boxed()
	}
}

/// A proposer that takes transactions for a limited time.
pub struct TimedProposer<P> {
	proposer: P,
	build_time: BuildTime,
	begin: WorkerBegin,
	/// Slot of the parent, which genesis does not have.
	parent: Option<Slot>,
	/// Blocks up to the parent that are not final.
	lag_blocks: BlockNumber,
}

/// The slot of a block.
fn slot_of(digest: &Digest) -> Option<Slot> {
	digest.logs().iter().find_map(CompatibleDigestItem::<AuthoritySignature>::as_aura_pre_digest)
}

impl<P: Proposer<Block>> Proposer<Block> for TimedProposer<P> {
	type Error = P::Error;
	type Proposal = P::Proposal;

	fn propose(self, args: ProposeArgs<Block>) -> Self::Proposal {
		let empty_slots = match (self.parent, slot_of(&args.inherent_digests)) {
			(Some(parent), Some(slot)) => {
				u64::from(slot).saturating_sub(parent.into()).saturating_sub(1)
			},
			_ => 0,
		};
		let since_begin = self.begin.elapsed();
		let limit = self.build_time.proposing_after(empty_slots, self.lag_blocks, since_begin);
		let max_duration = args.max_duration.min(limit);
		self.proposer.propose(ProposeArgs { max_duration, ..args })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::{
		executor::block_on,
		future::{ready, Ready},
	};
	use sp_consensus::{Error, Proposal};

	const BUDGET: BlockBudget =
		BlockBudget { build_ms: 149, weight_ms: 130, length_bytes: 294_912 };

	fn build_time() -> BuildTime {
		BuildTime::new(BUDGET, SlotDuration::from_millis(1_000))
	}

	/// Notes how much time it gets, and proposes nothing.
	#[derive(Clone, Default)]
	struct NotesTime(Arc<Mutex<Option<Duration>>>);

	impl Environment<Block> for NotesTime {
		type CreateProposer = Ready<Result<Self, Error>>;
		type Error = Error;
		type Proposer = Self;

		fn init(&mut self, _: &Header) -> Self::CreateProposer {
			ready(Ok(self.clone()))
		}
	}

	impl Proposer<Block> for NotesTime {
		type Error = Error;
		type Proposal = Ready<Result<Proposal<Block>, Error>>;

		fn propose(self, args: ProposeArgs<Block>) -> Self::Proposal {
			*self.0.lock() = Some(args.max_duration);
			ready(Err(Error::NoIntermediate))
		}
	}

	const LAST_FINAL: BlockNumber = 1_000;

	fn header(number: BlockNumber, digest: Digest) -> Header {
		Header::new(number, Default::default(), Default::default(), Default::default(), digest)
	}

	fn digest(slot: u64) -> Digest {
		let item = CompatibleDigestItem::<AuthoritySignature>::aura_pre_digest(slot.into());
		Digest { logs: vec![item] }
	}

	/// Time that the inner proposer gets if the worker gives `max_duration`.
	fn given(max_duration: Duration) -> Duration {
		given_after(0, max_duration)
	}

	/// The same after so many slots without a block.
	fn given_after(empty_slots: u64, max_duration: Duration) -> Duration {
		given_with_lag(0, empty_slots, max_duration)
	}

	/// The same while so many blocks are not final.
	fn given_with_lag(
		lag_blocks: BlockNumber,
		empty_slots: u64,
		max_duration: Duration,
	) -> Duration {
		given_by(WorkerBegin::default(), lag_blocks, empty_slots, max_duration)
	}

	/// The same if the worker has begun at `begin`.
	fn given_by(
		begin: WorkerBegin,
		lag_blocks: BlockNumber,
		empty_slots: u64,
		max_duration: Duration,
	) -> Duration {
		let inner = NotesTime::default();
		let header = header(LAST_FINAL + lag_blocks, digest(100));
		let last_final: LastFinal = Arc::new(|| LAST_FINAL);
		let mut proposers = TimedProposers::new(inner.clone(), build_time(), begin, last_final);
		let proposer = block_on(proposers.init(&header)).expect("it is always there");
		let inherent_digests = digest(101 + empty_slots);
		let args = ProposeArgs::<Block> { max_duration, inherent_digests, ..Default::default() };
		assert!(block_on(proposer.propose(args)).is_err());
		let noted = *inner.0.lock();
		noted.expect("it has been asked")
	}

	#[test]
	fn time_for_transactions_does_not_grow_after_missed_slots() {
		let usual = Duration::from_millis(149).mul_f32(0.98);
		assert_eq!(given(usual), usual);
		assert_eq!(given(Duration::from_millis(1_300)), usual);
		assert_eq!(given(Duration::from_millis(980)), usual);
	}

	/// The worker gives a whole slot, so its time does not show how late the proposer has begun.
	#[test]
	fn time_for_transactions_runs_from_the_beginning_of_the_worker() {
		let begun = |ms| {
			let begin = WorkerBegin::default();
			*begin.0.lock() = Instant::now().checked_sub(Duration::from_millis(ms));
			given_by(begin, 0, 0, Duration::from_millis(980))
		};
		assert!(begun(49) <= Duration::from_millis(100).mul_f32(0.98));
		assert_eq!(begun(149), Duration::ZERO);
		assert_eq!(begun(900), Duration::ZERO);

		let begin = WorkerBegin::default();
		begin.note();
		assert!(begin.0.lock().is_some());
	}

	/// Otherwise no author could build a block with long hooks beside a report of an equivocation that takes long.
	#[test]
	fn time_for_transactions_is_short_after_several_missed_slots() {
		let usual = Duration::from_millis(149).mul_f32(0.98);
		let lenient = Duration::from_millis(980);
		let times = [0, 1, 3, 4, 100].map(|empty_slots| given_after(empty_slots, lenient));
		let short = Duration::from_millis(100);
		assert_eq!(times, [usual, usual, usual, short, short]);
	}

	/// Otherwise no report and no vote would get into the blocks of a long stall while the sweep is full.
	#[test]
	fn time_for_transactions_is_the_usual_one_after_the_pauses_of_a_stall_of_finality() {
		let usual = Duration::from_millis(149).mul_f32(0.98);
		let short = Duration::from_millis(100);
		let lenient = Duration::from_millis(980);
		let slack = SLACK_BLOCKS as BlockNumber;
		let times = [4, LONGEST_GAP_SLOTS, LONGEST_GAP_SLOTS + 1]
			.map(|empty_slots| given_with_lag(slack + 1, empty_slots, lenient));
		assert_eq!(times, [usual, usual, short]);
		assert_eq!(given_with_lag(slack, 4, lenient), short);
	}

	#[test]
	fn time_for_transactions_is_shorter_in_a_slot_that_is_nearly_over() {
		assert_eq!(given(Duration::from_millis(50)), Duration::from_millis(50));
	}

	/// STA-R12: the runtime's budget and the time for transactions are one.
	#[test]
	fn time_for_transactions_suffices_for_the_weight_of_a_block() {
		let transactions = build_time().proposing(Duration::ZERO).mul_f32(0.9);
		assert!(transactions >= Duration::from_millis(BUDGET.weight_ms.into()), "{transactions:?}");
	}

	/// A block with long hooks is not discarded before its slot ends, and nobody builds for longer than a slot.
	#[test]
	fn worker_gets_the_rest_of_its_slot_and_never_more_than_a_slot() {
		let header = header(9, Default::default());
		let slot = Duration::from_secs(1);
		let rest = Duration::from_millis(900);
		for skipped in [0, 1, 3, 100] {
			let mut info = sc_consensus_slots::SlotInfo::<Block>::new(
				(100 + skipped).into(),
				Box::new(()),
				slot,
				header.clone(),
				None,
			);
			info.ends_at = Instant::now() + rest;
			let time = sc_consensus_slots::proposing_remaining_duration(
				Some(99.into()),
				&info,
				&worker_portion(),
				Some(&worker_portion()),
				sc_consensus_slots::SlotLenienceType::Exponential,
				"test",
			);
			let most = if skipped == 0 { rest } else { slot };
			assert!(time <= most, "{skipped} skipped: {time:?}");
			// The test itself takes some time.
			assert!(time > slot / 2, "{skipped} skipped: {time:?}");
		}
	}
}
