// Contract code is published through one node, read and proven through the others, and nobody ever changes it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { compactFromU8a, hexToU8a, stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsHex, createKeyMulti, decodeAddress, encodeAddress, xxhashAsU8a } from '@polkadot/util-crypto';
import {
	TOS,
	account,
	agreement,
	connect,
	failure,
	finalised,
	finalisedHeight,
	fund,
	newAccount,
	nextNonce,
	rawCall,
	refusal,
	sign,
	submit,
} from '../lib/chain.mjs';
import { startLocalnet, startNode, temporaryFolder } from '../lib/node.mjs';
import { readProof } from '../lib/trie.mjs';
import { wasmModule } from '../lib/wasm.mjs';

// The parameters of specs/contract-store.md.
const MAX_CODE_LENGTH = 262_144;
const RECORD_BYTES = 512n;
const PRICE_PER_BYTE = 10n ** 8n;

const UNKNOWN = `0x${'00'.repeat(32)}`;
const TREASURY = encodeAddress(u8aConcat(stringToU8a('modlpy/trsry'), new Uint8Array(20)), 42);

const randomHash = () => u8aToHex(randomBytes(32));
const price = (storedBytes) => (RECORD_BYTES + BigInt(storedBytes)) * PRICE_PER_BYTE;
const ask = (api, method, ...params) => rawCall(api, `contract_${method}`, ...params);

/** The address of a contract (CTR-R2). */
const contractAddress = ({ address }, salt, codeHash) =>
	blake2AsHex(u8aConcat(stringToU8a('gtos/contract/1'), decodeAddress(address), hexToU8a(salt), hexToU8a(codeHash)));

/** A storage key of the pallet whose last part is a hash as it is (CTR-R3). */
const storageKey = (item, hash) =>
	u8aConcat(xxhashAsU8a('ContractStore', 128), xxhashAsU8a(item, 128), hexToU8a(hash));

/** The fields of a stored record (CTR-R4). */
function readRecord(bytes) {
	assert.equal(bytes.length, 80);
	const view = new DataView(bytes.buffer, bytes.byteOffset);
	return {
		codeHash: u8aToHex(bytes.subarray(0, 32)),
		codeLen: view.getUint32(32, true),
		deployer: encodeAddress(bytes.subarray(36, 68), 42),
		blockNumber: view.getUint32(68, true),
		timestamp: Number(view.getBigUint64(72, true)),
	};
}

/** Stored bytes without the length that they begin with. */
const withoutLength = (stored) => stored.subarray(compactFromU8a(stored)[0]);

/** What `contract_getProof` answers shows of the contract: record and code, or `null`. */
function readContract({ stateRoot, nodes }, address) {
	const proof = nodes.map((node) => hexToU8a(node));
	const read = (item, hash) => readProof(hexToU8a(stateRoot), proof, storageKey(item, hash));
	const stored = read('Contracts', address);
	if (stored === null) return null;
	const record = readRecord(stored);
	const code = withoutLength(read('Codes', record.codeHash));
	assert.equal(blake2AsHex(code), record.codeHash);
	assert.equal(code.length, record.codeLen);
	return { record, code };
}

/** Everything that the pallet has stored after block `at`: each key with the hash of its value. */
async function store(api, at) {
	const keys = await rawCall(api, 'state_getKeysPaged', u8aToHex(xxhashAsU8a('ContractStore', 128)), 1000, null, at);
	assert.ok(keys.length < 1000);
	return Promise.all(keys.map(async (key) => [key, await rawCall(api, 'state_getStorageHash', key, at)]));
}

const deploy = (api, code, salt) => api.tx.contractStore.contractDeploy(u8aToHex(code), salt);
const deployHash = (api, codeHash, salt) => api.tx.contractStore.contractDeployHash(codeHash, salt);

/**
 * Signs `call` and submits it to the node that it was made for. Answers what `submit` does, once every node has
 * finalised the block.
 */
async function execute(apis, call, pair) {
	const [api] = apis;
	const outcome = await submit(api, sign(api, call, pair, { nonce: await nextNonce(api, pair) }));
	await Promise.all(apis.map((node) => finalisedHeight(node, outcome.number)));
	return outcome;
}

