// A validator whose keys run on two nodes at once equivocates: it seals two blocks of one slot and votes twice in one
// round. The other validators report it, each slot and round is punished once, and the chain continues without it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
	TOS,
	agreement,
	blockHash,
	development,
	finalisedHeight,
	lastFinalised,
	nextNonce,
	sign,
	submit,
} from '../lib/chain.mjs';
import { of } from '../lib/economics.mjs';
import { joinArguments, startConnected, startNetwork } from '../lib/network.mjs';
import { gtos, temporaryFolder } from '../lib/node.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';

const AURA = 'aura:equivocatio';
const GRANDPA = 'grandpa:equivoca';
const NOMINATION = 500_000n * TOS;
// One of four: (3/4)^2, in parts of 10^9 (CON-R15).
const FRACTION = 562_500_000n;

const NAMES = ['alice', 'bob', 'charlie', 'dave'];
const SESSIONS_PER_ERA = 3;
const dave = development('Dave//stash').address;
const daveVotes = development('Dave', 'ed25519');
const nominator = development('Eve').address;

/** Four validators, of which the last has a nominator; one era of deferral. */
const genesis = (sessionLengthBlocks) => (patch) => {
	withValidators(patch, ['Alice', 'Bob', 'Charlie', 'Dave']);
	patch.staking.stakers.push([nominator, nominator, Number(NOMINATION), { Nominator: [dave] }]);
	Object.assign(patch.genesisParameters.timing, { sessionLengthBlocks, sessionsPerEra: SESSIONS_PER_ERA });
};

// An event that has not occurred within this many blocks will not occur.
const PATIENCE_BLOCKS = 300;

/** Every finalised block from height `from` on, with its events and the state after it. */
async function* finalisedBlocks(api, from) {
	for (let number = from; number < from + PATIENCE_BLOCKS; number++) {
		await finalisedHeight(api, number);
		const hash = await blockHash(api, number);
		const at = await api.at(hash);
		const events = (await at.query.system.events()).map(({ event }) => event);
		yield { number, hash, at, events };
	}
	throw new Error(`the event has not occurred within ${PATIENCE_BLOCKS} blocks`);
}

/** The Aura and GRANDPA equivocations among the events. */
const offencesOf = (api, events) =>
	events
		.filter((event) => api.events.offences.Offence.is(event))
		.map(({ data }) => ({ kind: Buffer.from(data.kind.toU8a()).toString(), slot: data.slot.toHex() }))
		.filter(({ kind }) => [AURA, GRANDPA].includes(kind));

/** The first finalised block in which an offence of this kind is reported, with the offence's slot. */
async function firstOffence(api, wanted) {
	for await (const block of finalisedBlocks(api, 1)) {
		const found = offencesOf(api, block.events).find(({ kind }) => kind === wanted);
		if (found) return { ...block, slot: found.slot };
	}
}

/** The unsigned reports in a block that are calls of `call`. */
async function reportsIn(api, { hash }, call) {
	const { block } = await api.rpc.chain.getBlock(hash);
	return block.extrinsics.filter(({ isSigned, method }) => !isSigned && call.is(method));
}

/**
 * Starts four validators and a second node with the keys of the last, its twin. The twin gets the arguments that
 * `twinArgs(spec, folder)` returns. `stop()` ends all nodes.
 */
async function startWithTwin({ sessionLengthBlocks = 10, twinArgs }) {
	const [dir, folder] = [temporaryFolder(), temporaryFolder()];
	const chain = await editedSpec('local', genesis(sessionLengthBlocks));
	// With slashing protection the twin would stop, or its votes would keep the other node from voting.
	const unprotected = ['--slashing-protection', 'off'];
	const network = await startNetwork({ names: NAMES, chain, dir, args: unprotected });
	const args = [...(await twinArgs(network.spec, folder)), ...joinArguments(network), ...unprotected];
	const twin = await startConnected(['--base-path', folder, '--unsafe-force-node-key-generation', ...args]);
	return {
		apis: network.apis,
		twin,
		/** The log of the node of this name. */
		log: (name) => readFileSync(join(dir, name, 'log'), 'utf8'),
		async stop() {
			await twin.stop();
			await network.stop();
		},
	};
}

