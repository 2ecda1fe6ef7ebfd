// Secrets: who can read the files with keys, and that neither a log nor a warning contains a secret.

import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { u8aToHex } from '@polkadot/util';
import { mnemonicGenerate } from '@polkadot/util-crypto';
import { Keyring } from '@polkadot/api';
import { rawCall } from '../lib/chain.mjs';
import { withNode } from '../lib/network.mjs';
import { runToEnd, temporaryFolder } from '../lib/node.mjs';
import { presetSpec } from '../lib/spec.mjs';

const PASSWORD = 'pa55word-of-this-test';
// Everything that handles requests or keys.
const TARGETS = ['jsonrpsee-server', 'jsonrpsee_server', 'rpc', 'author', 'keystore', 'hyper', 'soketto', 'service', 'gtos'];

const mode = (path) => statSync(path).mode & 0o777;
const keyOf = (phrase, type) => u8aToHex(new Keyring({ type }).createFromUri(phrase).publicKey);

describe('secrets', { concurrency: true }, () => {
	for (const format of ['plain', 'json']) {
		it(`that arrive by JSON-RPC are in no log, even at the level trace: ${format}`, async () => {
			const base = temporaryFolder();
			const [overSocket, overHttp] = [mnemonicGenerate(), mnemonicGenerate()];
			const args = [
				...['--chain', await presetSpec('local'), '--base-path', base, '--log-format', format],
				...['--log', TARGETS.map((target) => `${target}=trace`).join(',')],
			];
			const log = await withNode(args, async (api, node) => {
				await rawCall(api, 'author_insertKey', 'aura', overSocket, keyOf(overSocket, 'sr25519'));
				const params = ['gran', overHttp, keyOf(overHttp, 'ed25519')];
				const answer = await fetch(node.rpc.replace('ws:', 'http:'), {
					method: 'POST',
					headers: { 'content-type': 'application/json' },
					body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'author_insertKey', params }),
				});
				assert.equal((await answer.json()).error, undefined);
				return node.log();
			});
			for (const phrase of [overSocket, overHttp]) assert.ok(!log.includes(phrase));

			const [chain] = readdirSync(join(base, 'chains'));
			const keystore = join(base, 'chains', chain, 'keystore');
			assert.equal(mode(keystore), 0o700);
			const keys = readdirSync(keystore);
			assert.equal(keys.length, 2);
			for (const key of keys) assert.equal(mode(join(keystore, key)), 0o600, key);
		});
	}

	it('among the arguments are warned of, and not repeated', async () => {
		const base = temporaryFolder();
		const phrase = mnemonicGenerate();
		const scheme = ['--key-type', 'aura', '--scheme', 'sr25519'];
		const insert = ['key', 'insert', '--chain', await presetSpec('local'), '--base-path', base, ...scheme];
		const { code, output } = await runToEnd([...insert, '--suri', phrase, '--password', PASSWORD]);
		assert.equal(code, 0, output);
		for (const option of ['--suri', '--password']) {
			assert.match(output, new RegExp(`^Warning: the value of ${option} is a secret`, 'm'));
		}
		for (const secret of [phrase, PASSWORD]) assert.ok(!output.includes(secret));

		const [chain] = readdirSync(join(base, 'chains'));
		const keystore = join(base, 'chains', chain, 'keystore');
		assert.equal(mode(keystore), 0o700);
		for (const key of readdirSync(keystore)) assert.equal(mode(join(keystore, key)), 0o600, key);
	});
});
