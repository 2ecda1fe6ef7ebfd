//! The layer between the network and the SDK's servers of blocks and states that bounds what answers cost.
//!
//! Any node that connects may ask, whether or not it has a slot among the peers. An answer has up to 16 MiB, and the
//! network keeps it in memory until the other side has read it, for 20 or 40 seconds. Four strangers that asked for
//! 64 parts of the chain each and read nothing made a node use 4 GB.
//!
//! [`AnswerBudget`] counts the answers that are being made or sent; one that has not been made yet counts as one of
//! 16 MiB. Requests beyond it are refused, which is what a node does when its queue is full: the other side disconnects
//! and asks another node.
//!
//! Anyone can use up the budget of all together, because a new identity costs nothing. So a peer that holds a place in
//! sync is not refused its first answer: it would leave this node, and at a boot node no new node could sync. Strangers
//! can take such places too. What is held is then bounded by the budget and one answer of 16 MiB for each place.
//!
//! What remains: a light client holds no place in sync, and is refused while others use up the budget.

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
	sync::{Arc, Mutex, PoisonError},
};

/// Answers that one peer may wait for at a time.
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

/// Most requests that wait for the server.
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
}

#[derive(Default)]
struct Held {
	/// Answers by peer, without those that have none.
	answers: HashMap<PeerId, usize>,
	bytes: usize,
}

impl AnswerBudget {
	/// A budget that reserved peers are not refused for what others hold, nor the first answer those that hold a place
	/// in sync.
	pub fn new(reserved: impl IntoIterator<Item = PeerId>, places: Arc<SyncPlaces>) -> Arc<Self> {
		let reserved = reserved.into_iter().collect();
		Arc::new(Self { reserved, places, held: Mutex::default() })
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
		serve(self.clone(), requests, server).boxed()
	}

	/// Takes a place for an answer; `None` if the peer has to be refused.
	fn take(self: &Arc<Self>, peer: PeerId) -> Option<Place> {
		let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
		let answers = held.answers.get(&peer).copied().unwrap_or_default();
		let bytes = held.bytes.saturating_add(MAX_ANSWER_BYTES);
		let is_used_up = bytes > MAX_BYTES && !self.may_exceed(&peer, answers);
		if is_used_up || answers >= MAX_PER_PEER {
			return None;
		}
		held.answers.insert(peer, answers + 1);
		held.bytes = bytes;
		Some(Place { budget: self.clone(), peer, bytes: MAX_ANSWER_BYTES })
	}

	/// Whether a peer that has so many answers gets one more, whatever others hold.
	fn may_exceed(&self, peer: &PeerId, answers: usize) -> bool {
		self.reserved.contains(peer) || answers == 0 && self.places.contains(peer)
	}
}

/// A place in the budget, which is free again when this is dropped.
struct Place {
	budget: Arc<AnswerBudget>,
	peer: PeerId,
	bytes: usize,
}

impl Place {
	/// Corrects what the answer counts as, once it has been made.
	fn fill(&mut self, bytes: usize) {
		let mut held = self.budget.held.lock().unwrap_or_else(PoisonError::into_inner);
		held.bytes = held.bytes.saturating_sub(self.bytes).saturating_add(bytes);
		self.bytes = bytes;
	}
}

impl Drop for Place {
	fn drop(&mut self) {
		let mut held = self.budget.held.lock().unwrap_or_else(PoisonError::into_inner);
		held.bytes = held.bytes.saturating_sub(self.bytes);
		let answers = held.answers.remove(&self.peer).unwrap_or_default().saturating_sub(1);
		if answers > 0 {
			held.answers.insert(self.peer, answers);
		}
	}
}

async fn serve(
	budget: Arc<AnswerBudget>,
	requests: Receiver<IncomingRequest>,
	server: Sender<IncomingRequest>,
) {
	let mut requests = requests.fuse();
	let mut answers = FuturesUnordered::new();
	loop {
		// Answers first: a peer asks again as soon as it has read one.
		futures::select_biased! {
			() = answers.select_next_some() => {},
			request = requests.next() => {
				let Some(IncomingRequest { peer, payload, pending_response }) = request else { return };
				// A request that is dropped here is refused.
				let Some(place) = budget.take(peer) else { continue };
				let (answer, made) = oneshot::channel();
				let request = IncomingRequest { peer, payload, pending_response: answer };
				if server.try_send(request).is_ok() {
					answers.push(send(place, made, pending_response));
				}
			},
		}
	}
}

