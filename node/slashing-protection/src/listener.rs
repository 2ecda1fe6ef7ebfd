//! The task that decides when the node may sign, and ends the node if another one has its keys.

use crate::{
	database::VoterState,
	new_chain::NewChain,
	peer_claims::{Claims, FreshClaims, Inquiry, Peers},
	protection::{Phase, SlashingProtection, Standing},
	pulse::now_ms,
	pulse::Moment,
	record::RoundId,
	start::Doubt,
	LOG_TARGET,
};
use gtos_node_types::FullClient;
use gtos_runtime::{BlockNumber, Hash};
use sc_consensus_aura::standalone::find_pre_digest;
use sp_consensus::SyncOracle;
use sp_consensus_aura::sr25519::AuthoritySignature;
use sp_core::H256;
use std::{
	collections::BTreeSet,
	sync::Arc,
	time::{Duration, Instant},
};

/// How long validators may take to find each other, with a margin: local networks have taken 30 s.
pub const DISCOVERY_TIME: Duration = Duration::from_secs(60);

/// Turns of the authority set for which the node listens once it has found its peers. A copy that
/// runs seals one block in each turn; the second turn is for a missed slot.
pub const TURNS: u32 = 2;

/// The longest time that the turns take. A copy that runs also votes several times a second, and a
/// large set must not keep a validator from its slots until it is suspended (CON-R19).
pub const MAX_TURNS_TIME: Duration = Duration::from_secs(60);

/// How long the voter may stay in a round in which this node has no part, although a restart would
/// give it one.
pub const CATCH_UP_TIME: Duration = Duration::from_secs(60);

/// Time between two looks.
const TICK: Duration = Duration::from_secs(1);

/// How old an answer of sync may be for a node that listens: sync may be busy for some seconds. A fresh node needs a
/// present one, because it may take the chain for a new one.
const MAX_CLAIMS_AGE: Duration = Duration::from_secs(10);

/// How often the log says that a node which listens lacks blocks of its peers.
const WARNING_PERIOD: Duration = Duration::from_secs(60);

/// How long a node listens for its own keys, while it has peers and is not syncing.
pub fn listening_time(authorities: usize, slot_duration: Duration) -> Duration {
	let slots = u32::try_from(authorities).unwrap_or(u32::MAX).saturating_mul(TURNS);
	DISCOVERY_TIME.saturating_add(slot_duration.saturating_mul(slots).min(MAX_TURNS_TIME))
}

/// What the listener sees when it looks.
pub struct Sight {
	/// Time since the last look.
	pub passed: Duration,
	/// How often the process has stood still.
	pub pauses: u64,
	/// A signature of an own key that another node has made.
	pub heard: Option<String>,
	/// Keys of the node that may have signed what the record does not hold.
	pub untrusted: BTreeSet<H256>,
	/// GRANDPA keys of the keystore.
	pub voter_keys: BTreeSet<H256>,
	/// Those of them that are in the authority set.
	pub voters: BTreeSet<H256>,
	/// Whether the node can hear others: it has peers, or is the only authority, is not downloading
	/// old blocks, and has the blocks that its peers have.
	pub can_hear: bool,
	/// Whether a peer claims more blocks than a new chain can have.
	pub is_chain_old: bool,
	/// How long the node has to listen.
	pub listening_time: Duration,
	/// The round that the voter works on, and whether it may vote there.
	pub present: Option<(RoundId, Standing)>,
	/// A block that this node has voted for in that round, and that it does not have.
	pub unknown_target: Option<Hash>,
	/// Height and slot of the first block of another node.
	pub first_block: Option<(BlockNumber, u64)>,
}

/// What follows from it.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
	/// Nothing.
	Wait,
	/// The node may sign with all of its keys.
	Sign,
	/// The chain is not new: the node listens.
	Listen,
	/// The record does not hold all votes of the present round: the node cannot vote there.
	LeaveRound(RoundId),
	/// The node repeats a vote in the present round for a block that it does not have.
	MissBlock(RoundId, Hash),
	/// The node must stop, for this reason.
	Stop(String),
}

/// Counts the time for which the node has listened.
pub struct Patience {
	/// What the first block of another node has to be if the chain is new.
	new_chain: NewChain,
	/// What the node has listened for: the phase, the pauses before it, and the keys that are not
	/// trusted.
	subject: Option<(Phase, u64, BTreeSet<H256>)>,
	listened: Duration,
	/// GRANDPA keys of the keystore at the last look.
	voter_keys: Option<BTreeSet<H256>>,
	/// The round that had begun when a key of the authority set came into use.
	begun_without_key: Option<RoundId>,
	/// The present round, and the time in it without a part in it.
	left_out: (RoundId, Duration),
}

