// How long four validators on one machine take to start again, all at once, until each answers JSON-RPC. The chain spec is raw
// in one case and plain in the other, as the presets are.

import { after, before, describe, it } from 'node:test';
import { finalisedHeight, lastFinalised } from '../lib/chain.mjs';
import { freePorts } from '../lib/node.mjs';
import { presetSpec, readableSpec } from '../lib/spec.mjs';
import { Validator } from '../lib/validator.mjs';

// Three validators of the preset, and one that its genesis does not elect.
const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave'];
const RESTARTS = 3;
const BLOCKS = 3;

for (const [form, makeSpec] of [
	['raw', () => presetSpec('local')],
	['plain', () => readableSpec('local')],
]) {
	describe(`four validators with a ${form} chain spec`, () => {
		let validators = [];

		const startAll = () =>
			Promise.all(validators.map((node) => node.start(validators.filter((other) => other !== node))));
		const stopAll = () => Promise.all(validators.map((node) => node.stop()));

		/** Waits until each of them has finalised more blocks than any of them has now. */
		async function goOn() {
			const heights = await Promise.all(validators.map(({ api }) => lastFinalised(api)));
			await Promise.all(validators.map(({ api }) => finalisedHeight(api, Math.max(...heights) + BLOCKS)));
		}

		before(async () => {
			const spec = await makeSpec();
			const port = await freePorts(NAMES.length);
			validators = await Promise.all(NAMES.map((name, i) => Validator.create(name, spec, port + i)));
			await startAll();
			await goOn();
		});

		after(stopAll);

		it('start again and go on', async (t) => {
			for (let restart = 0; restart < RESTARTS; restart++) {
				await stopAll();
				const began = performance.now();
				await startAll();
				t.diagnostic(`${form}: all of four answer JSON-RPC after ${((performance.now() - began) / 1_000).toFixed(1)} s`);
				await goOn();
			}
		});
	});
}
