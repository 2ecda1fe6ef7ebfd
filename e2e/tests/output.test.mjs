// What happens when nobody reads what a node or a command writes, and what a node in JSON mode writes.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { bestHeight, connect, finalisedHeight, withTimeout } from '../lib/chain.mjs';
import { GTOS_BIN, freePorts, runToEnd, spawnBinary, temporaryFolder } from '../lib/node.mjs';
import { presetSpec } from '../lib/spec.mjs';

// The status of a program that a broken pipe has ended.
const BROKEN_PIPE = 141;

const parseLines = (text) =>
	text
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line));

describe('a node whose log reader ends', { concurrency: true }, () => {
	for (const format of ['plain', 'json']) {
		it(`goes on in the format ${format}`, async () => {
			const port = await freePorts(3);
			const args = ['--dev', '--chain', await presetSpec('dev'), '--log-format', format, '--no-mdns', '--no-telemetry'];
			const addresses = { 'rpc-port': port, 'prometheus-port': port + 1, 'listen-addr': `/ip4/127.0.0.1/tcp/${port + 2}` };
			const options = Object.entries(addresses).map(([name, value]) => `--${name}=${value}`);
			const child = spawnBinary(GTOS_BIN, [...args, ...options], 'pipe');
			const exited = once(child, 'exit');
			let log = '';
			const started = new Promise((resolve) =>
				child.stderr.on('data', (data) => {
					log += data;
					if (/Running JSON-RPC server/.test(log)) resolve();
				}),
			);
			await withTimeout(Promise.race([started, exited]), 'the node to start');
			if (format === 'json') assert.ok(parseLines(log.slice(0, log.lastIndexOf('\n'))).length > 0);
			child.stderr.destroy();
			child.stdout.destroy();

			const api = await connect(`ws://127.0.0.1:${port}`);
			await finalisedHeight(api, (await bestHeight(api)) + 6);
			await api.disconnect();
			child.kill('SIGTERM');
			assert.deepEqual(await exited, [0, null]);
		});
	}
});

describe('a command whose reader ends', { concurrency: true }, () => {
	for (const args of [
		['key', 'generate'],
		['key', 'inspect', '//Alice'],
		['export-chain-spec', '--chain', 'dev'],
		['build-spec', '--chain', 'dev', '--raw'],
	]) {
		it(`ends quietly: ${args.slice(0, 2).join(' ')}`, async () => {
			const child = spawnBinary(GTOS_BIN, args, 'pipe');
			child.stdout.destroy();
			let errors = '';
			child.stderr.on('data', (data) => (errors += data));
			const [code, signal] = await once(child, 'close');
			assert.equal(signal, null);
			assert.ok([0, BROKEN_PIPE].includes(code), `${code}: ${errors}`);
			assert.doesNotMatch(errors, /panicked|^Error: /m);
		});
	}
});

describe('a node in JSON mode that does not start', { concurrency: true }, () => {
	for (const [what, args, message] of [
		['for a chain spec', ['--chain', '/no/such.json'], /\/no\/such\.json/],
		['for an option', ['--no-such-option'], /--no-such-option/],
		['for an option of the log', ['--dev', '--tracing-targets', 'pool=trace'], /--tracing-targets/],
	]) {
		it(`says so in JSON: ${what}`, async () => {
			const base = args.includes('--dev') ? [] : ['--base-path', temporaryFolder()];
			const { code, output } = await runToEnd(['--log-format', 'json', ...args, ...base]);
			assert.notEqual(code, 0);
			const last = parseLines(output).at(-1);
			assert.equal(last.level, 'ERROR');
			assert.match(last.message, message);
		});
	}
});
