// Writes a chain spec like `dev` with many more accounts, for scripts/base-weights.
//
// Usage: node e2e/large-state.mjs ACCOUNTS FILE

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blake2AsHex } from '@polkadot/util-crypto';
import { gtos, temporaryFolder } from './lib/node.mjs';

const [accounts, file] = process.argv.slice(2);
const raw = join(temporaryFolder(), 'raw.json');
await gtos('export-chain-spec', '--chain', 'dev', '--raw', '--output', raw);
const spec = JSON.parse(readFileSync(raw, 'utf8'));
const { top } = spec.genesis.raw;

/** The storage prefix of `System.Account`: twox128 of both names. */
const PREFIX = '0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9';
const someAccount = Object.entries(top).find(([key]) => key.startsWith(PREFIX))[1];
for (let i = 0; i < Number(accounts); i++) {
	const id = blake2AsHex(`account ${i}`);
	top[`${PREFIX}${blake2AsHex(id, 128).slice(2)}${id.slice(2)}`] = someAccount;
}
writeFileSync(file, JSON.stringify(spec));
