//! Delivery of the events of a subscription, as fast as its client reads them (RPC-R24).

use super::{follower::Follower, response::Event};
use crate::{
	error::Error,
	subscriptions::{self, End, Permit},
	work_limiter::WorkLimiter,
};
use futures::future::{select, Either};
use gtos_node_types::FullClient;
use gtos_runtime::BlockNumber;
use jsonrpsee::SubscriptionSink;
use std::pin::pin;
use tokio::sync::watch;

/// A subscription that has more final blocks than this to report catches up: it has a place of another
/// kind meanwhile, and its work waits for that of the subscriptions at the head.
pub const HEAD_BLOCKS: BlockNumber = 32;

/// A follower and the events that it found; `None` instead of events if it has to wait for the next
/// final block.
pub type Advance = (Follower<FullClient>, Option<Vec<Event>>);

/// Limits of the work of all subscriptions.
#[derive(Clone)]
pub struct Lanes {
	/// Work of the subscriptions at the head.
	pub head: WorkLimiter,
	/// Work of those that catch up.
	pub catch_up: WorkLimiter,
}

/// Delivers the events of one subscription.
pub struct Delivery {
	lanes: Lanes,
	finality: watch::Receiver<()>,
	/// The place of a subscription that catches up.
	catching_up: Option<Permit>,
}

impl Delivery {
	/// A delivery that looks for events whenever `finality` changes; `lanes` bound its work.
	pub fn new(lanes: Lanes, finality: watch::Receiver<()>, catching_up: Option<Permit>) -> Self {
		Self { lanes, finality, catching_up }
	}

	/// Advances the follower on a thread that may block.
	pub async fn advance(&self, mut follower: Follower<FullClient>) -> Result<Advance, Error> {
		let lane =
			if follower.behind() > HEAD_BLOCKS { &self.lanes.catch_up } else { &self.lanes.head };
		let advance = move || {
			let events = follower.advance()?;
			Ok((follower, events))
		};
		lane.run(advance).await
	}

	/// Sends events until the client ends the subscription, or until the follower fails.
	pub async fn deliver_all(mut self, first: Advance, sink: &SubscriptionSink) -> Result<(), End> {
		let (mut follower, mut events) = first;
		loop {
			match events {
				// No further events are collected while the client has not accepted these.
				Some(events) => {
					for event in events {
						subscriptions::send(sink, &event).await?;
					}
				},
				None => {
					let changed = pin!(self.finality.changed());
					match select(pin!(sink.closed()), changed).await {
						Either::Right((Ok(()), _)) => {},
						_ => return Err(End::ByClient),
					}
				},
			}
			if sink.is_closed() {
				return Err(End::ByClient);
			}
			if follower.behind() <= HEAD_BLOCKS {
				self.catching_up = None;
			}
			if let Some(place) = &self.catching_up {
				place.ensure_kept()?;
			}
			(follower, events) = self.advance(follower).await?;
		}
	}
}
