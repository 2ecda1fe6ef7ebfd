// The metadata of one spec version has the same bytes at every block, so that code generated from it stays valid.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { u8aToHex } from '@polkadot/util';
import { blockHash, finalised, rawCall } from '../lib/chain.mjs';
import { withNode } from '../lib/network.mjs';
import { editedSpec } from '../lib/spec.mjs';

const VERSIONS = [14, 15, 16];

// A second era begins within five seconds.
const TIMING = { slotDurationMs: 250, sessionLengthBlocks: 5, sessionsPerEra: 2 };

it('metadata is the same at genesis, at several heights of a session and in the next era', async () => {
	const spec = await editedSpec('dev', ({ genesisParameters }) => Object.assign(genesisParameters.timing, TIMING));
	await withNode(['--dev', '--chain', spec], async (api) => {
		const eraOf = async (hash) => (await (await api.at(hash)).query.staking.activeEra()).unwrap().index.toNumber();
		const { number } = await finalised(api, async ({ hash }) => (await eraOf(hash)) >= 1, 'the second era');
		const heights = [0, 1, 2, 3, number.toNumber() - 1, number.toNumber()];

		/** Asserts that `call(hash)` returns the same at all heights. */
		const assertConstant = async (what, call) => {
			const [first, ...others] = await Promise.all(heights.map(async (height) => call(await blockHash(api, height))));
			assert.ok(first.length > 2 ** 16, `${what} is too short for metadata`);
			// `assert.equal` would print half a megabyte for each difference.
			others.forEach((other, i) => assert.ok(other === first, `${what}: block ${heights[i + 1]} differs from block 0`));
		};
		await assertConstant('state_getMetadata', (hash) => rawCall(api, 'state_getMetadata', hash));
		for (const version of VERSIONS) {
			const arguments_ = u8aToHex(Uint8Array.of(version, 0, 0, 0));
			await assertConstant(`version ${version}`, (hash) =>
				rawCall(api, 'state_call', 'Metadata_metadata_at_version', arguments_, hash),
			);
		}
	});
});
