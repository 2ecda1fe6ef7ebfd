//! Reports that get lost on the way, on a chain whose answers the tests choose.

use super::{header_on, seal};
use crate::equivocation::{
	evidence::{Evidence, HeaderPair, UnsettledReport},
	metrics::{Kind, Metrics, Step},
	report_sink::{ReportSink, QUEUE_REPORTS},
	settlement::{
		decide, Action, Chain, Heads, Settlement, Validity, MAX_ATTEMPTS_PER_PASS, MAX_SUBMISSIONS,
		MAX_UNCLEAR_BLOCKS,
	},
	unsettled::{Unsettled, MAX_SEALS, MAX_SEALS_OF_KEY, MAX_VOTES},
};
use codec::{Decode, Encode};
use gtos_runtime::{BlockNumber, Hash};
use sc_client_api::AuxStore;
use sc_transaction_pool_api::LocalTransactionPool;
use sp_consensus_aura::{sr25519::AuthorityId, Slot};
use sp_core::crypto::UncheckedFrom;
use sp_runtime::{traits::Header as _, OpaqueExtrinsic, OpaqueValue};
use std::{
	collections::HashMap,
	error::Error,
	sync::{Arc, Mutex},
};

const BEST: Hash = Hash::repeat_byte(1);
const FINAL: Hash = Hash::repeat_byte(2);

/// A chain and a pool that holds one report of each offence.
#[derive(Clone)]
struct Simulation(Arc<Mutex<State>>);

struct State {
	at_best: Validity,
	at_final: Validity,
	last_final_number: BlockNumber,
	can_report: bool,
	pool_is_full: bool,
	pool: Vec<OpaqueExtrinsic>,
	/// Reports that the pool was asked to take.
	submissions: usize,
	/// Reports that were looked at.
	attempts: Vec<OpaqueExtrinsic>,
}

impl Simulation {
	/// A chain that accepts a report, and whose final state does not yet know the blocks.
	fn new() -> Self {
		Self(Arc::new(Mutex::new(State {
			at_best: Validity::Valid,
			at_final: Validity::Invalid,
			last_final_number: 0,
			can_report: true,
			pool_is_full: false,
			pool: Vec::new(),
			submissions: 0,
			attempts: Vec::new(),
		})))
	}

	fn set(&self, change: impl FnOnce(&mut State)) {
		change(&mut self.0.lock().unwrap());
	}

	fn get<R>(&self, read: impl FnOnce(&State) -> R) -> R {
		read(&self.0.lock().unwrap())
	}

	/// The best block takes the reports from the pool.
	fn include(&self) {
		self.set(|state| {
			state.pool.clear();
			state.at_best = Validity::Known;
		});
	}
}

impl Chain for Simulation {
	fn heads(&self) -> Heads {
		let last_final_number = self.get(|state| state.last_final_number);
		Heads { best: BEST, best_number: 10, last_final: FINAL, last_final_number }
	}

	fn report(
		&self,
		evidence: &Evidence,
		_: Hash,
	) -> Result<OpaqueExtrinsic, Box<dyn Error + Send + Sync>> {
		if !self.get(|state| state.can_report) {
			return Err("no proof".into());
		}
		let report = extrinsic(&evidence.encode());
		self.set(|state| state.attempts.push(report.clone()));
		Ok(report)
	}

	fn has_parents(&self, _: &Evidence) -> bool {
		self.get(|state| state.at_best != Validity::Invalid)
	}

	fn validity(&self, at: Hash, _: &OpaqueExtrinsic) -> Validity {
		self.get(|state| if at == BEST { state.at_best } else { state.at_final })
	}

	fn submit(&self, _: Hash, report: OpaqueExtrinsic) -> Result<(), Box<dyn Error + Send + Sync>> {
		let mut state = self.0.lock().unwrap();
		state.submissions += 1;
		if state.pool_is_full || state.pool.contains(&report) {
			return Err("refused".into());
		}
		state.pool.push(report);
		Ok(())
	}
}

/// The auxiliary store of a database.
#[derive(Default)]
struct Disk(Mutex<HashMap<Vec<u8>, Vec<u8>>>);

