// A node stops before its disk is full, says so to its supervisor, and comes back when there is space.
//
// Needs root, to mount a file system in memory; skipped otherwise.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { bestHeight, finalisedHeight, withTimeout } from '../lib/chain.mjs';
import { metric } from '../lib/metrics.mjs';
import { startConnected, withNode } from '../lib/network.mjs';
import { freePorts, runToEnd, temporaryDisk } from '../lib/node.mjs';
import { presetSpec } from '../lib/spec.mjs';

const DISK_MIB = 512;
// The node stops below this, and starts with a quarter more.
const LIMIT_MIB = 128;
const [STOPS_MIB, RUNS_BUT_DOES_NOT_START_MIB] = [100, 140];
const OUT_OF_SPACE = 75;
const MIB = 2 ** 20;

it('a node stops for lack of space and starts again when there is some', async (t) => {
	const disk = temporaryDisk(DISK_MIB);
	if (!disk) return t.skip('this user cannot mount a file system');
	const filler = join(disk, 'filler');
	/** Leaves so many MiB free. */
	const leave = (mib) => {
		rmSync(filler, { force: true });
		const { bavail, bsize } = statfsSync(disk);
		execFileSync('fallocate', ['--length', String(bavail * bsize - mib * MIB), filler]);
	};
	const args = [
		...['--dev', '--chain', await presetSpec('dev'), '--base-path', disk],
		...['--db-storage-threshold', String(LIMIT_MIB), '--db-storage-polling-period', '1'],
	];
	const assertDoesNotStart = async () => {
		const port = await freePorts(3);
		const ports = ['--rpc-port', port, '--prometheus-port', port + 1, '--listen-addr', `/ip4/127.0.0.1/tcp/${port + 2}`];
		const { code, output } = await runToEnd([...args, ...ports, '--no-mdns', '--no-telemetry'].map(String));
		assert.equal(code, OUT_OF_SPACE, output);
		assert.match(output, /^Error: no room for the database at .*: \d+ MiB are free on its disk, .* needs 160 MiB/m);
		// It has not opened the database.
		assert.doesNotMatch(output, /Running JSON-RPC server/);
	};

	const node = await startConnected(args);
	await finalisedHeight(node.api, 3);
	assert.equal(await metric(node, 'gtos_storage_stop_below_bytes'), LIMIT_MIB * MIB);
	assert.ok((await metric(node, 'gtos_storage_free_bytes')) > LIMIT_MIB * MIB);
	const height = await bestHeight(node.api);
	await node.api.disconnect();

	leave(STOPS_MIB);
	const code = await withTimeout(node.ended, 'the node to stop');
	assert.equal(code, OUT_OF_SPACE, node.log());
	assert.match(node.log(), /The node stops: no room for the database/);
	assert.match(node.log(), /^Error: no room for the database at /m);
	assert.doesNotMatch(node.log(), /panicked/);

	await assertDoesNotStart();
	leave(RUNS_BUT_DOES_NOT_START_MIB);
	await assertDoesNotStart();

	rmSync(filler);
	await withNode(args, (api) => finalisedHeight(api, height + 1));
});
