// tx_submit, tx_status and tx_subscribe report the status of a transaction on every node, also after a restart.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blake2AsHex } from '@polkadot/util-crypto';
import {
	TOS,
	development,
	finalisedHeight,
	fund,
	newAccount,
	nextNonce,
	randomHash,
	rawCall,
	rawSubscribe,
	rpcError,
	sign,
	submit,
	withTimeout,
} from '../lib/chain.mjs';
import { withDevNode } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { assertBoundPerConnection } from '../lib/subscriptions.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

const SUBSCRIPTION = ['tx_subscribe', 'tx_update', 'tx_unsubscribe'];

const txSubmit = (api, extrinsic) => rawCall(api, 'tx_submit', extrinsic.toHex());
const txStatus = (api, hash) => rawCall(api, 'tx_status', hash);

/** Subscribes to a transaction. `done()` resolves with all updates once it is finalised; `stop()` unsubscribes. */
async function follow(api, hash) {
	const updates = [];
	let finish;
	const end = new Promise((resolve) => (finish = resolve));
	const stop = await rawSubscribe(api, SUBSCRIPTION, [hash], (update) => {
		updates.push(update);
		if (update.status === 'finalized') finish(updates);
	});
	return { done: () => withTimeout(end, `${hash} to be final`), stop };
}

/** The status of a transaction once it is finalised. */
async function finalStatus(api, hash) {
	const followed = await follow(api, hash);
	return (await followed.done()).at(-1);
}