/** Waits for ten further finalised blocks on `apis` and asserts that they agree on the last. */
async function assertProgress(apis) {
	const height = (await lastFinalised(apis[0])) + 10;
	await Promise.all(apis.map((api) => finalisedHeight(api, height)));
	await agreement(apis, height);
}

/** Stashes that are disabled in the state `at`. */
async function disabledStashes(at) {
	const validators = (await at.query.session.validators()).map(String);
	return (await at.query.session.disabledValidators()).map(([index]) => validators[index.toNumber()]);
}

const activeEra = async (at) => (await at.query.staking.activeEra()).unwrap().index.toNumber();

const isCandidate = async (at) => !(await at.query.staking.validators.size(dave)).isZero();

/** Asserts that the block of the report sets Dave's slash fraction, disables him and removes him as a candidate. */
async function assertPunished(api, { at, events }) {
	const reported = events.filter((event) => api.events.staking.SlashReported.is(event));
	for (const { data } of reported) {
		assert.equal(data.validator.toString(), dave);
		assert.equal(data.fraction.toBigInt(), FRACTION);
	}
	assert.ok(reported.length > 0);
	assert.deepEqual(await disabledStashes(at), [dave]);
	assert.equal(await isCandidate(at), false, 'an offender is chilled');
}

/** The deferred slash after the offence, as pairs of account and amount. */
async function deferredSlash({ at }) {
	// One era of deferral (CON-R17).
	const slashes = await at.query.staking.unappliedSlashes((await activeEra(at)) + 2);
	assert.equal(slashes.length, 1);
	const [{ validator, own, others }] = slashes;
	return [[validator, own], ...others].map(([who, amount]) => [who.toString(), amount.toBigInt()]);
}

/** Asserts that the deferred slash takes the fraction of the exposure of validator and nominator. */
async function assertSlashDeferred(offence) {
	const { at } = offence;
	const era = await activeEra(at);
	const { own } = (await at.query.staking.erasStakersOverview(era, dave)).unwrap();
	const { others } = (await at.query.staking.erasStakersPaged(era, dave, 0)).unwrap();
	assert.deepEqual(others.map(({ who }) => who.toString()), [nominator]);
	assert.deepEqual(await deferredSlash(offence), [
		[dave, of(FRACTION, own.toBigInt())],
		[nominator, of(FRACTION, others[0].value.toBigInt())],
	]);
}

/**
 * Follows the chain from the offence until the deferral ends. Asserts that each offence counts once, however many
 * validators report it, and that the slash is applied once. Returns the offences.
 */
async function assertSlashedOnce(t, api, offence) {
	const due = (await activeEra(offence.at)) + 2;
	const seen = [];
	const slashed = [];
	for await (const { at, events, number } of finalisedBlocks(api, offence.number)) {
		seen.push(...offencesOf(api, events));
		for (const { data } of events.filter((event) => api.events.staking.Slashed.is(event))) {
			slashed.push([data.staker.toString(), data.amount.toBigInt()]);
		}
		if ((await activeEra(at)) === due) {
			t.diagnostic(`era ${due} begins in block ${number}, after ${seen.length} offences`);
			break;
		}
	}
	const counted = seen.map(({ kind, slot }) => `${kind} ${slot}`);
	assert.deepEqual(counted, [...new Set(counted)]);
	assert.deepEqual(slashed.sort(), (await deferredSlash(offence)).sort());
	return seen;
}