impl AuxStore for Disk {
	fn insert_aux<
		'a,
		'b: 'a,
		'c: 'a,
		I: IntoIterator<Item = &'a (&'c [u8], &'c [u8])>,
		D: IntoIterator<Item = &'a &'b [u8]>,
	>(
		&self,
		insert: I,
		delete: D,
	) -> sp_blockchain::Result<()> {
		let mut entries = self.0.lock().unwrap();
		entries.extend(insert.into_iter().map(|(key, value)| (key.to_vec(), value.to_vec())));
		for key in delete {
			entries.remove(*key);
		}
		Ok(())
	}

	fn get_aux(&self, key: &[u8]) -> sp_blockchain::Result<Option<Vec<u8>>> {
		Ok(self.0.lock().unwrap().get(key).cloned())
	}
}

fn extrinsic(bytes: &[u8]) -> OpaqueExtrinsic {
	OpaqueExtrinsic::decode(&mut &bytes.encode()[..]).unwrap()
}

/// A double seal of `slot` by the key with these bytes, in blocks of height 1.
fn pair(key: u8, slot: u64) -> UnsettledReport {
	let sealed = |content| {
		let mut header = header_on(0, slot, content);
		header.digest_mut().push(seal(content));
		header
	};
	let pair = HeaderPair {
		offender: sp_core::sr25519::Public::unchecked_from([key; 32]).into(),
		slot: Slot::from(slot),
		first_header: sealed(1),
		second_header: sealed(2),
	};
	let mut report = UnsettledReport::of_headers(pair);
	report.prove_owner(|_| Some(OpaqueValue::new(vec![7])));
	report
}

/// A report of the voter, made in the state of height 10.
fn votes(byte: u8) -> UnsettledReport {
	UnsettledReport::of_votes(extrinsic(&[byte]), 10)
}

struct Node {
	chain: Simulation,
	disk: Arc<Disk>,
	metrics: Metrics,
	settlement: Settlement<Simulation, Disk>,
}

impl Node {
	fn start(chain: &Simulation, disk: &Arc<Disk>) -> Self {
		let metrics = Metrics::new(None).unwrap();
		let settlement = Settlement::new(chain.clone(), disk.clone(), metrics.clone());
		Self { chain: chain.clone(), disk: disk.clone(), metrics, settlement }
	}

	/// A node that has seen one double seal, and tried to report it on `chain`.
	fn with_pair(chain: &Simulation) -> Self {
		let mut node = Self::start(chain, &Arc::default());
		node.settlement.add(pair(1, 5));
		node
	}

	/// A node that keeps as many double seals as it can, none of which `chain` accepts: those of four keys.
	fn full_of_seals(chain: &Simulation) -> Self {
		chain.set(|state| state.at_best = Validity::Invalid);
		let mut node = Self::start(chain, &Arc::default());
		for (key, slot) in
			(1..=4).flat_map(|key| (0..MAX_SEALS_OF_KEY as u64).map(move |slot| (key, slot)))
		{
			node.settlement.add(pair(key, slot));
		}
		assert_eq!(node.counted(Step::Queued), MAX_SEALS as u64);
		node
	}

	/// Whether the node keeps this equivocation.
	fn keeps(&self, report: &UnsettledReport) -> bool {
		Unsettled::load(self.disk.clone()).contains(report)
	}

	/// Whether the pool has a report of this equivocation.
	fn has_reported(&self, report: &UnsettledReport) -> bool {
		let report = extrinsic(&report.evidence.encode());
		self.chain.get(|state| state.pool.contains(&report))
	}

	/// Ends the node and starts it on the same database, with an empty pool.
	fn restart(self) -> Self {
		self.chain.set(|state| state.pool.clear());
		Self::start(&self.chain, &self.disk)
	}

	fn counted(&self, step: Step) -> u64 {
		self.metrics.counted(Kind::Aura, step)
	}
}

#[test]
fn report_is_settled_once_the_final_state_contains_the_offence() {
	let chain = Simulation::new();
	let mut node = Node::with_pair(&chain);
	assert_eq!(chain.get(|state| state.pool.len()), 1);

	chain.include();
	assert!(node.settlement.try_next().is_empty());
	assert!(!node.settlement.is_empty());

	chain.set(|state| state.at_final = Validity::Known);
	let handled = node.settlement.try_next();
	let key = AuthorityId::from(sp_core::sr25519::Public::unchecked_from([1; 32]));
	assert_eq!(handled, [(key, Slot::from(5))]);
	assert!(node.settlement.is_empty());
	assert_eq!(
		[Step::Queued, Step::Reported, Step::Settled].map(|step| node.counted(step)),
		[1; 3]
	);
	assert!(node.restart().settlement.is_empty());
}

