// Probes of a container's health, which name the node by its address.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { withDevNode, withNode } from '../lib/network.mjs';
import { ROOT, temporaryFolder } from '../lib/node.mjs';
import { presetSpec } from '../lib/spec.mjs';

// Nobody listens there.
const BOOT_NODE = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWD9XMT4y4bSG2pTt2kCfJcJfnokY1s76PMtcqBtppJfm5';

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

	it('of readiness fails as long as a node that knows a boot node has no peers', () =>
		run(['--rpc-external', '--bootnodes', BOOT_NODE], async (node) => {
			assert.equal(await statusOf(node, '/health', '10.1.2.3:9944'), 200);
			assert.equal(await statusOf(node, '/health/readiness', '10.1.2.3:9944'), 500);
		}));

	it('of readiness succeeds on a node that knows no boot node', () =>
		run(['--rpc-external'], async (node) => {
			assert.equal(await statusOf(node, '/health/readiness', '10.1.2.3:9944'), 200);
		}));

	it('that the guide has for containers succeeds on a node that is well', () =>
		withDevNode(['--rpc-external'], async (_, node) => {
			const guide = readFileSync(join(ROOT, 'docs/operating.md'), 'utf8');
			const paths = [...guide.matchAll(/httpGet: \{ path: (\S+), port: 9944 \}/g)].map(([, path]) => path);
			assert.deepEqual(new Set(paths), new Set(['/health', '/health/readiness']));
			for (const path of paths) assert.equal(await statusOf(node, path, '10.1.2.3:9944'), 200, path);
		}));
});