impl Patience {
	/// The patience of a node that has just started, for which `new_chain` would be new.
	pub fn new(new_chain: NewChain) -> Self {
		Self {
			new_chain,
			subject: None,
			listened: Duration::ZERO,
			voter_keys: None,
			begun_without_key: None,
			left_out: Default::default(),
		}
	}

	/// Decides by what the listener sees.
	pub fn look(&mut self, phase: Phase, sight: Sight) -> Step {
		self.attend(phase, &sight);
		match phase {
			Phase::Stopped => Step::Wait,
			Phase::Signing => self.look_while_signing(&sight),
			Phase::Fresh | Phase::Listening(_) if sight.heard.is_some() => {
				let evidence = sight.heard.unwrap_or_default();
				Step::Stop(format!(
					"another node signs with this node's consensus keys: {evidence}, and this node has \
					not made it. Two such nodes are slashed. Stop the other one for good, or remove the \
					keys from this one; if the clock of this machine has been set back, correct it"
				))
			},
			Phase::Fresh => match sight.first_block {
				// A peer can forge a block 1, for example with the key of a former validator.
				Some((1, slot)) if self.new_chain.can_have(1, slot) && !sight.is_chain_old => {
					Step::Sign
				},
				Some(_) => Step::Listen,
				None => self.listen(&sight),
			},
			// Keys that this node has generated itself have signed nothing elsewhere.
			Phase::Listening(Doubt::Missing) if sight.untrusted.is_empty() => Step::Sign,
			Phase::Listening(_) => self.listen(&sight),
		}
	}

	/// Begins to count anew if the node has not listened for this so far.
	fn attend(&mut self, phase: Phase, sight: &Sight) {
		let is_covered = self.subject.as_ref().is_some_and(|(listening, pauses, keys)| {
			*listening == phase && *pauses == sight.pauses && sight.untrusted.is_subset(keys)
		});
		if !is_covered {
			self.listened = Duration::ZERO;
		}
		self.subject = Some((phase, sight.pauses, sight.untrusted.clone()));
		self.notice_late_keys(phase, sight);
	}

	/// Notes that a key of the authority set was not there when the present round began: the voter has
	/// no part in this round.
	fn notice_late_keys(&mut self, phase: Phase, sight: &Sight) {
		let Some(earlier) = self.voter_keys.replace(sight.voter_keys.clone()) else { return };
		// A node that signs hides a key until it has listened for it.
		let is_used = |key: &&H256| phase != Phase::Signing || !sight.untrusted.contains(*key);
		let mut used = sight.voters.iter().filter(is_used);
		if used.any(|key| !earlier.contains(key)) {
			self.begun_without_key = sight.present.map(|(round, _)| round);
		}
	}

	fn listen(&mut self, sight: &Sight) -> Step {
		if sight.can_hear {
			self.listened = self.listened.saturating_add(sight.passed);
		}
		if self.listened < sight.listening_time {
			Step::Wait
		} else {
			Step::Sign
		}
	}

	fn look_while_signing(&mut self, sight: &Sight) -> Step {
		let step = self.look_at_round(sight);
		if step != Step::Wait {
			return step;
		}
		if sight.untrusted.is_empty() {
			return Step::Wait;
		}
		if sight.heard.is_some() {
			// Other keys of the node may go on; this one has to be silent for the whole time.
			self.listened = Duration::ZERO;
			return Step::Wait;
		}
		let step = self.listen(sight);
		if step == Step::Sign && !sight.voters.is_disjoint(&sight.untrusted) {
			self.begun_without_key = sight.present.map(|(round, _)| round);
		}
		step
	}

	/// Finality may wait for the vote of this node, in a round in which it will not cast one.
	fn look_at_round(&mut self, sight: &Sight) -> Step {
		let Some((round, standing)) = sight.present else { return Step::Wait };
		if self.left_out.0 != round {
			// The others do not wait for this node.
			self.left_out = (round, Duration::ZERO);
		}
		let has_part =
			standing == Standing::Open && self.begun_without_key.is_none_or(|begun| begun != round);
		let left_out = &mut self.left_out.1;
		if (!has_part || sight.unknown_target.is_some()) && sight.can_hear {
			*left_out = left_out.saturating_add(sight.passed);
		}
		if *left_out < CATCH_UP_TIME {
			return Step::Wait;
		}
		*left_out = Duration::ZERO;
		if standing == Standing::Behind {
			return Step::LeaveRound(round);
		}
		if let (true, Some(block)) = (has_part, sight.unknown_target) {
			return Step::MissBlock(round, block);
		}
		Step::Stop(format!(
			"its voter works on round {} of set {} and knows less of its own votes there than the record, \
			or has begun it without this node's key. Start the node again: it then votes in this round",
			round.round, round.set_id
		))
	}
}

