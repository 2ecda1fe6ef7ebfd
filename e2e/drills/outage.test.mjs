// Outages for which no validator can be blamed cost no validator its seat: all nodes stop, or the network is parted. A
// validator that is gone for good loses its seat.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { agreement, lastFinalised, until } from '../lib/chain.mjs';
import { startLinkedNetwork } from '../lib/linked-network.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';

const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve'];

// The lengths of the outages: 50 and 60 slots, more than two sessions of preset `local`.
const STOPPED_MS = 25_000;
const PARTED_MS = 30_000;
const SESSION_TIMEOUT_MS = 300_000;

const sessionOf = async (api) => {
	const at = await api.at(await api.rpc.chain.getFinalizedHead());
	return (await at.query.session.currentIndex()).toNumber();
};

const sessionsPerEra = (api) => api.consts.genesisParameters.timing.sessionsPerEra.toNumber();

/** Validators of the session, and the accounts that may be elected, after the last finalised block. */
async function seats(api) {
	const { query } = await api.at(await api.rpc.chain.getFinalizedHead());
	const [validators, candidates] = await Promise.all([query.session.validators(), query.staking.validators.keys()]);
	return {
		validators: validators.map(String).sort(),
		candidates: candidates.map(({ args: [who] }) => who.toString()).sort(),
	};
}

/** Waits until `count` sessions have begun after the one of the last finalised block. */
async function sessionsPass(t, api, count) {
	const begun = (await sessionOf(api)) + count;
	await until(async () => (await sessionOf(api)) >= begun, `session ${begun}`, SESSION_TIMEOUT_MS);
	t.diagnostic(`session ${begun} at height ${await lastFinalised(api)}`);
}

/** Waits until an election after the last finalised block has taken effect, whenever it is held. */
const electionTakesEffect = (t, api) => sessionsPass(t, api, sessionsPerEra(api) + 1);

/** Starts validators of these names with the timing of preset `local`. */
async function start(names) {
	const spec = await editedSpec('local', (genesis) => withValidators(genesis, names));
	const network = await startLinkedNetwork({ names, spec });
	await network.goesOn(2);
	await network.assertOnlyLinks();
	return network;
}

/** Asserts that all running validators have the same chain. */
async function assertOneChain(validators) {
	const apis = validators.map(({ api }) => api);
	const height = Math.min(...(await Promise.all(apis.map(lastFinalised))));
	for (let number = 1; number <= height; number++) await agreement(apis, number);
}

describe('five validators that all stop for 25 s and start again', () => {
	let network;

	after(() => network?.stop());

	it('keep their seats', async (t) => {
		network = await start(NAMES);
		const { validators } = network;
		await sessionsPass(t, validators[0].api, 1);
		const before = await seats(validators[0].api);
		await Promise.all(validators.map((node) => node.stop()));
		await sleep(STOPPED_MS);
		await network.start();
		const [{ api }] = validators;
		await network.goesOn(2);
		await electionTakesEffect(t, api);
		assert.deepEqual(await seats(api), before);
		await assertOneChain(validators);
	});
});

describe('four validators that are parted', () => {
	let network;
	let before;

	after(() => network?.stop());

	it('two and two for 30 s keep their seats', async (t) => {
		network = await start(NAMES.slice(0, 4));
		const { validators, links } = network;
		const [{ api }] = validators;
		await sessionsPass(t, api, 1);
		before = await seats(api);
		const parted = network.between(validators.slice(0, 2), validators.slice(2));
		await links.cut(parted);
		await sleep(PARTED_MS / 2);
		const final = () => Promise.all(validators.map((node) => lastFinalised(node.api)));
		const heights = await final();
		await sleep(PARTED_MS / 2);
		assert.deepEqual(await final(), heights, 'a part without a quorum finalises');
		t.diagnostic(`final at ${heights.join(', ')} while parted`);
		await links.restore(parted);
		await network.goesOn(2);
		await electionTakesEffect(t, api);
		assert.deepEqual(await seats(api), before);
	});

	it('three and one afterwards finalise on the side of three only', async () => {
		const { validators, links } = network;
		const [alone] = validators.slice(-1);
		const three = validators.slice(0, -1);
		await links.cut(network.between(three, [alone]));
		// What all had voted for before the cut may still become final.
		await network.goesOn(2, three);
		const stopped = await lastFinalised(alone.api);
		await network.goesOn(10, three);
		assert.equal(await lastFinalised(alone.api), stopped);
		await links.restore(network.between(three, [alone]));
		await network.goesOn(2);
		await assertOneChain(validators);
	});
});

describe('one of five validators that is gone for good', () => {
	let network;

	after(() => network?.stop());

	it('loses its seat, and the others go on', async (t) => {
		network = await start(NAMES);
		const { validators } = network;
		const gone = validators.at(-1);
		const others = validators.slice(0, -1);
		const [{ api }] = others;
		const { stash } = gone;
		assert.ok((await seats(api)).validators.includes(stash));
		const began = await sessionOf(api);
		await gone.stop('SIGKILL');
		const isOut = async () => !(await seats(api)).validators.includes(stash);
		await until(isOut, 'the validator to lose its seat', SESSION_TIMEOUT_MS);
		const sessions = (await sessionOf(api)) - began;
		t.diagnostic(`not a validator any more ${sessions} sessions later`);
		// The session in which it stops may end before it has missed half of it, the next one does not (CON-R19). The
		// election after that takes effect with the session after it (CON-R7).
		assert.ok(sessions <= 2 + sessionsPerEra(api), `${sessions} sessions`);
		assert.deepEqual((await seats(api)).validators, others.map((node) => node.stash).sort());
		await network.goesOn(10, others);
		await assertOneChain(others);
	});
});
