// The notation of bytes and values in vectors, their SCALE encodings and the hash functions.

import assert from 'node:assert/strict';
import { compactAddLength, compactToU8a, hexToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsU8a, keccakAsU8a, xxhashAsU8a } from '@polkadot/util-crypto';

/** The bytes that a vector writes as hexadecimal, or as a list of hexadecimal pieces and runs of one byte. */
export function bytes(written) {
	if (!Array.isArray(written)) {
		return hexToU8a(written);
	}
	return u8aConcat(
		...written.map((piece) =>
			typeof piece === 'string' ? hexToU8a(piece) : new Uint8Array(piece.count).fill(hexToU8a(piece.repeat)[0]),
		),
	);
}

export const equalBytes = (actual, written) => assert.equal(u8aToHex(actual), u8aToHex(bytes(written)));

export const littleEndian = (value, size) => {
	const encoded = new Uint8Array(size);
	for (let rest = BigInt(value), at = 0; at < size; at += 1, rest >>= 8n) {
		encoded[at] = Number(rest & 0xffn);
	}
	return encoded;
};

export const blake2 = (data) => blake2AsU8a(data, 256);

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

export const encode = ({ type, value }) => ENCODERS[type](value);

export const HASHES = {
	blake2_128: (data) => blake2AsU8a(data, 128),
	blake2_256: blake2,
	keccak_256: (data) => keccakAsU8a(data),
	twox_64: (data) => xxhashAsU8a(data, 64),
	twox_128: (data) => xxhashAsU8a(data, 128),
};

export const STORAGE_HASHERS = {
	Blake2_128Concat: (key) => u8aConcat(HASHES.blake2_128(key), key),
	Twox64Concat: (key) => u8aConcat(HASHES.twox_64(key), key),
	Identity: (key) => key,
};
