// A validator whose keys run on two nodes at once: it seals two blocks in its slots and votes twice. The others report
// it, the chain holds it to account once for each slot and round, and goes on without it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TOS, agreement, connect, development, finalisedHeight } from '../lib/chain.mjs';
import { startLocalnet, startNode, temporaryFolder } from '../lib/node.mjs';
import { localSpec, withValidators } from '../lib/spec.mjs';

const AURA = 'aura:equivocatio';
const GRANDPA = 'grandpa:equivoca';
const NOMINATION = 500_000n * TOS;
// One of four: (3/4)^2, in parts of 10^9 (CON-R15).
const FRACTION = 562_500_000n;
const BILLION = 1_000_000_000n;
/** That part of an amount, to the nearest unit, halves down. */
const slashOf = (amount) => (amount * FRACTION + BILLION / 2n - 1n) / BILLION;

const dave = development('Dave//stash').address;
const nominator = development('Eve').address;

/** Four validators, of which the last has a nominator; sessions of ten blocks, eras of thirty. */
function genesis(patch) {
	withValidators(patch, ['Alice', 'Bob', 'Charlie', 'Dave']);
	patch.staking.stakers.push([nominator, nominator, Number(NOMINATION), { Nominator: [dave] }]);
	Object.assign(patch.genesisParameters.timing, { sessionLengthBlocks: 10, sessionsPerEra: 3 });
}

// Ten eras: what does not come in them does not come.
const PATIENCE_BLOCKS = 300;

/** Every finalised block from height `from` on, with its events and the state after it. */
async function* finalisedBlocks(api, from) {
	for (let number = from; number < from + PATIENCE_BLOCKS; number++) {
		await finalisedHeight(api, number);
		const hash = (await api.rpc.chain.getBlockHash(number)).toHex();
		const at = await api.at(hash);
		const events = (await at.query.system.events()).map(({ event }) => event);
		yield { number, hash, at, events };
	}
	throw new Error(`${PATIENCE_BLOCKS} blocks have passed without it`);
}

/** Double seals and double votes among the events. */
const offencesOf = (api, events) =>
	events
		.filter((event) => api.events.offences.Offence.is(event))
		.map(({ data }) => ({ kind: Buffer.from(data.kind.toU8a()).toString(), slot: data.slot.toHex() }))
		.filter(({ kind }) => [AURA, GRANDPA].includes(kind));

/** Starts four validators and then the last of them a second time, with `args`. `stop` ends all of it. */
async function startWithTwin(dir, args = []) {
	const chain = await localSpec(genesis);
	const network = await startLocalnet({ names: ['alice', 'bob', 'charlie', 'dave'], chain, dir });
	const apis = await Promise.all(network.nodes.map(({ rpc }) => connect(rpc)));
	const peers = await Promise.all(
		apis.map(async (peer) => {
			const addresses = (await peer.rpc.system.localListenAddresses()).map(String);
			return addresses.find((address) => address.startsWith('/ip4/127.0.0.1/'));
		}),
	);
	const twin = await startNode([
		...['--chain', join(dir, 'spec.json'), '--dave', '--base-path', temporaryFolder()],
		...['--unsafe-force-node-key-generation', ...args, '--reserved-nodes', ...peers],
	]);
	return {
		apis,
		twin,
		async stop() {
			await Promise.all(apis.map((api) => api.disconnect()));
			await twin.stop();
			network.stop();
		},
	};
}

/** Ten further blocks become final on the other three, who agree on the last. */
async function goesOn(apis) {
	const [api] = apis;
	const head = (await api.rpc.chain.getHeader(await api.rpc.chain.getFinalizedHead())).number.toNumber();
	const others = apis.slice(0, 3);
	await Promise.all(others.map((other) => finalisedHeight(other, head + 10)));
	await agreement(others, head + 10);
}

/** Stashes that are disabled in the state `at`. */
async function disabledStashes(at) {
	const validators = (await at.query.session.validators()).map(String);
	return (await at.query.session.disabledValidators()).map(([index]) => validators[index.toNumber()]);
}

