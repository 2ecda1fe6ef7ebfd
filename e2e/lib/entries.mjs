// Expiring entries, as a client that knows the specification asks for them, follows them and checks their proofs.

import { compactAddLength, hexToU8a, stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsU8a, decodeAddress, xxhashAsU8a } from '@polkadot/util-crypto';
import { patiently, rawCall, rawSubscribe } from './chain.mjs';
import { readProof } from './trie.mjs';

const SUBSCRIPTION = ['kv_subscribe', 'kv_event', 'kv_unsubscribe'];

/** A text as the bytes that a key or a value has, in hex. */
export const hex = (text) => u8aToHex(stringToU8a(text));

export const kvGet = (api, { address }, key, at) => rawCall(api, 'kv_get', address, key, at);
export const kvMeta = (api, { address }, key, at) => rawCall(api, 'kv_getMeta', address, key, at);
export const kvStats = (api, at) => rawCall(api, 'kv_stats', at);

/** All entries of the owner, in as many pages as it takes. */
export async function kvAll(api, { address }, { prefix, at, limit = 100 } = {}) {
	const found = [];
	let start = null;
	do {
		const { items, next } = await rawCall(api, 'kv_list', address, prefix, start, limit, at);
		found.push(...items);
		start = next;
	} while (start !== null);
	return found;
}

/** Storage key of an entry (TTL-R1), without asking anybody. */
export function entryKey({ address }, key) {
	const concat = (bytes) => u8aConcat(blake2AsU8a(bytes, 128), bytes);
	return u8aConcat(
		xxhashAsU8a('TtlKv', 128),
		xxhashAsU8a('Entries', 128),
		concat(decodeAddress(address)),
		concat(compactAddLength(hexToU8a(key))),
	);
}

/** An entry as it lies in the state (TTL-R2). */
function decodeEntry(bytes) {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const head = 16;
	const stored = { expiresAt: view.getUint32(0, true), createdAt: view.getUint32(4, true) };
	stored.revision = view.getBigUint64(8, true).toString();
	// The length of the value in one, two or four bytes.
	const prefix = [1, 2, 4][bytes[head] & 3];
	stored.value = u8aToHex(bytes.subarray(head + prefix));
	return stored;
}

/**
 * What `kv_getProof` of the node `prover` shows about block `at` to somebody who has the block's header from `witness`:
 * `{ state, entry }`, the state being `live`, `expired` or `absent`. Throws if it shows nothing.
 */
export async function proven(prover, witness, owner, key, at) {
	const proof = await rawCall(prover, 'kv_getProof', owner.address, key, at);
	const header = await witness.rpc.chain.getHeader(at);
	const storageKey = entryKey(owner, key);
	if (proof.key !== u8aToHex(storageKey)) throw new Error(`the proof is of ${proof.key}`);
	if (proof.blockHash !== at || proof.blockNumber !== header.number.toNumber()) {
		throw new Error(`the proof is of block ${proof.blockNumber}, ${proof.blockHash}`);
	}
	const stored = readProof(header.stateRoot.toU8a(), proof.nodes.map((node) => hexToU8a(node)), storageKey);
	if (stored === null) return { state: 'absent', entry: null };
	const entry = decodeEntry(stored);
	return { state: header.number.toNumber() < entry.expiresAt ? 'live' : 'expired', entry };
}

/**
 * Follows the owner's entries. `events` grows as they come; `until(accept)` waits until `accept(events)` is true,
 * and rejects if the node ends the subscription; `stop()` ends it.
 */
export async function follow(api, { address }, { prefix, from } = {}) {
	const events = [];
	let failure;
	let look = () => {};
	const stop = await rawSubscribe(api, SUBSCRIPTION, [address, prefix, from], (event) => {
		if (event instanceof Error) failure = event;
		else events.push(event);
		look();
	});
	const until = (accept, what = 'events of entries') => {
		const done = new Promise((resolve, reject) => {
			look = () => {
				if (failure) reject(failure);
				else if (accept(events)) resolve(events);
			};
			look();
		});
		return patiently(done, what);
	};
	return { events, until, stop };
}

/** Hands an extrinsic to the node and resolves with the height of the first block that it is in. */
export async function include(api, extrinsic) {
	let unsubscribe;
	const included = new Promise((resolve, reject) => {
		unsubscribe = extrinsic.send(({ blockNumber, isError, status }) => {
			if (status.isInBlock || status.isFinalized) resolve(blockNumber.toNumber());
			else if (isError) reject(new Error(`the extrinsic ended as ${status.type}`));
		});
		unsubscribe.catch(reject);
	});
	try {
		return await patiently(included, 'an extrinsic to be in a block');
	} finally {
		unsubscribe.then((stop) => stop(), () => {});
	}
}

/** Resolves with the height of the best block once it is at least `number`. */
export async function bestHeight(api, number = 0) {
	let unsubscribe;
	const reached = new Promise((resolve, reject) => {
		unsubscribe = api.rpc.chain.subscribeNewHeads((header) => {
			if (header.number.toNumber() >= number) resolve(header.number.toNumber());
		});
		unsubscribe.catch(reject);
	});
	try {
		return await patiently(reached, `block ${number}`);
	} finally {
		unsubscribe.then((stop) => stop(), () => {});
	}
}
