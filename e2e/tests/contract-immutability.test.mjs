// No call changes a deployed contract, and a deployment that fails changes only the balance that pays its fee.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { stringToU8a, u8aToHex } from '@polkadot/util';
import { blake2AsHex, createKeyMulti, encodeAddress, xxhashAsU8a } from '@polkadot/util-crypto';
import {
	TOS,
	account,
	constants,
	finalised,
	finalisedHeight,
	fund,
	newAccount,
	nextNonce,
	poolError,
	randomHash,
	rawCall,
	sign,
	submit,
} from '../lib/chain.mjs';
import {
	UNKNOWN,
	accountNow,
	ask,
	contractAddress,
	deploy,
	deployHash,
	execute,
	newContract,
	price,
} from '../lib/contracts.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

/** All storage keys of the pallet after block `at`, each with the hash of its value. */
async function store(api, at) {
	const keys = await rawCall(api, 'state_getKeysPaged', u8aToHex(xxhashAsU8a('ContractStore', 128)), 1000, null, at);
	assert.ok(keys.length < 1000);
	return Promise.all(keys.map(async (key) => [key, await rawCall(api, 'state_getStorageHash', key, at)]));
}

describe('a deployed contract', async () => {
	let { api, apis, restart } = await suiteNetwork();
	const { maxCodeLength } = constants(api, 'contractStore');
	const { code, codeHash, salt, deployer, other, address, fundBoth } = newContract();
	let metadata;

	/** A new account with this balance. */
	async function funded(amount) {
		const holder = newAccount();
		await fund(api, [[holder, amount]]);
		return holder;
	}

	before(async () => {
		await fundBoth(api);
		for (const [call, pair] of [
			[deploy(api, code, salt), deployer],
			[deployHash(api, codeHash, randomHash()), other],
		]) {
			assert.equal((await execute(apis, call, pair)).error, null);
		}
		metadata = await ask(api, 'getMetadata', address);
	});

	/** Asserts that every node has the code and the record that were deployed at the address. */
	async function assertUnchanged(at) {
		for (const node of apis) {
			assert.equal(await ask(node, 'getCode', address, at), u8aToHex(code));
			assert.deepEqual(await ask(node, 'getMetadata', address, at), metadata);
		}
	}

	describe('an overwrite is refused', () => {
		const AGAIN = 'contractStore.AlreadyDeployed';

		/** The two calls that would deploy the deployer's contract again. */
		const overwrites = (node = api) => [deploy(node, code, salt), deployHash(node, codeHash, salt)];

		/** Executes `call`, asserts that its block does not change the pallet's storage, and returns the outcome. */
		async function attack(call, pair) {
			const outcome = await execute(apis, call, pair);
			const { parentHash } = await api.rpc.chain.getHeader(outcome.hash);
			assert.deepEqual(await store(api, outcome.hash), await store(api, parentHash.toHex()));
			await assertUnchanged(outcome.hash);
			return outcome;
		}

		async function attackByTheDeployer() {
			for (const call of [overwrites()[0], overwrites(apis[1])[1]]) {
				assert.equal((await attack(call, deployer)).error, AGAIN);
			}
		}

		it('by the deployer, with the code and by its hash', attackByTheDeployer);

		it('in the block of the deployment itself', async () => {
			// Nothing forces both transactions into one block, so this is repeated until it happens.
			for (let attempt = 1; attempt <= 20; attempt++) {
				const fresh = randomHash();
				const nonce = await nextNonce(api, deployer);
				const send = (nonce) => submit(api, sign(api, deployHash(api, codeHash, fresh), deployer, { nonce }));
				// The second transaction waits in the pool for the first, and then both become ready at once.
				const [second, first] = await Promise.all([send(nonce + 1), send(nonce)]);
				assert.deepEqual([first.error, second.error], [null, AGAIN]);
				const record = await ask(api, 'getMetadata', contractAddress(deployer, fresh, codeHash), second.hash);
				assert.equal(record.blockNumber, first.number);
				if (first.hash === second.hash) return;
			}
			assert.fail('the two transactions were never in one block');
		});

		it('by another account, whose contract has another address', async () => {
			const before = await store(api, (await api.rpc.chain.getFinalizedHead()).toHex());
			const { error, hash } = await execute(apis, deploy(apis[2], code, salt), other);
			assert.equal(error, null);
			const record = await ask(apis[1], 'getMetadata', contractAddress(other, salt, codeHash));
			assert.equal(record.deployer, other.address);
			await assertUnchanged(hash);

			// The only existing key whose value has changed is the other account's contract count.
			const later = new Map(await store(api, hash));
			const changed = before.filter(([key, value]) => later.get(key) !== value).map(([key]) => key);
			assert.deepEqual(changed, [api.query.contractStore.deployerContractCount.key(other.address)]);
		});

		it('in a batch', async () => {
			const { events, error } = await attack(api.tx.utility.batch(overwrites()), deployer);
			assert.equal(error, null);
			assert.ok(events.some((event) => api.events.utility.BatchInterrupted.is(event)));
		});

		it('in batchAll, which is rolled back', async () => {
			const calls = [deploy(api, stringToU8a('would be new'), salt), ...overwrites()];
			assert.equal((await attack(api.tx.utility.batchAll(calls), deployer)).error, AGAIN);
		});

		it('through a proxy', async () => {
			const proxy = await funded(10n * TOS);
			const added = await execute(apis, api.tx.proxy.addProxy(proxy.address, 'Any', 0), deployer);
			assert.equal(added.error, null);
			for (const call of overwrites()) {
				const { events, error } = await attack(api.tx.proxy.proxy(deployer.address, null, call), proxy);
				assert.equal(error, null);
				const { data } = events.find((event) => api.events.proxy.ProxyExecuted.is(event));
				const { name } = api.registry.findMetaError(data.result.asErr.asModule);
				assert.equal(name, 'AlreadyDeployed');
			}
		});

		it('through a multisig', async () => {
			const either = { address: encodeAddress(createKeyMulti([deployer.address, other.address], 1), 42) };
			await fund(api, [[either, 10n * TOS]]);
			const asEither = (call) => api.tx.multisig.asMultiThreshold1([other.address], call);
			const call = deployHash(api, codeHash, salt);
			// The multisig account is another deployer, whose contract is protected in the same way.
			assert.equal((await execute(apis, asEither(call), deployer)).error, null);
			const own = contractAddress(either, salt, codeHash);
			assert.equal((await ask(api, 'getMetadata', own)).deployer, either.address);
			assert.equal((await attack(asEither(call), deployer)).error, AGAIN);
		});

		it('after the session has changed', async () => {
			const session = async (hash) => (await (await api.at(hash)).query.session.currentIndex()).toNumber();
			const current = await session(await api.rpc.chain.getFinalizedHead());
			await finalised(api, async ({ hash }) => (await session(hash)) > current, 'another session');
			await attackByTheDeployer();
		});

		it('after all nodes have been restarted', async () => {
			({ api, apis, restart } = await restart());
			await assertUnchanged();
			await attackByTheDeployer();
		});
	});

	describe('a deployment that fails costs its fee and changes nothing else', () => {
		/** Asserts that `call` fails with `expectedError` and changes only the balance, by the fee. */
		async function assertFails(call, pair, expectedError) {
			const earlier = await accountNow(api, pair);
			const { error, fee, hash } = await execute(apis, call, pair);
			assert.equal(error, `contractStore.${expectedError}`);
			assert.deepEqual(await account(api, pair, hash), { nonce: earlier.nonce + 1, free: earlier.free - fee });
			const { parentHash } = await api.rpc.chain.getHeader(hash);
			assert.deepEqual(await store(api, hash), await store(api, parentHash.toHex()));
		}

		it('empty code', () => assertFails(deploy(api, new Uint8Array(), salt), deployer, 'EmptyCode'));

		it('code one byte too long, while the longest succeeds', async () => {
			const longest = new Uint8Array(maxCodeLength).fill(1);
			const tooLong = new Uint8Array(maxCodeLength + 1).fill(1);
			await assertFails(deploy(api, tooLong, salt), deployer, 'CodeTooLong');
			const { error } = await execute(apis, deploy(api, longest, salt), deployer);
			assert.equal(error, null);
			const deployed = await ask(apis[2], 'getCode', contractAddress(deployer, salt, blake2AsHex(longest)));
			assert.equal(deployed, u8aToHex(longest));
		});

		it('an unknown code hash', () => assertFails(deployHash(api, UNKNOWN, salt), deployer, 'UnknownCode'));

		it('a balance one unit short of price, fee and existential deposit, while the exact sum succeeds', async () => {
			const { existentialDeposit } = constants(api, 'balances');
			const call = deployHash(api, codeHash, salt);
			// The nonce of a new account is the height. Nonces from 64 on have the same encoded length, so the fees are equal.
			await finalisedHeight(api, 64);
			const poor = await funded(TOS);
			const signed = sign(api, call, poor, { nonce: await nextNonce(api, poor) });
			const { partialFee } = await rawCall(api, 'payment_queryInfo', signed.toHex());
			const enough = existentialDeposit + price(api, 0) + BigInt(partialFee);

			await assertFails(call, await funded(enough - 1n), 'InsufficientBalance');
			const exact = await funded(enough);
			const { error, hash } = await execute(apis, call, exact);
			assert.equal(error, null);
			assert.equal((await account(api, exact, hash)).free, existentialDeposit);

			// With nothing above the existential deposit, not even the fee can be paid.
			const again = sign(api, deployHash(api, codeHash, randomHash()), exact, { nonce: await nextNonce(api, exact) });
			assert.equal((await poolError(api, again.toHex())).code, 1010);
		});
	});
});
