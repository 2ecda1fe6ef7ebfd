// A subscriber to an owner's entries gets every change once and in order, from any block whose state the node has.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
	bestHeight,
	blockHash,
	connect,
	development,
	finalisedHeight,
	lastFinalised,
	newAccount,
	randomHash,
	rpcError,
	sign,
	submit,
} from '../lib/chain.mjs';
import { extend, follow, hex, kvGet, newOwner, put } from '../lib/entries.mjs';
import { withDevNode } from '../lib/network.mjs';
import { assertBoundPerConnection } from '../lib/subscriptions.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

describe('subscriptions to entries', { concurrency: true }, async () => {
	const { api, apis, nodes } = await suiteNetwork();

	it('a subscriber that resumes from a block misses no event and gets none twice', async () => {
		const { pair, all, done } = await newOwner(api);
		const { number: from } = await done(put(api, hex('x'), hex('1'), 3));
		const reference = await follow(api, pair, { from });

		const before = await connect(nodes[1].rpc);
		const watch = await follow(before, pair, { from });
		// Stops in the middle of a block's events, as a lost connection can.
		const calls = ['1', '2', '3', '4'].map((value) => put(api, hex('y'), hex(value), 30));
		await all([api.tx.utility.batchAll(calls)]);
		const received = (await watch.until(({ length: count }) => count >= 3)).slice(0, 3);
		await before.disconnect();

		// Changes and an expiry while there is no subscription.
		await all([extend(api, hex('y'), 30), put(api, hex('z'), hex('5'), 1)]);
		const { number: last } = await done(put(api, hex('w'), hex('6'), 2));
		await Promise.all(apis.map((node) => finalisedHeight(node, last + 8)));

		const everything = [...(await reference.until((events) => events.at(-1)?.blockNumber >= last + 2))];
		const { blockNumber } = received.at(-1);
		const seen = received.filter((event) => event.blockNumber === blockNumber).length;
		const resumed = await follow(apis[2], pair, { from: blockNumber });
		const rest = await resumed.until(({ length: count }) => received.length + count - seen >= everything.length);
		assert.deepEqual([...received, ...rest.slice(seen)].slice(0, everything.length), everything);
		const types = new Set(everything.map(({ type }) => type));
		assert.deepEqual([...types].sort(), ['expired', 'extended', 'put']);
		const order = everything.map((event) => event.blockNumber);
		assert.deepEqual(order, [...order].sort((a, b) => a - b));

		const prefixed = await follow(apis[1], pair, { from, prefix: hex('y') });
		const wanted = everything.filter(({ key }) => key === hex('y'));
		const found = await prefixed.until(({ length: count }) => count >= wanted.length);
		assert.deepEqual(found.slice(0, wanted.length), wanted);
		await Promise.all([reference, resumed, prefixed].map(({ stop }) => stop()));
	});

	it('a subscription from a future block begins with that block', async () => {
		const { pair, all } = await newOwner(api);
		const from = (await bestHeight(api)) + 10;
		const watch = await follow(api, pair, { from });
		await all([put(api, hex('early'), hex('1'), 1_000)]);
		await finalisedHeight(api, from);
		const [late] = await all([put(api, hex('late'), hex('2'), 1_000)]);
		const events = await watch.until(({ length: count }) => count > 0);
		assert.deepEqual(events.map(({ type, key, blockNumber }) => [blockNumber, type, key]), [
			[late.number, 'put', hex('late')],
		]);
		await watch.stop();
	});

	it('unreadable parameters have their error codes', async () => {
		const { address } = newAccount();
		assert.deepEqual(await rpcError(follow(api, { address: 'Alice' })), { code: 10001, data: 'owner' });
		assert.deepEqual(await rpcError(follow(api, { address }, { prefix: 'a' })), { code: 10001, data: 'prefix' });
		for (const from of [-1, 1.5, '1', randomHash()]) {
			assert.deepEqual(await rpcError(follow(api, { address }, { from })), { code: 10001, data: 'from' });
		}
	});

	it('the number of subscriptions per connection is limited', () =>
		assertBoundPerConnection(nodes[0].rpc, api, (connection) => follow(connection, newAccount())));
});

it('a subscription from a block whose state is pruned fails with that block, and one from a later block works', () =>
	withDevNode(['--state-pruning', '8'], async (api) => {
		const alice = development('Alice');
		const key = hex('key');
		await finalisedHeight(api, 14);
		const parent = await blockHash(api, 1);
		assert.deepEqual(await rpcError(follow(api, alice, { from: 2 })), { code: 10004, data: parent });
		assert.deepEqual(await rpcError(kvGet(api, alice, key, parent)), { code: 10004, data: parent });

		const watch = await follow(api, alice, { from: await lastFinalised(api) });
		const { number } = await submit(api, sign(api, put(api, key, hex('1'), 2), alice, { nonce: 0 }));
		const events = await watch.until(({ length: count }) => count >= 2);
		assert.deepEqual(events.map(({ type, blockNumber }) => [type, blockNumber]), [
			['put', number],
			['expired', number + 2],
		]);
	}));
