// Prints what `gtos-upgrade-check` has found, with names, and what changes in the metadata. scripts/upgrade-check runs it.
//
// Usage: node e2e/report-upgrade.mjs FOLDER
//
//   FOLDER   has `report.json`, and the metadata of both runtimes as `old.scale` and `new.scale`
//
// Exits with code 1 if something is unsafe, and with 2 if it cannot tell.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { xxhashAsHex } from '@polkadot/util-crypto';
import { metadataChanges, readMetadata } from './lib/metadata-changes.mjs';

// Node.js itself would exit with code 1.
process.on('uncaughtException', (error) => {
	console.error(error);
	process.exit(2);
});

const PS_PER_MS = 1_000_000_000;

/** The names of storage items by the first 32 bytes of their keys, in hex without prefix. */
function storageNames(...versions) {
	const hash = (name) => xxhashAsHex(name, 128).slice(2);
	const names = new Map();
	for (const { pallets } of versions) {
		for (const { name, storage } of pallets) {
			for (const item of storage?.items ?? []) {
				names.set(hash(storage.prefix) + hash(item.name), `${name}.${item.name}`);
			}
		}
	}
	return names;
}

/** A constant of 32 bits. */
function constant({ pallets }, pallet, name) {
	const { value } = pallets.find((found) => found.name === pallet).constants.find((found) => found.name === name);
	return Buffer.from(value.slice(2), 'hex').readUInt32LE();
}

function printList(title, lines) {
	console.log(`\n${title}`);
	for (const line of lines.length > 0 ? lines : ['none']) console.log(`  ${line}`);
}

const [folder] = process.argv.slice(2);
if (!folder) {
	console.error('usage: node e2e/report-upgrade.mjs FOLDER');
	process.exit(2);
}
const { height, old, new: next, codeBytes, upgrade, unsafe } = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
const [before, after] = ['old', 'new'].map((name) => readMetadata(readFileSync(join(folder, `${name}.scale`))));
const changes = metadataChanges(before, after);

const ms = (ps) => (ps / PS_PER_MS).toFixed(2);
const migrating = upgrade.blocks.filter(({ isMigrating }) => isMigrating);
const heaviest = Math.max(0, ...upgrade.blocks.map(({ weightPs }) => weightPs));
const slowest = Math.max(0, ...upgrade.blocks.map(({ milliseconds }) => milliseconds));
console.log(`spec version          ${old[0]} -> ${next[0]}
transaction version   ${old[1]} -> ${next[1]}
code                  ${codeBytes} bytes
state                 of block ${height}
migrations            ${ms(upgrade.singleBlockWeightPs)} ms of weight in one block, then ${migrating.length} blocks
heaviest block        ${ms(heaviest)} ms of weight, of ${ms(upgrade.maxWeightPs)}
slowest block         ${slowest} ms on this machine, with the checks of migrations`);

const names = storageNames(before, after);
printList(
	'Changed storage, with what every block changes',
	Object.entries(upgrade.changedStorage).map(([prefix, { added, rewritten, removed, bytes }]) => {
		const name = names.get(prefix) ?? `0x${prefix}`;
		return `${name}: ${added} added, ${rewritten} rewritten, ${removed} removed, ${bytes >= 0 ? '+' : ''}${bytes} bytes`;
	}),
);
printList('Changes of what is signed', changes.signing);
printList('Other changes of the metadata', changes.notes);

const found = [...unsafe, ...changes.unsafe];
// UPG-R1, by the limit of the code that runs now: that code decides.
const maxBytes = constant(before, 'Upgrades', 'MaxCodeLength');
if (codeBytes > maxBytes) found.push(`the code has ${codeBytes} bytes; the chain accepts at most ${maxBytes}`);
if (changes.signing.length > 0 && next[1] <= old[1]) {
	found.push('transaction_version has to rise: what is signed now would be another call, or fail to decode');
}
printList('Unsafe', found);
if (changes.signing.length === 0 && next[1] > old[1]) {
	console.log('\nNote: transaction_version rises although nothing that is signed has changed.');
}
process.exitCode = found.length > 0 ? 1 : 0;
