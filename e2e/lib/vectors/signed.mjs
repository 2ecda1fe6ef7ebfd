// Checks the vectors of signed data: extrinsics and their eras, headers and votes.

import assert from 'node:assert/strict';
import { Keyring } from '@polkadot/api';
import { TypeRegistry } from '@polkadot/types';
import { compactAddLength, compactToU8a, hexToU8a, stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { ed25519PairFromSeed, ed25519Sign, signatureVerify, sr25519Verify } from '@polkadot/util-crypto';
import { blake2, bytes, equalBytes, littleEndian } from './values.mjs';

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

export const keypair = ({ scheme, seed }) => new Keyring({ type: scheme }).addFromSeed(hexToU8a(seed));

/** Whether polkadot.js has keys of this scheme. It has none of `eth`, so only the runtime checks those cases. */
export const isOfWallets = ({ scheme }) => scheme !== 'eth';

/** The payload that a validator signs for a vote (CON-R11). */
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

export function checkExtrinsic(vector, { genesisHash, specVersion, transactionVersion }) {
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

export function checkEra(vector) {
	if (vector.refused) {
		// polkadot.js decodes any two bytes as an era.
		return;
	}
	const era = registry.createType('ExtrinsicEra', hexToU8a(vector.encoded));
	equalBytes(era.toU8a(), vector.encoded);
	assert.equal(era.isImmortalEra, vector.era === 'immortal');
	if (vector.from) {
		const made = registry.createType('ExtrinsicEra', { current: vector.from.block, period: vector.from.period });
		// Unlike polkadot.js, the runtime rounds the period up and bounds it.
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

export function checkHeader(vector) {
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

export function checkVote(vector) {
	const payload = vote(vector);
	equalBytes(payload, vector.payload);
	equalBytes(ed25519Sign(payload, ed25519PairFromSeed(bytes(vector.seed))), vector.signature);
}
