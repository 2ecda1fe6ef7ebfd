// Entries and contracts that are stored once, and must read the same at every later block and on every node.

import assert from 'node:assert/strict';
import { blake2AsHex } from '@polkadot/util-crypto';
import { TOS, blockHash, finalisedHeight, fund, newAccount, nextNonce, rawCall, sign, submit } from './chain.mjs';
import { contractAddress, deploy } from './contracts.mjs';
import { put } from './entries.mjs';
import { bytesOf } from './transaction-stream.mjs';
import { hexToU8a } from '@polkadot/util';

const ENTRIES = 200;
const PUTS_PER_CALL = 50;
const CONTRACTS = 3;
const TTL = 100_000;
const FUNDS = 100_000n * TOS;
// Entries that are read at each block.
const SAMPLE = 8;

/** Stores entries and contracts whose bytes follow from `seed`. Resolves with a `StoredState`. */
export async function storeState(api, seed) {
	const owner = newAccount();
	await fund(api, [[owner, FUNDS]]);
	const entries = Array.from({ length: ENTRIES }, (_, i) => ({
		key: bytesOf(`${seed}/stored key ${i}`, 8 + (i % 100)),
		value: bytesOf(`${seed}/stored value ${i}`, 1 + 5 * i),
	}));
	const contracts = Array.from({ length: CONTRACTS }, (_, i) => {
		const code = bytesOf(`${seed}/stored code ${i}`, 1_000 * (i + 1));
		const salt = bytesOf(`${seed}/stored salt ${i}`, 32);
		return { code, salt, address: contractAddress(owner, hexToU8a(salt), hexToU8a(blake2AsHex(code))) };
	});
	const calls = contracts.map(({ code, salt }) => deploy(api, hexToU8a(code), salt));
	for (let i = 0; i < ENTRIES; i += PUTS_PER_CALL) {
		const puts = entries.slice(i, i + PUTS_PER_CALL).map(({ key, value }) => put(api, key, value, TTL));
		calls.push(api.tx.utility.batchAll(puts));
	}
	let number;
	for (const call of calls) {
		const outcome = await submit(api, sign(api, call, owner, { nonce: await nextNonce(api, owner) }));
		assert.equal(outcome.error, null);
		number = outcome.number;
	}
	const state = new StoredState(owner, entries, contracts);
	await state.note(api, await blockHash(api, number));
	return state;
}

class StoredState {
	/** Readings that were compared. */
	compared = 0;
	#noted;

	constructor(owner, entries, contracts) {
		this.owner = owner;
		this.entries = entries;
		this.contracts = contracts;
	}

	async #read(api, at, entries) {
		const ofEntries = entries.map(async ({ key }) => {
			const value = await rawCall(api, 'kv_get', this.owner.address, key, at);
			const { remainingBlocks, ...metadata } = await rawCall(api, 'kv_getMeta', this.owner.address, key, at);
			return { key, value, metadata };
		});
		const ofContracts = this.contracts.map(async ({ address }) => ({
			code: await rawCall(api, 'contract_getCode', address, at),
			metadata: await rawCall(api, 'contract_getMetadata', address, at),
		}));
		return { entries: await Promise.all(ofEntries), contracts: await Promise.all(ofContracts) };
	}

	/** Reads everything at block `at`, and compares the bytes with those that were submitted. */
	async note(api, at) {
		this.#noted = await this.#read(api, at, this.entries);
		this.#noted.entries.forEach(({ value }, i) => assert.equal(value, this.entries[i].value));
		this.#noted.contracts.forEach(({ code }, i) => assert.equal(code, this.contracts[i].code));
	}

	/** Asserts that all entries and contracts read as noted at block `at`, or `count` entries from the one at `from` on. */
	async assertSame(api, at, { from = 0, count = ENTRIES } = {}) {
		const positions = Array.from({ length: count }, (_, i) => (from + i) % ENTRIES);
		const { entries, contracts } = await this.#read(api, at, positions.map((i) => this.entries[i]));
		assert.deepEqual(entries, positions.map((i) => this.#noted.entries[i]));
		assert.deepEqual(contracts, this.#noted.contracts);
		this.compared += entries.length + contracts.length;
	}

	/** Compares a part at each final block from now on, on one node after the other. Resolves with `{ stop() }`. */
	watch(apis, first) {
		let isRunning = true;
		const follow = async () => {
			for (let number = first; isRunning; number++) {
				const api = apis[number % apis.length];
				await finalisedHeight(api, number);
				await this.assertSame(api, await blockHash(api, number), { from: number * SAMPLE, count: SAMPLE });
			}
		};
		const ended = follow();
		// The error is reported by `stop`.
		ended.catch(() => {});
		return {
			stop() {
				isRunning = false;
				return ended;
			},
		};
	}
}
