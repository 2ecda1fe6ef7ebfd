// What strangers do to a node. Each attack runs until `isOver()` and leaves nothing open. It answers `{ done }`, how
// often the strangers have done each kind of thing, and more. A count of zero means that the node was not attacked in
// this way.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Stranger } from './peer.mjs';
import {
	FULL,
	LIGHT,
	announcement,
	announcesHandshake,
	blockRequest,
	blockResponse,
	callRequest,
	header,
	prefixed,
	requestedHash,
	stateRequest,
	transactions,
	varint,
} from './wire.mjs';

const PAUSE_MS = 50;
// An answer that says that there is nothing is shorter.
const SHORTEST_ANSWER_BYTES = 16;
// Far above any real chain, but a number that the field of the handshake holds.
const MADE_UP_HEIGHT = 4_000_000_000;

async function untilOver(isOver) {
	while (!isOver()) await sleep(PAUSE_MS);
}

/**
 * Connects `count` strangers, calls `use(strangers)`, and disconnects them when that resolves or the attack is over:
 * the node may leave a stranger without an answer.
 */
async function withStrangers(target, count, use, isOver) {
	const strangers = [];
	try {
		for (let i = 0; i < count; i++) strangers.push(await Stranger.connect(target));
		await Promise.race([use(strangers), untilOver(isOver)]);
	} finally {
		await Promise.all(strangers.map((stranger) => stranger.stop()));
	}
}

/** A stranger that is replaced when the node has thrown it out. */
class Place {
	connections = 0;
	#target;
	#stranger = null;

	constructor(target) {
		this.#target = target;
	}

	async stranger() {
		const known = this.#stranger;
		const isUsable = known !== null && (await known).isConnected;
		// Another loop may have replaced it meanwhile.
		if (!isUsable && this.#stranger === known) {
			this.#stranger = Stranger.connect(this.#target);
			this.#stranger.then(() => this.connections++, () => (this.#stranger = null));
		}
		return this.#stranger;
	}

