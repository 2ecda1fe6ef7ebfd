//! Which requests are answered, and in which order.

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
	let places = Arc::new(SyncPlaces::default());
	let budget = AnswerBudget::new(reserved, places.clone());
	let pool = LocalPool::new();
	let (network, server) = guard(&budget, &pool);
	Guarded { pool, network, server, budget, places }
}

/// Guards a protocol: where the network puts requests, and where the server takes them.
fn guard(
	budget: &Arc<AnswerBudget>,
	pool: &LocalPool,
) -> (Sender<IncomingRequest>, Receiver<IncomingRequest>) {
	let (queue, server) = async_channel::bounded(64);
	let mut queue = Some(queue);
	let task = budget.guard(&mut queue);
	futures::task::SpawnExt::spawn(&pool.spawner(), task).unwrap();
	(queue.expect("the queue is replaced"), server)
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
fn answer_that_is_being_made_counts_as_the_longest() {
	let mut guarded = guarded(Vec::new());
	let just_enough = guarded.ask(PeerId::random(), MAX_BYTES - MAX_ANSWER_BYTES);
	assert!(just_enough.is_some());
	let request = guarded.request(PeerId::random());
	assert_eq!(guarded.held_bytes(), MAX_BYTES);
	// The server refuses it.
	drop(guarded.server.try_recv().unwrap());
	guarded.pool.run_until_stalled();
	assert_eq!(guarded.held_bytes(), MAX_BYTES - MAX_ANSWER_BYTES);
	drop(request);

	let _unread = guarded.ask(PeerId::random(), 1).expect("is served");
	assert!(guarded.ask(PeerId::random(), 1).is_none());
}

#[test]
fn server_gets_one_request_at_a_time_and_those_of_strangers_last() {
	let [reserved, placed, stranger] = [PeerId::random(), PeerId::random(), PeerId::random()];
	let mut guarded = guarded(vec![reserved]);
	guarded.places.add(placed);
	// The first one finds the server idle.
	let peers = [stranger, stranger, placed, placed, reserved];
	let _responses = peers.map(|peer| guarded.request(peer));
	let mut served = Vec::new();
	while let Ok(request) = guarded.server.try_recv() {
		assert!(guarded.server.is_empty());
		served.push(request.peer);
		drop(request);
		guarded.pool.run_until_stalled();
	}
	assert_eq!(served, [stranger, reserved, placed, placed, stranger]);
}

#[test]
fn requests_of_strangers_beyond_a_few_are_refused_and_those_of_other_peers_are_not() {
	let mut guarded = guarded(Vec::new());
	let mut responses: Vec<_> = (0..10).map(|_| guarded.request(PeerId::random())).collect();
	// One is with the server.
	let waiting = 1 + waiting::MAX_OF_STRANGERS;
	let is_refused = |response: &mut oneshot::Receiver<_>| response.try_recv().is_err();
	let refused: Vec<_> = responses.iter_mut().map(is_refused).collect();
	assert_eq!(refused, [vec![false; waiting], vec![true; 10 - waiting]].concat());

	let placed = PeerId::random();
	guarded.places.add(placed);
	for i in 0..MAX_PER_PEER + 1 {
		let mut response = guarded.request(placed);
		assert_eq!(response.try_recv().is_err(), i == MAX_PER_PEER);
		responses.push(response);
	}
}

#[test]
fn request_that_is_too_long_is_refused() {
	let mut guarded = guarded(Vec::new());
	let (pending_response, mut response) = oneshot::channel();
	let payload = vec![0; MAX_REQUEST_BYTES + 1];
	let request = IncomingRequest { peer: PeerId::random(), payload, pending_response };
	guarded.network.try_send(request).unwrap();
	guarded.pool.run_until_stalled();
	assert!(response.try_recv().is_err());
	assert!(guarded.server.is_empty());
}

#[test]
fn peer_with_a_place_in_sync_gets_one_answer_whatever_others_hold() {
	let mut guarded = guarded(Vec::new());
	let peer = PeerId::random();
	guarded.places.add(peer);
	let _unread_by_others = guarded.ask(PeerId::random(), MAX_BYTES).expect("is served");

	let unread = guarded.ask(peer, 10).expect("is served");
	let mut second = guarded.request(peer);
	assert!(guarded.server.is_empty());
	assert!(second.try_recv().expect("is not refused").is_none());
	unread.sent_feedback.expect("the budget asks for it").send(()).unwrap();
	guarded.pool.run_until_stalled();
	let request = guarded.server.try_recv().expect("has waited until the first answer was read");
	assert_eq!(request.peer, peer);

	let mut third = guarded.request(peer);
	assert!(third.try_recv().expect("is not refused").is_none());
	// It has lost its place.
	guarded.places.remove(&peer);
	drop(request);
	guarded.pool.run_until_stalled();
	assert!(guarded.server.is_empty());
	assert!(third.try_recv().is_err());
}

#[test]
fn request_may_wait_for_an_answer_of_another_protocol() {
	let mut guarded = guarded(Vec::new());
	let (network, server) = guard(&guarded.budget, &guarded.pool);
	let peer = PeerId::random();
	guarded.places.add(peer);
	let _unread_by_others = guarded.ask(PeerId::random(), MAX_BYTES).expect("is served");
	let unread = guarded.ask(peer, 10).expect("is served");

	let (pending_response, _response) = oneshot::channel();
	network.try_send(IncomingRequest { peer, payload: Vec::new(), pending_response }).unwrap();
	guarded.pool.run_until_stalled();
	assert!(server.is_empty());
	drop(unread);
	guarded.pool.run_until_stalled();
	assert_eq!(server.len(), 1);
}