/// Watches over a running node.
pub struct Listener {
	protection: Arc<SlashingProtection>,
	client: Arc<FullClient>,
	sync: Arc<dyn SyncOracle + Send + Sync>,
	inquiry: Inquiry,
	slot_duration: Duration,
	fresh_claims: FreshClaims,
	/// For how long the node has lacked blocks of its peers, although it does not sync, since the log
	/// last said so.
	deaf: Duration,
}

impl Listener {
	/// A listener for this node.
	pub fn new(
		protection: Arc<SlashingProtection>,
		client: Arc<FullClient>,
		sync: Arc<dyn SyncOracle + Send + Sync>,
		peers: Peers,
		slot_duration: Duration,
	) -> Self {
		Self {
			protection,
			client,
			sync,
			inquiry: Inquiry::new(peers),
			slot_duration,
			fresh_claims: FreshClaims::default(),
			deaf: Duration::ZERO,
		}
	}

	/// Runs for as long as the node may. When it ends, the node has to stop.
	pub async fn run(mut self) {
		let new_chain = NewChain::new(self.protection.start_slot(), self.slot_duration);
		let mut patience = Patience::new(new_chain);
		let mut last = Instant::now();
		let mut noticed_pauses = self.protection.pauses();
		loop {
			let _ = tokio::time::timeout(TICK, self.protection.news.notified()).await;
			self.protection.beat(Moment::now());
			// A process that was suspended has heard nothing meanwhile.
			let passed = last.elapsed().min(TICK.saturating_mul(2));
			last = Instant::now();
			self.protection.refresh_keys();
			// Before the phase: a pause in between is then noticed by the next look.
			let pauses = self.protection.pauses();
			self.protection.note_slot(self.present_slot(), pauses != noticed_pauses);
			noticed_pauses = pauses;
			let phase = self.protection.phase();
			let sight = match self.look(phase, new_chain, passed, pauses).await {
				Ok(sight) => sight,
				Err(error) => {
					tracing::error!(target: LOG_TARGET, "{error}");
					return;
				},
			};
			if let (Phase::Signing, Some(evidence)) = (phase, &sight.heard) {
				tracing::error!(
					target: LOG_TARGET,
					"Another node signs with this node's consensus keys: {evidence}. Stop one of the two at \
					once",
				);
			}
			let (present, pauses) = (sight.present.map(|(round, _)| round), sight.pauses);
			match patience.look(phase, sight) {
				Step::Wait => {},
				Step::Listen => self.protection.listen_on_old_chain(),
				Step::Sign => match self.protection.begin_signing(phase, present, pauses) {
					Ok(true) => tracing::info!(
						target: LOG_TARGET,
						"This node may sign with its consensus keys now",
					),
					// Meanwhile the process has stood still, or the chain has turned out to be old, so it listens.
					Ok(false) => {},
					Err(error) => {
						tracing::error!(target: LOG_TARGET, "{error}");
						return;
					},
				},
				Step::LeaveRound(RoundId { set_id, round }) => tracing::error!(
					target: LOG_TARGET,
					"This node cannot vote in round {round} of set {set_id}: its keys have voted there, and its \
					record does not hold these votes, or only a part of them. It votes again when the other \
					validators have moved on; if none can, see \"All databases are older than their records\" \
					in the guide for operators",
				),
				Step::MissBlock(RoundId { set_id, round }, block) => tracing::warn!(
					target: LOG_TARGET,
					"This node repeats its vote in round {round} of set {set_id} for block {block:?}, which it \
					does not have, nor does a peer offer it. If blocks do not become final: a node may have \
					lost it in a power failure. See \"All databases are older than their records\" in the \
					guide for operators",
				),
				Step::Stop(reason) => {
					if phase == Phase::Signing {
						if let Err(error) = self.protection.store_heard() {
							tracing::error!(target: LOG_TARGET, "{error}");
						}
					}
					self.protection.set_phase(Phase::Stopped);
					tracing::error!(target: LOG_TARGET, "The node stops: {reason}");
					return;
				},
			}
		}
	}

