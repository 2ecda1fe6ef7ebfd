// Checks the vectors in ../vectors against polkadot.js and plain JavaScript: encodings, hashes, signatures and formulas
// that a client needs. Needs no network.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isHex, stringToU8a, u8aConcat, u8aFixLength } from '@polkadot/util';
import {
	createKeyDerived,
	createKeyMulti,
	cryptoWaitReady,
	decodeAddress,
	encodeAddress,
	xxhashAsU8a,
} from '@polkadot/util-crypto';
import { blockBudget, networkCode } from '../lib/block-budget.mjs';
import { contractAddress, withoutLength } from '../lib/contracts.mjs';
import { FORMULAS } from '../lib/economics.mjs';
import { entryKey } from '../lib/entries.mjs';
import { readProof } from '../lib/trie.mjs';
import { checkEra, checkExtrinsic, checkHeader, checkVote, isOfWallets, keypair } from '../lib/vectors/signed.mjs';
import { HASHES, STORAGE_HASHERS, blake2, bytes, encode, equalBytes, littleEndian } from '../lib/vectors/values.mjs';

const VECTORS = fileURLToPath(new URL('../../vectors/', import.meta.url));
const SS58_PREFIX = 42;

const isInteger = (value, bits) => /^(0|[1-9][0-9]*)$/.test(value) && BigInt(value) < 1n << BigInt(bits);
/** For each type, reads a JSON-RPC parameter and writes it as results do. Throws if the parameter is refused. */
const RPC_VALUES = {
	account: (value) =>
		encodeAddress(isHex(value, 256) ? value.toLowerCase() : decodeAddress(value, false, SS58_PREFIX), SS58_PREFIX),
	bytes: (value) => {
		assert.match(value, /^0x([0-9a-fA-F]{2})*$/);
		return value.toLowerCase();
	},
	hash: (value) => {
		assert.match(value, /^0x[0-9a-fA-F]{64}$/);
		return value.toLowerCase();
	},
	balance: (value) => {
		assert.ok(typeof value === 'string' && isInteger(value, 128));
		return value;
	},
	revision: (value) => {
		assert.ok(typeof value === 'string' && isInteger(value, 64));
		return value;
	},
	number: (value) => {
		assert.ok(Number.isInteger(value) && value >= 0 && value < 2 ** 32);
		return value;
	},
};

function checkDerivedAccount({ derivation: { multisig, derivative, pallet }, account, address }) {
	let derived;
	if (multisig) {
		derived = createKeyMulti(multisig.signatories, multisig.threshold);
	} else if (derivative) {
		derived = createKeyDerived(derivative.account, derivative.index);
	} else {
		derived = u8aFixLength(stringToU8a(`modl${pallet.id}`), 256, true);
	}
	equalBytes(derived, account);
	assert.equal(encodeAddress(derived, SS58_PREFIX), address);
}

function checkAddress({ address, account, refused }) {
	if (refused) {
		// polkadot.js also accepts accounts of other lengths than 32 bytes.
		assert.throws(() => assert.equal(decodeAddress(address, false, SS58_PREFIX).length, 32));
	} else {
		equalBytes(decodeAddress(address, false, SS58_PREFIX), account);
		assert.equal(encodeAddress(bytes(account), SS58_PREFIX), address);
	}
}

function checkStorageKey({ pallet, item, keys, storageKey }) {
	const parts = keys.map(({ hasher, key, hashed }) => {
		const part = STORAGE_HASHERS[hasher](bytes(key));
		equalBytes(part, hashed);
		return part;
	});
	equalBytes(u8aConcat(xxhashAsU8a(pallet, 128), xxhashAsU8a(item, 128), ...parts), storageKey);
}

function checkArithmetic({ function: name, inputs, outputs }) {
	if (!FORMULAS[name]) {
		assert.equal(name, 'era-payout', 'only the runtime has the reward curve');
		return;
	}
	const numbers = Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, BigInt(value)]));
	const results = Object.entries(FORMULAS[name](numbers)).map(([key, value]) => [key, value.toString()]);
	assert.deepEqual(Object.fromEntries(results), outputs);
}

/** Checks the result for one extrinsic of a batch. */
function checkSubmission({ hash, error }, extrinsic, codes) {
	if (error) {
		assert.ok(codes.has(error.code), `the table of errors lacks ${error.code}`);
	} else {
		equalBytes(blake2(bytes(extrinsic)), hash);
	}
}

// For each method, the checks of its results that need no chain.
const RPC_ANSWERS = {
	tx_submit: (result, [extrinsic]) => equalBytes(blake2(bytes(extrinsic)), result),
	tx_submitBatch(results, [extrinsics], codes) {
		assert.equal(results.length, extrinsics.length);
		results.forEach((result, i) => checkSubmission(result, extrinsics[i], codes));
	},
	contract_getCodeByHash: (result, [codeHash]) => equalBytes(blake2(bytes(result)), codeHash),
	contract_getAddress: (result, [address, salt, codeHash]) =>
		assert.equal(contractAddress({ address }, salt, codeHash), result),
	contract_getProof({ stateRoot, keys, nodes }, [address]) {
		const [record, code] = keys.map((key) => readProof(bytes(stateRoot), nodes.map(bytes), bytes(key)));
		assert.ok(keys[0].endsWith(address.slice(2)));
		assert.equal(record === null, code === undefined);
		if (code) {
			assert.deepEqual(blake2(withoutLength(code)), record.slice(0, 32));
		}
	},
	kv_getProof({ stateRoot, key, nodes }, [address, name]) {
		equalBytes(entryKey({ address }, name), key);
		// Throws if the nodes prove neither presence nor absence.
		readProof(bytes(stateRoot), nodes.map(bytes), bytes(key));
	},
};

