// Takes an upgrade through a referendum, as operators and voters do. Periods are those of a chain with short hours.

import assert from 'node:assert/strict';
import { blake2AsHex } from '@polkadot/util-crypto';
import { TOS, development, nextNonce, rawCall, sign, submit, until } from './chain.mjs';

// Together they hold almost half of all TOS, and the required support falls below that within a few blocks.
const VOTERS = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie'];
const VOTE = 9_000_000n * TOS;
const COMMITTEE = ['Alice', 'Bob', 'Charlie'];

/** Submits a call of a development account, which must succeed. */
async function done(api, name, call) {
	const pair = development(name);
	const outcome = await submit(api, sign(api, call, pair, { nonce: await nextNonce(api, pair) }));
	assert.equal(outcome.error, null, `${name}: ${call.method.section}.${call.method.method}`);
	return outcome;
}

/** Places the decision deposit, votes with conviction, and waits until the upgrade to `codeHash` is authorised. */
async function pass(api, origin, proposal, codeHash) {
	const { events } = await done(api, 'Alice', api.tx.referenda.submit(origin, proposal, { After: 0 }));
	const { index } = events.find((event) => api.events.referenda.Submitted.is(event)).data;
	await done(api, 'Alice', api.tx.referenda.placeDecisionDeposit(index));
	const vote = (conviction) => ({ Standard: { vote: { aye: true, conviction }, balance: VOTE } });
	await Promise.all(
		VOTERS.map((name, i) => done(api, name, api.tx.convictionVoting.vote(index, vote(`Locked${1 + (i % 6)}x`)))),
	);
	const isAuthorised = async () => {
		const authorised = await api.query.system.authorizedUpgrade();
		return authorised.isSome && authorised.unwrap().codeHash.toHex() === codeHash;
	};
	await until(isAuthorised, `referendum ${index} to authorise ${codeHash}`, 600_000);
}

/** On the track of root, with a preimage. */
async function byRoot(api, call, codeHash) {
	const bytes = call.method.toHex();
	await done(api, 'Alice', api.tx.preimage.notePreimage(bytes));
	const lookup = { hash: blake2AsHex(bytes), len: call.method.encodedLength };
	await pass(api, { system: 'Root' }, { Lookup: lookup }, codeHash);
}

/** On the track of calls that two thirds of the technical committee have whitelisted. */
async function byWhitelist(api, call, codeHash) {
	const committee = api.tx.technicalCommittee;
	const motion = api.tx.whitelist.whitelistCall(blake2AsHex(call.method.toHex()));
	const threshold = Math.ceil((2 * COMMITTEE.length) / 3);
	const length = motion.method.encodedLength;
	const { events } = await done(api, COMMITTEE[0], committee.propose(threshold, motion, length));
	const proposed = events.find((event) => api.events.technicalCommittee.Proposed.is(event)).data;
	const { proposalHash, proposalIndex } = proposed;
	for (const name of COMMITTEE) await done(api, name, committee.vote(proposalHash, proposalIndex, true));
	const { weight } = await rawCall(api, 'payment_queryInfo', motion.sign(development('Alice'), {
		blockHash: api.genesisHash,
		era: 0,
		genesisHash: api.genesisHash,
		nonce: 0,
		runtimeVersion: api.runtimeVersion,
	}).toHex());
	const bound = { refTime: weight.ref_time, proofSize: weight.proof_size };
	await done(api, COMMITTEE[0], committee.close(proposalHash, proposalIndex, bound, length));
	const dispatch = api.tx.whitelist.dispatchWhitelistedCallWithPreimage(call);
	await pass(api, { Origins: 'WhitelistedCaller' }, { Inline: dispatch.method.toHex() }, codeHash);
}

export const TRACKS = { root: byRoot, whitelisted: byWhitelist };

/** Has the code `wasm` authorised by a referendum on `track`, a key of [`TRACKS`]. Nothing of the runtime changes yet. */
export async function authoriseUpgrade(api, track, wasm) {
	const codeHash = blake2AsHex(wasm, 256);
	await TRACKS[track](api, api.tx.system.authorizeUpgrade(codeHash), codeHash);
}

/** Submits the authorised code without a signature, and resolves when a block of the node has applied it. */
export async function applyUpgrade(api, wasm) {
	const before = (await rawCall(api, 'state_getRuntimeVersion')).specVersion;
	const call = api.tx.system.applyAuthorizedUpgrade(`0x${Buffer.from(wasm).toString('hex')}`);
	await rawCall(api, 'author_submitExtrinsic', call.toHex());
	const isApplied = async () => (await rawCall(api, 'state_getRuntimeVersion')).specVersion > before;
	await until(isApplied, 'the upgrade to be applied');
}
