// tx_submitBatch submits many transactions in one request. Each gets the result that tx_submit would give (RPC-R31).

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { blake2AsHex } from '@polkadot/util-crypto';
import {
	TOS,
	connect,
	development,
	fund,
	newAccount,
	nextNonce,
	rawCall,
	rpcError,
	sign,
	until,
} from '../lib/chain.mjs';
import { metric } from '../lib/metrics.mjs';
import { startConnected } from '../lib/network.mjs';
import { presetSpec } from '../lib/spec.mjs';

// RPC-R31. It is a limit of the node, so the metadata does not have it.
const MAX_EXTRINSICS = 128;

const submitBatch = (api, extrinsics) => rawCall(api, 'tx_submitBatch', extrinsics);
const hashOf = (bytes) => ({ hash: blake2AsHex(bytes) });

/** Bytes with the right length prefix on which the runtime fails. The pool bans them, so each number has its own. */
const undecodable = (i) => `0x18ffffffff${i.toString(16).padStart(4, '0')}`;

/** Results without the messages of their errors, which are for humans. */
const withoutMessages = (results) =>
	results.map(({ error, ...result }) => {
		if (!error) return result;
		const { message, ...rest } = error;
		assert.equal(typeof message, 'string');
		return { ...result, error: rest };
	});

describe('batches of transactions', () => {
	let node;
	let api;

	before(async () => {
		// The method is safe, so a public endpoint has it.
		node = await startConnected(['--dev', '--chain', await presetSpec('dev'), '--rpc-methods', 'safe']);
		api = node.api;
	});
	after(() => node?.stop());

	/** A new account with 1,000 TOS, its next nonce, and a function that signs a call with that nonce plus `i`. */
	async function newSender() {
		const sender = newAccount();
		await fund(api, [[sender, 1_000n * TOS]]);
		const nonce = await nextNonce(api, sender);
		const signed = (i, call) => sign(api, call, sender, { nonce: nonce + i }).toHex();
		return { sender, nonce, signed };
	}

	const transfer = () => api.tx.balances.transferKeepAlive(newAccount().address, TOS);

	/** Resolves once the best block has executed transactions of the account up to this nonce. */
	const untilNonce = ({ address }, nonce) =>
		until(async () => (await api.query.system.account(address)).nonce.eq(nonce), `nonce ${nonce} of an account`);

	/** How many calls of the runtime have validated transactions so far, and how many transactions. */
	const validations = async () => {
		const names = ['count', 'sum'].map((part) => `gtos_pool_validated_together_${part}`);
		const [calls, transactions] = await Promise.all(names.map((name) => metric(node, name)));
		return { calls, transactions };
	};

	it('a hundred transfers of one account are accepted in order, validated together, and executed', async () => {
		const { sender, nonce, signed } = await newSender();
		const transfers = Array.from({ length: 100 }, (_, i) => signed(i, transfer()));
		const earlier = await validations();
		assert.deepEqual(await submitBatch(api, transfers), transfers.map(hashOf));
		const later = await validations();
		const [calls, transactions] = ['calls', 'transactions'].map((name) => later[name] - earlier[name]);
		assert.ok(transactions >= 100, `${transactions} validations`);
		assert.ok(calls < transactions / 2, `${calls} calls for ${transactions} transactions`);
		await untilNonce(sender, nonce + 100);
	});

	it('each item has the error of tx_submit, in its place, and does not affect the others', async () => {
		const { sender, nonce, signed } = await newSender();
		const good = [0, 1, 2].map((i) => signed(i, transfer()));
		const most = api.consts.system.blockLength.max.operational.toNumber();
		const refused = (code, data) => ({ error: data === undefined ? { code } : { code, data } });
		const invalid = (error, encoded) => refused(1010, { error, encoded });
		const items = [
			[good[0], hashOf(good[0])],
			[sign(api, transfer(), development('Bob'), { nonce: 0, tip: 2n ** 100n }).toHex(), invalid('Payment', '0x0001')],
			[transfer().toHex(), refused(1011, { error: 'NoUnsignedValidator', encoded: '0x0101' })],
			[good[1], hashOf(good[1])],
			[good[0], refused(1013, blake2AsHex(good[0]))],
			[undecodable(0), refused(10101)],
			[good[1].slice(0, -2), refused(10101)],
			[`0x${'00'.repeat(most + 1)}`, refused(10102, most)],
			...['84', '0x8', '', 5, null, {}, [good[2]]].map((wrong) => [wrong, refused(10001, 'extrinsic')]),
			[good[2], hashOf(good[2])],
		];
		const results = await submitBatch(api, items.map(([item]) => item));
		assert.deepEqual(withoutMessages(results), items.map(([, result]) => result));
		await untilNonce(sender, nonce + 3);

		const stale = await submitBatch(api, [good[0]]);
		assert.deepEqual(withoutMessages(stale), [invalid('Stale', '0x0003')]);
	});

	it('a long transaction does not keep those after it from being accepted', async () => {
		const { sender, nonce, signed } = await newSender();
		const long = api.tx.system.remark(`0x${'07'.repeat(3000)}`);
		const transactions = [signed(0, transfer()), signed(1, long), signed(2, transfer())];
		assert.deepEqual(await submitBatch(api, transactions), transactions.map(hashOf));
		await untilNonce(sender, nonce + 3);
	});

	it('a list that is empty or as long as it may be is answered, and a longer one is refused as a whole', async () => {
		assert.deepEqual(await submitBatch(api, []), []);
		const longest = Array.from({ length: MAX_EXTRINSICS }, (_, i) => undecodable(100 + i));
		const results = withoutMessages(await submitBatch(api, longest));
		assert.deepEqual(results, longest.map(() => ({ error: { code: 10101 } })));

		const { signed } = await newSender();
		const good = signed(0, transfer());
		const tooLong = [good, ...longest];
		assert.deepEqual(await rpcError(submitBatch(api, tooLong)), { code: 10002, data: 'extrinsics' });
		// Nothing of it was submitted.
		assert.equal(await rawCall(api, 'tx_submit', good), blake2AsHex(good));
	});

	it('a parameter that is not a list is refused', async () => {
		const { signed } = await newSender();
		for (const wrong of [signed(0, transfer()), null, 7, true, '', {}, { 0: [] }]) {
			assert.deepEqual(await rpcError(submitBatch(api, wrong)), { code: 10001, data: 'extrinsics' });
		}
	});

	it('batches of several connections at the same time are all answered', async () => {
		const others = await Promise.all([0, 1].map(() => connect(node.rpc)));
		try {
			const batches = [api, ...others].flatMap((connection, c) =>
				Array.from({ length: 8 }, async (_, b) => {
					const items = Array.from({ length: 16 }, (_, i) => undecodable(1000 + 1000 * c + 100 * b + i));
					const results = withoutMessages(await submitBatch(connection, items));
					assert.deepEqual(results, items.map(() => ({ error: { code: 10101 } })));
				}),
			);
			await Promise.all(batches);
		} finally {
			await Promise.all(others.map((connection) => connection.disconnect()));
		}
	});
});