#[test]
fn report_whose_block_loses_its_place_is_made_again() {
	let chain = Simulation::new();
	let mut node = Node::with_pair(&chain);
	chain.include();
	node.settlement.try_next();
	chain.set(|state| state.at_best = Validity::Valid);
	node.settlement.try_next();
	assert_eq!(chain.get(|state| state.pool.len()), 1);
	assert_eq!(node.counted(Step::Reported), 2);
}

#[test]
fn report_that_finds_the_pool_full_is_made_again() {
	let chain = Simulation::new();
	chain.set(|state| state.pool_is_full = true);
	let mut node = Node::with_pair(&chain);
	assert_eq!((chain.get(|state| state.submissions), node.counted(Step::Reported)), (1, 0));
	chain.set(|state| state.pool_is_full = false);
	node.settlement.try_next();
	assert_eq!((chain.get(|state| state.pool.len()), node.counted(Step::Reported)), (1, 1));
}

#[test]
fn report_on_a_parent_that_the_best_chain_does_not_have_waits_until_it_has_it() {
	let chain = Simulation::new();
	chain.set(|state| state.at_best = Validity::Invalid);
	let mut node = Node::with_pair(&chain);
	assert_eq!(chain.get(|state| state.submissions), 0);
	chain.set(|state| state.at_best = Validity::Valid);
	node.settlement.try_next();
	assert_eq!(chain.get(|state| state.pool.len()), 1);
}

#[test]
fn report_without_a_proof_of_the_owner_waits_for_it() {
	let chain = Simulation::new();
	chain.set(|state| state.can_report = false);
	let mut node = Node::with_pair(&chain);
	chain.set(|state| state.last_final_number = MAX_UNCLEAR_BLOCKS);
	node.settlement.try_next();
	chain.set(|state| state.can_report = true);
	node.settlement.try_next();
	assert_eq!(chain.get(|state| state.pool.len()), 1);
}

#[test]
fn report_survives_a_restart_before_and_after_it_was_made() {
	let chain = Simulation::new();
	chain.set(|state| state.pool_is_full = true);
	let mut node = Node::with_pair(&chain).restart();
	chain.set(|state| state.pool_is_full = false);
	node.settlement.try_next();
	assert_eq!(chain.get(|state| state.pool.len()), 1);

	let mut node = node.restart();
	node.settlement.try_next();
	assert_eq!(chain.get(|state| state.pool.len()), 1);
}

#[test]
fn report_is_once_in_the_pool_however_often_it_is_tried() {
	let chain = Simulation::new();
	let mut node = Node::with_pair(&chain);
	for _ in 0..100 {
		node.settlement.try_next();
		node.settlement.add(pair(1, 5));
	}
	assert_eq!(chain.get(|state| state.pool.len()), 1);
	assert_eq!([Step::Queued, Step::Reported].map(|step| node.counted(step)), [1; 2]);
}

#[test]
fn report_of_an_abandoned_fork_is_dropped_when_the_final_chain_has_passed_it() {
	let chain = Simulation::new();
	chain.set(|state| state.at_best = Validity::Invalid);
	let mut node = Node::with_pair(&chain);
	assert!(!node.settlement.is_empty());
	// The headers have height 1.
	chain.set(|state| state.last_final_number = 1);
	node.settlement.try_next();
	assert!(node.settlement.is_empty());
	assert_eq!(node.counted(Step::Dropped), 1);
	assert!(node.restart().settlement.is_empty());
}

#[test]
fn report_that_is_included_without_effect_is_dropped_in_the_end() {
	let chain = Simulation::new();
	let mut node = Node::with_pair(&chain);
	for _ in 0..2 * MAX_SUBMISSIONS {
		chain.set(|state| state.pool.clear());
		node.settlement.try_next();
	}
	assert_eq!(node.counted(Step::Reported), u64::from(MAX_SUBMISSIONS));
	assert!(node.settlement.is_empty());
}

