//! Delivery of the events of a subscription, as fast as its client reads them (RPC-R24).

use super::{follower::Follower, response::Event};
use crate::{error::Error, work_limiter::WorkLimiter};
use futures::future::{select, Either};
use gtos_node_types::FullClient;
use jsonrpsee::{
	types::ErrorObjectOwned, SubscriptionCloseResponse, SubscriptionMessage, SubscriptionSink,
};
use std::pin::pin;
use tokio::sync::watch;

/// A follower and the events that it found; `None` instead of events if it has to wait for the next
/// final block.
pub type Advance = (Follower<FullClient>, Option<Vec<Event>>);

/// Delivers the events of one subscription.
pub struct Delivery {
	limiter: WorkLimiter,
	finality: watch::Receiver<()>,
}

impl Delivery {
	/// A delivery that looks for events whenever `finality` changes; `limiter` bounds its work.
	pub fn new(limiter: WorkLimiter, finality: watch::Receiver<()>) -> Self {
		Self { limiter, finality }
	}

	/// Advances the follower on a thread that may block.
	pub async fn advance(&self, mut follower: Follower<FullClient>) -> Result<Advance, Error> {
		let advance = move || {
			let events = follower.advance()?;
			Ok((follower, events))
		};
		self.limiter.run(advance).await
	}

	/// Sends events until the client ends the subscription, or until the follower fails.
	pub async fn deliver_all(
		mut self,
		first: Advance,
		sink: &SubscriptionSink,
	) -> Result<(), Error> {
		let (mut follower, mut events) = first;
		loop {
			match events {
				Some(events) => {
					for event in events {
						let Ok(message) = SubscriptionMessage::from_json(&event) else {
							return Ok(());
						};
						// Waits while the connection's buffer is full; no further events are
						// collected meanwhile.
						if sink.send(message).await.is_err() {
							return Ok(());
						}
					}
				},
				None => {
					let changed = pin!(self.finality.changed());
					match select(pin!(sink.closed()), changed).await {
						Either::Right((Ok(()), _)) => {},
						_ => return Ok(()),
					}
				},
			}
			if sink.is_closed() {
				return Ok(());
			}
			(follower, events) = self.advance(follower).await?;
		}
	}
}

/// The notification that closes a subscription because of an error.
pub fn closing_notification(error: Error) -> SubscriptionCloseResponse {
	match SubscriptionMessage::from_json(&ErrorObjectOwned::from(error)) {
		Ok(message) => SubscriptionCloseResponse::NotifErr(message),
		Err(_) => SubscriptionCloseResponse::None,
	}
}
