// Bytes of the messages that nodes exchange, as far as a stranger needs them.

import { randomBytes } from 'node:crypto';

/** Roles in handshakes. */
export const FULL = 1;
export const LIGHT = 2;

/** An unsigned LEB128 number, which is also the prefix of each message. */
export function varint(number) {
	const bytes = [];
	for (; number >= 0x80; number = Math.floor(number / 0x80)) bytes.push((number % 0x80) + 0x80);
	return Buffer.from([...bytes, number]);
}

export const prefixed = (message) => Buffer.concat([varint(message.length), message]);

/** Reads a `varint` of the bytes from `at` on. Answers it and where it ends, or null if it does not end. */
function readVarint(bytes, at) {
	let number = 0;
	for (let factor = 1; at < bytes.length; factor *= 0x80) {
		const byte = bytes[at++];
		number += (byte & 0x7f) * factor;
		if (byte < 0x80) return [number, at];
	}
	return null;
}

/** The message of bytes that were `prefixed`, or null as long as they are not complete. */
export function unprefixed(bytes) {
	const [length, from] = readVarint(bytes, 0) ?? [Infinity, 0];
	return bytes.length >= from + length ? bytes.subarray(from, from + length) : null;
}

/** A compact number of SCALE in its form of five bytes, which the decoder takes only if the number is that large. */
function compact(number) {
	if (number < 2 ** 6) return Buffer.from([number << 2]);
	const bytes = Buffer.alloc(number < 2 ** 14 ? 2 : number < 2 ** 30 ? 4 : 5);
	if (number < 2 ** 14) bytes.writeUInt16LE((number << 2) | 1);
	else if (number < 2 ** 30) bytes.writeUInt32LE(number * 4 + 2);
	else {
		bytes[0] = 3;
		bytes.writeUInt32LE(number, 1);
	}
	return bytes;
}

const u32 = (number) => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(number);
	return bytes;
};

/** A SCALE vector of bytes. */
const vector = (bytes) => Buffer.concat([compact(bytes.length), bytes]);

/** The handshake of `/block-announces/1`. */
export const announcesHandshake = ({ roles = FULL, number, hash, genesis }) =>
	Buffer.concat([Buffer.from([roles]), u32(number), hash, genesis]);

/** An Aura header with a random seal, so no node imports it. */
export function header({ number, parent = randomBytes(32), slot = 0n, seal = randomBytes(64) }) {
	const AURA = Buffer.from('aura');
	const [PRE_RUNTIME, SEAL] = [6, 5];
	const slotBytes = Buffer.alloc(8);
	slotBytes.writeBigUInt64LE(BigInt(slot));
	const item = (kind, payload) => Buffer.concat([Buffer.from([kind]), AURA, vector(payload)]);
	const digest = Buffer.concat([compact(2), item(PRE_RUNTIME, slotBytes), item(SEAL, seal)]);
	return Buffer.concat([parent, compact(number), randomBytes(32), randomBytes(32), digest]);
}

/** A message of `/block-announces/1`. */
export const announcement = (header, { isBest = true, data = Buffer.alloc(0) } = {}) =>
	Buffer.concat([header, Buffer.from([isBest ? 1 : 0]), vector(data)]);

/** A message of `/transactions/1`. The transactions are encoded with their lengths. */
export const transactions = (list) => Buffer.concat([compact(list.length), ...list]);

// Fields of Protocol Buffers, by wire type.
const integer = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);

/** Parts of blocks in a block request. */
export const HEADER = 1;
export const BODY = 2;
export const JUSTIFICATION = 16;

/** A request of `/sync/2` for blocks from height `number` on. */
export const blockRequest = ({ parts = HEADER | BODY | JUSTIFICATION, number, max = 128, isDescending = false }) =>
	Buffer.concat([
		integer(1, parts * 2 ** 24),
		bytes(3, u32(number)),
		integer(5, isDescending ? 1 : 0),
		integer(6, max),
		integer(7, 1),
	]);

/** The hash of the block that a request of `/sync/2` names; null if it names a height. */
export function requestedHash(request) {
	const HASH = (2 << 3) | 2;
	for (let at = 0; at < request.length; ) {
		const [key, afterKey] = readVarint(request, at);
		const [value, end] = readVarint(request, afterKey);
		if (key === HASH) return request.subarray(end, end + value);
		at = (key & 7) === 2 ? end + value : end;
	}
	return null;
}

/** An answer of `/sync/2` with a block that has no transactions. */
export const blockResponse = ({ hash, header }) => bytes(1, Buffer.concat([bytes(1, hash), bytes(2, header)]));

/** A request of `/state/2` for a part of the state after block `hash`, from the key `start` on. */
export const stateRequest = ({ hash, start, withProof = false }) =>
	Buffer.concat([bytes(1, hash), ...(start ? [bytes(2, start)] : []), ...(withProof ? [] : [integer(3, 1)])]);

/** A request of `/light/2` to call a function of the runtime after block `hash`, with a proof. */
export const callRequest = ({ hash, method, data = Buffer.alloc(0) }) =>
	bytes(1, Buffer.concat([bytes(2, hash), bytes(3, Buffer.from(method)), bytes(4, data)]));
