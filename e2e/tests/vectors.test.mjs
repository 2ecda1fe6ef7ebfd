// Runs the vectors of ../vectors against polkadot.js and plain JavaScript: what a client has to encode, hash, sign
// and compute. No network is needed.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Keyring } from '@polkadot/api';
import { TypeRegistry } from '@polkadot/types';
import {
	compactAddLength,
	compactFromU8a,
	compactToU8a,
	hexToU8a,
	isHex,
	stringToU8a,
	u8aConcat,
	u8aFixLength,
	u8aToHex,
} from '@polkadot/util';
import {
	blake2AsU8a,
	createKeyDerived,
	createKeyMulti,
	cryptoWaitReady,
	decodeAddress,
	ed25519PairFromSeed,
	ed25519Sign,
	encodeAddress,
	keccakAsU8a,
	signatureVerify,
	sr25519Verify,
	xxhashAsU8a,
} from '@polkadot/util-crypto';
import { entryKey } from '../lib/entries.mjs';
import { readProof } from '../lib/trie.mjs';

const VECTORS = fileURLToPath(new URL('../../vectors/', import.meta.url));
const SS58_PREFIX = 42;
const BILLION = 10n ** 9n;
const ONE = 10n ** 18n;
const EXTENSIONS = [
	'CheckNonZeroSender',
	'CheckSpecVersion',
	'CheckTxVersion',
	'CheckGenesis',
	'CheckMortality',
	'CheckNonce',
	'CheckWeight',
	'ChargeTransactionPayment',
	'CheckMetadataHash',
	'WeightReclaim',
];

const registry = new TypeRegistry();
registry.setSignedExtensions(EXTENSIONS);

/** Bytes of a vector: hexadecimal, or a list of such pieces and of runs of one byte. */
function bytes(written) {
	if (!Array.isArray(written)) {
		return hexToU8a(written);
	}
	return u8aConcat(
		...written.map((piece) =>
			typeof piece === 'string' ? hexToU8a(piece) : new Uint8Array(piece.count).fill(hexToU8a(piece.repeat)[0]),
		),
	);
}

const equalBytes = (actual, written) => assert.equal(u8aToHex(actual), u8aToHex(bytes(written)));
const littleEndian = (value, size) => {
	const encoded = new Uint8Array(size);
	for (let rest = BigInt(value), at = 0; at < size; at += 1, rest >>= 8n) {
		encoded[at] = Number(rest & 0xffn);
	}
	return encoded;
};
const blake2 = (data) => blake2AsU8a(data, 256);
const contractAddress = (deployer, salt, codeHash) =>
	blake2(u8aConcat(stringToU8a('gtos/contract/1'), deployer, salt, codeHash));

const ENCODERS = {
	account: (value) => u8aConcat([0], bytes(value)),
	bool: (value) => Uint8Array.of(value ? 1 : 0),
	boolean: (value) => Uint8Array.of(value ? 1 : 0),
	bytes: (value) => compactAddLength(bytes(value)),
	compact: (value) => compactToU8a(BigInt(value)),
	compactBalance: (value) => compactToU8a(BigInt(value)),
	compactMoment: (value) => compactToU8a(BigInt(value)),
	condition: (value) => (value === 'absent' ? Uint8Array.of(0) : u8aConcat([1], littleEndian(value.revision, 8))),
	h256: bytes,
	'option-h256': (value) => (value === null ? Uint8Array.of(0) : u8aConcat([1], bytes(value))),
	u16: (value) => littleEndian(value, 2),
	u32: (value) => littleEndian(value, 4),
	u64: (value) => littleEndian(value, 8),
	u128: (value) => littleEndian(value, 16),
};
const encode = ({ type, value }) => ENCODERS[type](value);

const HASHES = {
	blake2_128: (data) => blake2AsU8a(data, 128),
	blake2_256: blake2,
	keccak_256: (data) => keccakAsU8a(data),
	twox_64: (data) => xxhashAsU8a(data, 64),
	twox_128: (data) => xxhashAsU8a(data, 128),
};
const STORAGE_HASHERS = {
	Blake2_128Concat: (key) => u8aConcat(HASHES.blake2_128(key), key),
	Twox64Concat: (key) => u8aConcat(HASHES.twox_64(key), key),
	Identity: (key) => key,
};

/** A fraction in parts of 10^9 of an amount: the nearest integer, ties down. */
const of = (fraction, amount) => (fraction * amount + 499_999_999n) / BILLION;
const least = (a, b) => (a < b ? a : b);
const most = (a, b) => (a > b ? a : b);
const rent = (keyLength, valueLength, blocks) => (256n + keyLength + valueLength) * blocks;

