// With wrong settings the node does not start: it exits with an error code and one clear message.

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { freePorts, gtos, listenOn, temporaryFolder } from '../lib/node.mjs';
import { assertFails } from '../lib/refusal.mjs';
import { presetSpec, readableSpec } from '../lib/spec.mjs';

// The exit code of a node that has no disk space.
const OUT_OF_SPACE = 75;

describe('the node does not start', () => {
	let port;
	let local;

	before(async () => {
		port = await freePorts(3);
		local = JSON.parse(readFileSync(await readableSpec('local'), 'utf8'));
	});

	/** Arguments of a node with a folder of its own and free ports, except for what `overrides` says. */
	function node(args, overrides = {}) {
		const options = {
			'base-path': temporaryFolder(),
			'rpc-port': port,
			'prometheus-port': port + 1,
			'listen-addr': `/ip4/127.0.0.1/tcp/${port + 2}`,
			...overrides,
		};
		return [...args, '--no-mdns', ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)];
	}

	function writeSpec(spec) {
		const path = join(temporaryFolder(), 'spec.json');
		writeFileSync(path, typeof spec === 'string' ? spec : JSON.stringify(spec));
		return path;
	}

	it('as a validator without a node key', () =>
		assertFails(
			node(['--chain', 'local', '--validator']),
			/a validator needs a node key.*generate-node-key/,
		));

	it('as a validator with the wrong password of its keystore', async () => {
		const base = temporaryFolder();
		const key = ['--key-type', 'gran', '--scheme', 'ed25519', '--suri', '//Ferdie'];
		await gtos('key', 'insert', '--chain', 'local', '--base-path', base, ...key, '--password', 'right');
		const args = ['--chain', 'local', '--validator', '--unsafe-force-node-key-generation', '--password', 'wrong'];
		await assertFails(node(args, { 'base-path': base }), /cannot sign with the GRANDPA key 0x[0-9a-f]{64}/);
	});

	it('with a key that every user can read', async () => {
		const base = temporaryFolder();
		const key = ['--key-type', 'gran', '--scheme', 'ed25519', '--suri', '//Ferdie'];
		await gtos('key', 'insert', '--chain', 'local', '--base-path', base, ...key);
		const keystore = join(base, 'chains', local.id, 'keystore');
		const [file] = readdirSync(keystore);
		chmodSync(join(keystore, file), 0o644);
		await assertFails(
			node(['--chain', 'local'], { 'base-path': base }),
			new RegExp(`other users .* run \`chmod 600 ${join(keystore, file)}\``),
		);
	});

	it('on a disk without space, and a supervisor can tell by the exit code', async () => {
		const base = temporaryFolder();
		// A thousand TiB.
		const args = node(['--chain', 'local', '--db-storage-threshold', String(2 ** 30)], { 'base-path': base });
		const code = await assertFails(
			args,
			new RegExp(`no room for the database at ${base}/.*: .* are free .* needs .* to start\\. Free .*--db-storage-threshold`),
		);
		assert.equal(code, OUT_OF_SPACE);
	});

	it('with states of blocks whose bodies it would delete', async () => {
		await assertFails(
			node(['--chain', 'local', '--state-pruning', 'archive', '--blocks-pruning', '300']),
			/--blocks-pruning 300 deletes their bodies: leave it out/,
		);
		await assertFails(
			node(['--chain', 'local', '--blocks-pruning', '100']),
			/--blocks-pruning 100 keeps the bodies of fewer blocks .*\(256\)/,
		);
	});

	it('with a warp sync from nobody', () =>
		assertFails(node(['--chain', 'local', '--sync', 'warp', '--reserved-only']), /needs a peer.*--reserved-nodes/));

	describe('on a port that is in use', () => {
		for (const [what, offset] of [['JSON-RPC', 0], ['Prometheus', 1], ['peer-to-peer', 2]]) {
			it(`for ${what}`, async () => {
				const server = await listenOn(port + offset);
				try {
					await assertFails(
						node(['--dev']),
						new RegExp(`the ${what} address 127\\.0\\.0\\.1:${port + offset} is in use`),
					);
				} finally {
					server.close();
				}
			});
		}
	});

	describe('with a chain spec', () => {
		it('that does not exist', () =>
			assertFails(node(['--chain', '/no/such.json']), /`\/no\/such\.json` is not a usable chain spec/));

		it('that is not JSON', () =>
			assertFails(node(['--chain', writeSpec('no JSON')]), /not a usable chain spec/));

		it('that lacks its genesis', () => {
			const { genesis, ...spec } = local;
			return assertFails(node(['--chain', writeSpec(spec)]), /not a usable chain spec.*genesis/);
		});

		it('whose timing is out of bounds', () => {
			const spec = structuredClone(local);
			spec.genesis.runtimeGenesis.patch.genesisParameters.timing.slotDurationMs = 0;
			return assertFails(node(['--chain', writeSpec(spec)]), /slotDurationMs must be between/);
		});

		it('without validators, such as the template for live networks', () =>
			assertFails(node(['--chain', 'live']), /no validators/));
	});

	describe('with development keys on a live chain', () => {
		for (const [form, specOf] of [['readable', readableSpec], ['raw', presetSpec]]) {
			it(`in a ${form} spec`, async () => {
				const spec = JSON.parse(readFileSync(await specOf('local'), 'utf8'));
				const path = writeSpec({ ...spec, chainType: 'Live' });
				await assertFails(node(['--chain', path]), /type Live.*development key \/\//);
			});
		}
	});
});