/** Nonce and free balance of an account now. */
const accountNow = async (api, pair) => account(api, pair, await api.rpc.chain.getBlockHash());

describe('contracts', () => {
	const dir = temporaryFolder();
	const { code, expected } = wasmModule();
	const codeHash = blake2AsHex(code);
	const salt = randomHash();
	const deployer = newAccount();
	const other = newAccount();
	const address = contractAddress(deployer, salt, codeHash);
	let network;
	let apis = [];
	let api;
	let deployment;
	let metadata;

	async function start() {
		network = await startLocalnet({ dir });
		apis = await Promise.all(network.nodes.map(({ rpc }) => connect(rpc)));
		[api] = apis;
	}

	async function stop() {
		await Promise.all(apis.map((node) => node.disconnect()));
		apis = [];
		network?.stop();
	}

	/** A new account with this much. */
	async function funded(amount) {
		const holder = newAccount();
		await fund(api, [[holder, amount]]);
		return holder;
	}

	before(async () => {
		await start();
		await fund(api, [
			[deployer, 1_000n * TOS],
			[other, 1_000n * TOS],
		]);
	});

	after(stop);

	it('a Wasm module of more than 100 KiB is deployed at the address and price that were foretold', async () => {
		assert.ok(code.length > 100 * 1024 && WebAssembly.validate(code));
		assert.equal(await ask(apis[1], 'getAddress', deployer.address, salt, codeHash), address);
		const quote = await ask(apis[2], 'quote', code.length);
		assert.equal(quote, price(code.length).toString());
		assert.equal(await ask(api, 'getCode', address), null);

		const { free } = await accountNow(api, deployer);
		const { error, events, fee, hash, number } = await execute(apis, deploy(api, code, salt), deployer);
		assert.equal(error, null);
		deployment = { hash, number };

		const after = await account(api, deployer, hash);
		assert.equal(free - after.free, fee + BigInt(quote));
		const told = (name) => events.filter((event) => api.events.contractStore[name].is(event)).map(({ data }) => data);
		assert.deepEqual(
			told('CodeStored').map((data) => [data.codeHash.toHex(), data.codeLen.toNumber()]),
			[[codeHash, code.length]],
		);
		assert.deepEqual(
			told('ContractDeployed').map((data) => [
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

	it('every node answers the code and what is known of it, and the code runs', async () => {
		for (const node of apis) {
			for (const at of [[], [null], [deployment.hash]]) {
				assert.equal(await ask(node, 'getCode', address, ...at), u8aToHex(code));
				assert.equal(await ask(node, 'getCodeByHash', codeHash, ...at), u8aToHex(code));
				assert.deepEqual(await ask(node, 'getMetadata', address, ...at), metadata);
				assert.deepEqual(await ask(node, 'list', deployer.address, null, 100, ...at), {
					items: [address],
					next: null,
				});
			}
		}
		const { instance } = await WebAssembly.instantiate(hexToU8a(await ask(apis[2], 'getCode', address)));
		assert.equal(instance.exports.run(7), expected(7));
	});

	it('the runtime API and the state itself say the same', async () => {
		for (const node of apis) {
			const called = await rawCall(node, 'state_call', 'ContractStoreApi_code', address, deployment.hash);
			// An option, and in it the bytes with their length.
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

	it('every node proves record and code to somebody who knows the state root', async () => {
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

	it('a proof from which a node is missing, or in which one is changed, shows nothing', async () => {
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

	it('that there is no contract is proven as well', async () => {
		const proof = await ask(apis[1], 'getProof', UNKNOWN);
		assert.deepEqual(proof.keys, [u8aToHex(storageKey('Contracts', UNKNOWN))]);
		assert.equal(readContract(proof, UNKNOWN), null);
		const header = await apis[1].rpc.chain.getHeader(proof.blockHash);
		assert.deepEqual([header.stateRoot.toHex(), header.number.toNumber()], [proof.stateRoot, proof.blockNumber]);
	});

	it('more contracts with the same code cost their records, and are listed in order', async () => {
		const salts = [randomHash(), randomHash()];
		const { free } = await accountNow(api, other);
		const [first, second] = [
			await execute(apis, deploy(api, code, salts[0]), other),
			await execute(apis, deployHash(apis[1], codeHash, salts[1]), other),
		];
		assert.deepEqual([first.error, second.error], [null, null]);
		const { free: left } = await account(api, other, second.hash);
		assert.equal(free - left, first.fee + second.fee + 2n * price(0));
		assert.equal(await ask(api, 'quote', 0), price(0).toString());

		const items = salts.map((each) => contractAddress(other, each, codeHash));
		const list = (...params) => ask(apis[2], 'list', other.address, ...params);
		assert.deepEqual(await list(null, 100), { items, next: null });
		assert.deepEqual(await list(0, 1), { items: [items[0]], next: 1 });
		assert.deepEqual(await list(1, 1), { items: [items[1]], next: null });
		assert.deepEqual(await list(2, 1), { items: [], next: null });
		assert.deepEqual(await ask(apis[2], 'list', u8aToHex(other.publicKey), 1, 2), { items: [items[1]], next: null });
	});

	/** Asserts that code and record at the address are on every node what they were when it was deployed. */
	async function assertUnchanged(at) {
		for (const node of apis) {
			assert.equal(await ask(node, 'getCode', address, at), u8aToHex(code));
			assert.deepEqual(await ask(node, 'getMetadata', address, at), metadata);
		}
	}

	describe('an overwrite is refused', () => {
		const AGAIN = 'contractStore.AlreadyDeployed';

		/** The two ways to ask for the contract that the deployer has. */
		const overwrites = (node = api) => [deploy(node, code, salt), deployHash(node, codeHash, salt)];

		/** Executes `call` and asserts that its block leaves the whole store as it was; answers the outcome. */
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
			// Whether both make it into one block is the author's affair, so try until they do.
			for (let attempt = 1; attempt <= 20; attempt++) {
				const fresh = randomHash();
				const nonce = await nextNonce(api, deployer);
				const send = (nonce) => submit(api, sign(api, deployHash(api, codeHash, fresh), deployer, { nonce }));
				// The later one waits for the earlier in the pool, and both become ready at once.
				const [second, first] = await Promise.all([send(nonce + 1), send(nonce)]);
				assert.deepEqual([first.error, second.error], [null, AGAIN]);
				const record = await ask(api, 'getMetadata', contractAddress(deployer, fresh, codeHash), second.hash);
				assert.equal(record.blockNumber, first.number);
				if (first.hash === second.hash) return;
			}
			assert.fail('never in one block');
		});

		it('by another account, whose contract lies elsewhere', async () => {
			const before = await store(api, (await api.rpc.chain.getFinalizedHead()).toHex());
			const { error, hash } = await execute(apis, deploy(apis[2], code, salt), other);
			assert.equal(error, null);
			const record = await ask(apis[1], 'getMetadata', contractAddress(other, salt, codeHash));
			assert.equal(record.deployer, other.address);
			await assertUnchanged(hash);

			// Of what was there, only the count of the other account has changed.
			const later = new Map(await store(api, hash));
			const changed = before.filter(([key, value]) => later.get(key) !== value).map(([key]) => key);
			assert.deepEqual(changed, [api.query.contractStore.deployerContractCount.key(other.address)]);
		});

		it('in a batch', async () => {
			const { events, error } = await attack(api.tx.utility.batch(overwrites()), deployer);
			assert.equal(error, null);
			assert.ok(events.some((event) => api.events.utility.BatchInterrupted.is(event)));
		});

		it('in a batch of all or nothing, of which nothing is left', async () => {
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
			// It is a deployer of its own, and its contract is as safe.
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
			await stop();
			await start();
			await assertUnchanged();
			await attackByTheDeployer();
		});
	});

	describe('bad input costs its fee and changes nothing else', () => {
		/** Asserts that `call` fails with `expectedError`, and that its fee is all that is gone. */
		async function assertFails(call, pair, expectedError) {
			const earlier = await accountNow(api, pair);
			const { error, fee, hash } = await execute(apis, call, pair);
			assert.equal(error, `contractStore.${expectedError}`);
			assert.deepEqual(await account(api, pair, hash), { nonce: earlier.nonce + 1, free: earlier.free - fee });
			const { parentHash } = await api.rpc.chain.getHeader(hash);
			assert.deepEqual(await store(api, hash), await store(api, parentHash.toHex()));
		}

		it('code without a byte', () => assertFails(deploy(api, new Uint8Array(), salt), deployer, 'EmptyCode'));

		it('code of a byte too much, while the longest passes', async () => {
			const longest = new Uint8Array(MAX_CODE_LENGTH).fill(1);
			const tooLong = new Uint8Array(MAX_CODE_LENGTH + 1).fill(1);
			await assertFails(deploy(api, tooLong, salt), deployer, 'CodeTooLong');
			const { error } = await execute(apis, deploy(api, longest, salt), deployer);
			assert.equal(error, null);
			const deployed = await ask(apis[2], 'getCode', contractAddress(deployer, salt, blake2AsHex(longest)));
			assert.equal(deployed, u8aToHex(longest));
		});

		it('a hash of no code', () => assertFails(deployHash(api, UNKNOWN, salt), deployer, 'UnknownCode'));

		it('a balance that is a unit short, while one that keeps the existential deposit is enough', async () => {
			const existentialDeposit = api.consts.balances.existentialDeposit.toBigInt();
			const call = deployHash(api, codeHash, salt);
			// Nonces begin at the height, and from 64 on they are equally long, and extrinsics equally dear.
			await finalisedHeight(api, 64);
			const poor = await funded(TOS);
			const signed = sign(api, call, poor, { nonce: await nextNonce(api, poor) });
			const { partialFee } = await rawCall(api, 'payment_queryInfo', signed.toHex());
			const enough = existentialDeposit + price(0) + BigInt(partialFee);

			await assertFails(call, await funded(enough - 1n), 'InsufficientBalance');
			const exact = await funded(enough);
			const { error, hash } = await execute(apis, call, exact);
			assert.equal(error, null);
			assert.equal((await account(api, exact, hash)).free, existentialDeposit);

			// With nothing above the existential deposit, not even the fee can be paid.
			const again = sign(api, deployHash(api, codeHash, randomHash()), exact, { nonce: await nextNonce(api, exact) });
			assert.equal((await refusal(api, again.toHex())).code, 1010);
		});
	});

	it('what is not there is null', async () => {
		assert.equal(await ask(api, 'getCode', UNKNOWN), null);
		assert.equal(await ask(api, 'getCodeByHash', UNKNOWN), null);
		assert.equal(await ask(api, 'getMetadata', UNKNOWN), null);
		assert.deepEqual(await ask(api, 'list', newAccount().address, null, 1), { items: [], next: null });
	});

	it('what cannot be read, is out of its bounds or asks for a block that is not there has its error', async () => {
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
			['list', [who, null, 101], 10002, 'limit'],
			['list', [who, null, -1], 10001, 'limit'],
			['list', [who, null, '1'], 10001, 'limit'],
			['list', [who, 1.5, 1], 10001, 'start'],
			['list', [who, 2 ** 32, 1], 10001, 'start'],
			['list', [who, null, 1, UNKNOWN], 10003, UNKNOWN],
			['quote', [MAX_CODE_LENGTH + 1], 10002, 'codeLen'],
			['quote', [-1], 10001, 'codeLen'],
			['getProof', ['0x00'], 10001, 'address'],
			['getProof', [address, UNKNOWN], 10003, UNKNOWN],
		]) {
			assert.deepEqual(await failure(ask(api, method, ...params)), { code, data }, `${method} ${params}`);
		}
		assert.equal(await ask(api, 'quote', MAX_CODE_LENGTH), price(MAX_CODE_LENGTH).toString());
	});
});

it('contracts at a block whose state the node has pruned are an error of its own', async () => {
	const node = await startNode(['--dev', '--base-path', temporaryFolder(), '--state-pruning', '8']);
	let api;
	try {
		api = await connect(node.rpc);
		await finalisedHeight(api, 20);
		const old = (await api.rpc.chain.getBlockHash(1)).toHex();
		for (const method of ['getCode', 'getCodeByHash', 'getMetadata', 'getProof']) {
			assert.deepEqual(await failure(ask(api, method, UNKNOWN, old)), { code: 10004, data: old }, method);
		}
		assert.deepEqual(await failure(ask(api, 'quote', 0, old)), { code: 10004, data: old });
	} finally {
		await api?.disconnect();
		await node.stop();
	}
});
