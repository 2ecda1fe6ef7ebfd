// Sends transactions to nodes at a given rate, whatever becomes of them.

import { setTimeout as sleep } from 'node:timers/promises';
import { hex } from './saturation.mjs';

// The node accepts batches of 100 requests and of 15 MiB.
const MAX_BATCH = 50;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const PAUSE_MS = 20;
// Connections to each node: the node works off the requests of a batch one after the other.
const FEEDS = 4;

/**
 * Sends `make(i)`, the bytes of a transaction, over JSON-RPC to the nodes in turn, `perSecond` of them in a second or
 * as many as they take, until `isOver()`. Answers `{ sent, accepted, errors }` with the count of each error by code
 * and text.
 */
export async function spam({ nodes, make, perSecond }, isOver) {
	const result = { sent: 0, accepted: 0, errors: {} };
	const began = Date.now();
	const feed = async (http) => {
		while (!isOver()) {
			const due = Math.floor(((Date.now() - began) / 1_000) * perSecond) - result.sent;
			if (due <= 0) await sleep(PAUSE_MS);
			else await send(http, takeBatch(due));
		}
	};
	const takeBatch = (due) => {
		const batch = [];
		for (let bytes = 0; batch.length < Math.min(due, MAX_BATCH) && bytes < MAX_BATCH_BYTES; ) {
			batch.push(make(result.sent++));
			bytes += 2 * batch.at(-1).length;
		}
		return batch;
	};
	const send = async (http, batch) => {
		// By hand: JSON.stringify would look for characters to escape in megabytes of hex.
		const head = '{"jsonrpc":"2.0","method":"author_submitExtrinsic"';
		const requests = batch.map((bytes, id) => `${head},"id":${id},"params":["${hex(bytes)}"]}`);
		const response = await fetch(http, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: `[${requests.join(',')}]`,
		});
		for (const { error } of await response.json()) {
			if (!error) result.accepted++;
			else {
				// Some texts contain priorities, which are all different.
				const text = `${error.code} ${error.data ?? error.message}`.replace(/\d{5,}/g, 'N');
				result.errors[text] = (result.errors[text] ?? 0) + 1;
			}
		}
	};
	await Promise.all(nodes.flatMap((http) => Array.from({ length: FEEDS }, () => feed(http))));
	return result;
}
