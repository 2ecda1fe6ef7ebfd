//! Counts the slots that a validator's own keys have missed.

use crate::rate_limit::RateLimit;
use futures::StreamExt;
use gtos_node_types::{Block, FullClient};
use gtos_runtime::{opaque::Header, Hash};
use sc_client_api::BlockchainEvents;
use sc_consensus_aura::{standalone::find_pre_digest, SlotDuration};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use sp_consensus_aura::{
	sr25519::{AuthorityId, AuthoritySignature},
	AuraApi, Slot,
};
use sp_keystore::KeystorePtr;
use sp_runtime::{traits::Header as _, RuntimeAppPublic};
use sp_timestamp::Timestamp;
use std::{error::Error, sync::Arc, time::Duration};
use substrate_prometheus_endpoint::{register, Counter, PrometheusError, Registry, U64};

const LOG_TARGET: &str = "authoring";

/// How often the warning is repeated.
const WARNING_PERIOD: Duration = Duration::from_secs(60);

/// The slots of the Aura keys in this node's keystore.
pub struct OwnSlots {
	client: Arc<FullClient>,
	keystore: KeystorePtr,
	missed: Counter<U64>,
	left_while_syncing: Counter<U64>,
	warning: RateLimit,
}

impl OwnSlots {
	/// Registers the counters, if there is a registry.
	pub fn new(
		client: Arc<FullClient>,
		keystore: KeystorePtr,
		registry: Option<&Registry>,
	) -> Result<Self, PrometheusError> {
		let missed = Counter::new(
			"gtos_own_slots_missed_total",
			"Slots of an own Aura key that the final chain has passed without a block",
		)?;
		let left_while_syncing = Counter::new(
			"gtos_own_slots_left_while_syncing_total",
			"Slots of an own Aura key in which the node made no block because it was syncing",
		)?;
		if let Some(registry) = registry {
			register(missed.clone(), registry)?;
			register(left_while_syncing.clone(), registry)?;
		}
		let warning = RateLimit::new(WARNING_PERIOD);
		Ok(Self { client, keystore, missed, left_while_syncing, warning })
	}

	/// Counts missed slots until the node stops.
	///
	/// Only final blocks count: on the best chain, a slot may be missed now and filled after a
	/// reorganisation, or the other way round.
	pub async fn count_missed(self: Arc<Self>) {
		let mut finalized = self.client.finality_notification_stream();
		while let Some(notification) = finalized.next().await {
			let skipped = notification.tree_route.iter();
			for hash in skipped.chain([&notification.hash]) {
				match self.missed_before(*hash) {
					Ok(missed) => self.missed.inc_by(missed),
					Err(error) => tracing::debug!(
						target: LOG_TARGET,
						"The slots missed before block {hash} are not counted: {error}",
					),
				}
			}
		}
	}

	/// Number of own slots between a block and its parent.
	fn missed_before(&self, hash: Hash) -> Result<u64, Box<dyn Error + Send + Sync>> {
		let header = self.header(hash)?;
		let parent_hash = *header.parent_hash();
		let parent = self.header(parent_hash)?;
		// No slot before block 1 is missed (CON-R18).
		if *parent.number() == 0 {
			return Ok(0);
		}
		let (after, before) = (*slot_of(&parent)?, *slot_of(&header)?);
		// Most blocks follow in the next slot; for these the runtime need not be asked.
		if before <= after.saturating_add(1) {
			return Ok(0);
		}
		let authorities = self.authorities(parent_hash)?;
		let own = authorities.iter().map(|key| self.is_own(key)).collect::<Vec<_>>();
		Ok(own_slots_between(after, before, &own))
	}

	/// Counts the slot and warns, if the slot belongs to an own key by the best block that is known.
	fn leave_while_syncing(&self, slot: u64) {
		let best = self.client.info().best_hash;
		// Without a state it is not known whose slot it is: the node has just begun a fast sync.
		let Ok(authorities) = self.authorities(best) else { return };
		let own = authorities.iter().map(|key| self.is_own(key)).collect::<Vec<_>>();
		if own_slots_between(slot.saturating_sub(1), slot.saturating_add(1), &own) == 0 {
			return;
		}
		self.left_while_syncing.inc();
		if self.warning.is_due() {
			tracing::warn!(
				target: LOG_TARGET,
				"This validator makes no block in its slot {slot}, because the node is syncing: its best \
				block is older than those of its peers. {} such slots since the start. If this goes on, \
				look at the peers, the disk and the load of the machine",
				self.left_while_syncing.get(),
			);
		}
	}

