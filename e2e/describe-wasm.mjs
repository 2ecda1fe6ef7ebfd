// Prints what a voter compares before an upgrade: the hash, the sizes and the versions of a built Wasm, and the hash of its
// metadata. scripts/wasm runs it.
//
// Usage: node e2e/describe-wasm.mjs FOLDER
//
//   FOLDER   where the Wasm builder has put the runtime: .../PROFILE/wbuild/gtos-runtime
//
// Fails if the hash of the metadata that the builder has put into the Wasm is not that of an independent implementation.

import { describeWasm } from './lib/wasm-description.mjs';

const [folder] = process.argv.slice(2);
if (!folder) {
	console.error('usage: node e2e/describe-wasm.mjs FOLDER');
	process.exit(2);
}
const wasm = describeWasm(folder);
console.log(`code hash             ${wasm.codeHash}
bytes                 ${wasm.codeBytes} (uncompressed ${wasm.uncompressedBytes})
spec                  ${wasm.specName} ${wasm.specVersion}
transaction version   ${wasm.transactionVersion}
runtime APIs          ${wasm.apis.length}
metadata hash         ${wasm.metadataHash} (builder)
                      ${wasm.independentHash} (independent)`);
if (wasm.metadataHash !== wasm.independentHash) {
	console.error('error: the metadata hashes differ: hardware wallets would refuse to sign, or show something else');
	process.exitCode = 1;
}
