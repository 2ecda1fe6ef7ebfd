//! The background task that judges the clock and warns.

use super::{
	announced_slots::{Announced, AnnouncedSlots, QUEUE_HEADERS},
	offsets::{Offsets, Verdict},
	Clock, LOG_TARGET,
};
use crate::rate_limit::RateLimit;
use gtos_node_types::{Block, FullClient};
use sc_consensus_aura::standalone::{check_header_slot_and_seal, slot_author};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus_aura::{
	sr25519::{AuthorityId, AuthorityPair},
	AuraApi, Slot,
};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use substrate_prometheus_endpoint::{register, Gauge, PrometheusError, Registry, I64};
use tokio::sync::mpsc;

/// How often the warning is repeated.
const WARNING_PERIOD: Duration = Duration::from_secs(60);

/// Pause after each header, so that a peer that floods this node with announcements costs little
/// time: a header takes a call of the runtime and a check of its seal.
const PAUSE: Duration = Duration::from_millis(5);

/// Compares the clock with the slots of announced blocks.
pub struct Watch {
	clock: Arc<Clock>,
	client: Arc<FullClient>,
	announced: mpsc::Receiver<Announced>,
	offsets: Offsets,
	warning: RateLimit,
	/// For the news that the clock is right again.
	news: RateLimit,
	/// Whether the last verdict was that the clock is wrong.
	is_wrong: bool,
	error_ms: Gauge<I64>,
}

/// The validator of block announcements, and the watch that it supplies with headers.
pub fn watch(
	clock: Arc<Clock>,
	client: Arc<FullClient>,
	registry: Option<&Registry>,
) -> Result<(AnnouncedSlots, Watch), PrometheusError> {
	let error_ms = Gauge::new(
		"gtos_clock_error_milliseconds",
		"Estimated error of this node's clock by the slots of announced blocks; positive if it is fast",
	)?;
	if let Some(registry) = registry {
		register(error_ms.clone(), registry)?;
	}
	let (sender, announced) = mpsc::channel(QUEUE_HEADERS);
	let watch = Watch {
		clock: clock.clone(),
		client,
		announced,
		offsets: Offsets::default(),
		warning: RateLimit::new(WARNING_PERIOD),
		news: RateLimit::new(WARNING_PERIOD),
		is_wrong: false,
		error_ms,
	};
	Ok((AnnouncedSlots { clock, announced: sender }, watch))
}

impl Watch {
	/// Runs until the network stops.
	pub async fn run(mut self) {
		while let Some(announced) = self.announced.recv().await {
			// Without a state there are no authorities yet: the node has just begun a fast sync.
			if let Some(verdict) = self.take(announced) {
				self.apply(verdict);
			}
			tokio::time::sleep(PAUSE).await;
		}
	}

	/// Notes the arrival of a block, and judges the clock. `None` if the seal is not that of the
	/// slot's author.
	fn take(&mut self, Announced { header, arrived }: Announced) -> Option<Verdict> {
		// The parent of a block from the future is often unknown. The authorities of the best block
		// are the same, unless the node is far behind.
		let best = self.client.info().best_hash;
		let authorities: Vec<AuthorityId> = self.client.runtime_api().authorities(best).ok()?;
		let duration = match self.clock.slot_duration() {
			Some(duration) => duration,
			None => {
				let duration = self.client.runtime_api().slot_duration(best).ok()?;
				self.clock.set_slot_duration(duration);
				duration
			},
		};
		let any_slot = Slot::from(u64::MAX);
		let (_, slot, _) =
			check_header_slot_and_seal::<Block, AuthorityPair>(any_slot, header, &authorities)
				.ok()?;
		let author = slot_author::<AuthorityPair>(slot, &authorities)?.clone();
		let begin_ms = (*slot).saturating_mul(duration.as_millis());
		let now = Instant::now();
		self.offsets.insert(author, slot, difference(arrived.as_millis(), begin_ms), now);
		Some(self.offsets.judge(&authorities, duration.as_millis(), now))
	}

	fn apply(&mut self, verdict: Verdict) {
		let (behind_ms, error_ms) = match verdict {
			// The last verdict stays in force.
			Verdict::Unknown => return,
			Verdict::Right { error_ms } => (0, error_ms),
			Verdict::Slow { behind_ms } => (behind_ms, difference(0, behind_ms)),
			Verdict::Fast { ahead_ms } => (0, difference(ahead_ms, 0)),
		};
		self.clock.set_behind_ms(behind_ms);
		self.error_ms.set(error_ms);
		let was_wrong =
			std::mem::replace(&mut self.is_wrong, !matches!(verdict, Verdict::Right { .. }));
		match warning(verdict) {
			Some(warning) if self.warning.is_due() => {
				tracing::warn!(target: LOG_TARGET, "{warning}")
			},
			Some(_) => (),
			None if was_wrong && self.news.is_due() => tracing::info!(
				target: LOG_TARGET,
				"This node's clock agrees with those of the block authors again",
			),
			None => (),
		}
	}
}

/// `a - b`, or the nearest number that fits.
fn difference(a: u64, b: u64) -> i64 {
	let difference = i128::from(a).saturating_sub(i128::from(b));
	i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}

/// What the operator is told of a wrong clock.
fn warning(verdict: Verdict) -> Option<String> {
	let (offset_ms, direction, otherwise) = match verdict {
		Verdict::Slow { behind_ms } => (behind_ms, "behind", ""),
		Verdict::Fast { ahead_ms } => (ahead_ms, "ahead of", ", or blocks arrive that late"),
		Verdict::Unknown | Verdict::Right { .. } => return None,
	};
	let (seconds, tenths) = (offset_ms / 1_000, offset_ms % 1_000 / 100);
	Some(format!(
		"This node's clock is about {seconds}.{tenths} s {direction} those of the block authors{otherwise}. \
		Set it by NTP, for example with `timedatectl set-ntp true`; nothing else is needed. \
		Until then, the blocks of a validator on this node are lost",
	))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn difference_beyond_the_type_is_the_nearest_number() {
		assert_eq!(difference(3, 5), -2);
		assert_eq!(difference(0, u64::MAX), i64::MIN);
		assert_eq!(difference(u64::MAX, 0), i64::MAX);
	}

	#[test]
	fn warning_names_offset_direction_and_remedy() {
		let slow = warning(Verdict::Slow { behind_ms: 5_210 }).unwrap();
		assert!(slow.starts_with("This node's clock is about 5.2 s behind those"), "{slow}");
		assert!(slow.contains("timedatectl set-ntp true"));
		let fast = warning(Verdict::Fast { ahead_ms: 3_600_000 }).unwrap();
		assert!(fast.contains("about 3600.0 s ahead of those"), "{fast}");
		assert_eq!(warning(Verdict::Right { error_ms: 400 }), None);
		assert_eq!(warning(Verdict::Unknown), None);
	}
}