const FORMULAS = {
	'contract-price': ({ storedBytes }) => ({ price: (512n + storedBytes) * 10n ** 8n }),
	deposit: ({ items, bytes: length }) => ({ deposit: items * 2n * 10n ** 10n + length * 10n ** 8n }),
	'fee-multiplier': ({ multiplier, weight }) => {
		const mul = (a, b) => (a * b) / ONE;
		const max = 6n * 10n ** 11n;
		const used = least(weight, max);
		const target = max / 4n;
		const v = 75n * 10n ** 12n;
		const diff = (most(used, target) - least(used, target)) * ONE / max;
		const first = mul(v, diff);
		const second = mul(mul(v, v) / 2n, mul(diff, diff));
		const next =
			used >= target ? multiplier + mul(first + second, multiplier) : multiplier - mul(first - second, multiplier);
		return { next: least(most(next, ONE), 1_000n * ONE) };
	},
	'fee-split': ({ fee, tip }) => ({ treasury: fee * 80n / 100n, author: fee - fee * 80n / 100n + tip }),
	'inclusion-fee': ({ length, weight, multiplier }) => ({
		lengthFee: length * 10n ** 6n,
		weightFee: multiplier * least(weight, 8n * 10n ** 11n) / ONE,
	}),
	quorum: ({ authorities: n }) => ({ votes: n - (n - 1n) / 3n, offline: (n - 1n) / 3n }),
	rent: ({ keyLength, valueLength, blocks }) => ({ rent: rent(keyLength, valueLength, blocks) }),
	'rent-charge': ({ keyLength, valueLength, blocks, oldValueLength, oldBlocks }) => ({
		charge: most(0n, rent(keyLength, valueLength, blocks) - rent(keyLength, oldValueLength, oldBlocks)),
	}),
	slash: ({ fraction, stake }) => {
		const slash = of(fraction, stake);
		return { slash, reporter: of(BILLION / 2n, of(BILLION / 10n, slash)) };
	},
	'slash-fraction': ({ offenders, authorities }) => {
		const part = least(BILLION, 3n * offenders * BILLION / authorities);
		return { fraction: part * part / BILLION };
	},
};

const isInteger = (value, bits) => /^(0|[1-9][0-9]*)$/.test(value) && BigInt(value) < 1n << BigInt(bits);
/** Reads a parameter of JSON-RPC and writes it as an answer; throws on what is refused. */
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

const keypair = ({ scheme, seed }) => new Keyring({ type: scheme }).addFromSeed(hexToU8a(seed));
/** `eth` came with the SDK and no wallet uses it: polkadot.js has no such key, only the runtime checks these cases. */
const isOfWallets = ({ scheme }) => scheme !== 'eth';

function vote({ vote: kind, blockHash, number, round, setId }) {
	const index = ['prevote', 'precommit', 'primaryPropose'].indexOf(kind);
	const message = u8aConcat([index], bytes(blockHash), littleEndian(number, 4));
	return u8aConcat(message, littleEndian(round, 8), littleEndian(setId, 8));
}

function digestItem({ kind, engine, payload }) {
	const index = { other: 0, consensus: 4, seal: 5, preRuntime: 6, runtimeEnvironmentUpdated: 8 }[kind];
	if (payload === undefined) {
		return Uint8Array.of(index);
	}
	return u8aConcat([index], engine ? stringToU8a(engine) : [], compactAddLength(bytes(payload)));
}

function header(vector, digest) {
	return u8aConcat(
		bytes(vector.parentHash),
		compactToU8a(vector.number),
		bytes(vector.stateRoot),
		bytes(vector.extrinsicsRoot),
		compactToU8a(digest.length),
		...digest.map(digestItem),
	);
}

function checkExtrinsic(vector, { genesisHash, specVersion, transactionVersion }) {
	const method = bytes(vector.call);
	const payload = registry.createType(
		'ExtrinsicPayload',
		{
			blockHash: vector.birthHash,
			era: hexToU8a(vector.era),
			genesisHash,
			metadataHash: vector.metadataHash,
			method: u8aToHex(method),
			mode: vector.metadataHash === null ? 0 : 1,
			nonce: vector.nonce,
			specVersion,
			tip: vector.tip,
			transactionVersion,
		},
		{ version: 4 },
	);
	equalBytes(payload.toU8a({ method: true }), vector.payload);
	const whole = bytes(vector.payload);
	const message = whole.length > 256 ? blake2(whole) : whole;
	equalBytes(message, vector.message);

	const explicit = u8aConcat(
		hexToU8a(vector.era),
		compactToU8a(vector.nonce),
		compactToU8a(BigInt(vector.tip)),
		Uint8Array.of(vector.metadataHash === null ? 0 : 1),
	);
	equalBytes(explicit, vector.explicit);
	const body = u8aConcat([0x84, 0x00], bytes(vector.account), bytes(vector.signature), explicit, method);
	equalBytes(compactAddLength(body), vector.extrinsic);
	equalBytes(blake2(bytes(vector.extrinsic)), vector.hash);

	if (isOfWallets(vector)) {
		const pair = keypair(vector);
		equalBytes(pair.publicKey, vector.publicKey);
		equalBytes(pair.addressRaw, vector.account);
		if (vector.isDeterministic) {
			assert.equal(payload.sign(pair).signature, vector.signature);
		}
		// The first byte names the scheme.
		const { crypto, isValid } = signatureVerify(message, bytes(vector.signature).slice(1), bytes(vector.publicKey));
		assert.equal(isValid && crypto, vector.scheme);
	}
}

