//! The task that decides when the node may sign, and ends the node if another one has its keys.

use crate::{
	database::VoterState,
	protection::{Phase, SlashingProtection},
	record::Record,
	start::Doubt,
	LOG_TARGET,
};
use gtos_node_types::FullClient;
use gtos_runtime::Hash;
use sc_consensus_aura::standalone::find_pre_digest;
use sp_consensus::SyncOracle;
use sp_consensus_aura::sr25519::AuthoritySignature;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

/// How long validators may take to find each other, with a margin: local networks have taken 30 s.
pub const DISCOVERY_TIME: Duration = Duration::from_secs(60);

/// Turns of the authority set for which the node listens once it has found its peers. A copy that
/// runs seals one block in each turn and votes several times; the second turn is for a missed slot.
pub const TURNS: u32 = 2;

/// How long the voter may be behind the record once the node has listened.
pub const CATCH_UP_TIME: Duration = Duration::from_secs(60);

/// How much older than the node the first block of a new chain may be: its validators are not started
/// at the same moment.
const NEW_CHAIN_MS: u64 = 60_000;

/// Time between two looks.
const TICK: Duration = Duration::from_secs(1);

/// How long a node listens for its own keys, while it is not syncing.
pub fn listening_time(authorities: usize, slot_duration: Duration) -> Duration {
	let slots = u32::try_from(authorities).unwrap_or(u32::MAX).saturating_mul(TURNS);
	DISCOVERY_TIME.saturating_add(slot_duration.saturating_mul(slots))
}

/// What the listener sees when it looks.
pub struct Sight {
	/// Time since the last look.
	pub passed: Duration,
	/// A signature of an own key that another node has made.
	pub heard: Option<String>,
	/// Whether the record holds all that the node's keys have ever signed, or there are no keys.
	pub trusts_keys: bool,
	/// Whether the node downloads old blocks.
	pub is_syncing: bool,
	/// How long the node has to listen.
	pub listening_time: Duration,
	/// Whether every later round of the voter is after those of the record.
	pub has_caught_up: bool,
	/// Height and slot of the first imported block.
	pub first_block: Option<(u32, u64)>,
}

/// What follows from it.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
	/// Nothing.
	Wait,
	/// The node may sign.
	Sign,
	/// The chain is not new: the node listens.
	Listen,
	/// The node must stop, for this reason.
	Stop(String),
}

/// Counts the time for which the node has listened.
pub struct Patience {
	listened: Duration,
	/// The last slot of a first block by which a chain counts as old.
	last_old_slot: u64,
}

impl Patience {
	/// The node has started in `start_slot`.
	pub fn new(start_slot: u64, slot_duration: Duration) -> Self {
		let slot_ms = u64::try_from(slot_duration.as_millis()).unwrap_or(u64::MAX).max(1);
		Self {
			listened: Duration::ZERO,
			last_old_slot: start_slot.saturating_sub(NEW_CHAIN_MS / slot_ms),
		}
	}

	/// Decides by what the listener sees.
	pub fn look(&mut self, phase: Phase, sight: Sight) -> Step {
		match phase {
			Phase::Signing | Phase::Stopped => Step::Wait,
			Phase::Fresh | Phase::Listening(_) if sight.heard.is_some() => {
				let evidence = sight.heard.unwrap_or_default();
				Step::Stop(format!(
					"another node signs with this node's consensus keys: {evidence}, and this node has \
					not made it. Two such nodes are slashed. Stop the other one for good, or remove the \
					keys from this one; if the clock of this machine has been set back, correct it"
				))
			},
			Phase::Fresh => match sight.first_block {
				None => Step::Wait,
				Some((1, slot)) if slot > self.last_old_slot => Step::Sign,
				Some(_) => Step::Listen,
			},
			// Keys that this node has generated itself have signed nothing elsewhere.
			Phase::Listening(Doubt::Missing) if sight.trusts_keys => Step::Sign,
			Phase::Listening(_) if sight.is_syncing => Step::Wait,
			Phase::Listening(doubt) => {
				self.listened = self.listened.saturating_add(sight.passed);
				let time = sight.listening_time;
				if self.listened < time {
					Step::Wait
				} else if doubt != Doubt::Newer || sight.has_caught_up {
					Step::Sign
				} else if self.listened < time.saturating_add(CATCH_UP_TIME) {
					Step::Wait
				} else {
					Step::Stop(
						"the votes of this node's record are still ahead of its database. Start the node \
						again: it then repeats the votes that the others may be waiting for. If the chain \
						was started anew with the same genesis, delete the record"
							.into(),
					)
				}
			},
		}
	}
}

