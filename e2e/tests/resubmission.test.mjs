// A transaction that the pool has refused for a cause that passes is taken once the cause is gone.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TOS, fund, newAccount, nextNonce, poolError, rawCall, rpcError, sign, until } from '../lib/chain.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

// Some blocks of the preset `local`.
const SECONDS_MS = 20_000;

describe('a transaction that was refused for want of funds', async () => {
	const { api } = await suiteNetwork();

	for (const method of ['author_submitExtrinsic', 'tx_submit']) {
		it(`is taken after the account is funded: ${method}`, async () => {
			const pair = newAccount();
			await fund(api, [[pair, api.consts.balances.existentialDeposit.toBigInt()]]);
			const nonce = await nextNonce(api, pair);
			const bytes = sign(api, api.tx.system.remark('0x'), pair, { nonce }).toHex();
			assert.equal((await rpcError(rawCall(api, method, bytes))).code, 1010);
			await fund(api, [[pair, 10n * TOS]]);
			const taken = async () => (await poolError(api, bytes)) === null;
			await until(taken, 'the pool to take the transaction', SECONDS_MS);
		});
	}
});
