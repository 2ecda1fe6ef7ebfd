// The limit on subscriptions per connection, which all methods of GTOS's own namespaces share.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, rpcError, withTimeout } from './chain.mjs';

// RPC-R10 and RPC-R24. It is a limit of the node, so the metadata does not have it.
const MAX_SUBSCRIPTIONS = 128;
const TOO_MANY = 10103;

/**
 * Checks that one connection to the node at `url` gets the maximum number of subscriptions and no more, and that the
 * connection of `api` still gets one. `subscribe(api)` subscribes to something new each time, and returns `{ stop }`.
 */
export async function assertBoundPerConnection(url, api, subscribe) {
	const busy = await connect(url);
	try {
		const subscriptions = await Promise.all(Array.from({ length: MAX_SUBSCRIPTIONS }, () => subscribe(busy)));
		assert.deepEqual(await rpcError(subscribe(busy)), { code: TOO_MANY, data: MAX_SUBSCRIPTIONS });

		// Each connection has its own limit, and the end of a subscription makes room for another.
		await (await subscribe(api)).stop();
		await subscriptions[0].stop();
		const retry = async () => {
			for (;;) {
				try {
					return await subscribe(busy);
				} catch ({ code }) {
					assert.equal(code, TOO_MANY);
					await sleep(100);
				}
			}
		};
		await withTimeout(retry(), 'room for a subscription');
	} finally {
		await busy.disconnect();
	}
}
