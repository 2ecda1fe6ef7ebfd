// Eight clients that take all places of a kind and stop reading do not keep out others (RPC-R30).

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newAccount, randomHash, rawSubscribe, withTimeout } from '../lib/chain.mjs';
import { untilMetric } from '../lib/metrics.mjs';
import { withDevNode } from '../lib/network.mjs';
import { silentClient } from '../lib/silent-client.mjs';

// RPC-R30. They are limits of the node, so the metadata does not have them.
const PER_CONNECTION = 128;
const PER_NODE = 1024;

// Far less than the two minutes after which the server closes a connection that does not answer.
const SECONDS_MS = 15_000;

const KINDS = [
	{ names: ['tx_subscribe', 'tx_update', 'tx_unsubscribe'], params: () => [randomHash()] },
	{ names: ['kv_subscribe', 'kv_event', 'kv_unsubscribe'], params: () => [newAccount().address] },
];

it('a client gets a place of a kind within seconds although others hold all and do not read', () =>
	withDevNode([], async (api, node) => {
		for (const { names, params } of KINDS) {
			const [method] = names;
			const strangers = await Promise.all(
				Array.from({ length: PER_NODE / PER_CONNECTION }, () =>
					silentClient(node.rpc, method, Array.from({ length: PER_CONNECTION }, params)),
				),
			);
			const count = ['gtos_rpc_subscriptions', { method }];
			await untilMetric(node, count, (value) => value === PER_NODE);
			const served = async () => {
				// As many as a wallet may have.
				const stops = await Promise.all(Array.from({ length: 20 }, () => rawSubscribe(api, names, params(), () => {})));
				await Promise.all(stops.map((stop) => stop()));
			};
			await withTimeout(served(), `places for ${method}`, SECONDS_MS);
			strangers.forEach((socket) => socket.destroy());
			assert.equal(await untilMetric(node, count, (value) => value === 0), 0);
		}
	}));
