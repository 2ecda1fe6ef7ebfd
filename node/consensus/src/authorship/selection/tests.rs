//! The selection, with a pool and a block that do as they are told, and with a clock that the block moves.

use super::*;
use parking_lot::Mutex;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionTag};

const LONG: Duration = Duration::from_secs(1_000);

/// What becomes of a transaction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
	Fits,
	Invalid,
	TooLarge,
	FindsFullBlock,
	Panic,
}

use Fate::*;

const FATES: [Fate; 5] = [Fits, Invalid, TooLarge, FindsFullBlock, Panic];

struct Transaction {
	hash: Hash,
	data: Arc<UncheckedExtrinsic>,
	requires: Vec<TransactionTag>,
	provides: Vec<TransactionTag>,
}

impl InPoolTransaction for Transaction {
	type Transaction = Arc<UncheckedExtrinsic>;
	type Hash = Hash;

	fn data(&self) -> &Self::Transaction {
		&self.data
	}

	fn hash(&self) -> &Hash {
		&self.hash
	}

	fn priority(&self) -> &u64 {
		&0
	}

	fn longevity(&self) -> &u64 {
		&0
	}

	fn requires(&self) -> &[TransactionTag] {
		&self.requires
	}

	fn provides(&self) -> &[TransactionTag] {
		&self.provides
	}

	fn is_propagable(&self) -> bool {
		true
	}
}

/// A pool of transactions, which skips those that depend on reported ones.
#[derive(Default)]
struct Pool {
	transactions: VecDeque<Arc<Transaction>>,
	missing: HashSet<TransactionTag>,
}

impl Pool {
	/// Each is from a sender of its own.
	fn independent(fates: impl IntoIterator<Item = Fate>) -> Self {
		let mut pool = Self::default();
		for fate in fates {
			pool.add(fate, None, 100);
		}
		pool
	}

	/// Adds a transaction, after another one if it depends on it.
	fn add(&mut self, fate: Fate, after: Option<usize>, bytes: usize) {
		let number = self.transactions.len();
		let index = FATES.iter().position(|it| *it == fate).unwrap();
		let mut data = vec![0; bytes];
		data[..3].copy_from_slice(&[index as u8, number as u8, (number >> 8) as u8]);
		self.transactions.push_back(Arc::new(Transaction {
			hash: hash_of(number),
			data: Arc::new(UncheckedExtrinsic::from_blob(data)),
			requires: after.map(tag).into_iter().collect(),
			provides: vec![tag(number)],
		}));
	}
}

fn tag(number: usize) -> TransactionTag {
	number.to_le_bytes().to_vec()
}

fn hash_of(number: usize) -> Hash {
	Hash::from_low_u64_be(number as u64)
}

impl Iterator for Pool {
	type Item = Arc<Transaction>;

	fn next(&mut self) -> Option<Self::Item> {
		loop {
			let next = self.transactions.pop_front()?;
			if !next.requires.iter().any(|tag| self.missing.contains(tag)) {
				return Some(next);
			}
			self.report_invalid(&next);
		}
	}
}

impl ReadyTransactions for Pool {
	fn report_invalid(&mut self, transaction: &Self::Item) {
		self.missing.extend(transaction.provides.iter().cloned());
	}
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Call {
	Together(usize),
	Alone,
}

use Call::*;

/// A block that takes `each` for a transaction.
struct TestBlock {
	clock: Arc<Mutex<Instant>>,
	each: Duration,
	applies_several: bool,
	body: Vec<usize>,
	calls: Vec<Call>,
}

impl TestBlock {
	fn try_one(&mut self, transaction: &UncheckedExtrinsic) -> Result<(), Refusal> {
		*self.clock.lock() += self.each;
		let &[fate, low, high, ..] = transaction.inner() else { unreachable!("it has them") };
		let invalid = InvalidTransaction::Payment.into();
		match FATES[usize::from(fate)] {
			Fits => {
				self.body.push(usize::from(low) + usize::from(high) * 256);
				Ok(())
			},
			Invalid => Err(Refusal::Invalid(Some(invalid))),
			TooLarge => Err(Refusal::NoRoom { is_full: false }),
			FindsFullBlock => Err(Refusal::NoRoom { is_full: self.applies_several }),
			Panic => Err(Refusal::Invalid(None)),
		}
	}
}

impl OpenBlock for TestBlock {
	fn apply_together(
		&mut self,
		transactions: &[UncheckedExtrinsic],
		time: Duration,
	) -> Option<Applied> {
		if !self.applies_several {
			return None;
		}
		assert!(time <= MAX_CALL);
		self.calls.push(Together(transactions.len()));
		let (before, begin) = (self.body.len(), *self.clock.lock());
		let mut count = 0;
		for transaction in transactions {
			if count > 0 && *self.clock.lock() - begin >= time {
				break;
			}
			match self.try_one(transaction) {
				Ok(()) => count += 1,
				Err(Refusal::Invalid(None)) => {
					self.body.truncate(before);
					return None;
				},
				Err(refusal) => return Some(Applied { count, refused: Some(refusal) }),
			}
		}
		Some(Applied { count, refused: None })
	}

