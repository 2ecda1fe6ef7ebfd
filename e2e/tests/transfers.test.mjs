// Transfers signed with each of the three key types are finalised on every validator with the same state.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
	TOS,
	TREASURY,
	account,
	agreement,
	finalisedHeight,
	fund,
	newAccount,
	nextNonce,
	sign,
	submit,
} from '../lib/chain.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

describe('transfers', { concurrency: true }, async () => {
	const { apis } = await suiteNetwork();

	['sr25519', 'ed25519', 'ecdsa'].forEach((type, i) => {
		it(`${type}: a transfer is finalised on all nodes with equal state roots`, async () => {
			// Each key type uses another node.
			const api = apis[i % apis.length];
			const sender = newAccount(type);
			const recipient = newAccount(type);
			await fund(api, [[sender, 10n * TOS]]);

			const call = api.tx.balances.transferKeepAlive(recipient.address, 3n * TOS);
			const nonce = await nextNonce(api, sender);
			const { hash, number, fee, error } = await submit(api, sign(api, call, sender, { nonce }));
			assert.equal(error, null);
			assert.ok(fee > 0n);

			await Promise.all(apis.map((node) => finalisedHeight(node, number)));
			const agreed = await agreement(apis, number);
			assert.equal(agreed.hash, hash);
			for (const node of apis) {
				assert.equal((await account(node, recipient, hash)).free, 3n * TOS);
				assert.deepEqual(await account(node, sender, hash), { nonce: nonce + 1, free: 7n * TOS - fee });
			}
		});
	});

	it('the fees of a block are paid to its author and the treasury at its end (ECO-R4, ECO-R11)', async () => {
		const [api] = apis;
		const [sender, recipient] = [newAccount(), newAccount()];
		await fund(api, [[sender, 10n * TOS]]);
		const call = api.tx.balances.transferKeepAlive(recipient.address, TOS);
		const [nonce, tip] = [await nextNonce(api, sender), 7n * 10n ** 6n];
		const { events, fee, hash } = await submit(api, sign(api, call, sender, { nonce, tip }));
		const author = (await api.derive.chain.getHeader(hash)).author.toString();

		const { balances, transactionPayment } = api.events;
		const receivers = (all) => all.filter(balances.Deposit.is).map(({ data }) => data.who.toString());
		assert.deepEqual(receivers(events).filter((who) => [author, TREASURY].includes(who)), []);
		assert.equal(events.filter(balances.Withdraw.is).length, 1);

		// Other tests send transactions at the same time, and the block may pay rewards before the fees.
		const records = await (await api.at(hash)).query.system.events();
		const atTheEnd = records.filter(({ phase }) => phase.isFinalization).map(({ event }) => event);
		const [toAuthor, toTreasury] = atTheEnd.filter(balances.Deposit.is).slice(-2).map(({ data }) => data);
		assert.deepEqual([toAuthor, toTreasury].map(({ who }) => who.toString()), [author, TREASURY]);
		const payments = records.map(({ event }) => event).filter(transactionPayment.TransactionFeePaid.is);
		const sum = (name) => payments.reduce((total, { data }) => total + data[name].toBigInt(), 0n);
		const fees = sum('actualFee') - sum('tip');
		assert.ok(sum('actualFee') >= fee && sum('tip') >= tip);
		assert.equal(toTreasury.amount.toBigInt(), fees * 80n / 100n);
		assert.equal(toAuthor.amount.toBigInt(), fees - fees * 80n / 100n + sum('tip'));
	});

	it('every validator authors, sessions have the length of genesis, and nodes agree on all heights', async () => {
		const [api] = apis;
		const authors = new Set();
		const sessionLength = api.consts.genesisParameters.timing.sessionLengthBlocks.toNumber();
		const last = 2 * sessionLength;
		await Promise.all(apis.map((node) => finalisedHeight(node, last)));
		for (let number = 1; number <= last; number++) {
			const { hash } = await agreement(apis, number);
			const { author } = await api.derive.chain.getHeader(hash);
			authors.add(author.toString());
			const session = (await (await api.at(hash)).query.session.currentIndex()).toNumber();
			assert.equal(session, Math.floor(number / sessionLength), `session at height ${number}`);
		}
		assert.equal(authors.size, apis.length);
	});
});
