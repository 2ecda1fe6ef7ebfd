// Prints what a voter compares before an upgrade: the hash, the sizes and the versions of a built Wasm, and the hash of its
// metadata. scripts/wasm runs it.
//
// Usage: node e2e/describe-wasm.mjs FOLDER
//
//   FOLDER   where the Wasm builder has put the runtime: .../PROFILE/wbuild/gtos-runtime
//
// The builder computes the hash of the metadata with the crate `merkleized-metadata`, and compiles it into the Wasm. It is
// computed again here from the metadata that the Wasm answers, by `@polkadot-api/merkleize-metadata`. Fails if they differ.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { merkleizeMetadata } from '@polkadot-api/merkleize-metadata';
import { u8aToHex } from '@polkadot/util';
import { blake2AsHex } from '@polkadot/util-crypto';
import { callRuntime } from './lib/runtime-call.mjs';
import { runtimeVersion } from './lib/runtime-wasm.mjs';

// As runtime/build.rs passes them to the builder.
const TOKEN = { tokenSymbol: 'TOS', decimals: 12 };
// The version of the metadata from which the hash is computed (RFC 78).
const METADATA_VERSION = 15;

const read = (folder, kind) => readFileSync(join(folder, `gtos_runtime.${kind}.wasm`));

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

const [folder] = process.argv.slice(2);
if (!folder) {
	console.error('usage: node e2e/describe-wasm.mjs FOLDER');
	process.exit(2);
}
const code = read(folder, 'compact.compressed');
const wasm = read(folder, 'compact');
const { specName, specVersion, transactionVersion, apis } = runtimeVersion(wasm);
const metadata = callRuntime(wasm, 'Metadata_metadata_at_version', Uint8Array.of(METADATA_VERSION, 0, 0, 0));
const independent = u8aToHex(merkleizeMetadata(metadata, TOKEN).digest());
const built = builtHash(join(folder, '../../build'));

console.log(`code hash             ${blake2AsHex(code, 256)}
bytes                 ${code.length} (uncompressed ${wasm.length})
spec                  ${specName} ${specVersion}
transaction version   ${transactionVersion}
runtime APIs          ${apis.length}
metadata hash         ${built} (builder)
                      ${independent} (independent)`);
if (built !== independent) {
	console.error('error: the metadata hashes differ: hardware wallets would refuse to sign, or show something else');
	process.exitCode = 1;
}
