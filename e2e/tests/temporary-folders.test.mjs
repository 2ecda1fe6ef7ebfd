// A node with temporary data leaves no folder behind, however it is asked to stop.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { it } from 'node:test';
import { bestHeight, connect } from '../lib/chain.mjs';
import { startNode, temporaryFolder } from '../lib/node.mjs';
import { presetSpec } from '../lib/spec.mjs';

const ROUNDS = 3;

it('a stopped node with --dev or --tmp leaves no temporary folder', async () => {
	const chain = await presetSpec('dev');
	const TMPDIR = temporaryFolder();
	for (let round = 0; round < ROUNDS; round++) {
		for (const option of ['--dev', '--tmp']) {
			for (const signal of ['SIGINT', 'SIGTERM']) {
				const node = await startNode([option, '--chain', chain], { TMPDIR });
				// The connection stays open, so that JSON-RPC still works while the node stops.
				const api = await connect(node.rpc);
				if (option === '--dev') await bestHeight(api, 2);
				assert.notEqual(readdirSync(TMPDIR).length, 0);
				assert.equal(await node.stop(signal), 0);
				await api.disconnect();
				assert.deepEqual(readdirSync(TMPDIR), [], `${option}, ${signal}`);
			}
		}
	}
});
