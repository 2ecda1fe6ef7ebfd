// A validator that sees an equivocation keeps it on disk until the offence is final. The first report finds the pool
// full and the node restarts, and still the equivocation is punished.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { development, finalisedHeight, lastFinalised } from '../lib/chain.mjs';
import { metric, untilMetric } from '../lib/metrics.mjs';
import { joinArguments, startConnected, startNetwork } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';

const UNSETTLED = ['gtos_equivocations_unsettled'];
const step = (name) => ['gtos_equivocations_total', { kind: 'aura', step: name }];

// A pool of this size drops every transaction at once.
const NO_POOL = ['--pool-limit', 0];

const dave = development('Dave//stash').address;

describe('a report of an equivocation that finds the pool full', () => {
	let network;
	let api;
	let reporter;
	const folder = temporaryFolder();

	/** Starts the only validator that can have a pool, on the same database each time. */
	const startReporter = (args) =>
		startConnected([
			...['--alice', '--base-path', folder, '--unsafe-force-node-key-generation', ...args],
			...joinArguments(network),
		]);

	/** The number of offences in the last finalised state. */
	const offences = async () => {
		const at = await api.at(await api.rpc.chain.getFinalizedHead());
		return (await at.query.offences.reports.keys()).length;
	};

	before(async () => {
		const chain = await editedSpec('local', (genesis) => {
			withValidators(genesis, ['Alice', 'Bob', 'Charlie', 'Dave']);
			// No session ends here, so that no validator is punished for having been offline.
			genesis.genesisParameters.timing.sessionLengthBlocks = 10_000;
		});
		network = await startNetwork({ names: ['bob', 'charlie', 'dave'], chain, args: NO_POOL });
		[api] = network.apis;
		reporter = await startReporter(NO_POOL);
	});

	after(async () => {
		await reporter?.stop();
		await network?.stop();
	});

	it('is kept and not lost', async () => {
		// The second node of Dave casts no votes, so only its blocks can be reported.
		const twin = await startConnected([
			...['--dave', '--no-grandpa', '--base-path', temporaryFolder(), '--unsafe-force-node-key-generation'],
			...joinArguments(network),
		]);
		try {
			await untilMetric(reporter, UNSETTLED, (reports) => reports > 0);
		} finally {
			await twin.stop();
		}
		// The reporter tries again with each of these blocks.
		await finalisedHeight(api, (await lastFinalised(api)) + 8);
		assert.ok((await metric(reporter, ...step('queued'))) > 0);
		assert.equal(await metric(reporter, ...step('reported')), 0);
		assert.ok((await metric(reporter, ...UNSETTLED)) > 0);
		assert.equal(await offences(), 0);
	});

	it('is made after a restart, from the disk', async () => {
		assert.equal(await reporter.stop(), 0);
		reporter = await startReporter([]);
		assert.match(reporter.log(), /\d+ equivocations? from before the restart/);

		await untilMetric(reporter, step('settled'), (settled) => settled > 0);
		assert.ok((await metric(reporter, ...step('reported'))) > 0);
		assert.ok((await offences()) > 0);
		const at = await api.at(await api.rpc.chain.getFinalizedHead());
		const validators = (await at.query.session.validators()).map(String);
		const disabled = (await at.query.session.disabledValidators()).map(([index]) => validators[index.toNumber()]);
		assert.deepEqual(disabled, [dave]);
	});

	it('is forgotten once the final state has the offence', async () => {
		await untilMetric(reporter, UNSETTLED, (reports) => reports === 0);
		assert.equal(await reporter.stop(), 0);
		reporter = await startReporter([]);
		assert.doesNotMatch(reporter.log(), /from before the restart/);
	});
});
