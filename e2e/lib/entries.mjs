// Writes expiring entries, queries them, subscribes to them and checks their proofs, as a client of the specification does.

import assert from 'node:assert/strict';
import { compactAddLength, hexToU8a, stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsU8a, decodeAddress, xxhashAsU8a } from '@polkadot/util-crypto';
import {
	TOS,
	constants,
	fund,
	newAccount,
	nextNonce,
	rawCall,
	rawSubscribe,
	sign,
	submit,
	withTimeout,
} from './chain.mjs';
import { readProof } from './trie.mjs';

const SUBSCRIPTION = ['kv_subscribe', 'kv_event', 'kv_unsubscribe'];

/** The bytes of a text in hex, as keys and values are passed. */
export const hex = (text) => u8aToHex(stringToU8a(text));

export const put = (api, key, value, ttl) => api.tx.ttlKv.kvPutTtl(key, value, ttl);
export const putIf = (api, key, value, ttl, condition) => api.tx.ttlKv.kvPutIf(key, value, ttl, condition);
export const extend = (api, key, ttl) => api.tx.ttlKv.kvExtend(key, ttl);
export const remove = (api, key) => api.tx.ttlKv.kvDelete(key);

/** A new account with `amount`, and functions that submit its calls through `api` in the order of their nonces. */
export async function newOwner(api, amount = 10n * TOS) {
	const pair = newAccount();
	await fund(api, [[pair, amount]]);
	let nonce = await nextNonce(api, pair);
	const submitted = (call) => submit(api, sign(api, call, pair, { nonce: nonce++ }));
	return {
		pair,
		/** Submits a call that may fail and returns its outcome. */
		submitted,
		/** Submits calls at once and returns their outcomes. */
		all: (calls) => Promise.all(calls.map(submitted)),
		/** Submits a call that must succeed. Returns its outcome and, as `fields`, the fields of its event. */
		async done(call) {
			const { error, events, ...outcome } = await submitted(call);
			assert.equal(error, null);
			return { ...outcome, fields: events.find(({ section }) => section === 'ttlKv').data };
		},
	};
}

export const kvGet = (api, { address }, key, at) => rawCall(api, 'kv_get', address, key, at);
export const kvMeta = (api, { address }, key, at) => rawCall(api, 'kv_getMeta', address, key, at);
export const kvStats = (api, at) => rawCall(api, 'kv_stats', at);

/** All entries of the owner, read in pages of `limit`. */
export async function kvAll(api, { address }, { prefix, at, limit = constants(api, 'ttlKv').maxPageSize } = {}) {
	const found = [];
	let start = null;
	do {
		const { items, next } = await rawCall(api, 'kv_list', address, prefix, start, limit, at);
		found.push(...items);
		start = next;
	} while (start !== null);
	return found;
}

/** The storage key of an entry, computed from TTL-R1. */
export function entryKey({ address }, key) {
	const concat = (bytes) => u8aConcat(blake2AsU8a(bytes, 128), bytes);
	return u8aConcat(
		xxhashAsU8a('TtlKv', 128),
		xxhashAsU8a('Entries', 128),
		concat(decodeAddress(address)),
		concat(compactAddLength(hexToU8a(key))),
	);
}

/** Decodes a stored entry (TTL-R2). */
function decodeEntry(bytes) {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const head = 16;
	const stored = { expiresAt: view.getUint32(0, true), createdAt: view.getUint32(4, true) };
	stored.revision = view.getBigUint64(8, true).toString();
	// The compact length of the value takes one, two or four bytes.
	const prefix = [1, 2, 4][bytes[head] & 3];
	stored.value = u8aToHex(bytes.subarray(head + prefix));
	return stored;
}

/**
 * Asks node `prover` for the proof of an entry at block `at` and verifies it against the header from node `witness`.
 * Returns `{ state, entry }` with the state `live`, `expired` or `absent`. Throws if the proof does not verify.
 */
export async function verifyProof(prover, witness, owner, key, at) {
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
 * Subscribes to the owner's entries. `events` grows as events arrive. `until(accept)` resolves with them once
 * `accept(events)` is true and rejects if the node ends the subscription. `stop()` unsubscribes.
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
		return withTimeout(done, what);
	};
	return { events, until, stop };
}