/// Passes the server's answer on to the network, and keeps its place until the network has sent it or has given up.
async fn send(
	mut place: Place,
	made: oneshot::Receiver<OutgoingResponse>,
	network: oneshot::Sender<OutgoingResponse>,
) {
	// The server has refused.
	let Ok(answer) = made.await else { return };
	place.fill(answer.result.as_ref().map_or(0, Vec::len));
	let (sent, is_sent) = oneshot::channel();
	if network.send(OutgoingResponse { sent_feedback: Some(sent), ..answer }).is_ok() {
		// Cancelled if the network has not sent it.
		let _ = is_sent.await;
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use futures::executor::LocalPool;

	/// A guarded protocol: where the network puts requests, and where the server takes them.
	struct Guarded {
		pool: LocalPool,
		network: Sender<IncomingRequest>,
		server: Receiver<IncomingRequest>,
		budget: Arc<AnswerBudget>,
		places: Arc<SyncPlaces>,
	}

	fn guarded(reserved: Vec<PeerId>) -> Guarded {
		let (queue, server) = async_channel::bounded(64);
		let mut queue = Some(queue);
		let places = Arc::new(SyncPlaces::default());
		let budget = AnswerBudget::new(reserved, places.clone());
		let pool = LocalPool::new();
		let task = budget.guard(&mut queue);
		futures::task::SpawnExt::spawn(&pool.spawner(), task).unwrap();
		let network = queue.expect("the queue is replaced");
		Guarded { pool, network, server, budget, places }
	}

	impl Guarded {
		/// A request of the peer, which the server may answer later.
		fn request(&mut self, peer: PeerId) -> oneshot::Receiver<OutgoingResponse> {
			let (pending_response, response) = oneshot::channel();
			let request = IncomingRequest { peer, payload: Vec::new(), pending_response };
			self.network.try_send(request).unwrap();
			self.pool.run_until_stalled();
			response
		}

		/// A request of the peer, which the server answers with `length` bytes if it gets the request.
		fn ask(&mut self, peer: PeerId, length: usize) -> Option<OutgoingResponse> {
			let mut response = self.request(peer);
			let request = self.server.try_recv().ok()?;
			let answer = OutgoingResponse {
				result: Ok(vec![0; length]),
				reputation_changes: Vec::new(),
				sent_feedback: None,
			};
			request.pending_response.send(answer).unwrap();
			self.pool.run_until_stalled();
			response.try_recv().unwrap()
		}

		fn held_bytes(&self) -> usize {
			self.budget.held.lock().unwrap().bytes
		}
	}

	#[test]
	fn peer_that_reads_nothing_gets_few_answers() {
		let mut guarded = guarded(Vec::new());
		let peer = PeerId::random();
		let unread = (0..MAX_PER_PEER).map(|_| guarded.ask(peer, 10)).collect::<Vec<_>>();
		assert!(unread.iter().all(Option::is_some));
		assert!(guarded.ask(peer, 10).is_none());
		assert!(guarded.ask(PeerId::random(), 10).is_some());
		// Given up by the network.
		drop(unread);
		guarded.pool.run_until_stalled();
		assert!(guarded.ask(peer, 10).is_some());
	}

	#[test]
	fn peer_that_reads_is_served_without_end() {
		let mut guarded = guarded(Vec::new());
		let peer = PeerId::random();
		for _ in 0..10 * MAX_PER_PEER {
			let answer = guarded.ask(peer, 10).expect("is served");
			answer.sent_feedback.expect("the budget asks for it").send(()).unwrap();
			guarded.pool.run_until_stalled();
			assert_eq!(guarded.held_bytes(), 0);
		}
	}

	#[test]
	fn all_answers_to_strangers_together_are_bounded() {
		let reserved = PeerId::random();
		let mut guarded = guarded(vec![reserved]);
		let unread = guarded.ask(PeerId::random(), MAX_BYTES);
		assert!(unread.is_some());
		assert_eq!(guarded.held_bytes(), MAX_BYTES);
		assert!(guarded.ask(PeerId::random(), 10).is_none());
		assert!(guarded.ask(reserved, 10).is_some());
		drop(unread);
		guarded.pool.run_until_stalled();
		assert!(guarded.ask(PeerId::random(), 10).is_some());
		guarded.pool.run_until_stalled();
		assert_eq!(guarded.held_bytes(), 0);
	}

	#[test]
	fn answers_that_have_not_been_made_count_as_the_longest() {
		let mut guarded = guarded(Vec::new());
		let waiting: Vec<_> = (0..16).map(|_| guarded.request(PeerId::random())).collect();
		assert_eq!(guarded.server.len(), 16);
		let mut refused = guarded.request(PeerId::random());
		assert!(refused.try_recv().is_err());
		assert_eq!(guarded.held_bytes(), MAX_BYTES);
		// The server refuses them.
		while guarded.server.try_recv().is_ok() {}
		guarded.pool.run_until_stalled();
		assert_eq!(guarded.held_bytes(), 0);
		drop(waiting);
		assert!(guarded.ask(PeerId::random(), 10).is_some());
	}

	#[test]
	fn peer_with_a_place_in_sync_gets_one_answer_whatever_others_hold() {
		let mut guarded = guarded(Vec::new());
		let peer = PeerId::random();
		guarded.places.add(peer);
		let _unread_by_others = guarded.ask(PeerId::random(), MAX_BYTES).expect("is served");

		let unread = guarded.ask(peer, 10).expect("is served");
		assert!(guarded.ask(peer, 10).is_none());
		// It asks again as soon as it has read the answer.
		unread.sent_feedback.expect("the budget asks for it").send(()).unwrap();
		assert!(guarded.ask(peer, 10).is_some());
		// It has lost its place.
		guarded.pool.run_until_stalled();
		guarded.places.remove(&peer);
		assert!(guarded.ask(peer, 10).is_none());
	}
}
