// Invalid transactions are rejected by pool and state transition for the right reason and change no account.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
	TOS,
	account,
	agreement,
	dryRun,
	finalisedHeight,
	fund,
	newAccount,
	nextNonce,
	poolError,
	sign,
	submit,
} from '../lib/chain.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

// Code and data of the pool's JSON-RPC errors.
const OUTDATED = { code: 1010, data: 'Transaction is outdated' };
const BAD_SIGNATURE = { code: 1010, data: 'Transaction has a bad signature' };
const CANNOT_PAY = { code: 1010, data: 'Inability to pay some fees (e.g. account balance too low)' };
const TOO_LARGE = { code: 1010, data: 'Transaction would exhaust the block limits' };
const BANNED = { code: 1012, data: undefined };
const TOO_LOW_PRIORITY = 1014;

describe('invalid transactions', { concurrency: true }, async () => {
	const { api, apis } = await suiteNetwork();

	const transfer = (recipient, amount) => api.tx.balances.transferAllowDeath(recipient.address, amount);

	/** A new account of `type` with 10 TOS, its nonce, and a recipient that does not exist. */
	async function parties(type = 'sr25519') {
		const [sender, recipient] = [newAccount(type), newAccount(type)];
		await fund(api, [[sender, 10n * TOS]]);
		return { sender, nonce: await nextNonce(api, sender), recipient };
	}

	/** The accounts after the block that follows the best one, in which all nodes must agree. */
	async function states(accounts) {
		const next = (await api.rpc.chain.getHeader()).number.toNumber() + 1;
		await Promise.all(apis.map((node) => finalisedHeight(node, next)));
		const { hash } = await agreement(apis, next);
		const seen = await Promise.all(
			apis.map((node) => Promise.all(accounts.map((someone) => account(node, someone, hash)))),
		);
		for (const one of seen) assert.deepEqual(one, seen[0]);
		return seen[0];
	}

	/**
	 * Asserts that every node's pool rejects the extrinsic with one of the `expected` errors, that its execution fails with
	 * the validity error `validity`, and that the accounts are unchanged in the next block.
	 */
	async function assertRejected(extrinsic, accounts, validity, ...expected) {
		const bytes = extrinsic.toHex();
		const state = await states(accounts);
		for (const node of apis) {
			const error = await poolError(node, bytes);
			assert.notEqual(error, null, 'the pool accepted it');
			const { code, data } = error;
			assert.ok(
				expected.some((one) => one.code === code && one.data === data),
				`rejected for another reason: ${error.message}`,
			);
			assert.equal(await dryRun(node, bytes), validity);
		}
		assert.deepEqual(await states(accounts), state);
	}

	it('a replayed transaction', async () => {
		const { sender, nonce, recipient } = await parties();
		const extrinsic = sign(api, transfer(recipient, TOS), sender, { nonce });
		assert.equal((await submit(api, extrinsic)).error, null);
		// The pool bans a transaction for a while after its inclusion and does not validate it again.
		await assertRejected(extrinsic, [sender, recipient], 'Stale', BANNED, OUTDATED);
	});

	it('a transaction that an account signed before it was reaped, when the account exists again', async () => {
		const { sender, nonce, recipient } = await parties();
		const everything = sign(api, api.tx.balances.transferAll(recipient.address, false), sender, { nonce });
		assert.equal((await submit(api, everything)).error, null);
		assert.deepEqual(await states([sender]), [{ nonce: null, free: 0n }]);
		await fund(api, [[sender, 10n * TOS]]);
		await assertRejected(everything, [sender, recipient], 'Stale', BANNED, OUTDATED);
	});

	it('another transaction with a used nonce', async () => {
		const { sender, nonce, recipient } = await parties();
		assert.equal((await submit(api, sign(api, transfer(recipient, TOS), sender, { nonce }))).error, null);
		const again = sign(api, transfer(recipient, 2n * TOS), sender, { nonce });
		await assertRejected(again, [sender, recipient], 'Stale', OUTDATED);
	});

	for (const type of ['sr25519', 'ed25519', 'ecdsa']) {
		it(`a bad ${type} signature`, async () => {
			const { sender, nonce, recipient } = await parties(type);
			const extrinsic = sign(api, transfer(recipient, TOS), sender, { nonce });
			const bytes = Buffer.from(extrinsic.toU8a());
			const position = bytes.indexOf(extrinsic.signature.toU8a());
			assert.notEqual(position, -1);
			bytes[position + 7] ^= 1;
			const forged = api.createType('Extrinsic', new Uint8Array(bytes));
			await assertRejected(forged, [sender, recipient], 'BadProof', BAD_SIGNATURE);
		});
	}

	it('a signature for another genesis', async () => {
		const { sender, nonce, recipient } = await parties();
		const genesisHash = `0x${'42'.repeat(32)}`;
		const foreign = sign(api, transfer(recipient, TOS), sender, { nonce, genesisHash, blockHash: genesisHash });
		await assertRejected(foreign, [sender, recipient], 'BadProof', BAD_SIGNATURE);
	});

	it('a transaction longer than a block, and one longer than the normal share of a block', async () => {
		const { sender, nonce, recipient } = await parties();
		const { max } = api.consts.system.blockLength;
		const remark = (length) => sign(api, api.tx.system.remark(`0x${'00'.repeat(length)}`), sender, { nonce });
		for (const limit of [max.operational.toNumber(), max.normal.toNumber()]) {
			await assertRejected(remark(limit), [sender, recipient], 'ExhaustsResources', TOO_LARGE);
		}

		// A transaction just below the limit is valid.
		const { error, number } = await submit(api, remark(max.normal.toNumber() - 1024));
		assert.equal(error, null);
		await Promise.all(apis.map((node) => finalisedHeight(node, number)));
		await agreement(apis, number);
	});

	it('a double spend in two blocks: the second transfer fails and moves nothing', async () => {
		const { sender, nonce, recipient: first } = await parties();
		const second = newAccount();
		const one = await submit(api, sign(api, transfer(first, 6n * TOS), sender, { nonce }));
		const two = await submit(apis[1], sign(api, transfer(second, 6n * TOS), sender, { nonce: nonce + 1 }));
		assert.ok(two.number > one.number);
		await assertSpentOnce([sender, first, second], nonce, one, two);
	});

	it('a double spend in one block: the second transfer fails and moves nothing', async () => {
		// Nothing forces both transactions into one block, so this is repeated until it happens.
		for (let attempt = 1; attempt <= 20; attempt++) {
			const { sender, nonce, recipient: first } = await parties();
			const second = newAccount();
			// The second transaction waits in the pool for the first, and then both become ready at once.
			const [two, one] = await Promise.all([
				submit(api, sign(api, transfer(second, 6n * TOS), sender, { nonce: nonce + 1 })),
				submit(api, sign(api, transfer(first, 6n * TOS), sender, { nonce })),
			]);
			await assertSpentOnce([sender, first, second], nonce, one, two);
			if (one.hash === two.hash) return;
		}
		assert.fail('the two transactions were never in one block');
	});

	/** Asserts that the first transfer of 6 out of 10 TOS succeeded and the second failed and cost its fee. */
	async function assertSpentOnce(accounts, nonce, one, two) {
		assert.equal(one.error, null);
		assert.equal(two.error, 'Token.FundsUnavailable');
		const [sender, first, second] = await states(accounts);
		assert.deepEqual(sender, { nonce: nonce + 2, free: 4n * TOS - one.fee - two.fee });
		assert.deepEqual([first.free, second.free], [6n * TOS, 0n]);
	}

	it('a transaction whose fee the account cannot pay', async () => {
		const { sender, nonce, recipient } = await parties();
		// Leaves the existential deposit, which fees cannot take.
		const everything = api.tx.balances.transferAll(recipient.address, true);
		assert.equal((await submit(api, sign(api, everything, sender, { nonce }))).error, null);
		const again = sign(api, transfer(recipient, TOS), sender, { nonce: nonce + 1 });
		await assertRejected(again, [sender, recipient], 'Payment', CANNOT_PAY);
	});

	it('two transactions with one nonce at one node: the pool keeps one of them', async () => {
		const { sender, nonce, recipient: first } = await parties();
		const second = newAccount();
		const rivals = [first, second].map((recipient) => sign(api, transfer(recipient, TOS), sender, { nonce }));
		const errors = await Promise.all(rivals.map((rival) => poolError(api, rival.toHex())));
		const rejected = errors.filter((error) => error !== null);
		assert.equal(rejected.length, 1);
		// The second is outdated if a block includes the first before it is submitted.
		const { code, data, message } = rejected[0];
		assert.ok(code === TOO_LOW_PRIORITY || (code === OUTDATED.code && data === OUTDATED.data), message);
		await assertOneWon([sender, first, second], nonce, rivals);
	});

	it('two transactions with one nonce at two nodes: the chain includes one of them', async () => {
		const { sender, nonce, recipient: first } = await parties();
		const second = newAccount();
		const rivals = [first, second].map((recipient) => sign(api, transfer(recipient, TOS), sender, { nonce }));
		await Promise.all(rivals.map((rival, i) => poolError(apis[i], rival.toHex())));
		await assertOneWon([sender, first, second], nonce, rivals);
	});

	/** Waits until one of two transfers of 1 TOS is included, and asserts that neither can be included again. */
	async function assertOneWon(accounts, nonce, rivals) {
		let sender, recipients;
		do {
			[sender, ...recipients] = await states(accounts);
		} while (sender.nonce === nonce);
		assert.equal(sender.nonce, nonce + 1);
		assert.deepEqual(recipients.map(({ free }) => free).sort(), [0n, TOS]);
		for (const node of apis) {
			for (const rival of rivals) assert.equal(await dryRun(node, rival.toHex()), 'Stale');
		}
	}
});
