// A large number of entries expires in one block. All queries stop finding them at once, the sweep removes them over the
// following blocks, and every node has the same state at every height, whenever it joined and in whichever sync mode.
//
// Environment variables:
//
//   GTOS_STORM_ENTRIES   how many entries expire together (default: 30000)
//   GTOS_STORM_SEED      seed of the random calls that run at the same time (default: the clock; it is printed)

import assert from 'node:assert/strict';
import { u8aToHex } from '@polkadot/util';
import { xxhashAsU8a } from '@polkadot/util-crypto';
import { after, before, describe, it } from 'node:test';
import {
	TOS,
	agreement,
	bestHeight,
	blockHash,
	connectSynced,
	development,
	finalisedHeight,
	fund,
	include,
	lastFinalised,
	newAccount,
	nextNonce,
	poolError,
	rawCall,
	sign,
	slotOf,
	until,
	withTimeout,
} from '../lib/chain.mjs';
import { extend, follow, hex, kvAll, kvGet, kvStats, put, putIf, remove, verifyProof } from '../lib/entries.mjs';
import { joinArguments, startConnected, startNetwork } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { blockCapacity } from '../lib/saturation.mjs';

const ENTRIES = Number(process.env.GTOS_STORM_ENTRIES ?? 30_000);
const SEED = Number(process.env.GTOS_STORM_SEED ?? Date.now()) >>> 0;

const SENDERS = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie'];
// The part of a block's weight for ordinary transactions that the puts of a round take. What does not fit is included one
// block later, expires at another height, and has to be put again.
const PART_OF_BLOCK = 0.75;
// Puts of an extrinsic whose weight is asked for.
const SAMPLE_PUTS = 50;
// A round of puts is signed for the block at this distance from the best one, which leaves time to sign.
const LEAD_BLOCKS = 3;
// An estimate of the number of blocks that a round takes, and how many more rounds are needed because of repeated puts.
const BLOCKS_PER_ROUND = 4;
const REPEATED_ROUNDS = 1.5;
// Pallet and item, 16 bytes each, in hex.
const VALUE_KEY_LENGTH = 2 + 2 * 32;
const RANDOM_CALLS = 10;
const RANDOM_ACTORS = 2;
const RANDOM_KEYS = 40;
const MAX_RANDOM_TTL = 30;
// The number of slots that a busy machine may miss.
const MISSED_SLOTS = 2;
const MISSED_SLOTS_RATIO = 0.1;

/** xorshift32: the same numbers for the same seed. */
function random(seed) {
	let x = seed || 1;
	return (below) => {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		return (x >>> 0) % below;
	};
}

const chunks = (items, size) =>
	Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

/** An account that counts its own nonces. */
async function sender(api, pair) {
	let nonce = await nextNonce(api, pair);
	return { api, pair, sign: (call) => sign(api, call, pair, { nonce: nonce++ }), nextNonce: () => nonce };
}

/** Waits until all transactions of the senders are in blocks. Cheaper than a subscription to each. */
async function settled(senders) {
	const [{ api }] = senders;
	const isSettled = async ({ pair, nextNonce: next }) =>
		(await api.query.system.account(pair.address)).nonce.toNumber() >= next();
	let height = await bestHeight(api);
	while (!(await Promise.all(senders.map(isSettled))).every(Boolean)) height = await bestHeight(api, height + 1);
}

const putAll = (api, keys, ttl) => api.tx.utility.batchAll(keys.map((key) => put(api, key, hex('storm'), ttl)));

/** How many puts an extrinsic has if one of each sender fits into a block. */
async function putsPerExtrinsic([{ api, pair }, ...others]) {
	const sample = Array.from({ length: SAMPLE_PUTS }, (_, i) => hex(`sample/${i}`));
	const perBlock = SAMPLE_PUTS * (await blockCapacity(api, { pair }, putAll(api, sample, 1).method.toU8a()));
	return Math.floor((PART_OF_BLOCK * perBlock) / (1 + others.length));
}

/** Puts an entry for every key of every sender so that all of them expire at height `end`, `size` of each at a time. */
async function load(senders, keysOf, end, size) {
	const [{ api }] = senders;
	let missing = keysOf;
	while (missing.some((keys) => keys.length > 0)) {
		const waiting = missing.map((keys) => chunks(keys, size));
		while (waiting.some((groups) => groups.length > 0)) {
			// A lifetime counts from the block of the put, so the puts are signed for one block and sent just before it.
			const target = (await bestHeight(api)) + LEAD_BLOCKS;
			assert.ok(target + LEAD_BLOCKS < end, 'the entries expire before all of them are put');
			const signed = senders.flatMap((sender, i) =>
				waiting[i]
					.splice(0, 1)
					.map((keys) => [sender.api, sender.sign(putAll(sender.api, keys, end - target))]),
			);
			await bestHeight(api, target - 1);
			const refusals = await Promise.all(signed.map(([node, extrinsic]) => poolError(node, extrinsic.toHex())));
			assert.deepEqual(refusals.filter(Boolean), []);
			await withTimeout(settled(senders), 'a round of puts to be in blocks');
		}
		// Puts that were included in another block expire at another height and are repeated.
		await finalisedHeight(api, await bestHeight(api));
		const stored = await Promise.all(senders.map(({ pair }) => kvAll(api, pair)));
		missing = keysOf.map((keys, i) => {
			const ends = new Map(stored[i].map(({ key, expiresAt }) => [key, expiresAt]));
			return keys.filter((key) => ends.get(key) !== end);
		});
	}
}

