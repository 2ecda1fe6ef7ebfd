// Deploys contracts, queries them and checks their proofs, as a client written from the specification does.

import assert from 'node:assert/strict';
import { compactFromU8a, hexToU8a, stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsHex, decodeAddress, encodeAddress, xxhashAsU8a } from '@polkadot/util-crypto';
import {
	TOS,
	account,
	constants,
	finalisedHeight,
	fund,
	newAccount,
	nextNonce,
	randomHash,
	rawCall,
	sign,
	submit,
} from './chain.mjs';
import { readProof } from './trie.mjs';
import { wasmModule } from './wasm.mjs';

/** A hash that belongs to no stored code, and an address at which there is no contract. */
export const UNKNOWN = `0x${'00'.repeat(32)}`;

/** The price of a deployment, without the fee, that stores this many bytes of new code (CTR-R7). */
export function price(api, storedBytes) {
	const { recordBytes, pricePerByte } = constants(api, 'contractStore');
	return BigInt(recordBytes + storedBytes) * pricePerByte;
}

export const ask = (api, method, ...params) => rawCall(api, `contract_${method}`, ...params);

/** The address of a contract (CTR-R2). */
export const contractAddress = ({ address }, salt, codeHash) =>
	blake2AsHex(u8aConcat(stringToU8a('gtos/contract/1'), decodeAddress(address), salt, codeHash));

/**
 * A contract that is not deployed yet: what `wasmModule` returns, and `codeHash`, `salt`, `deployer` and `address`.
 * `other` is another account. `fundBoth(api)` gives the two accounts 1,000 TOS each.
 */
export function newContract() {
	const module = wasmModule();
	const codeHash = blake2AsHex(module.code);
	const salt = randomHash();
	const [deployer, other] = [newAccount(), newAccount()];
	const fundBoth = (api) => fund(api, [deployer, other].map((pair) => [pair, 1_000n * TOS]));
	return { ...module, codeHash, salt, deployer, other, address: contractAddress(deployer, salt, codeHash), fundBoth };
}

/** The storage key of a map that the pallet keeps under the Identity hasher (CTR-R3). */
export const storageKey = (item, hash) =>
	u8aConcat(xxhashAsU8a('ContractStore', 128), xxhashAsU8a(item, 128), hexToU8a(hash));

/** The fields of a stored record (CTR-R4). */
export function readRecord(bytes) {
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

/** A stored byte string without its length prefix. */
export const withoutLength = (stored) => stored.subarray(compactFromU8a(stored)[0]);

/** Verifies a result of `contract_getProof`. Returns the record and the code that it proves, or null for no contract. */
export function readContract({ stateRoot, nodes }, address) {
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

export const deploy = (api, code, salt) => api.tx.contractStore.contractDeploy(u8aToHex(code), salt);
export const deployHash = (api, codeHash, salt) => api.tx.contractStore.contractDeployHash(codeHash, salt);

/**
 * Signs `call`, submits it to the node whose API made it, and waits until every node has finalised its block. Returns
 * what `submit` returns.
 */
export async function execute(apis, call, pair) {
	const [api] = apis;
	const outcome = await submit(api, sign(api, call, pair, { nonce: await nextNonce(api, pair) }));
	await Promise.all(apis.map((node) => finalisedHeight(node, outcome.number)));
	return outcome;
}

/** Nonce and free balance of an account after the best block. */
export const accountNow = async (api, pair) => account(api, pair, await api.rpc.chain.getBlockHash());