#[test]
fn report_of_the_voter_is_kept_like_one_of_headers() {
	let chain = Simulation::new();
	chain.set(|state| state.pool_is_full = true);
	let mut node = Node::start(&chain, &Arc::default());
	node.settlement.add(UnsettledReport::of_votes(extrinsic(&[1, 2, 3]), 10));
	node.settlement.try_next();
	let mut node = node.restart();
	chain.set(|state| state.pool_is_full = false);
	assert!(node.settlement.try_next().is_empty());
	assert_eq!(node.metrics.counted(Kind::Grandpa, Step::Reported), 1);
	chain.set(|state| state.at_final = Validity::Known);
	node.settlement.try_next();
	assert_eq!(node.metrics.counted(Kind::Grandpa, Step::Settled), 1);
	assert!(node.settlement.is_empty());
}

#[test]
fn unsettled_reports_are_bounded_in_all_and_for_each_key() {
	let chain = Simulation::new();
	let mut node = Node::start(&chain, &Arc::default());
	for slot in 0..2 * MAX_SEALS_OF_KEY as u64 {
		node.settlement.add(pair(1, slot));
	}
	assert_eq!(node.counted(Step::Queued), MAX_SEALS_OF_KEY as u64);
	assert_eq!(node.counted(Step::Dropped), MAX_SEALS_OF_KEY as u64);
	assert_eq!(node.metrics.unsettled(), MAX_SEALS_OF_KEY);
	for key in 2..=u8::MAX {
		node.settlement.add(pair(key, 5));
	}
	assert_eq!(node.metrics.unsettled(), MAX_SEALS);
	for byte in 0..2 * MAX_VOTES as u8 {
		node.settlement.add(votes(byte));
	}
	assert_eq!(node.metrics.unsettled(), MAX_SEALS + MAX_VOTES);
	assert_eq!(Unsettled::load(node.disk).len(), MAX_SEALS + MAX_VOTES);
}

#[test]
fn seals_that_the_chain_accepts_are_reported_although_others_of_the_key_fill_its_places() {
	let chain = Simulation::new();
	let mut node = Node::full_of_seals(&chain);
	let later = pair(1, 500);
	node.settlement.add(later.clone());
	assert!(!node.keeps(&later));

	chain.set(|state| state.at_best = Validity::Valid);
	let key = AuthorityId::from(sp_core::sr25519::Public::unchecked_from([1; 32]));
	assert_eq!(node.settlement.add(later.clone()), Some((key, Slot::from(500))));
	assert!(node.has_reported(&later));
	assert!(node.keeps(&later));
	assert_eq!(node.metrics.unsettled(), MAX_SEALS);
}

#[test]
fn seals_of_another_key_take_a_place_of_the_key_that_has_the_most() {
	let chain = Simulation::new();
	let mut node = Node::full_of_seals(&chain);
	let other = pair(5, 5);
	assert_eq!(node.settlement.add(other.clone()), None);
	assert!(node.keeps(&other));
	assert_eq!(node.counted(Step::Dropped), 1);
	// The places are shared, and no key loses its last one.
	for slot in 100..100 + 2 * MAX_SEALS_OF_KEY as u64 {
		node.settlement.add(pair(5, slot));
	}
	for (key, slot) in (6..=u8::MAX).flat_map(|key| [(key, 5), (key, 6)]) {
		node.settlement.add(pair(key, slot));
	}
	assert!((1..=5).all(|key| (0..200).any(|slot| node.keeps(&pair(key, slot)))));
	assert_eq!(node.metrics.unsettled(), MAX_SEALS);
}

#[test]
fn seals_that_are_neither_reported_nor_kept_need_no_proof_of_their_owner() {
	let chain = Simulation::new();
	let node = Node::full_of_seals(&chain);
	let (kept, later, of_another_key) = (pair(1, 5), pair(1, 500), pair(5, 5));
	assert!(!node.settlement.has_use_for(&kept));
	assert!(!node.settlement.has_use_for(&later));
	assert!(node.settlement.has_use_for(&of_another_key));
	chain.set(|state| state.at_best = Validity::Valid);
	assert!(!node.settlement.has_use_for(&kept));
	assert!(node.settlement.has_use_for(&later));
}

