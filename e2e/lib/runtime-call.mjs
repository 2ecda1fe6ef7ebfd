// Runs a function of a runtime's Wasm on an empty state, without a node. Only what the metadata and the version need is
// there: memory, hashing and a state that has no value.

import { blake2AsU8a, xxhashAsU8a } from '@polkadot/util-crypto';

// Pages of 64 KiB that the module gets; more than its own data and the metadata need.
const MEMORY_PAGES = 1024;
const ALIGNMENT = 8;
// The allocator of the runtime writes into the 8 bytes before each allocation.
const HEADER_BYTES = 8;

/** Unpacks the pointer and the length of a value that crosses the boundary. */
const unpack = (packed) => [Number(packed & 0xffff_ffffn), Number((packed >> 32n) & 0xffff_ffffn)];
const pack = (pointer, length) => (BigInt(length) << 32n) | BigInt(pointer);

/**
 * Calls the function `name` of the runtime `wasm`, which must not be compressed, with encoded arguments. Returns the bytes of
 * its result.
 */
export function callRuntime(wasm, name, args = new Uint8Array()) {
	const module = new WebAssembly.Module(wasm);
	const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES });
	let free;
	const malloc = (size) => {
		const pointer = free + HEADER_BYTES;
		free = Math.ceil((pointer + size) / ALIGNMENT) * ALIGNMENT;
		if (free > memory.buffer.byteLength) throw new Error('the runtime needs more memory');
		return pointer;
	};
	const write = (bytes) => {
		const pointer = malloc(bytes.length);
		new Uint8Array(memory.buffer, pointer, bytes.length).set(bytes);
		return pointer;
	};
	const hash = (hasher) => (packed) => write(hasher(new Uint8Array(memory.buffer, ...unpack(packed))));
	// `Option::None`
	const absent = () => pack(write(Uint8Array.of(0)), 1);
	const functions = {
		ext_allocator_malloc_version_1: malloc,
		ext_allocator_free_version_1: () => {},
		ext_hashing_blake2_128_version_1: hash((bytes) => blake2AsU8a(bytes, 128)),
		ext_hashing_blake2_256_version_1: hash((bytes) => blake2AsU8a(bytes, 256)),
		ext_hashing_twox_64_version_1: hash((bytes) => xxhashAsU8a(bytes, 64)),
		ext_hashing_twox_128_version_1: hash((bytes) => xxhashAsU8a(bytes, 128)),
		ext_logging_log_version_1: () => {},
		ext_logging_max_level_version_1: () => 0,
		ext_storage_exists_version_1: () => 0,
		ext_storage_get_version_1: absent,
		ext_storage_read_version_1: absent,
	};
	const env = { memory };
	for (const { name: wanted, kind } of WebAssembly.Module.imports(module)) {
		if (kind !== 'function') continue;
		env[wanted] = functions[wanted] ?? (() => {
			throw new Error(`the runtime called ${wanted}, which only a node has`);
		});
	}
	const { exports } = new WebAssembly.Instance(module, { env });
	free = exports.__heap_base.value;
	const [pointer, length] = unpack(exports[name](write(args), args.length));
	return new Uint8Array(memory.buffer.slice(pointer, pointer + length));
}