/// Whether the rounds that begin after this are later than all votes of the record.
pub fn has_caught_up(record: &Record, voter: &VoterState) -> bool {
	let present = voter.present();
	record.votes.values().all(|votes| present >= votes.last())
}

/// Watches over a running node.
pub struct Listener {
	protection: Arc<SlashingProtection>,
	client: Arc<FullClient>,
	sync: Arc<dyn SyncOracle + Send + Sync>,
	slot_duration: Duration,
}

impl Listener {
	/// A listener for this node.
	pub fn new(
		protection: Arc<SlashingProtection>,
		client: Arc<FullClient>,
		sync: Arc<dyn SyncOracle + Send + Sync>,
		slot_duration: Duration,
	) -> Self {
		Self { protection, client, sync, slot_duration }
	}

	/// Runs for as long as the node may. When it ends, the node has to stop.
	pub async fn run(self) {
		let mut patience = Patience::new(self.protection.start_slot(), self.slot_duration);
		let mut last = Instant::now();
		loop {
			let _ = tokio::time::timeout(TICK, self.protection.news.notified()).await;
			// A process that was suspended has heard nothing meanwhile.
			let passed = last.elapsed().min(TICK.saturating_mul(2));
			last = Instant::now();
			self.protection.refresh_keys();
			let phase = self.protection.phase();
			let sight = match self.look(phase, passed) {
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
			match patience.look(phase, sight) {
				Step::Wait => {},
				Step::Listen => self.listen(),
				Step::Sign => {
					if let Err(error) = self.protection.adopt_keys() {
						tracing::error!(target: LOG_TARGET, "{error}");
						return;
					}
					self.protection.set_phase(Phase::Signing);
					tracing::info!(target: LOG_TARGET, "This node may sign with its consensus keys now");
				},
				Step::Stop(reason) => {
					self.protection.set_phase(Phase::Stopped);
					tracing::error!(target: LOG_TARGET, "The node stops: {reason}");
					return;
				},
			}
		}
	}

	fn listen(&self) {
		self.protection.set_phase(Phase::Listening(Doubt::Missing));
		tracing::warn!(
			target: LOG_TARGET,
			"The chain is older than this node, and {}. The node listens for its own keys before it signs",
			Doubt::Missing,
		);
	}

	fn look(&self, phase: Phase, passed: Duration) -> Result<Sight, String> {
		let voter = match phase {
			Phase::Listening(_) => VoterState::load(&*self.client)?,
			_ => None,
		};
		let authorities = voter.as_ref().map(VoterState::authorities).unwrap_or_default();
		let has_caught_up =
			voter.is_some_and(|voter| has_caught_up(&self.protection.record(), &voter));
		Ok(Sight {
			passed,
			heard: self.protection.heard(|hash| slot_of(&self.client, hash)),
			trusts_keys: self.protection.trusts_keys(),
			is_syncing: self.sync.is_major_syncing(),
			listening_time: listening_time(authorities, self.slot_duration),
			has_caught_up,
			first_block: self.protection.first_block(),
		})
	}
}

fn slot_of(client: &FullClient, hash: Hash) -> Option<u64> {
	let header = client.header(hash).ok()??;
	find_pre_digest::<gtos_node_types::Block, AuthoritySignature>(&header).ok().map(|slot| *slot)
}