	async stop() {
		await (await this.#stranger)?.stop();
	}
}

const zeroOf = (kinds) => Object.fromEntries(kinds.map((kind) => [kind, 0]));

/** Resolves with `kind` if the node answers a request, whose length is the result of `request`, and else with null. */
const ifAnswered = async (kind, request) => ((await request) >= SHORTEST_ANSWER_BYTES ? kind : null);

/**
 * Repeats `act(stranger, i)` in `parallel` loops for each of `count` strangers. `act` answers which of `kinds` it has
 * done, or null if the node has refused. Answers also how often the node refused, and how many connections that took.
 */
async function repeat(target, { count, parallel, kinds, act }, isOver) {
	const result = { done: zeroOf(kinds), failed: 0, connections: 0 };
	const places = Array.from({ length: count }, () => new Place(target));
	const loop = async (place, first) => {
		for (let i = first; !isOver(); i += count * parallel) {
			try {
				const kind = await act(await place.stranger(), i);
				if (kind) result.done[kind]++;
				else result.failed++;
			} catch {
				result.failed++;
				await sleep(PAUSE_MS);
			}
		}
	};
	const loops = places.flatMap((place, n) => Array.from({ length: parallel }, (_, i) => loop(place, n * parallel + i)));
	// A stream that the node resets may never end on the side of the stranger.
	await Promise.race([Promise.all(loops), untilOver(isOver)]);
	for (const place of places) {
		result.connections += place.connections;
		await place.stop().catch(() => {});
	}
	return result;
}

const genesisOf = ({ genesis }) => Buffer.from(genesis, 'hex');

/** An honest handshake, for a peer that is dishonest afterwards. */
const handshakeAt = (target, best, roles = FULL) =>
	announcesHandshake({ roles, number: best.number, hash: best.hash, genesis: genesisOf(target) });

const NOTIFICATIONS = ['/block-announces/1', '/transactions/1', '/grandpa/1'];
const REQUESTS = ['/sync/2', '/state/2', '/sync/warp', '/light/2'];

/** Handshakes and requests that cannot be decoded. */
export function garbage(target, isOver) {
	const messages = [
		() => Buffer.alloc(0),
		() => varint(0),
		// A length without the bytes, one beyond all limits, and one that does not end.
		() => varint(1_000),
		() => varint(2 ** 31),
		() => Buffer.alloc(64, 0xff),
		() => prefixed(randomBytes(1)),
		() => prefixed(randomBytes(69)),
		() => prefixed(Buffer.concat([announcesHandshake({ number: 1, hash: randomBytes(32), genesis: randomBytes(32) })])),
		() => prefixed(randomBytes(60_000)),
	];
	const endings = [...NOTIFICATIONS, ...REQUESTS];
	const act = async (stranger, i) => {
		const ending = endings[i % endings.length];
		const { ended } = await stranger.sendRaw(ending, messages[Math.floor(i / endings.length) % messages.length]());
		// A node may wait for the rest of a message, and the stranger does not. It pauses if the node resets the stream.
		await Promise.race([ended.catch(() => sleep(PAUSE_MS)), sleep(500)]);
		return ending;
	};
	return repeat(target, { count: 4, parallel: 4, kinds: endings, act }, isOver);
}

/** Block requests with the longest answers, at full speed. No two are the same. */
export const blocks = (target, best, isOver) =>
	repeat(target, {
		count: 4,
		parallel: 4,
		kinds: ['blocks'],
		act: (stranger, i) => {
			const request = blockRequest({ number: 1 + (i % best.number), max: 128 - (i % 13) });
			return ifAnswered('blocks', stranger.request('/sync/2', request));
		},
	}, isOver);

/** Block requests with the longest answers, none of which is read. */
export const unreadBlocks = (target, best, isOver) =>
	repeat(target, {
		count: 16,
		parallel: 1,
		kinds: ['requests'],
		act: async (stranger, i) => {
			// More than the muxer of a peer allows at a time, so the further ones fail.
			await stranger.requestUnread('/sync/2', blockRequest({ number: 1 + (i % best.number), max: 128 - (i % 7) }));
			return 'requests';
		},
	}, isOver);

/** Parts of the state, with and without proof, from random keys on. */
export const states = (target, best, isOver) =>
	repeat(target, {
		count: 4,
		parallel: 4,
		kinds: ['entries', 'proofs'],
		act: (stranger, i) => {
			const withProof = i % 2 === 0;
			const request = stateRequest({ hash: best.hash, start: randomBytes(4), withProof });
			return ifAnswered(withProof ? 'proofs' : 'entries', stranger.request('/state/2', request));
		},
	}, isOver);

/** Warp proofs of the whole chain, and calls of the runtime with a proof. */
export const proofs = (target, best, isOver) =>
	repeat(target, {
		count: 4,
		parallel: 4,
		kinds: ['warp proofs', 'calls'],
		act: (stranger, i) => {
			if (i % 2 === 0) return ifAnswered('warp proofs', stranger.request('/sync/warp', genesisOf(target)));
			const request = callRequest({ hash: best.hash, method: 'Metadata_metadata' });
			return ifAnswered('calls', stranger.request('/light/2', request));
		},
	}, isOver);

/**
 * Full nodes that become peers with the handshakes that `handshake()` makes. They answer nothing that the node asks of
 * them, and come again when they are thrown out. Answers also how many of them have been let in.
 */
async function takePlaces(target, count, handshake, isOver) {
	const done = zeroOf(['handshakes']);
	const letIn = new Set();
	const take = async (stranger) => {
		await stranger.ignore('/sync/2');
		while (!isOver()) {
			try {
				const stream = await stranger.notifications('/block-announces/1', handshake());
				done.handshakes++;
				letIn.add(stranger);
				while (stream.isOpen && !isOver()) await sleep(PAUSE_MS);
			} catch {
				await sleep(PAUSE_MS);
			}
		}
	};
	await withStrangers(target, count, (strangers) => Promise.all(strangers.map(take)), isOver);
	return { done, letIn: letIn.size };
}

/** Full nodes that claim to have a chain that nobody can have. */
export const madeUpHeights = (target, count, isOver) => {
	const genesis = genesisOf(target);
	const handshake = () => announcesHandshake({ number: MADE_UP_HEIGHT, hash: randomBytes(32), genesis });
	return takePlaces(target, count, handshake, isOver);
};

/** Full nodes that claim nothing false and do nothing. */
export const idlePeers = (target, count, best, isOver) =>
	takePlaces(target, count, () => handshakeAt(target, best), isOver);

/**
 * Announcements of blocks that do not exist, with parents that do not or the best block as parent, and random seals.
 */
export async function announcements(target, best, slot, isOver) {
	const [OF_LIGHT, OF_FULL] = ['announcements of light clients', 'announcements of full nodes'];
	const done = zeroOf([OF_LIGHT, OF_FULL]);
	const announce = async (stranger, i) => {
		await stranger.ignore('/sync/2');
		const [roles, kind] = i === 0 ? [LIGHT, OF_LIGHT] : [FULL, OF_FULL];
		while (!isOver()) {
			try {
				const stream = await stranger.notifications('/block-announces/1', handshakeAt(target, best, roles));
				while (stream.isOpen && !isOver()) {
					const made = Array.from({ length: 50 }, (_, n) => madeUpBlock(best, n, slot()));
					await stream.send(made);
					done[kind] += made.length;
					await sleep(10);
				}
			} catch {
				await sleep(PAUSE_MS);
			}
		}
	};
	await withStrangers(target, 4, (strangers) => Promise.all(strangers.map(announce)), isOver);
	return { done };
}

/** The announcement of a block that does not exist. */
function madeUpBlock(best, n, slot) {
	const parent = n % 10 === 0 ? best.hash : undefined;
	return announcement(header({ number: best.number + 1 + (n % 100), parent, slot }), { isBest: n % 25 === 0 });
}

/**
 * Announcements of blocks that do not exist, again and again, which are delivered when the node asks for them. Their
 * parents do not exist either, so they cannot be imported. `finalHeight()` answers the height of the last final block.
 */
export async function deliveries(target, best, finalHeight, slot, isOver) {
	const result = { done: zeroOf(['announced', 'delivered']), places: 0 };
	const deceive = async (stranger) => {
		let [height, madeUp] = [0, null];
		await stranger.answer('/sync/2', (request) => {
			const hash = requestedHash(request);
			if (hash === null) return Buffer.alloc(0);
			result.done.delivered++;
			return blockResponse({ hash, header: madeUp });
		});
		while (!isOver()) {
			try {
				const stream = await stranger.notifications('/block-announces/1', handshakeAt(target, best));
				result.places++;
				while (stream.isOpen && !isOver()) {
					if (height !== finalHeight() + 2) {
						height = finalHeight() + 2;
						madeUp = header({ number: height, slot: slot() });
					}
					await stream.send([announcement(madeUp, { isBest: false })]);
					result.done.announced++;
					await sleep(10);
				}
			} catch {
				await sleep(PAUSE_MS);
			}
		}
	};
	await withStrangers(target, 4, (strangers) => Promise.all(strangers.map(deceive)), isOver);
	return result;
}

/**
 * Transactions over the peer-to-peer network at full speed, without any check by a node of the sender. `next(i)`
 * answers the bytes of the transaction with this number. If the node throws out the sender, another one goes on.
 * Answers also how many there were.
 */
export async function gossip(target, best, next, isOver) {
	const done = zeroOf(['transactions']);
	const handshake = Buffer.from([FULL]);
	const send = async ([stranger]) => {
		await stranger.ignore('/sync/2');
		// The node lets in only peers of its sync, and opens this stream itself to each of them.
		const incoming = await stranger.accept('/transactions/1', handshake);
		const announces = await stranger.notifications('/block-announces/1', handshakeAt(target, best));
		const isUsable = () => !isOver() && announces.isOpen;
		while (isUsable() && !incoming.isOpened) await sleep(PAUSE_MS);
		const stream = await stranger.notifications('/transactions/1', handshake);
		while (isUsable() && stream.isOpen) {
			const batch = Array.from({ length: 50 }, (_, i) => transactions([Buffer.from(next(done.transactions + i))]));
			await stream.send(batch);
			done.transactions += batch.length;
			await sleep(10);
		}
	};
	let senders = 0;
	while (!isOver()) {
		senders++;
		await withStrangers(target, 1, send, isOver).catch(() => sleep(PAUSE_MS));
	}
	return { done, senders };
}