describe('a validator that authors on two nodes', () => {
	const dir = temporaryFolder();
	let running;
	let api;
	let apis;
	// Filled by the first test, used by the others.
	let offence;

	before(async () => {
		// Without votes of the second node: were a double vote reported first, the disabled validator would author no more.
		running = await startWithTwin(dir, ['--no-grandpa']);
		({ apis } = running);
		[api] = apis;
	});

	after(() => running?.stop());

	it('is reported by the others, and disabled', async (t) => {
		for await (const block of finalisedBlocks(api, 1)) {
			const found = offencesOf(api, block.events).filter(({ kind }) => kind === AURA);
			if (!found.length) continue;
			offence = { ...block, slot: found[0].slot };
			break;
		}
		t.diagnostic(`offence for slot ${offence.slot} in block ${offence.number}`);
		const { at, hash, events } = offence;

		const reported = events.find(
			(event) => api.events.staking.SlashReported.is(event) && event.data.validator.toString() === dave,
		);
		assert.equal(reported.data.fraction.toBigInt(), FRACTION);

		assert.deepEqual(await disabledStashes(at), [dave]);

		// The report is a bare transaction of a validator that is not the offender.
		const { block } = await api.rpc.chain.getBlock(hash);
		const reports = block.extrinsics.filter(({ method }) =>
			api.tx.auraEquivocation.reportEquivocationUnsigned.is(method),
		);
		assert.equal(reports.length, 1);
		assert.equal(reports[0].isSigned, false);
		const { offender, slot, firstHeader, secondHeader } = reports[0].method.args[0];
		assert.equal(offender.toHex(), api.createType('AccountId', development('Dave').address).toHex());
		assert.equal(slot.toBigInt(), Buffer.from(offence.slot.slice(2), 'hex').readBigUInt64LE());
		assert.notEqual(firstHeader.hash.toHex(), secondHeader.hash.toHex());
	});

	it('is to be slashed with its nominator, and governance can see and cancel it', async () => {
		const { at } = offence;
		const era = (await at.query.staking.activeEra()).unwrap().index.toNumber();
		// One era of deferral (CON-R17).
		const slashes = await at.query.staking.unappliedSlashes(era + 2);
		assert.equal(slashes.length, 1);
		const [{ validator, own, others }] = slashes;
		assert.equal(validator.toString(), dave);

		const exposure = (await at.query.staking.erasStakersOverview(era, dave)).unwrap();
		assert.equal(own.toBigInt(), slashOf(exposure.own.toBigInt()));
		const page = (await at.query.staking.erasStakersPaged(era, dave, 0)).unwrap();
		const delegated = page.others.map(({ who, value }) => [who.toString(), value.toBigInt()]);
		assert.deepEqual(delegated.map(([who]) => who), [nominator]);
		assert.deepEqual(
			others.map(([who, amount]) => [who.toString(), amount.toBigInt()]),
			delegated.map(([who, value]) => [who, slashOf(value)]),
		);
	});

	it('knows that its keys run twice and does not report itself', () => {
		for (const log of [running.twin.log(), readFileSync(join(dir, 'dave', 'log'), 'utf8')]) {
			assert.match(log, /Another node seals blocks with this node's Aura key/);
			assert.doesNotMatch(log, /Reported Aura key/);
		}
	});

	it('is slashed when the deferral is over, and no candidate any more', async (t) => {
		const seen = new Map();
		const slashed = new Map();
		for await (const { events, number } of finalisedBlocks(api, offence.number)) {
			for (const { kind, slot } of offencesOf(api, events)) {
				const key = `${kind} ${slot}`;
				seen.set(key, (seen.get(key) ?? 0) + 1);
			}
			for (const event of events.filter((event) => api.events.staking.Slashed.is(event))) {
				slashed.set(event.data.staker.toString(), event.data.amount.toBigInt());
			}
			if (slashed.size) {
				t.diagnostic(`slashed in block ${number}; offences: ${[...seen.keys()].join(', ')}`);
				break;
			}
		}
		// Once for each kind and slot or round, however many validators report it.
		for (const [key, count] of seen) assert.equal(count, 1, key);

		const [{ own, others }] = await offence.at.query.staking.unappliedSlashes(
			(await offence.at.query.staking.activeEra()).unwrap().index.toNumber() + 2,
		);
		const expected = [[dave, own.toBigInt()], ...others.map(([who, amount]) => [String(who), amount.toBigInt()])];
		assert.deepEqual([...slashed].sort(), expected.sort());

		const candidates = (await api.query.staking.validators.keys()).map(({ args }) => args[0].toString());
		assert.ok(!candidates.includes(dave), 'an offender is chilled');
	});

	it('does not stop the chain, on which the others agree', () => goesOn(apis));
});

describe('a validator whose keys run on two nodes altogether', () => {
	let running;

	before(async () => {
		running = await startWithTwin(temporaryFolder());
	});

	after(() => running?.stop());

	it('is held to account for what comes first, and disabled', async (t) => {
		const [api] = running.apis;
		for await (const { at, events, number } of finalisedBlocks(api, 1)) {
			const kinds = offencesOf(api, events).map(({ kind }) => kind);
			if (!kinds.length) continue;
			t.diagnostic(`block ${number}: ${kinds.join(', ')}`);
			assert.deepEqual(await disabledStashes(at), [dave]);
			break;
		}
	});

	it('does not stop the chain, on which the others agree', () => goesOn(running.apis));
});
