// What identifies a built Wasm: hashes, sizes, versions and metadata.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { merkleizeMetadata } from '@polkadot-api/merkleize-metadata';
import { u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';
import { callRuntime } from './runtime-call.mjs';
import { runtimeVersion } from './runtime-wasm.mjs';

// As runtime/build.rs passes them to the builder.
const TOKEN = { tokenSymbol: 'TOS', decimals: 12 };
// The version of the metadata from which its hash is computed (RFC 78).
const HASHED_METADATA_VERSION = 15;
// The version that releases keep, which has most: runtime/upgrade-check compares the same.
const METADATA_VERSION = 16;

export const NAMES = {
	/** What a chain stores: the code. */
	compressed: 'gtos_runtime.compact.compressed.wasm',
	uncompressed: 'gtos_runtime.compact.wasm',
};

const metadataAt = (wasm, version) => callRuntime(wasm, 'Metadata_metadata_at_version', Uint8Array.of(version, 0, 0, 0));

/** The hash that the last build in the folder of `profile` has put into the Wasm: the builder prints its environment. */
function builtHash(profile) {
	const builds = readdirSync(profile)
		.filter((name) => name.startsWith('gtos-runtime-'))
		.map((name) => join(profile, name, 'output'))
		.flatMap((path) => {
			const time = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
			const [, hash] = (time && /RUNTIME_METADATA_HASH="(0x[0-9a-f]{64})"/.exec(readFileSync(path, 'latin1'))) || [];
			return hash ? [{ time, hash }] : [];
		});
	if (builds.length === 0) throw new Error(`no build below ${profile} names the hash of its metadata`);
	return builds.sort((a, b) => b.time - a.time)[0].hash;
}

/** Spec version, transaction version and metadata of a runtime that is not compressed. */
export function describeRuntime(wasm) {
	const { specName, specVersion, transactionVersion, apis } = runtimeVersion(wasm);
	return { specName, specVersion, transactionVersion, apis, metadata: metadataAt(wasm, METADATA_VERSION) };
}

/**
 * Describes the Wasm in `folder`, where the builder has put it: `.../PROFILE/wbuild/gtos-runtime`. `metadataHash` is what
 * the builder has computed with the crate `merkleized-metadata`, and has compiled into the Wasm. `independentHash` is
 * computed from the metadata that the Wasm answers, by `@polkadot-api/merkleize-metadata`.
 */
export function describeWasm(folder) {
	const code = readFileSync(join(folder, NAMES.compressed));
	const wasm = readFileSync(join(folder, NAMES.uncompressed));
	return {
		...describeRuntime(wasm),
		code,
		codeHash: blake2AsHex(code, 256),
		codeBytes: code.length,
		uncompressedBytes: wasm.length,
		metadataHash: builtHash(join(folder, '../../build')),
		independentHash: u8aToHex(merkleizeMetadata(metadataAt(wasm, HASHED_METADATA_VERSION), TOKEN).digest()),
	};
}
