// Keeps the pools of a network full of transactions of one kind.

import { createPrivateKey, createPublicKey, randomBytes, sign as signBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keyring } from '@polkadot/api';
import { compactAddLength, compactToU8a, numberToU8a, u8aConcat } from '@polkadot/util';
import { blake2AsU8a } from '@polkadot/util-crypto';
import { rawCall, sign, withTimeout } from './chain.mjs';

const ACCOUNTS = 300;
// The node accepts batches of 100 requests and of 15 MiB. Short ones let the nodes answer soon.
const MAX_BATCH = 50;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const PAUSE_MS = 20;
// JSON-RPC error of a node whose answer is too long.
const TOO_LONG = -32008;

// The head of a PKCS #8 document with an Ed25519 key (RFC 8410).
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_KEY_BYTES = 32;
// Longer payloads are hashed before they are signed.
const MAX_SIGNED_BYTES = 256;

/** An account with an Ed25519 key, because Node.js signs with these many times as fast as @polkadot/api does. */
class Account {
	#key;
	#nonce = 0;

	constructor(seed) {
		this.pair = new Keyring({ ss58Format: 42 }).addFromSeed(seed, {}, 'ed25519');
		this.#key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
		const document = createPublicKey(this.#key).export({ format: 'der', type: 'spki' });
		this.publicKey = document.subarray(-PUBLIC_KEY_BYTES);
	}

	/** The bytes of an immortal transaction with the given tip and nonce, or with the next one. `call` is encoded. */
	sign({ genesisHash, runtimeVersion }, call, { tip = 0, nonce = this.#nonce++ } = {}) {
		const NONE = [0];
		const [era, metadataMode, metadataHash] = [NONE, NONE, NONE];
		const extensions = u8aConcat(era, compactToU8a(nonce), compactToU8a(tip), metadataMode);
		const payload = u8aConcat(
			...[call, extensions],
			...[runtimeVersion.specVersion, runtimeVersion.transactionVersion].map((version) => version.toU8a()),
			...[genesisHash, genesisHash].map((hash) => hash.toU8a()),
			metadataHash,
		);
		const signature = signBytes(null, payload.length > MAX_SIGNED_BYTES ? blake2AsU8a(payload) : payload, this.#key);
		// Version 4, signed; `MultiAddress::Id`; `MultiSignature::Ed25519`.
		const [version, id, ed25519] = [[0x84], [0], [0]];
		return compactAddLength(u8aConcat(version, id, this.publicKey, ed25519, signature, extensions, call));
	}
}

/**
 * Accounts that send the transactions of a load, the same in each run. Each load needs its own, because a transaction that is
 * lost leaves a gap in the nonces of its account.
 */
export const newSenders = (load, count = ACCOUNTS) =>
	Array.from({ length: count }, (_, i) => new Account(blake2AsU8a(`saturation/${load}/${i}`)));

/** Gives each of the senders `amount` units at genesis. */
export function endow(genesis, senders, amount) {
	genesis.balances.balances.push(...senders.map(({ pair }) => [pair.address, Number(amount)]));
}

/**
 * Keeps transactions in the pools of `nodes`, each of which is `{ api, http }`. `callOf(i)` answers the encoded call of
 * the transaction with this number. `inPools` transactions wait in the pools at most, and `perSecond` are sent at most.
 * Each sender uses one node, to which its transactions go in the order of their nonces; the nodes pass them on.
 */
export class Saturation {
	/** Transactions that the nodes have accepted, how many of them are in blocks, and how often one was refused. */
	sent = 0;
	included = 0;
	refused = 0;
	#nodes;
	#senders;
	#callOf;
	#target;
	#perSecond;
	#began;
	#signed = 0;
	// Signed transactions that wait to be sent, for each node.
	#stock;
	#counted = new Set();
	#isRunning = false;
	#feeds = [];
	#unsubscribe;

	constructor({ nodes, senders, callOf, inPools, perSecond = Infinity }) {
		this.#nodes = nodes;
		this.#senders = nodes.map((_, i) => senders.filter((_, position) => position % nodes.length === i));
		this.#callOf = callOf;
		this.#target = inPools;
		this.#perSecond = perSecond;
		this.#stock = nodes.map(() => []);
	}

	/** Signs `count` transactions beforehand. Any further ones are signed when they are sent. */
	async prepare(count) {
		for (let i = 0; i < count; i++) {
			const node = i % this.#nodes.length;
			this.#stock[node].push(this.#sign(node));
			// Lets the connections breathe.
			if (i % 1_000 === 0) await sleep(0);
		}
		for (const stock of this.#stock) stock.reverse();
	}

	#sign(node) {
		const i = this.#signed++;
		const senders = this.#senders[node];
		return senders[Math.floor(i / this.#nodes.length) % senders.length].sign(this.#nodes[node].api, this.#callOf(i));
	}

	/** Sends. Resolves when as many transactions as wanted are in the pools, or at once if the rate is limited. */
	async start() {
		const [{ api }] = this.#nodes;
		this.#unsubscribe = await api.rpc.chain.subscribeNewHeads(({ hash }) => this.#count(hash.toHex()));
		this.#isRunning = true;
		this.#began = Date.now();
		this.#feeds = this.#nodes.map((_, node) => this.#feed(node));
		if (this.#perSecond < Infinity) return;
		while (this.#isRunning && this.sent - this.included < this.#target) await sleep(PAUSE_MS);
	}

	async stop() {
		this.#isRunning = false;
		this.#unsubscribe?.();
		await Promise.all(this.#feeds);
	}

	/** Resolves when no node has a transaction in its pool. */
	async drained(timeout) {
		const hasNone = async ({ api }) => {
			try {
				return (await rawCall(api, 'author_pendingExtrinsics')).length === 0;
			} catch (error) {
				// The answer is longer than a node may send.
				if (error.code === TOO_LONG) return false;
				throw error;
			}
		};
		const isEmpty = async () => (await Promise.all(this.#nodes.map(hasNone))).every(Boolean);
		const drain = async () => {
			while (!(await isEmpty())) await sleep(this.#nodes.length * 200);
		};
		await withTimeout(drain(), 'the pools to be empty', timeout);
	}

	/** Counts the transactions of a new best block and of those before it, even if these blocks are lost later. */
	async #count(hash) {
		// Nothing of this stream is in the first block.
		if (this.#counted.size === 0) this.#counted.add(hash);
		while (!this.#counted.has(hash)) {
			this.#counted.add(hash);
			const { block } = await rawCall(this.#nodes[0].api, 'chain_getBlock', hash);
			this.included += block.extrinsics.filter(isSigned).length;
			hash = block.header.parentHash;
		}
	}

	async #feed(node) {
		while (this.#isRunning) {
			const due = ((Date.now() - this.#began) / 1_000) * this.#perSecond;
			const wanted = Math.min(due - this.sent, this.#target - (this.sent - this.included));
			const missing = Math.ceil(wanted / this.#nodes.length);
			if (missing > 0) await this.#send(node, missing);
			else await sleep(PAUSE_MS);
		}
	}

	async #send(node, wanted) {
		const batch = [];
		let length = 0;
		while (batch.length < Math.min(wanted, MAX_BATCH) && length < MAX_BATCH_BYTES) {
			batch.push(this.#stock[node].pop() ?? this.#sign(node));
			length += 2 * batch.at(-1).length;
		}
		const request = { jsonrpc: '2.0', method: 'author_submitExtrinsic' };
		const requests = batch.map((bytes, id) => ({ ...request, id, params: [hex(bytes)] }));
		const answer = await fetch(this.#nodes[node].http, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(requests),
		});
		const isRefused = new Set((await answer.json()).filter(({ error }) => error).map(({ id }) => id));
		// A node refuses one while the best block changes under its feet. It is sent again: later ones need its nonce.
		this.#stock[node].push(...batch.filter((_, id) => isRefused.has(id)).reverse());
		this.sent += batch.length - isRefused.size;
		this.refused += isRefused.size;
	}
}

/**
 * A function that answers the bytes of `make(...markers)`, with other bytes instead of the `count` markers for each
 * number. A marker is 32 bytes in hex and must stand in these bytes once.
 */
export function templateOf(make, count = 1) {
	const markers = Array.from({ length: count }, () => randomBytes(32));
	const bytes = Buffer.from(make(...markers.map((marker) => `0x${marker.toString('hex')}`)));
	const places = markers.map((marker) => bytes.indexOf(marker));
	return (i) => {
		const copy = Buffer.from(bytes);
		places.forEach((at, place) => {
			copy.fill(0, at, at + markers[place].length);
			copy.writeUInt32LE(i * count + place, at);
		});
		return copy;
	};
}

/** How many transactions with this call fit into the weight and the length that a block has for ordinary ones. */
export async function blockCapacity(api, { pair }, call) {
	const { blockLength, blockWeights } = api.consts.system;
	const { baseExtrinsic, maxTotal } = blockWeights.perClass.normal;
	const extrinsic = sign(api, api.tx(api.createType('Call', call)), pair, { nonce: 0 });
	const { weight } = await rawCall(api, 'payment_queryInfo', extrinsic.toHex());
	return Math.ceil(
		Math.min(
			maxTotal.unwrap().refTime.toNumber() / (weight.ref_time + baseExtrinsic.refTime.toNumber()),
			blockLength.max.normal.toNumber() / extrinsic.encodedLength,
		),
	);
}

export const hex = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`;

/** Whether an extrinsic in hex is signed. Its first byte after its compact length shows that. */
export function isSigned(extrinsic) {
	const prefix = [1, 2, 4][parseInt(extrinsic.slice(2, 4), 16) & 3];
	return (parseInt(extrinsic.slice(2 + 2 * prefix, 4 + 2 * prefix), 16) & 0x80) !== 0;
}
