// Makes a WebAssembly module of the size of a real contract. The same arguments give the same bytes.

const TYPE_I32 = 0x7f;
export const SECTION = { type: 1, function: 3, memory: 5, global: 6, export: 7, code: 10, data: 11 };
const EXPORT = { function: 0, memory: 2 };
const OP = { end: 0x0b, call: 0x10, localGet: 0x20, i32Const: 0x41, i32Add: 0x6a, i32Mul: 0x6c };

const PAGE_BYTES = 65_536;
const FACTOR = 31;

/** A number in signed LEB128. */
function signed(value) {
	const bytes = [];
	for (;;) {
		const byte = value & 0x7f;
		value >>= 7;
		const isLast = value === (byte & 0x40 ? -1 : 0);
		bytes.push(isLast ? byte : byte | 0x80);
		if (isLast) return bytes;
	}
}

/** A number in unsigned LEB128. */
export function unsigned(value) {
	const bytes = [];
	do {
		bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>>= 7;
	} while (value > 0);
	return bytes;
}

export const vector = (items) => [...unsigned(items.length), ...items.flat()];
export const sized = (bytes) => [...unsigned(bytes.length), ...bytes];
export const section = (name, bytes) => [SECTION[name], ...sized(bytes)];
export const text = (string) => sized([...new TextEncoder().encode(string)]);

/** `count` pseudo-random 32-bit numbers, which cannot be compressed. */
function* noise(count) {
	// xorshift32
	for (let i = 0, x = 0x6774_6f73; i < count; i++) {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		yield x;
	}
}

/**
 * A module of `functions` functions, each of which calls the one before it, and one page of data. Its export `run(x)`
 * passes `x` through all of them; `expected(x)` computes the result in JavaScript.
 */
export function wasmModule(functions = 3_000) {
	const constants = [...noise(functions)];
	const bodies = constants.map((constant, i) => {
		const step = [OP.localGet, 0, OP.i32Const, ...signed(FACTOR), OP.i32Mul];
		step.push(OP.i32Const, ...signed(constant), OP.i32Add);
		const rest = i > 0 ? [OP.call, ...unsigned(i - 1)] : [];
		return sized([0, ...step, ...rest, OP.end]);
	});
	const data = Buffer.from(Int32Array.from(noise(PAGE_BYTES / 4)).buffer);
	const code = Uint8Array.from([
		...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
		...section('type', vector([[0x60, 1, TYPE_I32, 1, TYPE_I32]])),
		...section('function', vector(constants.map(() => [0]))),
		...section('memory', vector([[0, 1]])),
		...section(
			'export',
			vector([
				[...text('run'), EXPORT.function, ...unsigned(functions - 1)],
				[...text('memory'), EXPORT.memory, 0],
			]),
		),
		...section('code', vector(bodies)),
		...section('data', vector([[0, OP.i32Const, 0, OP.end, ...sized([...data])]])),
	]);
	const expected = (x) => constants.reduceRight((value, constant) => (Math.imul(value, FACTOR) + constant) | 0, x);
	return { code, expected };
}
