// Kinds of transactions with which drills fill blocks.

import { randomBytes } from 'node:crypto';
import { constants } from './chain.mjs';
import { templateOf } from './saturation.mjs';

const PUT_TTL = 100_000;
const VALUE_BYTES = 64;
// So few fit into a block that an author finds many that do not fit, in a pool that takes little time to check.
const REMARK_BYTES = 64 * 1024;

// The nodes of a drill share one machine, and each of them checks each transaction that waits in its pool. With many calls in
// one transaction the machine has its time for the blocks. A transfer weighs a third of a put.
const BATCHED_PUTS = 20;
const BATCHED_TRANSFERS = 60;

const bytes = (length) => randomBytes(length).toString('hex');

/** The encoded call of `depth` batches of one call, each within the one before. */
export function nestedCall(api, depth) {
	const inner = api.tx.system.remark('0x').method.toU8a();
	const [pallet, method] = api.tx.utility.batch([]).method.toU8a();
	// A compact one, the number of calls in the batch.
	const ONE = 4;
	return Buffer.concat([...Array(depth).fill(Buffer.from([pallet, method, ONE])), inner]);
}

/**
 * For each kind, a function that makes another function, which answers the encoded call of the transaction with a given
 * number.
 */
export const LOADS = {
	/** Balances move, in batches: blocks are full by weight. */
	transfers: (api, senders) => {
		const transfers = senders.map(({ pair }) => api.tx.balances.transferKeepAlive(pair.address, 1));
		const batch = (i) => Array.from({ length: BATCHED_TRANSFERS }, (_, call) => transfers[(i + call) % transfers.length]);
		const calls = transfers.map((_, i) => api.tx.utility.batchAll(batch(i)).method.toU8a());
		return (i) => calls[i % calls.length];
	},
	/** Small entries, in batches: blocks are full by weight. */
	puts: (api) => {
		const value = `0x${bytes(VALUE_BYTES)}`;
		const put = (key) => api.tx.ttlKv.kvPutTtl(key, value, PUT_TTL);
		const puts = (...keys) => api.tx.utility.batchAll(keys.map(put)).method.toU8a();
		return templateOf(puts, BATCHED_PUTS);
	},
	/** The longest contract code: blocks are full by length, and take little time to execute. */
	deployments: (api) => {
		const code = bytes(constants(api, 'contractStore').maxCodeLength - 32);
		const salt = `0x${'00'.repeat(32)}`;
		return templateOf((marker) => api.tx.contractStore.contractDeploy(`${marker}${code}`, salt).method.toU8a());
	},
	/** Long remarks: blocks are full by length, and take little time to execute. */
	remarks: (api) => {
		const text = bytes(REMARK_BYTES);
		return templateOf((marker) => api.tx.system.remark(`${marker}${text}`).method.toU8a());
	},
};
