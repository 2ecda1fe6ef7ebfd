// Takes the Wasm of a runtime apart as far as needed to make one of another version, or a broken one.

import { execFileSync } from 'node:child_process';
import { section, sized, text, unsigned, vector, SECTION } from './wasm.mjs';

// Magic number and version of a module.
const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const CUSTOM = 0;
const TYPE = { i32: 0x7f, i64: 0x7e, function: 0x60 };
const OP = { unreachable: 0x00, end: 0x0b, i32Const: 0x41 };
const EXPORT = { function: 0, memory: 2, global: 3 };
// Pages of 64 KiB; the node adds those of the heap.
const MEMORY_PAGES = 20;

/** Reads a number in LEB128 at `at`. Returns it and the position after it. */
function number(bytes, at) {
	let value = 0;
	for (let shift = 0; ; shift += 7) {
		const byte = bytes[at++];
		value += (byte & 0x7f) * 2 ** shift;
		if (!(byte & 0x80)) return [value, at];
	}
}

/** Positions of the contents of the custom sections of `wasm`, by name: `{ start, end }`. */
export function customSections(wasm) {
	const found = {};
	for (let at = HEADER.length; at < wasm.length; ) {
		const id = wasm[at];
		const [length, body] = number(wasm, at + 1);
		if (id === CUSTOM) {
			const [nameLength, name] = number(wasm, body);
			found[Buffer.from(wasm.subarray(name, name + nameLength)).toString()] = {
				start: name + nameLength,
				end: body + length,
			};
		}
		at = body + length;
	}
	return found;
}

/**
 * The version that is embedded in `wasm`: `{ specName, specVersion, transactionVersion, apis }`. `apis` has the id and the
 * version of each runtime API.
 */
export function runtimeVersion(wasm) {
	const sections = customSections(wasm);
	const contents = ({ start, end }) => Buffer.from(wasm.subarray(start, end));
	const version = contents(sections.runtime_version);
	const at = specVersionAt(version);
	const apis = contents(sections.runtime_apis);
	// A section has an id of 8 bytes and a version of 4 for each API. In the version itself the list of APIs is empty, and
	// stands between `impl_version` and `transaction_version`.
	return {
		specName: version.toString('utf8', 1, 1 + (version[0] >> 2)),
		specVersion: version.readUInt32LE(at),
		transactionVersion: version.readUInt32LE(at + 9),
		apis: Array.from({ length: apis.length / 12 }, (_, i) => ({
			id: apis.toString('hex', 12 * i, 12 * i + 8),
			version: apis.readUInt32LE(12 * i + 8),
		})),
	};
}

/** Position of the `spec_version` in an encoded version: after two strings and the `authoring_version`. */
export function specVersionAt(version) {
	const afterString = (at) => at + 1 + (version[at] >> 2);
	return afterString(afterString(0)) + 4;
}

/** A copy of the embedded version of `wasm`, with another `spec_version`. */
function versionWith(wasm, specVersion) {
	const { start, end } = customSections(wasm).runtime_version;
	const version = Buffer.from(wasm.subarray(start, end));
	version.writeUInt32LE(specVersion, specVersionAt(version));
	return version;
}

/**
 * The runtime `wasm` under another version. Only the embedded version changes, by which a node and the chain judge it: the
 * runtime itself still executes as its own version.
 */
export function asVersion(wasm, specVersion) {
	const changed = Buffer.from(wasm);
	versionWith(wasm, specVersion).copy(changed, customSections(wasm).runtime_version.start);
	return changed;
}

// What the node expects before a compressed runtime: the magic number of `sp-maybe-compressed-blob`.
const COMPRESSED = [82, 188, 83, 118, 70, 219, 142, 5];

/** The runtime as a chain stores it, because a whole one is too long (UPG-R1). Needs `scripts/setup e2e zstd`. */
export function compressed(wasm) {
	const frame = execFileSync('zstd', ['--stdout', '--quiet'], { input: wasm, maxBuffer: wasm.length });
	return Buffer.from([...COMPRESSED, ...frame]);
}

/** A runtime with the version and the APIs of `wasm`, under another `spec_version`, that traps in every block. */
export function trappingRuntime(wasm, specVersion) {
	const { start, end } = customSections(wasm).runtime_apis;
	const custom = (name, contents) => [CUSTOM, ...sized([...text(name), ...contents])];
	const functions = ['Core_initialize_block', 'Core_execute_block'];
	return Buffer.from([
		...HEADER,
		...section('type', vector([[TYPE.function, ...vector([[TYPE.i32], [TYPE.i32]]), ...vector([[TYPE.i64]])]])),
		...section('function', vector([[0]])),
		...section('memory', vector([[0, MEMORY_PAGES]])),
		// `__heap_base`, from which the node gives out memory.
		...[SECTION.global, ...sized(vector([[TYPE.i32, 0, OP.i32Const, ...unsigned(0), OP.end]]))],
		...section(
			'export',
			vector([
				[...text('memory'), EXPORT.memory, 0],
				[...text('__heap_base'), EXPORT.global, 0],
				...functions.map((name) => [...text(name), EXPORT.function, 0]),
			]),
		),
		...section('code', vector([sized([0, OP.unreachable, OP.end])])),
		...custom('runtime_version', versionWith(wasm, specVersion)),
		...custom('runtime_apis', wasm.subarray(start, end)),
	]);
}
