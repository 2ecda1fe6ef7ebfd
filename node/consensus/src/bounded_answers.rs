//! The layer between the network and the SDK's servers of blocks and states that bounds what answers cost.
//!
//! Any node that connects may ask, whether or not it has a slot among the peers. An answer has up to 16 MiB, and the
//! network keeps it in memory until the other side has read it, for 20 or 40 seconds. Four strangers that asked for
//! 64 parts of the chain each and read nothing made a node use 4 GB.
//!
//! [`AnswerBudget`] counts the answers that are being made or sent; one that is being made counts as one of 16 MiB.
//! Requests beyond it are refused, which is what a node does when its queue is full: the other side disconnects and
//! asks another node.
//!
//! Anyone can use up the budget of all together, because a new identity costs nothing. So a peer that holds a place in
//! sync always gets one answer, and its further requests wait until it has read that: if they were refused, it would
//! leave this node, and at a boot node no new node could sync. Strangers can take such places too. What is held is then
//! bounded by the budget and one answer of 16 MiB for each place.
//!
//! A server makes one answer after the other, also for those who have hung up meanwhile. So it gets one request at a
//! time; the others wait here, and honest peers do not wait for those of strangers.
//!
//! What remains: a light client holds no place in sync. It is refused while others use up the budget or the few places
//! in which strangers may wait, and it waits for all peers of sync.

mod waiting;

