// Writes the record of a release: what later versions are compared with, and what others can check. It is run
// by scripts/release.
//
// Usage: node e2e/write-release.mjs VERSION COMMIT WASM FOLDER
//
//   COMMIT   from which the Wasm and the node ($GTOS_BIN) are built
//   WASM     where the Wasm builder has put the runtime: .../production/wbuild/gtos-runtime
//   FOLDER   to which the files are written; it must not exist
//
// Starts a node for a moment: its genesis shows the hash of the preset `local`, and its endpoint the JSON-RPC methods.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blockHash, rawCall } from './lib/chain.mjs';
import { withNode } from './lib/network.mjs';
import { ROOT, gtos, temporaryFolder } from './lib/node.mjs';
import { describeWasm } from './lib/wasm-description.mjs';

// `Option::Some`, and the length of the bytes in it, which is compact with four bytes from 16 KiB on.
const OPAQUE_PREFIX_BYTES = 5;
const MAGIC = 'meta';

const json = (value) => `${JSON.stringify(value, null, '\t')}\n`;

/** The metadata in the form that tools read from files, without what a runtime API wraps it in. */
function plainMetadata(answer) {
	const metadata = answer.subarray(OPAQUE_PREFIX_BYTES);
	if (Buffer.from(metadata.subarray(0, MAGIC.length)).toString() !== MAGIC) {
		throw new Error('the Wasm answers no metadata of the version that releases keep');
	}
	return metadata;
}

/** The chain spec of a preset, with the code of the release. */
async function chainSpec(preset, code) {
	const spec = JSON.parse(await gtos('export-chain-spec', '--chain', preset));
	spec.genesis.runtimeGenesis.code = `0x${code.toString('hex')}`;
	return spec;
}

/** The same without the code, which would be most of the file and is not needed to read it. */
function withoutCode(spec) {
	const { code, ...genesis } = spec.genesis.runtimeGenesis;
	return { ...spec, genesis: { ...spec.genesis, runtimeGenesis: genesis } };
}

/** Starts a node on a chain spec. Returns the hash of its genesis and the JSON-RPC methods that it has. */
async function askNode(spec) {
	const [plain, raw] = ['plain.json', 'raw.json'].map((name) => join(temporaryFolder(), name));
	writeFileSync(plain, JSON.stringify(spec));
	await gtos('export-chain-spec', '--chain', plain, '--raw', '--output', raw);
	return withNode(['--tmp', '--chain', raw], async (api) => {
		const { methods } = await rawCall(api, 'rpc_methods');
		return { genesisHash: await blockHash(api, 0), rpcMethods: methods.sort() };
	});
}

const [version, commit, wasmFolder, folder] = process.argv.slice(2);
if (!folder) {
	console.error('usage: node e2e/write-release.mjs VERSION COMMIT WASM FOLDER');
	process.exit(2);
}
const wasm = describeWasm(wasmFolder);
if (wasm.metadataHash !== wasm.independentHash) {
	throw new Error(`the metadata hashes differ: ${wasm.metadataHash} (builder), ${wasm.independentHash} (independent)`);
}
const [live, local] = [await chainSpec('live', wasm.code), await chainSpec('local', wasm.code)];
const { genesisHash, rpcMethods } = await askNode(local);
const release = {
	version,
	commit,
	toolchain: execFileSync('rustc', ['--version'], { cwd: ROOT, encoding: 'utf8' }).trim(),
	specName: wasm.specName,
	specVersion: wasm.specVersion,
	transactionVersion: wasm.transactionVersion,
	codeHash: wasm.codeHash,
	codeBytes: wasm.codeBytes,
	uncompressedBytes: wasm.uncompressedBytes,
	metadataHash: wasm.metadataHash,
	genesisHash: { local: genesisHash },
	rpcMethods,
};
// In one step, so that a run that ends early leaves no release behind.
const unfinished = `${folder}.unfinished`;
rmSync(unfinished, { recursive: true, force: true });
mkdirSync(unfinished);
const write = (name, contents) => writeFileSync(join(unfinished, name), contents);
write('release.json', json(release));
write('metadata.scale', plainMetadata(wasm.metadata));
write('live.json', json(withoutCode(live)));
write('local.json', json(withoutCode(local)));
renameSync(unfinished, folder);
console.log(readFileSync(join(folder, 'release.json'), 'utf8'));
