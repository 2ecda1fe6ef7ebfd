// Verifies storage proofs against a state root, written from the specification alone (HAS-R8).

import { compactFromU8a, u8aToHex } from '@polkadot/util';
import { blake2AsU8a } from '@polkadot/util-crypto';

const HASH_BYTES = 32;

// Kinds of trie nodes by the first bits of their header: how many bits, and which parts such a node has.
const KINDS = [
	{ bits: 2, mark: 0b01 },
	{ bits: 2, mark: 0b10, branches: true, valueless: true },
	{ bits: 2, mark: 0b11, branches: true },
	{ bits: 3, mark: 0b001, hashed: true },
	{ bits: 4, mark: 0b0001, branches: true, hashed: true },
];

const nibbles = (bytes) => Array.from(bytes).flatMap((byte) => [byte >> 4, byte & 15]);

/** Decodes a trie node into its partial key, its value and its sixteen children, as far as it has them. */
function decode(node) {
	let position = 0;
	const take = (count) => {
		if (position + count > node.length) throw new Error(`the trie node ${u8aToHex(node)} is too short`);
		return node.subarray(position, (position += count));
	};
	const takeData = () => {
		const [prefix, length] = compactFromU8a(node.subarray(position));
		take(prefix);
		return take(length.toNumber());
	};

	const [header] = take(1);
	if (header === 0) return { partial: [], children: [] };
	const kind = KINDS.find(({ bits, mark }) => header >> (8 - bits) === mark);
	if (!kind) throw new Error(`no trie node has the header ${header}`);
	const room = 0xff >> kind.bits;
	let length = header & room;
	if (length === room) {
		let more;
		do {
			[more] = take(1);
			length += more;
		} while (more === 255);
	}
	const partial = nibbles(take(Math.ceil(length / 2))).slice(length % 2);

	const bitmap = kind.branches ? take(2) : [0, 0];
	let value;
	if (kind.hashed) value = { hash: take(HASH_BYTES) };
	else if (!kind.valueless) value = { inline: takeData() };
	const children = Array.from({ length: 16 }, (_, i) => (bitmap[i >> 3] >> (i & 7)) & 1 && takeData());
	return { partial, value, children };
}

/**
 * The value at `key` in the state with root `stateRoot`, or null if there is none, as proven by `nodes` in any order.
 * Throws if a node of the path is missing. All arguments are `Uint8Array`s.
 */
export function readProof(stateRoot, nodes, key) {
	const byHash = new Map(nodes.map((node) => [u8aToHex(blake2AsU8a(node)), node]));
	const find = (hash) => {
		const found = byHash.get(u8aToHex(hash));
		if (!found) throw new Error(`the proof lacks ${u8aToHex(hash)}`);
		return found;
	};

	let rest = nibbles(key);
	let node = decode(find(stateRoot));
	for (;;) {
		const { partial, value, children } = node;
		if (!partial.every((nibble, i) => nibble === rest[i])) return null;
		rest = rest.slice(partial.length);
		if (rest.length === 0) return value?.inline ?? (value ? find(value.hash) : null);
		const child = children[rest[0]];
		if (!child) return null;
		// A node shorter than a hash is stored inline in its parent.
		node = decode(child.length === HASH_BYTES ? find(child) : child);
		rest = rest.slice(1);
	}
}