function checkRpcExchange({ method, params, result, error, updates }, _file, codes) {
	assert.equal([result, error, updates].filter((answer) => answer !== undefined).length, 1);
	if (error) {
		assert.ok(codes.has(error.code), `the table of errors lacks ${error.code}`);
	}
	if (result) {
		RPC_ANSWERS[method]?.(result, params, codes);
	}
	if (updates) {
		assert.ok(updates.slice(0, -1).every(({ status }) => status !== 'finalized'));
	}
}

// The check of each kind. Its arguments are the case, the file and the codes of JSON-RPC errors.
const CHECKS = {
	account: (vector) => {
		if (isOfWallets(vector)) {
			equalBytes(keypair(vector).publicKey, vector.publicKey);
			equalBytes(keypair(vector).addressRaw, vector.account);
		}
		assert.equal(encodeAddress(bytes(vector.account), SS58_PREFIX), vector.address);
	},
	address: checkAddress,
	arithmetic: checkArithmetic,
	'block-budget': ({ slotDurationMs, network, encodedNetwork, budget }) => {
		assert.deepEqual(blockBudget(slotDurationMs, network), budget);
		equalBytes(littleEndian(networkCode(network), 1), encodedNetwork);
	},
	call: ({ encoded, arguments: values, refused }) => {
		if (!refused) {
			equalBytes(u8aConcat(bytes(encoded).slice(0, 2), ...values.map(encode)), encoded);
		}
	},
	'chain-timing': ({ timing, encoded }) => {
		const [slot, ...rest] = Object.values(timing);
		equalBytes(u8aConcat(littleEndian(slot, 8), ...rest.map((value) => littleEndian(value, 4))), encoded);
	},
	constant: ({ encoded, ...value }) => equalBytes(encode(value), encoded),
	'contract-address': ({ deployer, salt, code, codeHash, address }) => {
		equalBytes(blake2(bytes(code)), codeHash);
		assert.equal(contractAddress({ address: deployer }, salt, codeHash), address);
	},
	'derived-account': checkDerivedAccount,
	era: checkEra,
	extrinsic: checkExtrinsic,
	hash: ({ function: name, input, output }) => equalBytes(HASHES[name](bytes(input)), output),
	header: checkHeader,
	record: ({ fields, encoded }) => equalBytes(u8aConcat(...fields.map(encode)), encoded),
	'rpc-error': ({ code, isOurs }) => assert.equal(code >= 10_000 && code < 11_000, isOurs),
	'rpc-exchange': checkRpcExchange,
	'rpc-value': ({ type, given, answered, refused }) => {
		if (refused) {
			assert.throws(() => RPC_VALUES[type](given));
		} else {
			assert.equal(RPC_VALUES[type](given), answered);
		}
	},
	scale: ({ refused, encoded, ...value }) => {
		if (!refused) {
			equalBytes(encode(value), encoded);
		}
	},
	'storage-key': checkStorageKey,
	vote: checkVote,
};

// Kinds that need a chain. The Rust tests of the runtime run them.
const RUNTIME_ONLY = [
	'aura-equivocation',
	'disabling',
	'dispatch-error',
	'election',
	'election-voters',
	'equivocation',
	'era-transition',
	'extrinsics-root',
	'fee-payout',
	'first-byte',
	'liveness',
	'missed-slots',
	'pallet-index',
	'payout',
	'proxy-filter',
	'report',
	'reward',
	'runtime-code',
	'scenario',
	'slash-deferral',
	'slashes',
	'slot',
	'suspension',
	'track',
	'trie',
	'validity',
	'validity-error',
];

const files = ['conformance', 'encoding'].flatMap((folder) =>
	readdirSync(join(VECTORS, folder), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath ?? entry.path, entry.name))
		.map((path) => ({ path: relative(VECTORS, path), ...JSON.parse(readFileSync(path, 'utf8')) })),
);

describe('vectors', () => {
	const codes = new Set();

	before(async () => {
		await cryptoWaitReady();
		for (const file of files.filter(({ kind }) => kind === 'rpc-error')) {
			for (const { code } of file.cases) {
				assert.ok(!codes.has(code), `${code} has two causes`);
				codes.add(code);
			}
		}
	});

	it('have only kinds that this test knows', () => {
		const known = [...Object.keys(CHECKS), ...RUNTIME_ONLY].sort();
		assert.deepEqual([...new Set(files.map(({ kind }) => kind))].sort(), known);
	});

	for (const file of files.filter(({ kind }) => CHECKS[kind])) {
		it(file.path, () => {
			for (const vector of file.cases) {
				const { name, rules: _rules, ...content } = vector;
				try {
					CHECKS[file.kind](content, file, codes);
				} catch (error) {
					error.message = `${name}: ${error.message}`;
					throw error;
				}
			}
		});
	}
});
