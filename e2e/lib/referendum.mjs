// Takes a call of root through a referendum, as committee and voters do. Periods are those of a chain with short hours.

import assert from 'node:assert/strict';
import { blake2AsHex } from '@polkadot/util-crypto';
import { TOS, development, nextNonce, rawCall, sign, submit, until } from './chain.mjs';

// Together they hold almost half of all TOS, and the required support falls below that within a few blocks.
const VOTERS = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie'];
const VOTE = 9_000_000n * TOS;
const COMMITTEE = ['Alice', 'Bob', 'Charlie'];
// A longer call stands in a referendum by its hash, and its bytes are stored as a preimage.
const MAX_INLINE_BYTES = 128;

/** A referendum at one node. `send(api, extrinsic)` resolves with the outcome of a transaction that counts as done. */
class Referendum {
	constructor(api, send) {
		this.api = api;
		this.send = send;
	}

	/** Submits a call of a development account, which must succeed. Returns its events. */
	async done(name, call) {
		const pair = development(name);
		const { error, events } = await this.send(
			this.api,
			sign(this.api, call, pair, { nonce: await nextNonce(this.api, pair) }),
		);
		assert.equal(error, null, `${name}: ${call.method.section}.${call.method.method}`);
		return events;
	}

	/** The call as a referendum holds it, by its hash. */
	async preimage({ method }) {
		const bytes = method.toHex();
		await this.done('Alice', this.api.tx.preimage.notePreimage(bytes));
		return { Lookup: { hash: blake2AsHex(bytes), len: method.encodedLength } };
	}

	/** The call as a referendum holds it, in full if it is short enough. */
	async bounded(call) {
		const { method } = call;
		return method.encodedLength <= MAX_INLINE_BYTES ? { Inline: method.toHex() } : this.preimage(call);
	}

	/** Submits the referendum, places its decision deposit, and votes with conviction. Returns its index. */
	async vote(origin, proposal) {
		const { referenda, convictionVoting } = this.api.tx;
		const events = await this.done('Alice', referenda.submit(origin, proposal, { After: 0 }));
		const { index } = events.find((event) => this.api.events.referenda.Submitted.is(event)).data;
		await this.done('Alice', referenda.placeDecisionDeposit(index));
		const aye = (conviction) => ({ Standard: { vote: { aye: true, conviction }, balance: VOTE } });
		await Promise.all(
			VOTERS.map((name, i) => this.done(name, convictionVoting.vote(index, aye(`Locked${1 + (i % 6)}x`)))),
		);
		return index;
	}

	/** Two thirds of the technical committee whitelist the call. */
	async whitelist({ method }) {
		const { api } = this;
		const committee = api.tx.technicalCommittee;
		const motion = api.tx.whitelist.whitelistCall(blake2AsHex(method.toHex()));
		const threshold = Math.ceil((2 * COMMITTEE.length) / 3);
		const length = motion.method.encodedLength;
		const events = await this.done(COMMITTEE[0], committee.propose(threshold, motion, length));
		const proposed = events.find((event) => api.events.technicalCommittee.Proposed.is(event)).data;
		const { proposalHash, proposalIndex } = proposed;
		for (const name of COMMITTEE) await this.done(name, committee.vote(proposalHash, proposalIndex, true));
		const signed = sign(api, motion, development('Alice'), { nonce: 0 });
		const { weight } = await rawCall(api, 'payment_queryInfo', signed.toHex());
		const bound = { refTime: weight.ref_time, proofSize: weight.proof_size };
		await this.done(COMMITTEE[0], committee.close(proposalHash, proposalIndex, bound, length));
	}
}

export const TRACKS = {
	/** On the track of root, with a preimage. */
	root: async (referendum, call) => referendum.vote({ system: 'Root' }, await referendum.preimage(call)),
	/** On the track of calls that the technical committee has whitelisted. */
	whitelisted: async (referendum, call) => {
		await referendum.whitelist(call);
		const dispatch = referendum.api.tx.whitelist.dispatchWhitelistedCallWithPreimage(call);
		return referendum.vote({ Origins: 'WhitelistedCaller' }, await referendum.bounded(dispatch));
	},
};

/**
 * Has root make `call` by a referendum on `track`, a key of [`TRACKS`], and resolves once `isEnacted()` answers true.
 * `send` is `submit`, or `submitToBlock` on a chain whose blocks do not become final.
 */
export async function enact(api, track, call, isEnacted, { send = submit, timeout = 600_000 } = {}) {
	const index = await TRACKS[track](new Referendum(api, send), call);
	const { section, method } = call.method;
	await until(isEnacted, `referendum ${index} to make the call ${section}.${method}`, timeout);
}