use crate::sync_places::SyncPlaces;
use async_channel::{Receiver, Sender};
use futures::{
	channel::oneshot, future::BoxFuture, stream::FuturesUnordered, FutureExt, StreamExt,
};
use gtos_node_types::Block;
use gtos_runtime::Hash;
use sc_network::{
	request_responses::{IncomingRequest, OutgoingResponse},
	Litep2pNetworkBackend, NetworkBackend, NetworkWorker, PeerId, MAX_RESPONSE_SIZE,
};
use std::{
	collections::{HashMap, HashSet},
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use waiting::{Rank, Waiting};

/// Answers that one peer may wait for at a time, over all protocols.
///
/// A peer has one request for blocks under way, and one for justifications or for old blocks. Each further
/// request replaces one that it has given up.
const MAX_PER_PEER: usize = 4;

/// Bytes of answers to all peers that are not yet sent. If a further one might exceed them, only reserved peers get it,
/// and those with a place in sync that have no other answer.
///
/// Sixteen answers of the greatest length.
const MAX_BYTES: usize = 16 * MAX_ANSWER_BYTES;

/// What an answer counts as until it has been made.
const MAX_ANSWER_BYTES: usize = MAX_RESPONSE_SIZE as usize;

/// Longest request. The protocols allow 1 MiB; an honest one names a block, and a key of the state or two.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// Most requests that wait for the guard, which takes them at once.
const QUEUE: usize = 256;

/// A network backend that puts the requests of other nodes into a queue.
pub trait InboundQueue: NetworkBackend<Block, Hash> {
	/// The queue of a protocol. A protocol that only asks has none.
	fn inbound_queue(
		config: &mut Self::RequestResponseProtocolConfig,
	) -> &mut Option<Sender<IncomingRequest>>;
}

impl InboundQueue for NetworkWorker<Block, Hash> {
	fn inbound_queue(
		config: &mut Self::RequestResponseProtocolConfig,
	) -> &mut Option<Sender<IncomingRequest>> {
		&mut config.inbound_queue
	}
}

impl InboundQueue for Litep2pNetworkBackend {
	fn inbound_queue(
		config: &mut Self::RequestResponseProtocolConfig,
	) -> &mut Option<Sender<IncomingRequest>> {
		&mut config.inbound_queue
	}
}

/// What all answers together may cost.
pub struct AnswerBudget {
	/// Peers that the operator has reserved: they are served whatever others hold.
	reserved: HashSet<PeerId>,
	/// Peers that get one answer whatever others hold.
	places: Arc<SyncPlaces>,
	held: Mutex<Held>,
	/// Tells each guard that less is held than before.
	freed: Mutex<Vec<Sender<()>>>,
}

#[derive(Default)]
struct Held {
	/// By peer, without those that hold nothing.
	shares: HashMap<PeerId, Share>,
	bytes: usize,
}

/// What is held for one peer.
#[derive(Default)]
struct Share {
	/// Requests that wait, and answers that are being made or sent.
	requests: usize,
	/// Bytes of these answers.
	bytes: usize,
}

impl AnswerBudget {
	/// A budget that refuses nothing to reserved peers, and to those that hold a place in sync, for what others hold.
	pub fn new(reserved: impl IntoIterator<Item = PeerId>, places: Arc<SyncPlaces>) -> Arc<Self> {
		let reserved = reserved.into_iter().collect();
		Arc::new(Self { reserved, places, held: Mutex::default(), freed: Mutex::default() })
	}

	/// Puts the budget between the queue of a protocol and its server. The returned task runs until the network or the
	/// server ends.
	pub fn guard(
		self: &Arc<Self>,
		queue: &mut Option<Sender<IncomingRequest>>,
	) -> BoxFuture<'static, ()> {
		let Some(server) = queue.take() else { return futures::future::ready(()).boxed() };
		let (network, requests) = async_channel::bounded(QUEUE);
		*queue = Some(network);
		let (freed, is_freed) = async_channel::bounded(1);
		lock(&self.freed).push(freed);
		serve(self.clone(), requests, server, is_freed).boxed()
	}

	/// Lets the guards try what they have postponed.
	fn tell_freed(&self) {
		for guard in lock(&self.freed).iter() {
			// A full channel tells the same.
			let _ = guard.try_send(());
		}
	}

	/// Lets a request wait, or drops it, which refuses it.
	fn accept(self: &Arc<Self>, request: IncomingRequest, waiting: &mut Waiting<Request>) {
		let IncomingRequest { peer, payload, pending_response } = request;
		if payload.len() > MAX_REQUEST_BYTES {
			return;
		}
		if let Some(place) = self.take(peer) {
			self.wait(Request { place, payload, pending_response }, waiting);
		}
	}

	fn wait(&self, request: Request, waiting: &mut Waiting<Request>) {
		let peer = request.place.peer;
		waiting.push(self.rank(&peer), peer, request);
	}

	/// Takes a place for a request; `None` if the peer has too many.
	fn take(self: &Arc<Self>, peer: PeerId) -> Option<Place> {
		let mut held = self.held();
		let share = held.shares.entry(peer).or_default();
		if share.requests >= MAX_PER_PEER {
			return None;
		}
		share.requests += 1;
		Some(Place { budget: self.clone(), peer, bytes: 0 })
	}

	fn rank(&self, peer: &PeerId) -> Rank {
		if self.reserved.contains(peer) {
			Rank::Reserved
		} else if self.places.contains(peer) {
			Rank::Placed
		} else {
			Rank::Stranger
		}
	}

	fn held(&self) -> MutexGuard<'_, Held> {
		lock(&self.held)
	}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Held {
	/// Counts an answer of the peer as `new` bytes instead of `old`.
	fn count(&mut self, peer: &PeerId, old: usize, new: usize) {
		self.bytes = self.bytes.saturating_sub(old).saturating_add(new);
		if let Some(share) = self.shares.get_mut(peer) {
			share.bytes = share.bytes.saturating_sub(old).saturating_add(new);
		}
	}
}

/// Whether an answer may be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Charge {
	/// It is counted.
	Counted,
	/// Not before the peer has read another answer, or others hold less.
	Later,
	/// It is refused.
	Refused,
}

/// A place in the budget, which is free again when this is dropped.
struct Place {
	budget: Arc<AnswerBudget>,
	peer: PeerId,
	bytes: usize,
}

impl Place {
	/// Counts an answer that is going to be made, unless it could exceed the budget, and the peer may not do that.
	fn charge(&mut self) -> Charge {
		let mut held = self.budget.held();
		let has_answer = held.shares.get(&self.peer).is_some_and(|share| share.bytes > 0);
		if held.bytes.saturating_add(MAX_ANSWER_BYTES) > MAX_BYTES {
			match self.budget.rank(&self.peer) {
				Rank::Placed if has_answer => return Charge::Later,
				Rank::Stranger => return Charge::Refused,
				Rank::Reserved | Rank::Placed => {},
			}
		}
		held.count(&self.peer, self.bytes, MAX_ANSWER_BYTES);
		self.bytes = MAX_ANSWER_BYTES;
		Charge::Counted
	}

