// Probes of a container's health, which name the node by its address.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { describe, it } from 'node:test';
import { withNode } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { presetSpec } from '../lib/spec.mjs';

/** The status of a request for `path` that names the node `host`. */
async function statusOf({ rpc }, path, host) {
	const request = get({ host: '127.0.0.1', port: new URL(rpc).port, path, headers: { host } });
	const [response] = await once(request, 'response');
	response.resume();
	return response.statusCode;
}

describe('a health probe', { concurrency: true }, async () => {
	const spec = await presetSpec('local');
	const run = (args, use) =>
		withNode(['--chain', spec, '--base-path', temporaryFolder(), ...args], (_, node) => use(node));

	it('of an external endpoint is answered whatever address it names', () =>
		run(['--rpc-external'], async (node) => {
			for (const host of ['10.1.2.3:9944', 'gtos-0.example', 'localhost']) {
				assert.equal(await statusOf(node, '/health', host), 200, host);
			}
		}));

	it('of a local endpoint is answered only if it names this machine', () =>
		run([], async (node) => {
			const { host } = new URL(node.rpc);
			assert.equal(await statusOf(node, '/health', host), 200);
			assert.equal(await statusOf(node, '/health', '10.1.2.3:9944'), 403);
		}));
});
