// Four validators apply an upgrade that passes every check and traps in its first block. The chain stands still, until its
// operators start their nodes with a substitute for the code in the chain spec: docs/operating.md, "The chain stands still
// after an upgrade".
//
// The upgrade is authorised at genesis, because a referendum takes hundreds of blocks. The substitute is the runtime of the
// node under the version of the broken one. It executes as the version that it was built with, so transactions that are
// signed for the new version are not accepted, and the repair by a further upgrade is not part of this drill.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { blake2AsHex, xxhashAsHex } from '@polkadot/util-crypto';
import { agreement, finalisedHeight, rawCall, until } from '../lib/chain.mjs';
import { startNetwork } from '../lib/network.mjs';
import { TARGET_DIR, temporaryFolder } from '../lib/node.mjs';
import { asVersion, trappingRuntime } from '../lib/runtime-wasm.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';

const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave'];
const SLOT_MS = 500;
// Slots without a block after which the chain counts as standing still: four times the round of the set.
const STILL_SLOTS = 16;
// Blocks that have to be final after the repair.
const BLOCKS = 10;
const WASM = join(TARGET_DIR, 'release/wbuild/gtos-runtime/gtos_runtime.compact.wasm');

const hex = (bytes) => `0x${bytes.toString('hex')}`;

/** Calls a method of a node by HTTP. polkadot.js cannot stay connected: it asks the broken code for its metadata. */
async function httpCall({ rpc }, method, ...params) {
	const answer = await fetch(rpc.replace('ws:', 'http:'), {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
	});
	const { result, error } = await answer.json();
	if (error) throw new Error(`${method}: ${error.message}`);
	return result;
}

const height = async (node) => Number((await httpCall(node, 'chain_getHeader')).number);
const specVersion = async (node) => (await httpCall(node, 'state_getRuntimeVersion')).specVersion;

describe('an upgrade that traps', { skip: existsSync(WASM) ? false : `there is no ${WASM}` }, () => {
	const options = { names: NAMES.map((name) => name.toLowerCase()), dir: temporaryFolder() };
	let network;
	let broken;
	let substitute;
	let last;

	before(async () => {
		const preset = await editedSpec('local', (genesis) => {
			withValidators(genesis, NAMES);
			// No session ends in the drill.
			Object.assign(genesis.genesisParameters.timing, { slotDurationMs: SLOT_MS, sessionLengthBlocks: 10_000 });
		});
		const wasm = readFileSync(WASM);
		const spec = JSON.parse(readFileSync(preset, 'utf8'));
		broken = trappingRuntime(wasm, 2);
		substitute = asVersion(wasm, 2);
		// `System.AuthorizedUpgrade`: the hash, and that name and version are checked.
		const key = xxhashAsHex('System', 128) + xxhashAsHex('AuthorizedUpgrade', 128).slice(2);
		spec.genesis.raw.top[key] = `${blake2AsHex(broken, 256)}01`;
		const chain = join(temporaryFolder(), 'authorised.json');
		writeFileSync(chain, JSON.stringify(spec));
		network = await startNetwork({ ...options, chain });
		await finalisedHeight(network.apis[0], 3);
	});

	after(() => network?.stop());

	it('is applied by a transaction without a sender and stops the chain', async () => {
		const [node] = network.nodes;
		assert.equal(await specVersion(node), 1);
		const upgrade = network.apis[0].tx.system.applyAuthorizedUpgrade(hex(broken)).toHex();
		await Promise.all(network.apis.map((api) => api.disconnect()));
		await httpCall(node, 'author_submitExtrinsic', upgrade);
		await until(async () => (await specVersion(node)) === 2, 'the upgrade');
		last = await height(node);
		await sleep(STILL_SLOTS * SLOT_MS);
		for (const other of network.nodes) {
			assert.equal(await height(other), last);
			assert.equal(await specVersion(other), 2);
		}
		const stored = await httpCall(node, 'state_getStorage', hex(Buffer.from(':code')));
		assert.equal(stored, hex(broken));
	});

	it('is repaired by a substitute in the chain spec of every node', async () => {
		const { spec: path } = network;
		await network.stop();
		network = undefined;
		const spec = JSON.parse(readFileSync(path, 'utf8'));
		spec.codeSubstitutes = { [last]: hex(substitute) };
		writeFileSync(path, JSON.stringify(spec));
		network = await startNetwork({ ...options, chain: path });
		await Promise.all(network.apis.map((api) => finalisedHeight(api, last + BLOCKS)));
		for (const number of [last, last + 1, last + BLOCKS]) await agreement(network.apis, number);
		// The state still holds the broken code: only a further upgrade replaces it.
		const stored = await rawCall(network.apis[0], 'state_getStorage', hex(Buffer.from(':code')));
		assert.equal(stored, hex(broken));
	});
});
