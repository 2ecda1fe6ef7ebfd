// What the node refuses to start with: one clear message, and an exit code that says so.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { freePorts, gtos, listenOn, runGtos, temporaryFolder } from '../lib/node.mjs';

describe('the node refuses', () => {
	let port;
	let local;

	before(async () => {
		port = await freePorts(3);
		local = JSON.parse(await gtos('export-chain-spec', '--chain', 'local'));
	});

	/** The arguments of a node in a folder of its own, on free ports except for what `overrides` says. */
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

	/** The node ends by itself with an error code and says why in one line, which matches. */
	async function assertRefuses(args, message) {
		const { code, output } = await runGtos(args);
		assert.notEqual(code, 0, output);
		const errors = output.split('\n').filter((line) => line.startsWith('Error: '));
		assert.equal(errors.length, 1, output);
		assert.match(errors[0], message);
		assert.doesNotMatch(output, /panicked|backtrace/);
	}

	function writeSpec(spec) {
		const path = join(temporaryFolder(), 'spec.json');
		writeFileSync(path, typeof spec === 'string' ? spec : JSON.stringify(spec));
		return path;
	}

	it('to validate without a node key', () =>
		assertRefuses(
			node(['--chain', 'local', '--validator']),
			/a validator needs a node key.*generate-node-key/,
		));

	describe('a busy port', () => {
		for (const [what, offset] of [['JSON-RPC', 0], ['Prometheus', 1], ['peer-to-peer', 2]]) {
			it(`of ${what}`, async () => {
				const server = await listenOn(port + offset);
				try {
					await assertRefuses(
						node(['--dev']),
						new RegExp(`the ${what} address 127\\.0\\.0\\.1:${port + offset} is in use`),
					);
				} finally {
					server.close();
				}
			});
		}
	});

	describe('a chain spec', () => {
		it('that does not exist', () =>
			assertRefuses(node(['--chain', '/no/such.json']), /`\/no\/such\.json` is no usable chain spec/));

		it('that is not JSON', () =>
			assertRefuses(node(['--chain', writeSpec('no JSON')]), /no usable chain spec/));

		it('that lacks its genesis', () => {
			const { genesis, ...spec } = local;
			return assertRefuses(node(['--chain', writeSpec(spec)]), /no usable chain spec.*genesis/);
		});

		it('whose timing no chain could run with', () => {
			const spec = structuredClone(local);
			spec.genesis.runtimeGenesis.patch.genesisParameters.timing.slotDurationMs = 0;
			return assertRefuses(node(['--chain', writeSpec(spec)]), /slotDurationMs must be between/);
		});

		it('that names no validators, as the template for live networks', () =>
			assertRefuses(node(['--chain', 'live']), /no validators/));
	});

	describe('development keys on a live chain', () => {
		for (const [form, flags] of [['readable', []], ['raw', ['--raw']]]) {
			it(`in a ${form} spec`, async () => {
				const spec = JSON.parse(await gtos('export-chain-spec', '--chain', 'local', ...flags));
				const path = writeSpec({ ...spec, chainType: 'Live' });
				await assertRefuses(node(['--chain', path]), /type Live.*development key \/\//);
			});
		}
	});
});