/** Puts, extends and deletes at random until `isStopped()`. */
async function actRandomly(actor, below, isStopped) {
	const { api } = actor;
	const call = () => {
		const key = hex(`random/${below(RANDOM_KEYS)}`);
		const ttl = 1 + below(MAX_RANDOM_TTL);
		return [
			() => put(api, key, hex('x'.repeat(1 + below(200))), ttl),
			() => putIf(api, key, hex('once'), ttl, { Absent: null }),
			() => extend(api, key, ttl),
			() => remove(api, key),
		][below(4)]();
	};
	while (!isStopped()) {
		// Many of the calls fail, which must not revert the others.
		const calls = Array.from({ length: RANDOM_CALLS }, call);
		await include(actor.sign(api.tx.utility.forceBatch(calls)));
	}
}

describe(`a storm of ${ENTRIES} entries`, () => {
	const joined = [];
	let network;
	let apis;
	let api;
	let senders;
	let keysOf;
	let end;
	let drained;
	let isStopped = false;
	let acting;

	before(async () => {
		network = await startNetwork();
		({ apis } = network);
		[api] = apis;
		const actors = Array.from({ length: RANDOM_ACTORS }, () => newAccount());
		// Alice pays, so this must happen before her nonces are counted locally.
		await fund(api, actors.map((actor) => [actor, 1_000n * TOS]));
		senders = await Promise.all(SENDERS.map((name, i) => sender(apis[i % apis.length], development(name))));
		const keys = Array.from({ length: ENTRIES }, (_, i) => hex(`storm/${i}`));
		keysOf = senders.map((_, i) => keys.filter((_, position) => position % senders.length === i));
		acting = Promise.all(
			actors.map(async (pair, i) =>
				actRandomly(await sender(apis[i % apis.length], pair), random(SEED + i), () => isStopped),
			),
		);
		// A later test awaits this promise and sees its error. Until then a rejection must not end the process.
		acting.catch(() => {});
	});

	after(async () => {
		isStopped = true;
		await acting?.catch(() => {});
		await Promise.all(joined.map((node) => node.stop()));
		await network?.stop();
	});

	/** Height that all validators have finalised. */
	async function finalisedEverywhere() {
		const height = await lastFinalised(api);
		await Promise.all(apis.map((node) => finalisedHeight(node, height)));
		return height;
	}

	/** Starts a further node with these arguments and connects to it. */
	async function joinNetwork(...args) {
		const options = [...joinArguments(network), '--base-path', temporaryFolder(), ...args];
		// A node in warp sync has no state at first.
		const node = await startConnected(options, (url) => connectSynced(url, end));
		joined.push(node);
		return node.api;
	}

	it('all entries are put so that they expire in one block', async (t) => {
		t.diagnostic(`seed ${SEED}`);
		const size = await putsPerExtrinsic(senders);
		const rounds = Math.ceil(ENTRIES / (senders.length * size));
		t.diagnostic(`${rounds} rounds of ${senders.length} extrinsics of ${size} puts`);
		end = (await bestHeight(api)) + Math.ceil((REPEATED_ROUNDS * rounds + 3) * BLOCKS_PER_ROUND);
		await load(senders, keysOf, end, size);
		t.diagnostic(`${ENTRIES} entries expire at ${end}; block ${await bestHeight(api)} is the best one`);
	});

	it('from that block on none of them is found, and that block has an event for each', async (t) => {
		const watches = await Promise.all(
			senders.map(({ api: node, pair }) => follow(node, pair, { from: end, prefix: hex('storm/') })),
		);
		await Promise.all(apis.map((node) => finalisedHeight(node, end)));
		const [last, first] = await Promise.all([end - 1, end].map((number) => blockHash(api, number)));
		for (const [i, { pair }] of senders.entries()) {
			const keys = keysOf[i].filter((_, position) => position % 50 === 0);
			for (const node of apis) {
				for (const key of keys) {
					assert.equal(await kvGet(node, pair, key, last), hex('storm'));
					assert.equal(await kvGet(node, pair, key, first), null);
				}
				assert.deepEqual(await kvAll(node, pair, { prefix: hex('storm/'), at: first }), []);
			}
		}

		// A proof shows that an entry which the sweep has not removed yet has expired.
		let unswept = 0;
		for (const [i, { pair }] of senders.entries()) {
			const { state, entry } = await verifyProof(apis[1], apis[2], pair, keysOf[i].at(-1), first);
			assert.notEqual(state, 'live');
			if (state === 'expired') {
				unswept++;
				assert.deepEqual([entry.expiresAt, entry.value], [end, hex('storm')]);
			}
		}
		t.diagnostic(`${unswept} of ${senders.length} entries were still stored when they expired`);

		for (const [i, watch] of watches.entries()) {
			const count = keysOf[i].length;
			const events = await watch.until(({ length }) => length >= count, `${count} entries to expire`);
			assert.ok(events.every(({ type, blockNumber }) => type === 'expired' && blockNumber === end));
			assert.deepEqual(events.map(({ key }) => key).sort(), [...keysOf[i]].sort());
			const revisions = events.map(({ revision }) => BigInt(revision));
			assert.ok(revisions.every((revision, position) => position === 0 || revision > revisions[position - 1]));
			await watch.stop();
		}
	});

	it('the backlog stays within its bound and is swept in time', async (t) => {
		// The sweep removes at least this many per block, however the entries lie in the index.
		const quota = api.consts.ttlKv.sweepQuota.toNumber() - 1;
		const most = Math.ceil(ENTRIES / quota);
		// The random calls add a few to every block.
		const others = (blocks) => blocks * RANDOM_ACTORS * RANDOM_KEYS;
		const backlogs = [];
		for (let number = end; ; number++) {
			await finalisedHeight(api, number);
			const { backlog } = await kvStats(api, await blockHash(api, number));
			backlogs.push(backlog);
			const swept = backlogs.length * quota;
			assert.ok(backlog <= Math.max(0, ENTRIES + others(backlogs.length) - swept), `${backlog} at ${number}`);
			if (backlog === 0) {
				drained = number;
				break;
			}
		}
		assert.ok(backlogs.length <= most + 1, `${backlogs.length} blocks for ${ENTRIES}, with a quota of ${quota}`);
		t.diagnostic(`quota ${quota}; backlog after each block: ${backlogs.join(', ')}`);
	});

	it('blocks keep to their slots before, during and after the storm', async (t) => {
		const [from, to] = [end - 20, drained + 20];
		await Promise.all(apis.map((node) => finalisedHeight(node, to)));
		const blocks = to - from;
		const [first, last] = await Promise.all(
			[from, to].map(async (number) => slotOf(await api.rpc.chain.getHeader(await blockHash(api, number)))),
		);
		const missed = Number(last - first) - blocks;
		t.diagnostic(`${missed} slots without a block, ${blocks} with one`);
		assert.ok(missed <= MISSED_SLOTS + Math.floor(blocks * MISSED_SLOTS_RATIO), `${missed} slots were missed`);
	});

	it('the validators have the same state at every height', async (t) => {
		const last = await finalisedEverywhere();
		for (let number = 1; number <= last; number++) await agreement(apis, number);
		t.diagnostic(`${last} heights, the storm at ${end} to ${drained}`);
	});

	it('a node that joins in full sync has the same state at every height', async () => {
		const late = await joinNetwork('--sync', 'full');
		const last = await finalisedEverywhere();
		await finalisedHeight(late, last);
		for (let number = 1; number <= last; number++) await agreement([api, late], number);
	});

	it('a node that joins in warp sync has the same state at every height', async () => {
		const late = await joinNetwork('--sync', 'warp');
		const last = await finalisedEverywhere();
		await finalisedHeight(late, last);
		// Warp sync downloads the history after the state.
		await until(async () => BigInt(await blockHash(late, 1)) !== 0n, 'the history of a warp sync');
		for (let number = 1; number <= last; number++) await agreement([api, late], number);
	});

	it('all five nodes continue with the same state', async () => {
		const all = [...apis, ...joined.map((node) => node.api)];
		assert.equal(all.length, 5);
		const from = await finalisedEverywhere();
		const to = from + MAX_RANDOM_TTL;
		await Promise.all(all.map((node) => finalisedHeight(node, to)));
		isStopped = true;
		await acting;
		for (let number = from; number <= to; number++) {
			const { hash } = await agreement(all, number);
			const [stats, ...others] = await Promise.all(all.map((node) => kvStats(node, hash)));
			for (const other of others) assert.deepEqual(other, stats);
		}
	});

	it('nothing is stored once all entries have expired', async () => {
		const to = (await bestHeight(api)) + MAX_RANDOM_TTL + 2;
		const all = [...apis, ...joined.map((node) => node.api)];
		await Promise.all(all.map((node) => finalisedHeight(node, to)));
		const { hash } = await agreement(all, to);
		const pallet = u8aToHex(xxhashAsU8a('TtlKv', 128));
		for (const node of all) {
			const { entries, bytes, backlog } = await kvStats(node, hash);
			assert.deepEqual({ entries, bytes, backlog }, { entries: 0, bytes: 0, backlog: 0 });
			// Only single values are left: no entry and no row of the index.
			const keys = await rawCall(node, 'state_getKeysPaged', pallet, 100, null, hash);
			assert.ok(keys.every((key) => key.length === VALUE_KEY_LENGTH), keys.join());
		}
	});
});
