// Kinds of transactions with which drills fill blocks.

import { randomBytes } from 'node:crypto';
import { constants } from './chain.mjs';
import { templateOf } from './saturation.mjs';

const PUT_TTL = 100_000;
const VALUE_BYTES = 64;
// So many fit into the pool, and so few into a block, that an author finds many that do not fit.
const REMARK_BYTES = 16 * 1024;

const bytes = (length) => randomBytes(length).toString('hex');

/**
 * For each kind, a function that makes another function, which answers the encoded call of the transaction with a given
 * number.
 */
export const LOADS = {
	/** A balance moves: blocks are full by weight. */
	transfers: (api, senders) => {
		const calls = senders.map(({ pair }) => api.tx.balances.transferKeepAlive(pair.address, 1).method.toU8a());
		return (i) => calls[i % calls.length];
	},
	/** Small entries: blocks are full by weight. */
	puts: (api) => {
		const value = `0x${bytes(VALUE_BYTES)}`;
		return templateOf((marker) => api.tx.ttlKv.kvPutTtl(marker, value, PUT_TTL).method.toU8a());
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
