// The bound on subscriptions that GTOS's own methods have.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, rpcError, withTimeout } from './chain.mjs';

const MAX_SUBSCRIPTIONS = 128;
const TOO_MANY = 10103;

/**
 * One connection to the node at `url` gets so many subscriptions and no more, which takes none from that of `api`.
 * `subscribe(api)` subscribes to something new each time, and answers `{ stop }`.
 */
export async function assertBoundPerConnection(url, api, subscribe) {
	const busy = await connect(url);
	try {
		const subscriptions = await Promise.all(Array.from({ length: MAX_SUBSCRIPTIONS }, () => subscribe(busy)));
		assert.deepEqual(await rpcError(subscribe(busy)), { code: TOO_MANY, data: MAX_SUBSCRIPTIONS });

		// Another connection has its own, and one that was ended makes room.
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
