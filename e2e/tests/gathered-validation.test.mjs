// Transactions that come at the same time are validated together, and each gets its own answer.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { blake2AsHex } from '@polkadot/util-crypto';
import { TOS, development, nextNonce, rawCall, rpcError, sign } from '../lib/chain.mjs';
import { metric } from '../lib/metrics.mjs';
import { withDevNode } from '../lib/network.mjs';

const COUNT = 300;

/** Bytes with the right length prefix on which the runtime fails. The pool bans them, so each number has its own. */
const undecodable = (i) => `0x18ffffffff${i.toString(16).padStart(4, '0')}`;

it('each of many transactions gets its own answer, also among wrong ones', () =>
	withDevNode([], async (api, node) => {
		const [alice, bob] = ['Alice', 'Bob'].map((name) => development(name));
		const nonce = await nextNonce(api, alice);
		const transfer = (i) => sign(api, api.tx.balances.transferKeepAlive(bob.address, TOS), alice, { nonce: nonce + i });
		const right = Array.from({ length: COUNT }, (_, i) => transfer(i).toHex());
		const unpayable = (i) =>
			sign(api, api.tx.system.remark('0x'), bob, { nonce: i, tip: 2n ** 100n }).toHex();
		const answers = right.map(async (bytes, i) => {
			// The wrong ones arrive between the right ones.
			const wrong = i % 10 === 0 && rpcError(rawCall(api, 'tx_submit', undecodable(i)));
			const poor = i % 15 === 0 && rpcError(rawCall(api, 'tx_submit', unpayable(100 + i)));
			assert.equal(await rawCall(api, 'tx_submit', bytes), blake2AsHex(bytes));
			if (wrong) assert.deepEqual(await wrong, { code: 10101, data: undefined });
			if (poor) assert.equal((await poor).data.error, 'Payment');
		});
		await Promise.all(answers);

		const [calls, validations, failures] = await Promise.all(
			['validated_together_count', 'validated_together_sum', 'failed_batches_total'].map((name) =>
				metric(node, `gtos_pool_${name}`),
			),
		);
		assert.ok(validations >= COUNT, `${validations} validations`);
		assert.ok(calls > 0 && calls <= validations, `${calls} calls`);
		assert.equal(failures, 0);
	}));
