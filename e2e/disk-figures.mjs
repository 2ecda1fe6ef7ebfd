// Measures the disk space of a million transactions; scripts/disk-figures describes how to run it.
//
// For each kind, a development chain gets that many signed transactions of one call each. The node is then started once
// more, because the database empties its log when it is opened, and stopped; then the growth of each part of the
// database is measured. Empty blocks count, too, so a slow machine shows somewhat more than a fast one.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TOS, finalisedHeight, lastFinalised, until } from './lib/chain.mjs';
import { withNode } from './lib/network.mjs';
import { temporaryFolder } from './lib/node.mjs';
import { Saturation, endow, newSenders, templateOf } from './lib/saturation.mjs';
import { editedSpec } from './lib/spec.mjs';

const [count = 50_000] = process.argv.slice(2).map(Number);
if (!Number.isSafeInteger(count) || count < 1_000) throw new Error('the number of transactions is at least 1000');

const MILLION = 1_000_000;
const PER_DAY_AT_3000 = 3_000 * 24 * 60 * 60;
const FUNDS = 1_000_000n * TOS;
const IN_POOL = 6_000;
const PATIENCE_MS = 60 * 60 * 1_000;
const [TTL, VALUE_BYTES] = [100_000, 64];

/** For each kind, a function that makes another one, which answers the encoded call of a transaction by its number. */
const KINDS = {
	transfers: (api, senders) => {
		const calls = senders.map(({ pair }) => api.tx.balances.transferKeepAlive(pair.address, 1).method.toU8a());
		return (i) => calls[(i + 1) % calls.length];
	},
	puts: (api) => {
		const value = `0x${'5a'.repeat(VALUE_BYTES)}`;
		return templateOf((key) => api.tx.ttlKv.kvPutTtl(key, value, TTL).method.toU8a());
	},
};

/**
 * The parts of a node's folder, by the file names below `paritydb`. The names in `full` start with the number of the
 * column, as sc-client-db has them.
 */
const PARTS = {
	bodies: /^full\/(table|index)_(05|11|12)_/,
	state: /^full\/(table|index)_(01|02)_/,
	index: /^transactions\//,
	other: /./,
};

/** Bytes on disk of each part. */
function measure(base) {
	const [chain] = readdirSync(join(base, 'chains'));
	const database = join(base, 'chains', chain, 'paritydb');
	const sums = Object.fromEntries(Object.keys(PARTS).map((part) => [part, 0]));
	const listed = execFileSync('find', [database, '-type', 'f', '-printf', '%P\t%b\n'], { encoding: 'utf8' });
	for (const line of listed.trim().split('\n')) {
		const [path, blocks] = line.split('\t');
		const [part] = Object.entries(PARTS).find(([, pattern]) => pattern.test(path));
		// `find` counts blocks of 512 bytes.
		sums[part] += 512 * Number(blocks);
	}
	return sums;
}

/** Sends `count` transactions of a kind, and answers the growth of each part for a million of them. */
async function grow(kind) {
	const senders = newSenders(`disk-figures/${kind}`);
	const spec = await editedSpec('dev', (genesis) => endow(genesis, senders, FUNDS));
	const base = temporaryFolder();
	const args = ['--dev', '--chain', spec, '--base-path', base];
	const flush = () => withNode(args, () => {});

	await withNode(args, (api) => finalisedHeight(api, 2));
	await flush();
	const before = measure(base);
	const included = await withNode(args, async (api, { rpc }) => {
		const callOf = KINDS[kind](api, senders);
		const nodes = [{ api, http: rpc.replace('ws:', 'http:') }];
		const saturation = new Saturation({ nodes, senders, callOf, inPools: IN_POOL });
		await saturation.start();
		await until(() => saturation.included >= count, `${count} ${kind} in blocks`, PATIENCE_MS);
		await saturation.stop();
		await saturation.drained(PATIENCE_MS);
		// The state of a block is written when the block becomes final.
		await finalisedHeight(api, (await lastFinalised(api)) + 5);
		return saturation.sent;
	});
	await flush();
	const after = measure(base);
	return Object.fromEntries(Object.keys(PARTS).map((part) => [part, ((after[part] - before[part]) / included) * MILLION]));
}

const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(0);
const gibibytes = (bytes) => (bytes / 2 ** 30).toFixed(1);

console.log(`\nMiB of disk for a million transactions of one call, from ${count} of each kind:\n`);
console.log(`| calls | ${Object.keys(PARTS).join(' | ')} | sum | GiB a day at 3,000 a second: bodies | index | state and other |`);
console.log(`|---|${'---|'.repeat(Object.keys(PARTS).length + 4)}`);
for (const kind of Object.keys(KINDS)) {
	const grown = await grow(kind);
	const sum = Object.values(grown).reduce((total, part) => total + part, 0);
	const perDay = (bytes) => gibibytes((bytes / MILLION) * PER_DAY_AT_3000);
	const daily = [grown.bodies, grown.index, grown.state + grown.other].map(perDay);
	console.log(`| ${kind} | ${[...Object.values(grown), sum].map(mebibytes).join(' | ')} | ${daily.join(' | ')} |`);
}
process.exit(0);
