// A steady stream of transfers, puts and deployments, each of which must become final, also while the runtime changes.

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { hexToU8a } from '@polkadot/util';
import { TOS, fund, newAccount, nextNonce, sign, submit, withTimeout } from './chain.mjs';
import { deploy } from './contracts.mjs';
import { put } from './entries.mjs';

const SENDERS = 8;
const FUNDS = 50_000n * TOS;
const TTL = 10_000;
const CODE_BYTES = 512;
// A transaction that was signed for the previous runtime never becomes final, and not every pool says so.
const PATIENCE_MS = 30_000;

const sha256 = (text) => createHash('sha256').update(text).digest();

/** `length` pseudo-random bytes in hex that follow from `text`. */
export function bytesOf(text, length) {
	const parts = [];
	for (let i = 0; 32 * i < length; i++) parts.push(sha256(`${text}/${i}`));
	return `0x${Buffer.concat(parts).subarray(0, length).toString('hex')}`;
}

const KINDS = {
	transfer: (api, id) => api.tx.balances.transferAllowDeath(newAccount().address, TOS),
	put: (api, id) => put(api, bytesOf(`key ${id}`, 16), bytesOf(`value ${id}`, 64), TTL),
	deployment: (api, id) => deploy(api, hexToU8a(bytesOf(`code ${id}`, CODE_BYTES)), bytesOf(`salt ${id}`, 32)),
};

/** Sends from several accounts through several nodes. Which kinds follow each other depends on `seed` only. */
export class TransactionStream {
	/** Final transactions by kind, and how many had to be signed again. */
	counts = { transfer: 0, put: 0, deployment: 0 };
	repeated = 0;
	/** Heights of the blocks with transactions of the stream. */
	heights = new Set();
	#apis;
	#seed;
	#isRunning = false;
	#senders = [];
	#failure = null;

	constructor(apis, seed) {
		this.#apis = apis;
		this.#seed = seed;
	}

	async start() {
		const pairs = Array.from({ length: SENDERS }, () => newAccount());
		await fund(this.#apis[0], pairs.map((pair) => [pair, FUNDS]));
		this.#isRunning = true;
		this.#senders = pairs.map((pair, i) => this.#send(pair, i).catch((error) => (this.#failure ??= error)));
		return this;
	}

	/** Ends the stream. Throws if a transaction has failed. */
	async stop() {
		this.#isRunning = false;
		await Promise.all(this.#senders);
		if (this.#failure) throw this.#failure;
	}

	async #send(pair, sender) {
		const api = this.#apis[sender % this.#apis.length];
		const kinds = Object.keys(KINDS);
		for (let i = 0; this.#isRunning; i++) {
			const id = `${this.#seed}/${sender}/${i}`;
			const kind = kinds[sha256(id)[0] % kinds.length];
			const outcome = await this.#untilFinal(api, pair, KINDS[kind](api, id));
			if (outcome.error && !outcome.wasRepeated) throw new Error(`${kind} ${id}: ${outcome.error}`);
			this.counts[kind]++;
			this.heights.add(outcome.number);
		}
	}

	/** Signs and submits until the transaction is final: a change of the runtime invalidates its signature. */
	async #untilFinal(api, pair, call) {
		for (let wasRepeated = false; ; wasRepeated = true, this.repeated++) {
			try {
				const signed = sign(api, call, pair, { nonce: await nextNonce(api, pair) });
				const outcome = await withTimeout(submit(api, signed), 'a transaction of the stream', PATIENCE_MS);
				return { ...outcome, wasRepeated };
			} catch (error) {
				if (!this.#isRunning && wasRepeated) throw error;
				await sleep(500);
			}
		}
	}
}
