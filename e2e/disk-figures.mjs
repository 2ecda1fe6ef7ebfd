// Measures the disk space of a million transactions; scripts/disk-figures describes how to run it.
//
// For each kind, a development chain is kept full of signed transactions of one call each. The growth of each part of
// the database is measured from the end of a warm-up: by then the look-up tables of the database have their first size,
// and the states that the node keeps replace those that it deletes. Before each measurement the node is started once
// more, because the database empties its log when it is opened. Empty blocks count, too, so a slow machine shows
// somewhat more than a fast one. Keys, values and signatures are random and accounts return only in another block,
// because the database compresses what repeats.

import { execFileSync } from 'node:child_process';
import { randomBytes, randomFillSync } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TOS, blockHash, finalisedHeight, lastFinalised, rawCall } from './lib/chain.mjs';
import { untilMetric } from './lib/metrics.mjs';
import { withNode } from './lib/network.mjs';
import { ROOT, temporaryFolder } from './lib/node.mjs';
import { Saturation, endow, hex, isSigned, newSenders } from './lib/saturation.mjs';
import { editedSpec } from './lib/spec.mjs';

const [seconds = 80] = process.argv.slice(2).map(Number);
if (!(seconds >= 10)) throw new Error('the time of each measurement is at least 10 seconds');
const warmUp = seconds / 2;

const MILLION = 1_000_000;
const PER_DAY_AT_3000 = 3_000 * 24 * 60 * 60;
const FUNDS = 1_000_000n * TOS;
const SENDERS = 2_000;
// Some blocks, which the chain has soon taken when the load is over.
const IN_POOL = 3_000;
// More than a node attains. With a rate, the load does not wait until the pool is full.
const PER_SECOND = 100_000;
const PATIENCE_MS = 120_000;
const [TTL, KEY_BYTES, VALUE_BYTES] = [100_000, 32, 64];
// So few that the warm-up is longer.
const STATES = 16;

/** For each kind, a function that makes another one, which answers the encoded call of the transaction number i. */
const KINDS = {
	transfers: (api, senders) => {
		const calls = senders.map(({ pair }) => api.tx.balances.transferKeepAlive(pair.address, 1).method.toU8a());
		// Far from the sender of the next transaction, which is in the same block.
		return (i) => calls[(i + calls.length / 2) % calls.length];
	},
	puts: (api) => {
		const markers = [KEY_BYTES, VALUE_BYTES].map((length) => randomBytes(length));
		const template = Buffer.from(api.tx.ttlKv.kvPutTtl(...markers.map(hex), TTL).method.toU8a());
		const places = markers.map((marker) => [template.indexOf(marker), marker.length]);
		return () => {
			const call = Buffer.from(template);
			for (const place of places) randomFillSync(call, ...place);
			return call;
		};
	},
};

/**
 * The parts of a node's folder, by the file names below `paritydb`. A file belongs to the first part that fits. Names
 * in `full` contain the number of the column, as sc-client-db has them.
 */
const PARTS = {
	'look-up': /(^|\/)index_\d\d_\d\d$/,
	bodies: /^full\/table_(05|11|12)_/,
	state: /^full\/table_(01|02)_/,
	index: /^transactions\//,
	other: /./,
};

const perPart = (value) => Object.fromEntries(Object.keys(PARTS).map((part) => [part, value(part)]));

/** Bytes on disk of each part. */
function measure(base) {
	const [chain] = readdirSync(join(base, 'chains'));
	const database = join(base, 'chains', chain, 'paritydb');
	const sums = perPart(() => 0);
	for (const path of readdirSync(database, { recursive: true })) {
		const file = statSync(join(database, path));
		const [part] = Object.entries(PARTS).find(([, pattern]) => pattern.test(path));
		if (file.isFile()) sums[part] += 512 * file.blocks;
	}
	return sums;
}

/** How many signed transactions are in the blocks above `from`, up to `to`. */
async function countSigned(api, from, to) {
	let count = 0;
	for (let height = from + 1; height <= to; height++) {
		const { block } = await rawCall(api, 'chain_getBlock', await blockHash(api, height));
		count += block.extrinsics.filter(isSigned).length;
	}
	return count;
}

/**
 * Sends transactions of a kind for some time, and resolves with the number of those that are in blocks when the
 * database has all of them.
 */
const load = (args, kind, senders, duration) =>
	withNode(args, async (api, node) => {
		const first = await lastFinalised(api);
		const nodes = [{ api, http: node.rpc.replace('ws:', 'http:') }];
		const callOf = KINDS[kind](api, senders);
		const options = { inPools: IN_POOL, perSecond: PER_SECOND };
		const saturation = new Saturation({ nodes, senders, callOf, ...options });
		await saturation.start();
		await sleep(duration * 1_000);
		await saturation.stop();
		await saturation.drained(PATIENCE_MS);
		// The state of a block is written when the block becomes final, and the index by a task of its own.
		const height = (await lastFinalised(api)) + 5;
		await finalisedHeight(api, height);
		await untilMetric(node, ['gtos_transaction_index_height', { block: 'best' }], (best) => best >= height);
		return countSigned(api, first, height);
	});

/** The number of transactions of a kind that were measured, and the growth of each part for a million of them. */
async function grow(kind) {
	// Not the same accounts twice: one whose last transaction was refused has a gap in its nonces.
	const phases = ['warm-up', 'measured'].map((phase) => newSenders(`disk-figures/${kind}/${phase}`, SENDERS));
	const spec = await editedSpec('dev', (genesis) => phases.forEach((senders) => endow(genesis, senders, FUNDS)));
	const base = temporaryFolder();
	const args = ['--dev', '--chain', spec, '--base-path', base, '--state-pruning', String(STATES)];
	const measureAfter = async (senders, duration) => {
		const count = await load(args, kind, senders, duration);
		await withNode(args, () => {});
		return { count, sizes: measure(base) };
	};
	const { sizes: before } = await measureAfter(phases[0], warmUp);
	const { count, sizes: after } = await measureAfter(phases[1], seconds);
	return { count, grown: perPart((part) => ((after[part] - before[part]) / count) * MILLION) };
}

const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(0);
const gibibytesPerDay = (bytes) => (((bytes / MILLION) * PER_DAY_AT_3000) / 2 ** 30).toFixed(1);
const row = (cells) => console.log(`| ${cells.join(' | ')} |`);

const commit = execFileSync('git', ['-C', ROOT, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const date = new Date().toISOString().slice(0, 10);
console.log(`\nMiB of disk for a million transactions of one call; ${cpus().length} cores (${cpus()[0].model}):\n`);
const daily = ['bodies', 'index', 'state and other'];
const heads = ['date', 'commit', 'calls', 'measured', ...Object.keys(PARTS), 'sum'];
row([...heads, `GiB a day at 3,000 a second: ${daily[0]}`, ...daily.slice(1)]);
row([...heads, ...daily].map(() => '---'));
for (const kind of Object.keys(KINDS)) {
	const { count, grown } = await grow(kind);
	const sizes = Object.values(grown);
	const sum = sizes.reduce((total, size) => total + size);
	const days = [grown.bodies, grown.index, grown.state + grown.other].map(gibibytesPerDay);
	row([date, commit, kind, count, ...[...sizes, sum].map(mebibytes), ...days]);
}
process.exit(0);