	fn header(&self, hash: Hash) -> Result<Header, Box<dyn Error + Send + Sync>> {
		self.client.header(hash)?.ok_or_else(|| format!("block {hash} is not stored").into())
	}

	fn authorities(&self, at: Hash) -> Result<Vec<AuthorityId>, Box<dyn Error + Send + Sync>> {
		Ok(self.client.runtime_api().authorities(at)?)
	}

	fn is_own(&self, key: &AuthorityId) -> bool {
		let id = <AuthorityId as RuntimeAppPublic>::ID;
		self.keystore.has_keys(&[(RuntimeAppPublic::to_raw_vec(key), id)])
	}
}

fn slot_of(header: &Header) -> Result<Slot, Box<dyn Error + Send + Sync>> {
	let slot = find_pre_digest::<Block, AuthoritySignature>(header);
	slot.map_err(|error| error.to_string().into())
}

/// Number of slots that lie strictly between two slots and belong to an own authority. `own` says
/// for each authority, in order, whether it is an own one.
fn own_slots_between(after: u64, before: u64, own: &[bool]) -> u64 {
	let count = own.len() as u64;
	// Slots up to and including `last` whose remainder is `index`.
	let turns_until = |last: u64, index: u64| match last.checked_sub(index) {
		Some(distance) => distance.checked_div(count).map_or(0, |turns| turns.saturating_add(1)),
		None => 0,
	};
	let Some(last) = before.checked_sub(1) else { return 0 };
	let indices = (0u64..).zip(own).filter(|(_, is_own)| **is_own).map(|(index, _)| index);
	indices
		.map(|index| turns_until(last, index).saturating_sub(turns_until(after, index)))
		.fold(0, u64::saturating_add)
}

/// What Aura asks before each slot whether the node is syncing. It watches for own slots that are
/// left empty for this reason.
#[derive(Clone)]
pub struct WatchedSync<S> {
	inner: S,
	own_slots: Arc<OwnSlots>,
	slot_duration: SlotDuration,
}

impl<S> WatchedSync<S> {
	/// Watches the answers of `inner`. Only the Aura worker may ask, once in each slot.
	pub fn new(inner: S, own_slots: Arc<OwnSlots>, slot_duration: SlotDuration) -> Self {
		Self { inner, own_slots, slot_duration }
	}
}

impl<S: SyncOracle> SyncOracle for WatchedSync<S> {
	fn is_major_syncing(&self) -> bool {
		let is_syncing = self.inner.is_major_syncing();
		if is_syncing {
			let slot = Slot::from_timestamp(Timestamp::current(), self.slot_duration);
			self.own_slots.leave_while_syncing(*slot);
		}
		is_syncing
	}

	fn is_offline(&self) -> bool {
		self.inner.is_offline()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// The same by going through all slots.
	fn counted(after: u64, before: u64, own: &[bool]) -> u64 {
		let slots = after.saturating_add(1)..before;
		slots.filter(|slot| own.get((slot % own.len() as u64) as usize) == Some(&true)).count()
			as u64
	}

	#[test]
	fn own_slots_between_are_those_of_own_authorities() {
		assert_eq!(own_slots_between(9, 10, &[true]), 0);
		assert_eq!(own_slots_between(9, 11, &[true]), 1);
		// Slots 10 to 14; 12 belongs to the first of three.
		assert_eq!(own_slots_between(9, 15, &[true, false, false]), 1);
		assert_eq!(own_slots_between(9, 15, &[false, true, true]), 4);
		for own in [&[true, false, false, true, false][..], &[true; 3], &[false; 4], &[false, true]]
		{
			for after in 0..12 {
				for before in 0..40 {
					let expected = counted(after, before, own);
					assert_eq!(
						own_slots_between(after, before, own),
						expected,
						"{after} {before} {own:?}"
					);
				}
			}
		}
	}

	#[test]
	fn own_slots_at_the_bounds_are_counted_without_overflow() {
		assert_eq!(own_slots_between(0, u64::MAX, &[true]), u64::MAX - 1);
		assert_eq!(own_slots_between(0, u64::MAX, &[true, true]), u64::MAX - 1);
		assert_eq!(own_slots_between(0, u64::MAX, &[]), 0);
		assert_eq!(own_slots_between(u64::MAX, 0, &[true]), 0);
	}
}
