// Reads a chain block by block as it is finalised, and checks every block against the rules of consensus.

import assert from 'node:assert/strict';
import { slotOf, withTimeout } from './chain.mjs';

/**
 * A record of every finalised block of a node: `{ hash, number, author, session, era, plannedEra, validators, auraKeys,
 * setId, slot, timing }`. Reading stops at the first block that breaks a rule or for which `check(record, previous)`
 * throws; every `until` then rejects with that error.
 */
export class ChainHistory {
	records = [];
	/** The greatest distance seen between the best block and the last finalised one. */
	lag = 0;
	#api;
	#check;
	#finalised = -1;
	#reading = false;
	#failure = null;
	#waiting = new Set();
	#ends = [];

	constructor(api, check = () => {}) {
		this.#api = api;
		this.#check = check;
	}

	async start() {
		const { chain } = this.#api.rpc;
		this.#ends = await Promise.all([
			chain.subscribeNewHeads((header) => {
				if (this.#finalised < 0) return;
				this.lag = Math.max(this.lag, header.number.toNumber() - this.#finalised);
			}),
			chain.subscribeFinalizedHeads((header) => {
				this.#finalised = header.number.toNumber();
				this.#read();
			}),
		]);
		return this;
	}

	stop() {
		for (const end of this.#ends) end();
	}

	/** The record of the last finalised block. */
	get last() {
		return this.records.at(-1);
	}

	/** Resolves with the first record from height `from` on that `accept` accepts. The record may exist already. */
	until(accept, what, from = 0) {
		const found = new Promise((resolve, reject) => {
			const waiter = {
				next: from,
				look: () => {
					for (; waiter.next < this.records.length; waiter.next++) {
						const record = this.records[waiter.next];
						if (!accept(record)) continue;
						this.#waiting.delete(waiter);
						resolve(record);
						return;
					}
					if (this.#failure) reject(this.#failure);
				},
			};
			this.#waiting.add(waiter);
			waiter.look();
		});
		return withTimeout(found, what);
	}

	async #read() {
		if (this.#reading) return;
		this.#reading = true;
		try {
			while (!this.#failure && this.records.length <= this.#finalised) {
				const record = await this.#record(this.records.length);
				const previous = this.last;
				if (previous) this.#checkRules(record, previous);
				await this.#check(record, previous);
				this.records.push(record);
				for (const waiter of [...this.#waiting]) waiter.look();
			}
		} catch (error) {
			this.#failure = error;
			for (const waiter of [...this.#waiting]) waiter.look();
		} finally {
			this.#reading = false;
		}
	}

	async #record(number) {
		const hash = await this.#api.rpc.chain.getBlockHash(number);
		const [header, { query, consts }] = await Promise.all([this.#api.rpc.chain.getHeader(hash), this.#api.at(hash)]);
		const [session, era, plannedEra, validators, auraKeys, setId] = await Promise.all([
			query.session.currentIndex(),
			query.staking.activeEra(),
			query.staking.currentEra(),
			query.session.validators(),
			query.aura.authorities(),
			query.grandpa.currentSetId(),
		]);
		return {
			hash: hash.toHex(),
			number,
			timing: consts.genesisParameters.timing,
			slot: slotOf(header),
			session: session.toNumber(),
			era: era.unwrap().index.toNumber(),
			plannedEra: plannedEra.unwrap().toNumber(),
			validators: validators.map(String),
			auraKeys: auraKeys.map((key) => key.toHex()),
			setId: setId.toNumber(),
		};
	}

	#checkRules(record, previous) {
		const { number, slot, timing } = record;
		const at = `at height ${number}`;
		// CON-R1, CON-R2
		assert.ok(previous.slot === null || slot > previous.slot, `slots must rise ${at}`);
		record.author = previous.validators[Number(slot % BigInt(previous.validators.length))];
		// CON-R5
		const length = timing.sessionLengthBlocks.toNumber();
		assert.equal(record.session, Math.floor(number / length), `session ${at}`);
		// CON-R8, CON-R12
		if (number % length !== 0) {
			for (const field of ['validators', 'auraKeys', 'era', 'plannedEra', 'setId']) {
				assert.deepEqual(record[field], previous[field], `${field} within a session, ${at}`);
			}
		}
		assert.ok([0, 1].includes(record.era - previous.era), `era ${at}`);
		assert.ok([0, 1].includes(record.setId - previous.setId), `set id ${at}`);
	}
}