	fn apply_alone(&mut self, transaction: &UncheckedExtrinsic) -> Result<(), Refusal> {
		self.calls.push(Alone);
		self.try_one(transaction)
	}
}

/// What the selection has done.
struct Outcome {
	reason: EndProposingReason,
	invalid: Vec<usize>,
	body: Vec<usize>,
	calls: Vec<Call>,
}

/// How the runtime works, and how long each transaction takes.
#[derive(Clone, Copy)]
struct Runtime {
	applies_several: bool,
	each: Duration,
}

const FAST: Runtime = Runtime { applies_several: true, each: Duration::from_micros(1) };

fn fill(pool: Pool, runtime: Runtime, time: Duration) -> Outcome {
	let begin = Instant::now();
	let clock = Arc::new(Mutex::new(begin));
	let Runtime { applies_several, each } = runtime;
	let mut block =
		TestBlock { clock: clock.clone(), each, applies_several, body: vec![], calls: vec![] };
	let all: Vec<Hash> = pool.transactions.iter().map(|it| it.hash).collect();
	let deadlines = Deadlines::new(begin, begin + time);
	let ready: Ready<Transaction> = Box::new(pool);
	let (reason, invalid) =
		Selection::new(&mut block, ready, deadlines, move || *clock.lock()).run();
	let number = |hash: &Hash| all.iter().position(|it| it == hash).unwrap();
	let invalid = invalid.keys().map(number).collect();
	Outcome { reason, invalid, body: block.body, calls: block.calls }
}

#[test]
fn transactions_are_applied_in_order_and_in_few_calls() {
	let outcome = fill(Pool::independent([Fits; 70]), FAST, LONG);
	assert_eq!(outcome.body, (0..70).collect::<Vec<_>>());
	assert_eq!(outcome.calls, [Together(32), Together(32), Together(6)]);
	assert_eq!(outcome.reason, EndProposingReason::NoMoreTransactions);
	assert!(outcome.invalid.is_empty());
}

#[test]
fn long_transactions_share_a_call_with_few() {
	let mut pool = Pool::default();
	for _ in 0..3 {
		pool.add(Fits, None, 40 * 1024);
	}
	pool.add(Fits, None, 100 * 1024);
	let outcome = fill(pool, FAST, LONG);
	assert_eq!(outcome.calls, [Together(2), Together(2)]);
	assert_eq!(outcome.body, [0, 1, 2, 3]);
}

#[test]
fn dependents_of_an_invalid_transaction_are_neither_tried_nor_reported() {
	let mut pool = Pool::independent([Fits, Invalid]);
	// One in the same call, one that depends on it, and one that comes later.
	pool.add(Panic, Some(1), 100);
	pool.add(Panic, Some(2), 100);
	for _ in 4..40 {
		pool.add(Fits, None, 100);
	}
	pool.add(Panic, Some(1), 100);
	pool.add(Panic, Some(3), 100);
	pool.add(Fits, Some(0), 100);
	let outcome = fill(pool, FAST, LONG);
	let expected: Vec<_> = [0].into_iter().chain(4..40).chain([42]).collect();
	assert_eq!(outcome.body, expected);
	assert_eq!(outcome.invalid, [1]);
	assert!(!outcome.calls.contains(&Alone), "{:?}", outcome.calls);
}

#[test]
fn full_block_ends_at_once() {
	let fates = [Fits, FindsFullBlock].into_iter().chain([Fits; 100]);
	let outcome = fill(Pool::independent(fates), FAST, LONG);
	assert_eq!(outcome.body, [0]);
	assert_eq!(outcome.calls, [Together(32)]);
	assert_eq!(outcome.reason, EndProposingReason::HitBlockWeightLimit);
	assert!(outcome.invalid.is_empty());
}

#[test]
fn shorter_transactions_get_in_behind_long_ones_during_the_first_quarter_of_the_time() {
	let fates = || [TooLarge; 20].into_iter().chain([Fits; 2]);
	let outcome = fill(Pool::independent(fates()), FAST, LONG);
	assert_eq!(outcome.body, [20, 21]);
	assert_eq!(outcome.reason, EndProposingReason::NoMoreTransactions);

	// Each takes a hundredth of the time.
	let slow = Runtime { each: LONG / 100, ..FAST };
	let long = [TooLarge; 30].into_iter().chain([Fits; 2]);
	let outcome = fill(Pool::independent(long), slow, LONG);
	assert!(outcome.body.is_empty());
	assert_eq!(outcome.calls.len(), 25);
	assert_eq!(outcome.reason, EndProposingReason::HitBlockWeightLimit);
}

#[test]
fn one_of_32_is_tried_after_the_first_quarter_and_nine_that_do_not_fit() {
	let fates = [Fits; 40].into_iter().chain([TooLarge; 20]);
	let slow = Runtime { each: LONG / 100, ..FAST };
	let outcome = fill(Pool::independent(fates), slow, LONG);
	assert_eq!(outcome.body.len(), 40);
	// Such slow ones have a call of their own. The others are fewer than are left out at a time.
	assert_eq!(outcome.calls.len(), 40 + 9);
	assert_eq!(outcome.reason, EndProposingReason::HitBlockWeightLimit);
}

/// Otherwise transactions that never fit, and so never pay, could keep all others out of every block.
#[test]
fn transactions_get_in_behind_more_unfitting_ones_than_can_be_tried() {
	let fates = [TooLarge; 600].into_iter().chain([Fits; 100]);
	let slow = Runtime { each: LONG / 1_000, ..FAST };
	let outcome = fill(Pool::independent(fates), slow, LONG);
	// 250 in the first quarter. Then 281, 313 and so on up to 569, and 601, which fits.
	assert_eq!(outcome.body, (601..700).collect::<Vec<_>>());
	assert_eq!(outcome.calls.len(), 250 + 10 + 99);
	assert!(outcome.invalid.is_empty());
}

#[test]
fn dependents_of_a_transaction_that_is_left_out_untried_are_not_tried() {
	// The 25th is the last of the first quarter, so the next 31 are left out.
	let mut pool = Pool::independent([TooLarge; 25 + STEP]);
	// One that depends on a transaction that is left out, one that depends on it, and an independent one.
	let left_out = 30;
	pool.add(Panic, Some(left_out), 100);
	pool.add(Panic, Some(25 + STEP), 100);
	pool.add(Fits, None, 100);
	let slow = Runtime { each: LONG / 100, ..FAST };
	let outcome = fill(pool, slow, LONG);
	assert_eq!(outcome.body, [25 + STEP + 2]);
	assert_eq!(outcome.calls.len(), 25 + 1);
	assert!(outcome.invalid.is_empty());
}

#[test]
fn no_call_begins_after_the_deadline_and_none_lasts_long() {
	let each = Duration::from_millis(3);
	let runtime = Runtime { each, ..FAST };
	let outcome = fill(Pool::independent([Fits; 100]), runtime, each * 10);
	// Four in a call of 10 ms, four more up to 24 ms, two up to the deadline, and one that begins just then.
	assert_eq!(outcome.body.len(), 11);
	assert_eq!(outcome.calls.len(), 4);
	assert_eq!(outcome.reason, EndProposingReason::HitDeadline);
}

#[test]
fn transaction_on_which_the_runtime_panics_costs_the_others_nothing() {
	let outcome = fill(Pool::independent([Fits, Fits, Panic, Fits]), FAST, LONG);
	assert_eq!(outcome.body, [0, 1, 3]);
	assert_eq!(outcome.calls, [Together(4), Alone, Alone, Alone, Together(1)]);
	assert_eq!(outcome.invalid, [2]);
	assert_eq!(outcome.reason, EndProposingReason::NoMoreTransactions);
}

#[test]
fn transactions_are_applied_one_by_one_if_the_runtime_cannot_apply_several() {
	let runtime = Runtime { applies_several: false, ..FAST };
	let fates = [Fits, Invalid].into_iter().chain([Fits; 40]);
	let outcome = fill(Pool::independent(fates), runtime, LONG);
	assert_eq!(outcome.body.len(), 41);
	assert_eq!(outcome.calls, [Alone; 42]);
	assert_eq!(outcome.invalid, [1]);

	let runtime = Runtime { each: Duration::from_millis(3), ..runtime };
	let outcome = fill(Pool::independent([Fits; 40]), runtime, Duration::from_millis(29));
	assert_eq!(outcome.calls, [Alone; 10]);
	assert_eq!(outcome.reason, EndProposingReason::HitDeadline);
}
