// Contracts, as a client that knows the specification deploys and asks for them and checks their proofs.

import assert from 'node:assert/strict';
import { compactFromU8a, hexToU8a, stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsHex, decodeAddress, encodeAddress, xxhashAsU8a } from '@polkadot/util-crypto';
import { account, constants, finalisedHeight, nextNonce, rawCall, sign, submit } from './chain.mjs';
import { readProof } from './trie.mjs';

/** The hash of no code and the address of no contract. */
export const UNKNOWN = `0x${'00'.repeat(32)}`;

/** What a deployment costs besides its fee if it stores so many bytes of new code (CTR-R7). */
export function price(api, storedBytes) {
	const { recordBytes, pricePerByte } = constants(api, 'contractStore');
	return BigInt(recordBytes + storedBytes) * pricePerByte;
}

export const ask = (api, method, ...params) => rawCall(api, `contract_${method}`, ...params);

/** The address of a contract (CTR-R2). */
export const contractAddress = ({ address }, salt, codeHash) =>
	blake2AsHex(u8aConcat(stringToU8a('gtos/contract/1'), decodeAddress(address), salt, codeHash));

/** A storage key of the pallet whose last part is a hash as it is (CTR-R3). */
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

/** Stored bytes without the length that they begin with. */
export const withoutLength = (stored) => stored.subarray(compactFromU8a(stored)[0]);

/** What `contract_getProof` answers shows of the contract: record and code, or `null`. */
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
 * Signs `call` and submits it to the node that it was made for. Answers what `submit` does, once every node has
 * finalised the block.
 */
export async function execute(apis, call, pair) {
	const [api] = apis;
	const outcome = await submit(api, sign(api, call, pair, { nonce: await nextNonce(api, pair) }));
	await Promise.all(apis.map((node) => finalisedHeight(node, outcome.number)));
	return outcome;
}

/** Nonce and free balance of an account now. */
export const accountNow = async (api, pair) => account(api, pair, await api.rpc.chain.getBlockHash());
