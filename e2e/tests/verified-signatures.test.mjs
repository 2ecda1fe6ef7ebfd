// A node verifies each signature once, and those of a block that it imports while it executes the block.

import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { it } from 'node:test';
import {
	TOS,
	connectSynced,
	development,
	fund,
	newAccount,
	nextNonce,
	rawCall,
	sign,
	submit,
	until,
} from '../lib/chain.mjs';
import { metric } from '../lib/metrics.mjs';
import { withDevNode, withNode } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { presetSpec } from '../lib/spec.mjs';

const TRANSACTIONS = 200;

async function lookups(node) {
	const count = (result) => metric(node, 'gtos_verified_signatures_lookups_total', { result });
	return { hits: await count('hit'), misses: await count('miss') };
}

/** Submits a transfer, and resolves when it is final. */
async function transfer(api, sender) {
	const call = api.tx.balances.transferKeepAlive(development('Bob').address, TOS);
	const { error } = await submit(api, sign(api, call, sender, { nonce: await nextNonce(api, sender) }));
	assert.equal(error, null);
}

it('the pool verifies a signature of every type, and the author asks for it without verifying it again', () =>
	withDevNode([], async (api, node) => {
		const senders = ['sr25519', 'ed25519', 'ecdsa'].map((type) => newAccount(type));
		await fund(api, senders.map((sender) => [sender, 10n * TOS]));
		for (const sender of senders) {
			const before = await lookups(node);
			await transfer(api, sender);
			const after = await lookups(node);
			assert.equal(after.misses - before.misses, 1, sender.type);
			assert.ok(after.hits > before.hits, sender.type);
		}
	}));

it('a node that must not remember signatures has no metric of them, and takes transactions', () =>
	withDevNode(['--verified-signatures', '0'], async (api, node) => {
		await transfer(api, development('Alice'));
		assert.deepEqual(await lookups(node), { hits: undefined, misses: undefined });
	}));

it('a node that joins later finds signatures verified that it has never had in its pool', () =>
	withDevNode([], async (api) => {
		const alice = development('Alice');
		const nonce = await nextNonce(api, alice);
		const remark = (i) => sign(api, api.tx.system.remark('0x'), alice, { nonce: nonce + i });
		for (let i = 0; i < TRANSACTIONS; i++) await rawCall(api, 'author_submitExtrinsic', remark(i).toHex());
		const { number } = await submit(api, remark(TRANSACTIONS));

		const addresses = await rawCall(api, 'system_localListenAddresses');
		const address = addresses.find((listened) => listened.startsWith('/ip4/127.0.0.1/'));
		const spec = await presetSpec('dev');
		const args = ['--chain', spec, '--base-path', temporaryFolder(), '--reserved-nodes', address];
		const joined = async (_, node) => {
			const all = async () => (await lookups(node)).misses > TRANSACTIONS;
			await until(all, 'the node to verify all signatures');
			const { hits } = await lookups(node);
			// Where there is only one core, nothing is verified ahead.
			if (availableParallelism() > 1) assert.ok(hits > 0, 'no signature was verified ahead of the execution');
		};
		await withNode(args, joined, (url) => connectSynced(url, number));
	}));