describe('a validator that authors on two nodes', () => {
	let running;
	let api;
	// Filled by the first test, used by the others.
	let offence;

	before(async () => {
		// The twin casts no votes. If a double vote were reported first, the disabled validator would author no more blocks.
		running = await startWithTwin({ twinArgs: () => ['--dave', '--no-grandpa'] });
		[api] = running.apis;
	});

	after(() => running?.stop());

	it('is reported by the others, disabled and chilled', async (t) => {
		offence = await firstOffence(api, AURA);
		t.diagnostic(`offence for slot ${offence.slot} in block ${offence.number}`);
		await assertPunished(api, offence);

		const reports = await reportsIn(api, offence, api.tx.auraEquivocation.reportEquivocationUnsigned);
		assert.equal(reports.length, 1);
		const { offender, slot, firstHeader, secondHeader } = reports[0].method.args[0];
		assert.equal(offender.toHex(), api.createType('AccountId', development('Dave').address).toHex());
		// The time slot of the offence begins with the session, which has four bytes (CON-R23).
		assert.equal(slot.toBigInt(), Buffer.from(offence.slot.slice(2), 'hex').readBigUInt64LE(4));
		assert.notEqual(firstHeader.hash.toHex(), secondHeader.hash.toHex());
	});

	it('has a deferred slash with its nominator, which governance can cancel', () => assertSlashDeferred(offence));

	it('detects that another node runs with its keys, and does not report itself', () => {
		for (const log of [running.twin.log(), running.log('dave')]) {
			assert.match(log, /Another node seals blocks with this node's Aura key/);
			assert.doesNotMatch(log, /Reported Aura key/);
		}
	});

	it('is slashed once when the deferral ends', (t) => assertSlashedOnce(t, api, offence));

	it('does not stop the chain, on which the others agree', () => assertProgress(running.apis.slice(0, 3)));
});

describe('a validator that votes on two nodes', () => {
	// Eras are so long that the twin is reported before the next election.
	const sessionLengthBlocks = 20;
	let running;
	let api;
	// Filled by the first test, used by the others.
	let offence;
	let report;

	before(async () => {
		running = await startWithTwin({
			sessionLengthBlocks,
			// The twin has only the GRANDPA key: it authors no blocks, so no Aura equivocation comes first.
			async twinArgs(spec, folder) {
				const key = ['--key-type', 'gran', '--scheme', 'ed25519', '--suri', '//Dave'];
				await gtos('key', 'insert', '--chain', spec, '--base-path', folder, ...key);
				// Two nodes that wait equally long nearly always vote for the same block. The twin votes as soon as a round
				// begins, and sometimes a block arrives before the other node votes.
				return ['--validator', '--grandpa-gossip-period-ms', 10];
			},
		});
		[api] = running.apis;
	});

	after(() => running?.stop());

	it('is reported by the others, disabled and chilled', async (t) => {
		offence = await firstOffence(api, GRANDPA);
		await assertPunished(api, offence);
		const found = offencesOf(api, offence.events);
		assert.deepEqual(new Set(found.map(({ kind }) => kind)), new Set([GRANDPA]));

		const reports = await reportsIn(api, offence, api.tx.grandpa.reportEquivocationUnsigned);
		assert.equal(reports.length, found.length);
		[report] = reports.map(({ method }) => method.args);
		const [{ setId, equivocation }] = report;
		const vote = equivocation.value;
		const time = Buffer.from(offence.slot.slice(2), 'hex');
		assert.equal(setId.toBigInt(), time.readBigUInt64LE());
		assert.equal(vote.roundNumber.toBigInt(), time.readBigUInt64LE(8));
		t.diagnostic(`two ${equivocation.type}s in round ${vote.roundNumber}, reported in block ${offence.number}`);

		// Two signatures of one key under different blocks (CON-R11, CON-R13).
		assert.equal(vote.identity.toHex(), api.createType('AuthorityId', daveVotes.publicKey).toHex());
		const votes = [vote.first, vote.second];
		assert.notEqual(votes[0][0].targetHash.toHex(), votes[1][0].targetHash.toHex());
		for (const [{ targetHash, targetNumber }, signature] of votes) {
			const kind = equivocation.isPrevote ? 0 : 1;
			const number = api.createType('u32', targetNumber);
			const payload = Buffer.concat([
				Buffer.from([kind]),
				...[targetHash, number, vote.roundNumber, setId].map((part) => part.toU8a()),
			]);
			assert.equal(payload.length, 53);
			assert.ok(daveVotes.verify(payload, signature.toU8a(), daveVotes.publicKey));
		}
	});

	it('cannot be reported again for the same round, or with a vote that it did not cast', async () => {
		const ferdie = development('Ferdie');
		const [proof, owner] = report;
		const outcome = async (equivocation) => {
			const call = api.tx.grandpa.reportEquivocation(equivocation, owner);
			return submit(api, sign(api, call, ferdie, { nonce: await nextNonce(api, ferdie) }));
		};
		assert.equal((await outcome(proof)).error, 'grandpa.DuplicateOffenceReport');
		const forged = api.createType(proof.toRawType(), proof.toU8a());
		forged.equivocation.value.first[0].targetHash.set(new Uint8Array(32));
		assert.equal((await outcome(forged)).error, 'grandpa.InvalidEquivocationProof');
	});

	it('has a deferred slash with its nominator, which governance can cancel', () => assertSlashDeferred(offence));

	it('is not in the next elected validator set, which votes without it', async (t) => {
		// The first election after the report (CON-R7), and the block by which its set has taken over (CON-R8).
		const eraBlocks = SESSIONS_PER_ERA * sessionLengthBlocks;
		const era = Math.floor((offence.number + sessionLengthBlocks) / eraBlocks) + 1;
		const takeover = era * eraBlocks;
		await finalisedHeight(api, takeover);
		const votersAt = async (number) => {
			const at = await api.at(await blockHash(api, number));
			const stashes = (await at.query.session.validators()).map(String);
			const keys = (await at.call.grandpaApi.grandpaAuthorities()).map(([key]) => key.toHex());
			return { stashes, votes: keys.includes(api.createType('AuthorityId', daveVotes.publicKey).toHex()) };
		};
		const before = await votersAt(takeover - 1);
		assert.deepEqual([before.stashes.includes(dave), before.votes], [true, true]);
		const then = await votersAt(takeover);
		assert.deepEqual([then.stashes.length, then.stashes.includes(dave), then.votes], [3, false, false]);
		t.diagnostic(`not a validator from block ${takeover} on`);
	});

	it('is slashed once when the deferral ends, for all its double votes', async (t) => {
		const offences = await assertSlashedOnce(t, api, offence);
		assert.ok(offences.every(({ kind }) => kind === GRANDPA));
		// Each of the other validators has reported the offences, but each offence counted only once.
		for (const name of NAMES.slice(0, 3)) {
			const reports = running.log(name).split('Submitted equivocation report').length - 1;
			t.diagnostic(`${name} has sent ${reports} reports`);
			assert.ok(reports > 0, `${name} has sent no report`);
		}
	});

	it('sees the equivocation in the logs of both of its nodes', () => {
		for (const log of [running.log('dave'), running.twin.log()]) {
			assert.ok(/Detected (prevote|precommit) equivocation/.test(log));
		}
	});

	it('does not stop finality, on which all nodes agree', () => assertProgress([...running.apis, running.twin.api]));
});

describe('a validator that authors and votes on two nodes', () => {
	let running;

	before(async () => {
		running = await startWithTwin({ twinArgs: () => ['--dave'] });
	});

	after(() => running?.stop());

	it('is disabled for the equivocation that is reported first', async (t) => {
		const [api] = running.apis;
		for await (const { at, events, number } of finalisedBlocks(api, 1)) {
			const kinds = offencesOf(api, events).map(({ kind }) => kind);
			if (!kinds.length) continue;
			t.diagnostic(`block ${number}: ${kinds.join(', ')}`);
			assert.deepEqual(await disabledStashes(at), [dave]);
			break;
		}
	});

	it('does not stop the chain, on which the others agree', () => assertProgress(running.apis.slice(0, 3)));
});