/** Hash, fee, tip and dispatch error of a transaction, read from its block and events. */
async function inBlock(api, { blockHash, blockNumber, index }) {
	const { block } = await api.rpc.chain.getBlock(blockHash);
	assert.equal(block.header.number.toNumber(), blockNumber);
	const records = await (await api.at(blockHash)).query.system.events();
	const events = records
		.filter(({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eq(index))
		.map(({ event }) => event);
	const paid = events.find((event) => api.events.transactionPayment.TransactionFeePaid.is(event));
	const failed = events.find((event) => api.events.system.ExtrinsicFailed.is(event));
	return {
		hash: block.extrinsics[index].hash.toHex(),
		fee: paid?.data.actualFee.toString() ?? null,
		tip: paid?.data.tip.toString() ?? null,
		error: failed?.data.dispatchError,
	};
}

/** A new account with 10 TOS, and its nonce. */
async function funded(api) {
	const sender = newAccount();
	await fund(api, [[sender, 10n * TOS]]);
	return { sender, nonce: await nextNonce(api, sender) };
}

const transfer = (api, amount) => api.tx.balances.transferKeepAlive(newAccount().address, amount);

describe('transactions over JSON-RPC', { concurrency: true }, async () => {
	const { api, apis, nodes } = await suiteNetwork();

	it('a transaction is followed from the pool to finality, with its fee and tip', async () => {
		const { sender, nonce } = await funded(api);
		const first = sign(api, transfer(api, TOS), sender, { nonce, tip: 7 });
		const second = sign(api, transfer(api, TOS), sender, { nonce: nonce + 1 });

		// The second stays pending until the first is submitted, whatever the timing.
		const hash = await txSubmit(api, second);
		assert.equal(hash, second.hash.toHex());
		assert.deepEqual(await txStatus(api, hash), { status: 'pending' });
		assert.deepEqual(await rpcError(txSubmit(api, second)), { code: 1013, data: hash });
		const followed = await follow(api, hash);

		const firstHash = await txSubmit(api, first);
		const updates = await followed.done();
		assert.deepEqual(updates[0], { status: 'pending' });
		for (let i = 1; i < updates.length; i++) assert.notDeepEqual(updates[i], updates[i - 1]);
		const final = updates.at(-1);
		assert.deepEqual(await txStatus(api, hash), final);

		assert.deepEqual([final.success, final.error, final.tip], [true, null, '0']);
		assert.deepEqual(await inBlock(api, final), { hash, fee: final.fee, tip: '0', error: undefined });
		const status = await finalStatus(api, firstHash);
		assert.equal(status.tip, '7');
		assert.deepEqual(await inBlock(api, status), {
			hash: firstHash,
			fee: status.fee,
			tip: '7',
			error: undefined,
		});
	});

	it('the answer before finality is the same, except for the status', async () => {
		const { sender, nonce } = await funded(api);
		const followed = await follow(api, await txSubmit(api, sign(api, transfer(api, TOS), sender, { nonce })));
		const updates = await followed.done();
		const final = updates.at(-1);
		const earlier = updates.filter(({ status, blockHash }) => status === 'inBlock' && blockHash === final.blockHash);
		for (const update of earlier) assert.deepEqual(update, { ...final, status: 'inBlock' });
	});

	it('every node gives the same answer, whichever node the transaction was submitted to', async () => {
		const { sender, nonce } = await funded(api);
		const hash = await txSubmit(apis[1], sign(api, transfer(api, TOS), sender, { nonce }));
		const answers = await Promise.all(apis.map((node) => finalStatus(node, hash)));
		for (const answer of answers) assert.deepEqual(answer, answers[0]);
	});

	it('dispatch errors, of a pallet or not, are reported by name and in bytes', async () => {
		const { sender, nonce } = await funded(api);
		const nobody = newAccount().address;
		const hashes = [];
		for (const [i, call] of [transfer(api, 1000n * TOS), api.tx.proxy.removeProxy(nobody, 'Any', 0)].entries()) {
			hashes.push(await txSubmit(api, sign(api, call, sender, { nonce: nonce + i })));
		}
		const [token, module] = await Promise.all(hashes.map((hash) => finalStatus(api, hash)));
		for (const status of [token, module]) {
			assert.equal(status.success, false);
			const { fee, error } = await inBlock(api, status);
			assert.equal(status.fee, fee);
			assert.equal(status.error.encoded, error.toHex());
		}
		assert.deepEqual(token.error, {
			type: 'Token',
			pallet: null,
			name: 'FundsUnavailable',
			encoded: '0x0700',
		});
		const { error } = await inBlock(api, module);
		assert.equal(api.registry.findMetaError(error.asModule).name, 'NotFound');
		const { type, pallet, name } = module.error;
		assert.deepEqual({ type, pallet, name }, { type: 'Module', pallet: 'Proxy', name: 'NotFound' });
	});

	it('an inherent pays no fee', async () => {
		await finalisedHeight(api, 2);
		const { block } = await api.rpc.chain.getBlock(await api.rpc.chain.getBlockHash(2));
		const { status, blockNumber, index, success, fee, tip } = await txStatus(api, block.extrinsics[0].hash.toHex());
		assert.deepEqual(
			{ status, blockNumber, index, success, fee, tip },
			{ status: 'finalized', blockNumber: 2, index: 0, success: true, fee: null, tip: null },
		);
	});

	it('a transaction that was never submitted is unknown', async () => {
		assert.deepEqual(await txStatus(api, randomHash()), { status: 'unknown', oldestBlock: 0 });
	});

	it('a subscription reports a transaction that is submitted later, and can be ended', async () => {
		const { sender, nonce } = await funded(api);
		const extrinsic = sign(api, transfer(api, TOS), sender, { nonce });
		const followed = await follow(api, extrinsic.hash.toHex());
		assert.equal(await txSubmit(api, extrinsic), extrinsic.hash.toHex());
		const updates = await followed.done();
		assert.deepEqual(updates[0], { status: 'unknown', oldestBlock: 0 });

		const idle = await follow(api, randomHash());
		assert.equal(await idle.stop(), true);
	});

	it('errors of the pool name the variant and carry its bytes', async () => {
		const { sender, nonce } = await funded(api);
		const invalid = (error, encoded) => ({ code: 1010, data: { error, encoded } });

		const stale = sign(api, transfer(api, TOS), sender, { nonce: 0 });
		assert.deepEqual(await rpcError(txSubmit(api, stale)), invalid('Stale', '0x0003'));

		const foreign = sign(api, transfer(api, TOS), sender, { nonce, genesisHash: randomHash() });
		assert.deepEqual(await rpcError(txSubmit(api, foreign)), invalid('BadProof', '0x0004'));

		const dear = sign(api, transfer(api, TOS), sender, { nonce, tip: 1000n * TOS });
		assert.deepEqual(await rpcError(txSubmit(api, dear)), invalid('Payment', '0x0001'));

		assert.deepEqual(await rpcError(txSubmit(api, transfer(api, TOS))), {
			code: 1011,
			data: { error: 'NoUnsignedValidator', encoded: '0x0101' },
		});
	});

	it('undecodable extrinsics and unreadable parameters have their error codes', async () => {
		const { sender, nonce } = await funded(api);
		const good = sign(api, transfer(api, TOS), sender, { nonce }).toHex();
		for (const bytes of [
			'0x',
			good.slice(0, -2),
			`${good}00`,
			// The length prefix is right but the content is not; only the runtime can detect this.
			'0x10ffffffff',
			'0x0884ff',
		]) {
			assert.deepEqual(await rpcError(rawCall(api, 'tx_submit', bytes)), { code: 10101, data: undefined }, bytes);
		}

		const most = api.consts.system.blockLength.max.operational.toNumber();
		const long = `0x${'00'.repeat(most + 1)}`;
		assert.deepEqual(await rpcError(rawCall(api, 'tx_submit', long)), { code: 10102, data: most });

		for (const wrong of ['84', '0x8', '0xzz', '', 5, null, ['0x00']]) {
			assert.deepEqual(await rpcError(rawCall(api, 'tx_submit', wrong)), { code: 10001, data: 'extrinsic' });
		}
		for (const wrong of ['0x00', `${randomHash()}00`, randomHash().slice(2), null, {}]) {
			assert.deepEqual(await rpcError(txStatus(api, wrong)), { code: 10001, data: 'hash' });
			assert.deepEqual(await rpcError(follow(api, wrong)), { code: 10001, data: 'hash' });
		}
	});

	it('the number of subscriptions per connection is limited', () =>
		assertBoundPerConnection(nodes[0].rpc, api, (connection) => follow(connection, randomHash())));

	it("the SDK's own methods for transactions are still there", async () => {
		const { methods } = (await api.rpc.rpc.methods()).toJSON();
		for (const method of ['author_submitExtrinsic', 'author_submitAndWatchExtrinsic', 'transaction_v1_broadcast']) {
			assert.ok(methods.includes(method), method);
		}
	});
});

describe('the index of transactions', { concurrency: true }, () => {
	/** Runs a development node on the chain in `dir` while `use` works with it. */
	const withChain = (dir, args, use) => withDevNode(['--base-path', dir, ...args], use);

	/** Sends a transfer from Alice and returns the transaction and its final status. */
	async function send(api) {
		const alice = development('Alice');
		const extrinsic = sign(api, transfer(api, TOS), alice, { nonce: await nextNonce(api, alice) });
		return { extrinsic, status: await finalStatus(api, await txSubmit(api, extrinsic)) };
	}

	it('survives a restart, after which an executed transaction is still rejected', async () => {
		const dir = temporaryFolder();
		const { extrinsic, status } = await withChain(dir, [], send);
		await withChain(dir, [], async (api) => {
			assert.deepEqual(await txStatus(api, extrinsic.hash.toHex()), status);
			assert.deepEqual(await rpcError(txSubmit(api, extrinsic)), {
				code: 1010,
				data: { error: 'Stale', encoded: '0x0003' },
			});
		});
	});

	it('is filled in for blocks that were imported while it was disabled', async () => {
		const dir = temporaryFolder();
		const off = ['--tx-index-blocks', '0'];
		const extrinsic = await withChain(dir, off, async (api) => {
			assert.equal((await rpcError(txStatus(api, randomHash()))).code, 10007);
			assert.equal((await rpcError(follow(api, randomHash()))).code, 10007);
			const alice = development('Alice');
			const extrinsic = sign(api, transfer(api, TOS), alice, { nonce: 0 });
			await txSubmit(api, extrinsic);
			await finalisedHeight(api, (await api.rpc.chain.getHeader()).number.toNumber() + 3);
			return extrinsic;
		});
		await withChain(dir, [], async (api) => {
			const status = await finalStatus(api, extrinsic.hash.toHex());
			assert.equal(status.success, true);
			assert.equal(status.fee, (await inBlock(api, status)).fee);
		});
	});

	it('finds a transaction whose outcome is unknown because the state is pruned', async () => {
		const dir = temporaryFolder();
		const pruning = ['--state-pruning', '8'];
		const hash = await withChain(dir, [...pruning, '--tx-index-blocks', '0'], async (api) => {
			const extrinsic = sign(api, transfer(api, TOS), development('Alice'), { nonce: 0 });
			const { number } = await submit(api, extrinsic);
			await finalisedHeight(api, number + 14);
			return extrinsic.hash.toHex();
		});
		await withChain(dir, pruning, async (api) => {
			const { status, blockHash, index, ...rest } = await finalStatus(api, hash);
			assert.equal(status, 'finalized');
			// The client's own method would read the state of the block, which is pruned.
			const { block } = await rawCall(api, 'chain_getBlock', blockHash);
			assert.equal(blake2AsHex(block.extrinsics[index]), hash);
			const { blockNumber, ...outcome } = rest;
			assert.equal(Number(block.header.number), blockNumber);
			assert.deepEqual(outcome, { success: null, error: null, fee: null, tip: null });
		});
	});

	it('forgets transactions beyond its window, and reports the oldest block that it covers', async () => {
		await withChain(temporaryFolder(), ['--tx-index-blocks', '8'], async (api) => {
			const { extrinsic, status } = await send(api);
			await finalisedHeight(api, status.blockNumber + 10);
			const { status: later, oldestBlock } = await txStatus(api, extrinsic.hash.toHex());
			assert.equal(later, 'unknown');
			assert.ok(oldestBlock > status.blockNumber);
		});
	});
});