#[test]
fn votes_have_places_of_their_own_and_are_reported_at_once_without_one() {
	let chain = Simulation::new();
	let mut node = Node::full_of_seals(&chain);
	for byte in 0..MAX_VOTES as u8 {
		node.settlement.add(votes(byte));
		assert!(node.keeps(&votes(byte)));
	}
	let later = votes(MAX_VOTES as u8);
	chain.set(|state| state.at_best = Validity::Valid);
	node.settlement.add(later.clone());
	assert!(node.has_reported(&later));
	assert!(node.keeps(&later));
}

#[test]
fn pass_tries_a_bounded_number_and_the_next_one_goes_on() {
	let chain = Simulation::new();
	chain.set(|state| state.at_best = Validity::Known);
	let mut node = Node::start(&chain, &Arc::default());
	let count = 2 * MAX_ATTEMPTS_PER_PASS;
	for key in 0..count as u8 {
		node.settlement.add(pair(key, 5));
	}
	chain.set(|state| state.attempts.clear());
	node.settlement.try_next();
	assert_eq!(chain.get(|state| state.attempts.len()), MAX_ATTEMPTS_PER_PASS);
	node.settlement.try_next();
	let tried = chain.get(|state| state.attempts.clone());
	let distinct = tried.iter().filter(|one| tried.iter().filter(|two| two == one).count() == 1);
	assert_eq!(distinct.count(), count);
}

#[test]
fn record_that_cannot_be_decoded_is_discarded() {
	let disk = Arc::new(Disk::default());
	let key = b"gtos/unsettled-equivocations".as_slice();
	for bytes in [&[][..], &[0, 0], &[1], &[1, 4, 9]] {
		disk.insert_aux(&[(key, bytes)], &[]).unwrap();
		let mut node = Node::start(&Simulation::new(), &disk);
		assert!(node.settlement.is_empty());
		node.settlement.add(pair(1, 5));
		assert!(!node.restart().settlement.is_empty());
	}
}

#[test]
fn record_on_disk_has_the_pinned_bytes() {
	let disk = Arc::new(Disk::default());
	let mut node = Node::start(&Simulation::new(), &disk);
	node.settlement.add(UnsettledReport::of_votes(extrinsic(&[0xaa, 0xbb]), 10));
	let bytes = disk.get_aux(b"gtos/unsettled-equivocations").unwrap().unwrap();
	// Format, number of records, kind, report with its length, height, submissions.
	let expected: Vec<u8> =
		[&[1, 1 << 2, 1, 2 << 2, 0xaa, 0xbb][..], &[10, 0, 0, 0], &[1, 0, 0, 0]].concat();
	assert_eq!(bytes, expected);
	let kind_and_key: Vec<u8> = [&[0][..], &[1; 32]].concat();
	assert_eq!(pair(1, 5).encode()[..33], kind_and_key);
}

#[test]
fn decision_follows_the_final_state_first_and_then_the_best() {
	use Validity::{Invalid, Known, Unclear, Valid};
	for at_best in [Valid, Known, Invalid, Unclear] {
		assert_eq!(decide(Known, at_best, None), Action::Settle);
	}
	for at_final in [Valid, Invalid, Unclear] {
		for past in [None, Some(0), Some(MAX_UNCLEAR_BLOCKS + 1)] {
			assert_eq!(decide(at_final, Valid, past), Action::Submit);
			assert_eq!(decide(at_final, Known, past), Action::Wait);
		}
	}
	assert_eq!(decide(Invalid, Invalid, None), Action::Wait);
	assert_eq!(decide(Invalid, Invalid, Some(0)), Action::Drop);
	assert_eq!(decide(Unclear, Unclear, None), Action::Wait);
	assert_eq!(decide(Unclear, Unclear, Some(MAX_UNCLEAR_BLOCKS)), Action::Wait);
	assert_eq!(decide(Unclear, Unclear, Some(MAX_UNCLEAR_BLOCKS + 1)), Action::Drop);
}

#[test]
fn sink_hands_a_report_over_and_refuses_it_when_it_is_full() {
	let (sink, mut reports) = ReportSink::for_grandpa();
	for byte in 0..QUEUE_REPORTS as u8 {
		sink.submit_local(BEST, extrinsic(&[byte])).unwrap();
	}
	assert!(sink.submit_local(BEST, extrinsic(&[255])).is_err());
	assert_eq!(reports.try_recv().unwrap(), extrinsic(&[0]));
}