function checkEra(vector) {
	if (vector.refused) {
		// polkadot.js decodes any two bytes.
		return;
	}
	const era = registry.createType('ExtrinsicEra', hexToU8a(vector.encoded));
	equalBytes(era.toU8a(), vector.encoded);
	assert.equal(era.isImmortalEra, vector.era === 'immortal');
	if (vector.from) {
		const made = registry.createType('ExtrinsicEra', { current: vector.from.block, period: vector.from.period });
		// polkadot.js takes the period as it is; the runtime rounds it up and bounds it.
		if (vector.from.period === vector.era.period) {
			equalBytes(made.toU8a(), vector.encoded);
		}
	}
	if (era.isMortalEra) {
		const mortal = era.asMortalEra;
		assert.deepEqual([mortal.period.toNumber(), mortal.phase.toNumber()], [vector.era.period, vector.era.phase]);
		for (const { block, birth, death } of vector.at) {
			assert.equal(mortal.birth(block), birth);
			assert.equal(String(mortal.death(block)), death);
		}
	}
}

function checkHeader(vector) {
	const encoded = header(vector, vector.digest);
	equalBytes(encoded, vector.encoded);
	equalBytes(blake2(encoded), vector.hash);
	const typed = registry.createType('Header', encoded);
	assert.equal(typed.hash.toHex(), vector.hash);
	assert.equal(typed.number.toNumber(), vector.number);
	assert.equal(typed.digest.logs.length, vector.digest.length);
	if (vector.author) {
		const unsealed = blake2(header(vector, vector.digest.slice(0, -1)));
		equalBytes(unsealed, vector.unsealedHash);
		const seal = bytes(vector.digest.at(-1).payload);
		assert.ok(sr25519Verify(unsealed, seal, bytes(vector.author)));
	}
	if (vector.scheduledChange) {
		const authorities = vector.scheduledChange.map((key) => u8aConcat(bytes(key), littleEndian(1, 8)));
		const change = u8aConcat([1], compactToU8a(authorities.length), ...authorities, littleEndian(0, 4));
		equalBytes(change, vector.digest.at(-1).payload);
	}
}

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
		// polkadot.js also reads identifiers of other lengths; an account has 32 bytes.
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

// What a client can check of an answer without the chain that gives it.
const RPC_ANSWERS = {
	tx_submit: (result, [extrinsic]) => equalBytes(blake2(bytes(extrinsic)), result),
	contract_getCodeByHash: (result, [codeHash]) => equalBytes(blake2(bytes(result)), codeHash),
	contract_getAddress: (result, [deployer, salt, codeHash]) =>
		equalBytes(contractAddress(decodeAddress(deployer), bytes(salt), bytes(codeHash)), result),
	contract_getProof({ stateRoot, keys, nodes }, [address]) {
		const [record, code] = keys.map((key) => readProof(bytes(stateRoot), nodes.map(bytes), bytes(key)));
		assert.ok(keys[0].endsWith(address.slice(2)));
		assert.equal(record === null, code === undefined);
		if (code) {
			const [start] = compactFromU8a(code);
			assert.deepEqual(blake2(code.subarray(start)), record.slice(0, 32));
		}
	},
	kv_getProof({ stateRoot, key, nodes }, [address, name]) {
		equalBytes(entryKey({ address }, name), key);
		// Throws if the nodes show neither an entry nor that there is none.
		readProof(bytes(stateRoot), nodes.map(bytes), bytes(key));
	},
};

function checkRpcExchange({ method, params, result, error, updates }, _file, codes) {
	assert.equal([result, error, updates].filter((answer) => answer !== undefined).length, 1);
	if (error) {
		assert.ok(codes.has(error.code), `the table of errors lacks ${error.code}`);
	}
	if (result) {
		RPC_ANSWERS[method]?.(result, params);
	}
	if (updates) {
		assert.ok(updates.slice(0, -1).every(({ status }) => status !== 'finalized'));
	}
}

// What is done with a case of each kind, given the case, its file and the codes of JSON-RPC errors.
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
		const hash = blake2(bytes(code));
		equalBytes(hash, codeHash);
		equalBytes(contractAddress(bytes(deployer), bytes(salt), hash), address);
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
	vote: (vector) => {
		const payload = vote(vector);
		equalBytes(payload, vector.payload);
		equalBytes(ed25519Sign(payload, ed25519PairFromSeed(bytes(vector.seed))), vector.signature);
	},
};

// Kinds that say what a chain does, which takes a chain: the Rust tests of the runtime run these.
const RUNTIME_ONLY = [
	'disabling',
	'dispatch-error',
	'double-seal',
	'election',
	'equivocation',
	'era-transition',
	'extrinsics-root',
	'first-byte',
	'liveness',
	'missed-slots',
	'pallet-index',
	'report',
	'reward',
	'scenario',
	'slash-deferral',
	'slot',
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

	it('are all of a kind that is known here', () => {
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