	/// Corrects what the answer counts as, once it has been made.
	fn fill(&mut self, bytes: usize) {
		self.budget.held().count(&self.peer, self.bytes, bytes);
		self.bytes = bytes;
		self.budget.tell_freed();
	}
}

impl Drop for Place {
	fn drop(&mut self) {
		let mut held = self.budget.held();
		held.count(&self.peer, self.bytes, 0);
		if let Some(share) = held.shares.get_mut(&self.peer) {
			share.requests = share.requests.saturating_sub(1);
			if share.requests == 0 {
				held.shares.remove(&self.peer);
			}
		}
		drop(held);
		// Requests that are refused have no answer, so that strangers cannot let the guards try for nothing.
		if self.bytes > 0 {
			self.budget.tell_freed();
		}
	}
}

/// A request that waits for the server. Dropping it refuses it.
struct Request {
	place: Place,
	payload: Vec<u8>,
	pending_response: oneshot::Sender<OutgoingResponse>,
}

/// What a server has made of a request: no answer if it refuses.
struct Made {
	place: Place,
	answer: Option<OutgoingResponse>,
	network: oneshot::Sender<OutgoingResponse>,
}

async fn serve(
	budget: Arc<AnswerBudget>,
	requests: Receiver<IncomingRequest>,
	server: Sender<IncomingRequest>,
	is_freed: Receiver<()>,
) {
	let mut requests = requests.fuse();
	let mut is_freed = is_freed.fuse();
	let mut waiting = Waiting::new();
	let mut postponed = Vec::new();
	// At most one answer.
	let mut being_made = FuturesUnordered::<BoxFuture<'static, Made>>::new();
	let mut being_sent = FuturesUnordered::new();
	loop {
		// Answers first: a peer asks again as soon as it has read one.
		futures::select_biased! {
			() = being_sent.select_next_some() => {},
			made = being_made.select_next_some() => {
				if let Some(answer) = made.answer {
					being_sent.push(send(made.place, answer, made.network));
				}
			},
			() = is_freed.select_next_some() => {
				for request in postponed.drain(..) {
					budget.wait(request, &mut waiting);
				}
			},
			request = requests.next() => {
				let Some(request) = request else { return };
				budget.accept(request, &mut waiting);
			},
		}
		while being_made.is_empty() {
			let Some(request) = take_charged(&mut waiting, &mut postponed) else { break };
			let Request { place, payload, pending_response } = request;
			let (answer, answered) = oneshot::channel();
			let request = IncomingRequest { peer: place.peer, payload, pending_response: answer };
			if server.try_send(request).is_ok() {
				let network = pending_response;
				let made =
					async move { Made { place, answer: answered.await.ok(), network } }.boxed();
				being_made.push(made);
			}
		}
	}
}

/// Takes the next request whose answer may be made now. Those that have to wait for the budget are postponed.
fn take_charged(waiting: &mut Waiting<Request>, postponed: &mut Vec<Request>) -> Option<Request> {
	while let Some(mut request) = waiting.take_next() {
		match request.place.charge() {
			Charge::Counted => return Some(request),
			Charge::Later => postponed.push(request),
			// Dropping it refuses it.
			Charge::Refused => {},
		}
	}
	None
}

/// Passes the server's answer on to the network, and keeps its place until the network has sent it or has given up.
async fn send(
	mut place: Place,
	answer: OutgoingResponse,
	network: oneshot::Sender<OutgoingResponse>,
) {
	place.fill(answer.result.as_ref().map_or(0, Vec::len));
	let (sent, is_sent) = oneshot::channel();
	if network.send(OutgoingResponse { sent_feedback: Some(sent), ..answer }).is_ok() {
		// Cancelled if the network has not sent it.
		let _ = is_sent.await;
	}
}

#[cfg(test)]
mod tests;