	fn present_slot(&self) -> u64 {
		let slot_ms = u64::try_from(self.slot_duration.as_millis()).unwrap_or(u64::MAX).max(1);
		now_ms() / slot_ms
	}

	/// What the peers claim; `None` if sync does not answer.
	async fn claims(&mut self, phase: Phase) -> Option<Claims> {
		let max_age = if phase == Phase::Fresh { Duration::ZERO } else { MAX_CLAIMS_AGE };
		// The listener must not stand still itself, which would count as a pause.
		self.inquiry.claims(Instant::now(), TICK, max_age).await
	}

	/// Whether peers have blocks that this node does not get, so that it cannot hear the seals in them.
	fn is_deaf(&mut self, phase: Phase, claims: Option<&Claims>, passed: Duration) -> bool {
		let is_listening = match phase {
			Phase::Fresh | Phase::Listening(_) => true,
			Phase::Signing => !self.protection.untrusted_keys().is_empty(),
			Phase::Stopped => false,
		};
		if !is_listening {
			return false;
		}
		let Some(claims) = claims else {
			self.protection.set_chain_new(false);
			return true;
		};
		let best = self.client.chain_info();
		let is_deaf = if phase == Phase::Fresh {
			let are_above = self.fresh_claims.are_above(best.best_number, claims, passed);
			let is_empty = best.best_number == 0 && claims.highest().is_some();
			self.protection.set_chain_new(is_empty && !are_above);
			are_above
		} else {
			let slot = slot_of(&self.client, best.best_hash);
			let slots_behind = slot.map(|slot| self.present_slot().saturating_sub(slot));
			claims.show_deafness(best.best_number, slots_behind)
		};
		if is_deaf {
			self.warn_of_deafness(best.best_number, claims, passed);
		}
		is_deaf
	}

	fn warn_of_deafness(&mut self, best: BlockNumber, claims: &Claims, passed: Duration) {
		if !self.sync.is_major_syncing() {
			self.deaf = self.deaf.saturating_add(passed);
		}
		if self.deaf < WARNING_PERIOD {
			return;
		}
		self.deaf = Duration::ZERO;
		tracing::warn!(
			target: LOG_TARGET,
			"This node waits before it signs: its best block is {best}, peers claim up to block {}, and it does \
			not get these blocks, so it would not hear another node with its keys. If the blocks exist, give the \
			node peers that have them; if not, start it with --reserved-nodes of nodes that you trust: only their \
			heights then count",
			claims.highest().unwrap_or_default(),
		);
	}

	async fn look(
		&mut self,
		phase: Phase,
		new_chain: NewChain,
		passed: Duration,
		pauses: u64,
	) -> Result<Sight, String> {
		let voter = VoterState::load(&*self.client)?;
		let authorities = voter.as_ref().map(VoterState::authorities).unwrap_or_default();
		let claims = self.claims(phase).await;
		let highest = claims.as_ref().and_then(Claims::highest);
		// A light client delivers no blocks.
		let is_offline = self.sync.is_offline() || highest.is_none();
		// The only authority may have made the blocks that its peers have.
		let is_deaf = self.is_deaf(phase, claims.as_ref(), passed);
		let height_of_peers = highest.unwrap_or_default();
		let voter_keys = self.protection.grandpa_keys();
		Ok(Sight {
			passed,
			pauses,
			heard: self.protection.heard(|hash| slot_of(&self.client, hash)),
			untrusted: self.protection.untrusted_keys(),
			voters: voter_keys
				.iter()
				.filter(|key| voter.as_ref().is_some_and(|voter| voter.has_voter(**key)))
				.copied()
				.collect(),
			can_hear: (!is_offline || authorities == 1)
				&& !self.sync.is_major_syncing()
				&& !is_deaf,
			is_chain_old: !new_chain.can_have(height_of_peers, self.present_slot()),
			listening_time: listening_time(authorities, self.slot_duration),
			unknown_target: voter.as_ref().and_then(|voter| {
				let targets = voter.present_targets(&voter_keys);
				targets.into_iter().find(|hash| matches!(self.client.header(*hash), Ok(None)))
			}),
			present: voter.map(|voter| (voter.present(), self.protection.standing(&voter))),
			voter_keys,
			first_block: self.protection.first_block(),
		})
	}
}

fn slot_of(client: &FullClient, hash: Hash) -> Option<u64> {
	let header = client.header(hash).ok()??;
	find_pre_digest::<gtos_node_types::Block, AuthoritySignature>(&header).ok().map(|slot| *slot)
}
