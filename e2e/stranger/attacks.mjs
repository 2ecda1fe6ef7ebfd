// What strangers do to a node. Each attack runs until `isOver()` and leaves nothing open.

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
// Far above any real chain, but a number that the field of the handshake holds.
const MADE_UP_HEIGHT = 4_000_000_000;

/** Connects `count` strangers, uses them until the attack is over, and disconnects them. */
async function withStrangers(target, count, use) {
	const strangers = [];
	try {
		for (let i = 0; i < count; i++) strangers.push(await Stranger.connect(target));
		return await use(strangers);
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

/**
 * Repeats `act(stranger, i)` in `parallel` loops for each of `count` strangers. Answers how often it was done, how
 * often the node refused, and how many connections that took.
 */
async function repeat(target, { count, parallel, act }, isOver) {
	const result = { done: 0, failed: 0, connections: 0 };
	const places = Array.from({ length: count }, () => new Place(target));
	const loop = async (place, first) => {
		for (let i = first; !isOver(); i += count * parallel) {
			try {
				await act(await place.stranger(), i);
				result.done++;
			} catch {
				result.failed++;
				await sleep(PAUSE_MS);
			}
		}
	};
	const loops = places.flatMap((place, n) => Array.from({ length: parallel }, (_, i) => loop(place, n * parallel + i)));
	await Promise.all(loops);
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
	const kinds = [
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
		const sent = stranger.sendRaw(endings[i % endings.length], kinds[Math.floor(i / endings.length) % kinds.length]());
		// A node may wait for the rest of a message. The stranger does not.
		await Promise.race([sent, sleep(500)]);
	};
	return repeat(target, { count: 4, parallel: 4, act }, isOver);
}

/** Block requests with the longest answers, at full speed. No two are the same. */
export const blocks = (target, best, isOver) =>
	repeat(target, {
		count: 4,
		parallel: 4,
		act: (stranger, i) =>
			stranger.request('/sync/2', blockRequest({ number: 1 + (i % best.number), max: 128 - (i % 13) })),
	}, isOver);

/** Block requests with the longest answers, none of which is read. */
export const unreadBlocks = (target, best, isOver) =>
	repeat(target, {
		count: 16,
		parallel: 1,
		act: async (stranger, i) => {
			// More than the muxer of a peer allows at a time, so the further ones fail.
			await stranger.requestUnread('/sync/2', blockRequest({ number: 1 + (i % best.number), max: 128 - (i % 7) }));
		},
	}, isOver);

/** Parts of the state, with and without proof, from random keys on. */
export const states = (target, best, isOver) =>
	repeat(target, {
		count: 4,
		parallel: 4,
		act: (stranger, i) =>
			stranger.request('/state/2', stateRequest({ hash: best.hash, start: randomBytes(4), withProof: i % 2 === 0 })),
	}, isOver);

/** Warp proofs of the whole chain, and calls of the runtime with a proof. */
export const proofs = (target, best, isOver) =>
	repeat(target, {
		count: 4,
		parallel: 4,
		act: (stranger, i) =>
			i % 2 === 0
				? stranger.request('/sync/warp', genesisOf(target))
				: stranger.request('/light/2', callRequest({ hash: best.hash, method: 'Metadata_metadata' })),
	}, isOver);

/** Full nodes that claim to have a chain that nobody can have. They answer nothing that the node asks of them. */
export const madeUpHeights = (target, count, isOver) =>
	withStrangers(target, count, async (strangers) => {
		let claims = 0;
		const claim = async (stranger) => {
			await stranger.ignore('/sync/2');
			const handshake = () =>
				announcesHandshake({ number: MADE_UP_HEIGHT, hash: randomBytes(32), genesis: genesisOf(target) });
			while (!isOver()) {
				try {
					const stream = await stranger.notifications('/block-announces/1', handshake());
					claims++;
					while (stream.isOpen && !isOver()) await sleep(PAUSE_MS);
				} catch {
					await sleep(PAUSE_MS);
				}
			}
		};
		await Promise.all(strangers.map(claim));
		return { claims };
	});

/**
 * Announcements of blocks that do not exist, with parents that do not or the best block as parent, and random seals.
 */
export const announcements = (target, best, slot, isOver) =>
	withStrangers(target, 4, async (strangers) => {
		let sent = 0;
		const announce = async (stranger, i) => {
			await stranger.ignore('/sync/2');
			const roles = i === 0 ? LIGHT : FULL;
			while (!isOver()) {
				try {
					const stream = await stranger.notifications('/block-announces/1', handshakeAt(target, best, roles));
					while (stream.isOpen && !isOver()) {
						const made = Array.from({ length: 50 }, (_, n) =>
							announcement(
								header({
									number: best.number + 1 + (n % 100),
									parent: n % 10 === 0 ? best.hash : undefined,
									slot: slot(),
								}),
								{ isBest: n % 25 === 0 },
							),
						);
						await stream.send(made);
						sent += made.length;
						await sleep(10);
					}
				} catch {
					await sleep(PAUSE_MS);
				}
			}
		};
		await Promise.all(strangers.map(announce));
		return { sent };
	});

/**
 * Announcements of blocks that do not exist, again and again, which are delivered when the node asks for them. Their
 * parents do not exist either, so they cannot be imported. `finalHeight()` answers the height of the last final block.
 */
export const deliveries = (target, best, finalHeight, slot, isOver) =>
	withStrangers(target, 4, async (strangers) => {
		const result = { announced: 0, delivered: 0, places: 0 };
		const deceive = async (stranger) => {
			let [height, madeUp] = [0, null];
			await stranger.answer('/sync/2', (request) => {
				const hash = requestedHash(request);
				if (hash === null) return Buffer.alloc(0);
				result.delivered++;
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
						result.announced++;
						await sleep(10);
					}
				} catch {
					await sleep(PAUSE_MS);
				}
			}
		};
		await Promise.all(strangers.map(deceive));
		return result;
	});

/**
 * Transactions over the peer-to-peer network at full speed, without any check by a node of the sender. `next(i)`
 * answers the bytes of the transaction with this number.
 */
export const gossip = (target, best, next, isOver) =>
	withStrangers(target, 1, async ([stranger]) => {
		let sent = 0;
		await stranger.ignore('/sync/2');
		// The node lets in only peers of its sync, and opens this stream itself to each of them.
		const { isOpened } = await stranger.accept('/transactions/1', Buffer.from([FULL]));
		const announces = await stranger.notifications('/block-announces/1', handshakeAt(target, best));
		await isOpened;
		const stream = await stranger.notifications('/transactions/1', Buffer.from([FULL]));
		while (!isOver() && announces.isOpen && stream.isOpen) {
			const batch = Array.from({ length: 50 }, (_, i) => transactions([Buffer.from(next(sent + i))]));
			await stream.send(batch);
			sent += batch.length;
			await sleep(10);
		}
		return { sent, wasThrownOut: !stream.isOpen };
	});
