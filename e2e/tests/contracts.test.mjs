// Contract code is deployed through one node, and read and proven through the others.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { hexToU8a, u8aToHex } from '@polkadot/util';
import { encodeAddress } from '@polkadot/util-crypto';
import {
	TREASURY,
	account,
	agreement,
	blockHash,
	constants,
	finalisedHeight,
	newAccount,
	randomHash,
	rawCall,
	rpcError,
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
	readContract,
	readRecord,
	storageKey,
	withoutLength,
} from '../lib/contracts.mjs';
import { withDevNode } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

describe('contracts', async () => {
	const { api, apis } = await suiteNetwork();
	const { maxCodeLength, maxPageSize } = constants(api, 'contractStore');
	const { code, expected, codeHash, salt, deployer, other, address, fundBoth } = newContract();
	let deployment;
	let metadata;

	before(() => fundBoth(api));

	it('a Wasm module of more than 100 KiB is deployed at the address and price that queries predict', async () => {
		assert.ok(code.length > 100 * 1024 && WebAssembly.validate(code));
		assert.equal(await ask(apis[1], 'getAddress', deployer.address, salt, codeHash), address);
		const quote = await ask(apis[2], 'quote', code.length);
		assert.equal(quote, price(api, code.length).toString());
		assert.equal(await ask(api, 'getCode', address), null);

		const { free } = await accountNow(api, deployer);
		const { error, events, fee, hash, number } = await execute(apis, deploy(api, code, salt), deployer);
		assert.equal(error, null);
		deployment = { hash, number };

		const after = await account(api, deployer, hash);
		assert.equal(free - after.free, fee + BigInt(quote));
		const dataOf = (name) => events.filter((event) => api.events.contractStore[name].is(event)).map(({ data }) => data);
		assert.deepEqual(
			dataOf('CodeStored').map((data) => [data.codeHash.toHex(), data.codeLen.toNumber()]),
			[[codeHash, code.length]],
		);
		assert.deepEqual(
			dataOf('ContractDeployed').map((data) => [
				data.address.toHex(),
				data.deployer.toString(),
				data.codeHash.toHex(),
				data.salt.toHex(),
				data.codeLen.toNumber(),
				data.price.toString(),
			]),
			[[address, deployer.address, codeHash, salt, code.length, quote]],
		);
		const paid = events.filter(
			(event) => api.events.balances.Deposit.is(event) && event.data.who.toString() === TREASURY,
		);
		assert.ok(paid.some(({ data }) => data.amount.toString() === quote));

		const parent = (await api.rpc.chain.getHeader(hash)).parentHash;
		const [poorer, richer] = await Promise.all(
			[parent, hash].map((at) => account(api, { address: TREASURY }, at)),
		);
		assert.ok(richer.free - poorer.free >= BigInt(quote));

		const timestamp = (await (await api.at(hash)).query.timestamp.now()).toNumber();
		metadata = { codeHash, codeLen: code.length, deployer: deployer.address, blockNumber: number, timestamp };
	});

	it('every node returns the code and its metadata, and the code runs', async () => {
		for (const node of apis) {
			for (const at of [[], [null], [deployment.hash]]) {
				assert.equal(await ask(node, 'getCode', address, ...at), u8aToHex(code));
				assert.equal(await ask(node, 'getCodeByHash', codeHash, ...at), u8aToHex(code));
				assert.deepEqual(await ask(node, 'getMetadata', address, ...at), metadata);
				assert.deepEqual(await ask(node, 'list', deployer.address, null, maxPageSize, ...at), {
					items: [address],
					next: null,
				});
			}
		}
		const { instance } = await WebAssembly.instantiate(hexToU8a(await ask(apis[2], 'getCode', address)));
		assert.equal(instance.exports.run(7), expected(7));
	});

	it('the runtime API and the storage hold the same', async () => {
		for (const node of apis) {
			const called = await rawCall(node, 'state_call', 'ContractStoreApi_code', address, deployment.hash);
			// The result is an option of the bytes with their length prefix.
			assert.equal(called.slice(0, 4), '0x01');
			assert.equal(u8aToHex(withoutLength(hexToU8a(called).subarray(1))), u8aToHex(code));

			const read = async (item, hash) =>
				hexToU8a(await rawCall(node, 'state_getStorage', u8aToHex(storageKey(item, hash)), deployment.hash));
			assert.deepEqual(readRecord(await read('Contracts', address)), metadata);
			assert.equal(u8aToHex(withoutLength(await read('Codes', codeHash))), u8aToHex(code));
		}
	});

	it('a block before the deployment has no contract', async () => {
		const { parentHash } = await api.rpc.chain.getHeader(deployment.hash);
		const at = parentHash.toHex();
		assert.equal(await ask(api, 'getCode', address, at), null);
		assert.equal(await ask(api, 'getCodeByHash', codeHash, at), null);
		assert.equal(await ask(api, 'getMetadata', address, at), null);
		assert.deepEqual(await ask(api, 'list', deployer.address, 0, 1, at), { items: [], next: null });
		assert.equal(readContract(await ask(api, 'getProof', address, at), address), null);
	});

	it('every node proves record and code against the state root', async () => {
		const { stateRoot } = await agreement(apis, deployment.number);
		for (const node of apis) {
			const proof = await ask(node, 'getProof', address, deployment.hash);
			const { blockHash, blockNumber, keys, nodes } = proof;
			assert.deepEqual([blockHash, blockNumber], [deployment.hash, deployment.number]);
			assert.equal(proof.stateRoot, stateRoot);
			const ours = [storageKey('Contracts', address), storageKey('Codes', codeHash)];
			assert.deepEqual(keys, ours.map((key) => u8aToHex(key)));
			const shown = readContract(proof, address);
			assert.deepEqual(shown.record, metadata);
			assert.equal(u8aToHex(shown.code), u8aToHex(code));

			const { proof: alike } = await rawCall(node, 'state_getReadProof', keys, deployment.hash);
			assert.deepEqual([...nodes].sort(), [...alike].sort());
		}
	});

	it('a proof does not verify without one of its trie nodes, or with one of them changed', async () => {
		const proof = await ask(api, 'getProof', address, deployment.hash);
		for (const i of proof.nodes.keys()) {
			const others = proof.nodes.filter((_, j) => j !== i);
			const changed = hexToU8a(proof.nodes[i]);
			changed[changed.length >> 1] ^= 1;
			for (const nodes of [others, [...others, u8aToHex(changed)]]) {
				assert.throws(() => readContract({ ...proof, nodes }, address), /lacks/);
			}
		}
	});

	it('the absence of a contract is proven', async () => {
		const proof = await ask(apis[1], 'getProof', UNKNOWN);
		assert.deepEqual(proof.keys, [u8aToHex(storageKey('Contracts', UNKNOWN))]);
		assert.equal(readContract(proof, UNKNOWN), null);
		const header = await apis[1].rpc.chain.getHeader(proof.blockHash);
		assert.deepEqual([header.stateRoot.toHex(), header.number.toNumber()], [proof.stateRoot, proof.blockNumber]);
	});

	it('further contracts with the same code cost only their records, and are listed in order', async () => {
		const salts = [randomHash(), randomHash()];
		const { free } = await accountNow(api, other);
		const [first, second] = [
			await execute(apis, deploy(api, code, salts[0]), other),
			await execute(apis, deployHash(apis[1], codeHash, salts[1]), other),
		];
		assert.deepEqual([first.error, second.error], [null, null]);
		const { free: left } = await account(api, other, second.hash);
		assert.equal(free - left, first.fee + second.fee + 2n * price(api, 0));
		assert.equal(await ask(api, 'quote', 0), price(api, 0).toString());

		const items = salts.map((each) => contractAddress(other, each, codeHash));
		const list = (...params) => ask(apis[2], 'list', other.address, ...params);
		assert.deepEqual(await list(null, maxPageSize), { items, next: null });
		assert.deepEqual(await list(0, 1), { items: [items[0]], next: 1 });
		assert.deepEqual(await list(1, 1), { items: [items[1]], next: null });
		assert.deepEqual(await list(2, 1), { items: [], next: null });
		assert.deepEqual(await ask(apis[2], 'list', u8aToHex(other.publicKey), 1, 2), { items: [items[1]], next: null });
	});

	it('queries about unknown contracts and code return null', async () => {
		assert.equal(await ask(api, 'getCode', UNKNOWN), null);
		assert.equal(await ask(api, 'getCodeByHash', UNKNOWN), null);
		assert.equal(await ask(api, 'getMetadata', UNKNOWN), null);
		assert.deepEqual(await ask(api, 'list', newAccount().address, null, 1), { items: [], next: null });
	});

	it('parameters that are unreadable or out of bounds and unknown blocks have their error codes', async () => {
		const who = deployer.address;
		for (const [method, params, code, data] of [
			['getCode', ['0x00'], 10001, 'address'],
			['getCode', [address.slice(2)], 10001, 'address'],
			['getCode', [`${address}zz`], 10001, 'address'],
			['getCode', [who], 10001, 'address'],
			['getCode', [address, 'best'], 10001, 'at'],
			['getCode', [address, 1], 10001, 'at'],
			['getCode', [address, UNKNOWN], 10003, UNKNOWN],
			['getCodeByHash', [null], 10001, 'codeHash'],
			['getCodeByHash', [codeHash, UNKNOWN], 10003, UNKNOWN],
			['getMetadata', [{}], 10001, 'address'],
			['getMetadata', [address, UNKNOWN], 10003, UNKNOWN],
			['getAddress', ['Alice', salt, codeHash], 10001, 'deployer'],
			['getAddress', [encodeAddress(deployer.publicKey, 0), salt, codeHash], 10001, 'deployer'],
			['getAddress', [`${who} `, salt, codeHash], 10001, 'deployer'],
			['getAddress', [who, '0x', codeHash], 10001, 'salt'],
			['getAddress', [who, salt, 7], 10001, 'codeHash'],
			['list', [who, null, 0], 10002, 'limit'],
			['list', [who, null, maxPageSize + 1], 10002, 'limit'],
			['list', [who, null, -1], 10001, 'limit'],
			['list', [who, null, '1'], 10001, 'limit'],
			['list', [who, 1.5, 1], 10001, 'start'],
			['list', [who, 2 ** 32, 1], 10001, 'start'],
			['list', [who, null, 1, UNKNOWN], 10003, UNKNOWN],
			['quote', [maxCodeLength + 1], 10002, 'codeLen'],
			['quote', [-1], 10001, 'codeLen'],
			['getProof', ['0x00'], 10001, 'address'],
			['getProof', [address, UNKNOWN], 10003, UNKNOWN],
		]) {
			assert.deepEqual(await rpcError(ask(api, method, ...params)), { code, data }, `${method} ${params}`);
		}
		assert.equal(await ask(api, 'quote', maxCodeLength), price(api, maxCodeLength).toString());
	});
});

it('queries at a block whose state is pruned have an error code of their own', () =>
	withDevNode(['--base-path', temporaryFolder(), '--state-pruning', '8'], async (api) => {
		await finalisedHeight(api, 14);
		const old = await blockHash(api, 1);
		for (const method of ['getCode', 'getCodeByHash', 'getMetadata', 'getProof']) {
			assert.deepEqual(await rpcError(ask(api, method, UNKNOWN, old)), { code: 10004, data: old }, method);
		}
		assert.deepEqual(await rpcError(ask(api, 'quote', 0, old)), { code: 10004, data: old });
	}));
