// The node as a user that the system does not know, as in a container: no entry in passwd and no home directory. It
// refuses to start without a folder to which this user can write, and runs with one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { connect, finalisedHeight } from '../lib/chain.mjs';
import { GTOS_BIN, freePorts, startNode, temporaryFolder } from '../lib/node.mjs';
import { assertFails } from '../lib/refusal.mjs';

const USER = { uid: 65_432, gid: 65_432 };
const skip = process.getuid() !== 0 && 'only root can run the node as another user';

describe('a user that the system does not know', { skip }, () => {
	let binary;
	let ports;

	before(async () => {
		assert.notEqual(spawnSync('getent', ['passwd', String(USER.uid)]).status, 0, 'the system knows this user');
		// The node may be built in a folder that only root can enter.
		const folder = temporaryFolder();
		binary = join(folder, 'gtos');
		copyFileSync(GTOS_BIN, binary);
		for (const path of [folder, binary]) chmodSync(path, 0o755);
		const port = await freePorts(3);
		ports = ['--rpc-port', port, '--prometheus-port', port + 1, '--listen-addr', `/ip4/127.0.0.1/tcp/${port + 2}`];
	});

	/** Asserts that the node, or the command in `args`, refuses to start for this user with this home directory. */
	const refuses = (args, home, message) =>
		assertFails([...args, '--chain', 'local'].map(String), message, { binary, env: { HOME: home }, options: USER });

	// `undefined` takes the variable away.
	for (const home of [undefined, '']) {
		it(`needs a folder for the node if HOME is ${home === '' ? 'empty' : 'not set'}`, async () => {
			for (const args of [ports, ['chain-info']]) {
				await refuses(args, home, /has no home directory.*--base-path/);
			}
		});
	}

	// Container engines set the first; the second is what passwd says of users without a home directory.
	for (const home of ['/', '/nonexistent']) {
		it(`needs a folder for the node if HOME is ${home}`, async () => {
			for (const args of [ports, ['chain-info']]) {
				await refuses(args, home, /this user cannot write to \/: Permission denied.*--base-path/);
			}
			const insert = ['key', 'insert', '--key-type', 'aura', '--scheme', 'sr25519', '--suri', '//Alice'];
			await refuses(insert, home, /keystore .* cannot be made: Permission denied.*--base-path or --keystore-path/);
		});
	}

	it('runs a node with --base-path, which answers a probe at each address of the machine', async () => {
		const base = temporaryFolder();
		chownSync(base, USER.uid, USER.gid);
		const folders = ['--base-path', base, '--compiled-runtimes', join(base, 'compiled-runtimes')];
		const node = await startNode(['--dev', '--rpc-external', ...folders], { HOME: '/' }, { binary, ...USER });
		let code;
		try {
			const api = await connect(node.rpc);
			await finalisedHeight(api, 2);
			await api.disconnect();
			const addresses = Object.values(networkInterfaces()).flat().filter(({ family }) => family === 'IPv4');
			for (const { address } of addresses) {
				const { status } = await fetch(`http://${address}:${new URL(node.rpc).port}/health`);
				assert.equal(status, 200, address);
			}
		} finally {
			code = await node.stop();
		}
		assert.equal(code, 0, node.log());
		assert.doesNotMatch(node.log(), /panicked/);
	});
});
