// Strangers, which are peers that nobody has reserved, attack one of four validators in several ways, one after the
// other: with handshakes and requests that cannot be decoded, requests for the longest answers at full speed, answers
// that they do not read, more peers than there are places, made-up heights and blocks, some of which they deliver,
// transactions of which only one of each account can be valid, and transactions that are nested too deeply. The validator
// keeps its slots and announces its blocks to the other validators, and the next author has them before its own slot.
// Finality goes on, an honest transaction gets into a block over the attacked node, and the cost for that node, which the
// drill prints, is bounded.
//
// Needs Node.js 20 and `scripts/setup e2e stranger`. Set by environment:
//
//   GTOS_STRANGER_SLOTS   slots that each attack lasts, at least 6 (default: 20)

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
	TOS,
	agreement,
	development,
	include,
	lastFinalised,
	newAccount,
	nextNonce,
	rawCall,
	sign,
	until,
} from '../lib/chain.mjs';
import { ChainWatch } from '../lib/chain-watch.mjs';
import { LOADS, nestedCall } from '../lib/loads.mjs';
import { metric, untilMetric } from '../lib/metrics.mjs';
import { startNetwork } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { measureCost } from '../lib/process-cost.mjs';
import { Saturation, endow, newSenders } from '../lib/saturation.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';
import * as attacks from '../stranger/attacks.mjs';

const SLOTS = Number(process.env.GTOS_STRANGER_SLOTS ?? 20);

// The first one is attacked.
const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave'];
const SLOT_MS = 1_000;
const PATIENCE_MS = (SLOTS + 60) * SLOT_MS;

// Number of blocks that are filled before the attacks, so that long requests have long answers.
const FULL_BLOCKS = 20;
const RICH = 100_000n * TOS;
// Enough for the fee of one transaction besides the existential deposit, and not for that of two.
const POOR = 1_500_000_000n;

// One in five: nodes and strangers share the machine.
const MOST_MISSED = Math.ceil(SLOTS / 5);
// In a block within so many milliseconds, in the middle of an attack.
const HONEST_WITHIN_MS = 10_000;
const USUAL_TIP = TOS / 1_000n;
// The answers that a node holds (256 MiB), the same again on their way through the layers, and the pool.
const MOST_GROWTH_MIB = 700;
// The SDK's defaults of `--in-peers` and `--out-peers`, and the other validators. A node that connects to nobody by
// itself has the places of both for peers that connect to it.
const MOST_PEERS = 32 + 8 + NAMES.length - 1;
// More than half of the peers, and no more than are let in.
const LIARS = 8;
// More than are let in.
const IDLE_PEERS = 48;

describe('strangers', () => {
	const rich = newSenders('strangers');
	const poor = newSenders('strangers/poor');
	let network;
	let watch;
	let target;
	let pid;
	// Position of the attacked node in the order of authors.
	let turn;

	before(async () => {
		const chain = await editedSpec('local', (genesis) => {
			withValidators(genesis, NAMES);
			Object.assign(genesis.genesisParameters.timing, { slotDurationMs: SLOT_MS, sessionLengthBlocks: 10_000 });
			endow(genesis, rich, RICH);
			endow(genesis, poor, POOR);
		});
		const dir = temporaryFolder();
		network = await startNetwork({ names: NAMES.map((name) => name.toLowerCase()), chain, dir });
		const [api] = network.apis;
		const [node] = network.nodes;
		target = { address: node.p2p, genesis: api.genesisHash.toHex().slice(2) };
		pid = readFileSync(join(dir, node.name, 'pid'), 'utf8').trim();
		turn = (await api.query.session.validators()).map(String).indexOf(development(`${NAMES[0]}//stash`).address);
		watch = await new ChainWatch(network.apis).start();
		await fillBlocks();
	});

	after(async () => {
		watch?.stop();
		await network?.stop();
	});

	async function fillBlocks() {
		const { apis, nodes } = network;
		const senders = nodes.map(({ rpc }, i) => ({ api: apis[i], http: rpc.replace('ws:', 'http:') }));
		const load = new Saturation({ nodes: senders, senders: rich, callOf: LOADS.remarks(apis[0]), inPools: 300 });
		const from = watch.slot;
		await load.start();
		await watch.reachesSlot(from + FULL_BLOCKS, PATIENCE_MS);
		await load.stop();
		await load.drained(PATIENCE_MS);
	}

	/** The best block of the attacked node. */
	async function best() {
		const header = await network.apis[0].rpc.chain.getHeader();
		return { number: header.number.toNumber(), hash: Buffer.from(header.hash.toU8a()) };
	}

	const peers = async () => (await rawCall(network.apis[0], 'system_health')).peers;

	/**
	 * Sends a transfer with a usual tip over the attacked node, and resolves with the milliseconds until a block has
	 * it.
	 */
	async function honestTransfer() {
		const [api] = network.apis;
		const { pair } = rich[0];
		const call = api.tx.balances.transferKeepAlive(newAccount().address, TOS);
		const transfer = sign(api, call, pair, { nonce: await nextNonce(api, pair), tip: USUAL_TIP });
		const began = Date.now();
		await include(transfer);
		return Date.now() - began;
	}

	const isOwn = (slot) => slot % NAMES.length === turn;

	/**
	 * Waits until an honest node, by its position, has a block that the attacked node has made in slot `from` or later
	 * and has announced to it.
	 */
	function hearsTarget(position, from) {
		const targetId = target.address.split('/').at(-1);
		const hears = async () => {
			const peers = await rawCall(network.apis[position], 'system_peers');
			// The hash is that of the last best block that the peer itself has announced.
			const block = watch.block(peers.find(({ peerId }) => peerId === targetId)?.bestHash);
			return block && isOwn(block.slot) && block.slot >= from && block.imports[position] !== undefined;
		};
		return until(hears, `${NAMES[position]} to get a block of the attacked node from that node`, PATIENCE_MS);
	}

	/** Waits for what has to go on in the middle of an attack. Resolves with the time of an honest transfer. */
	async function goesOn(from) {
		const middle = from + Math.floor(SLOTS / 2);
		await watch.reachesSlot(middle, PATIENCE_MS);
		const hearing = NAMES.slice(1).map((_, i) => hearsTarget(1 + i, middle));
		const [honestMs] = await Promise.all([honestTransfer(), ...hearing]);
		return honestMs;
	}

	/**
	 * The number of slots of the attacked node, without the last slot of all, and in how many of them it has made a
	 * block that the next author had before its own slot. All of these blocks must be final.
	 */
	async function ownSlots(from, to) {
		const used = new Set((await watch.finalBlocks(from, to)).map(({ slot }) => slot));
		const own = Array.from({ length: to - from - 1 }, (_, i) => from + i).filter(isOwn);
		// If both slots have a final block, the second one is the child of the first.
		return { turns: own.length, inTime: own.filter((slot) => used.has(slot) && used.has(slot + 1)).length };
	}

	/** Runs an attack for `SLOTS` slots from slot `from` on. Resolves with what the strangers did and what it cost. */
	async function underAttack(attack, from) {
		const cost = measureCost(pid);
		let mostPeers = 0;
		const watchPeers = setInterval(async () => (mostPeers = Math.max(mostPeers, await peers().catch(() => 0))), 500);
		// It lasts until all that has to go on meanwhile has been seen.
		let isSeen = false;
		const isOver = () => isSeen && watch.slot >= from + SLOTS;
		const results = await Promise.allSettled([
			attack(isOver),
			goesOn(from).finally(() => (isSeen = true)),
			watch.reachesSlot(from + SLOTS, PATIENCE_MS),
		]);
		clearInterval(watchPeers);
		const costs = cost.end();
		for (const { status, reason } of results) if (status === 'rejected') throw reason;
		const [strangers, honestMs] = results.map(({ value }) => value);
		return { strangers, honestMs, mostPeers, ...costs };
	}

	/** Runs an attack, prints what it did and what it cost, asserts the bounds, and resolves with what it did. */
	async function withstands(t, attack) {
		const [node] = network.nodes;
		const untilSyncing = ['gtos_own_slots_left_while_syncing_total'];
		const left = await metric(node, ...untilSyncing);
		const from = watch.slot + 1;
		const to = from + SLOTS;
		const { strangers, honestMs, mostPeers, memory, peakMemory, cores } = await underAttack(attack, from);
		await watch.finalisesSlotsBefore(to, PATIENCE_MS);
		const { slotsWithoutBlock, orphans, finalityMs } = await watch.report(from, to);
		const { turns, inTime } = await ownSlots(from, to);
		const leftNow = (await metric(node, ...untilSyncing)) - left;

		t.diagnostic(`the strangers: ${JSON.stringify(strangers)}`);
		t.diagnostic(`an honest transfer is in a block after ${honestMs} ms`);
		t.diagnostic(`memory ${memory} MiB, at most ${peakMemory} MiB; ${cores} cores busy; at most ${mostPeers} peers`);
		t.diagnostic(`${slotsWithoutBlock} of ${SLOTS} slots without a block, ${orphans} orphans`);
		t.diagnostic(`in ${inTime} of its ${turns} slots the attacked node made a block that the next author had in time`);
		t.diagnostic(`finality ${JSON.stringify(finalityMs)} ms`);
		for (const [what, count] of Object.entries(strangers.done)) {
			assert.ok(count > 0, `nothing came of "${what}", so the node was not attacked: look at e2e/stranger`);
		}
		assert.equal(leftNow, 0, 'the validator left slots empty because strangers claim that it is behind');
		assert.ok(inTime >= Math.max(1, turns - 1), `blocks of the validator were in time in ${inTime} of ${turns} slots`);
		assert.ok(honestMs <= HONEST_WITHIN_MS, `an honest transfer took ${honestMs} ms`);
		assert.ok(slotsWithoutBlock <= MOST_MISSED, `${slotsWithoutBlock} slots without a block`);
		assert.ok(peakMemory - memory <= MOST_GROWTH_MIB, `${peakMemory - memory} MiB more memory`);
		assert.ok(mostPeers <= MOST_PEERS, `${mostPeers} peers`);
		await agreement(network.apis, Math.min(...(await Promise.all(network.apis.map(lastFinalised)))));
		// The next attack finds the node as this one did.
		await untilMetric(node, ['substrate_sync_fork_targets'], (count) => count === 0);
		await untilMetric(node, ['substrate_sync_peers'], (count) => count === NAMES.length - 1);
		return { ...strangers, mostPeers };
	}

	it('none: the costs without strangers', (t) => withstands(t, async () => ({ done: {} })));

	it('who send garbage as handshakes and requests', (t) =>
		withstands(t, (isOver) => attacks.garbage(target, isOver)));

	it('who request blocks of the greatest length', async (t) => {
		const at = await best();
		return withstands(t, (isOver) => attacks.blocks(target, at, isOver));
	});

	it('who request blocks and do not read them', async (t) => {
		const at = await best();
		return withstands(t, (isOver) => attacks.unreadBlocks(target, at, isOver));
	});

	it('who request the state', async (t) => {
		const at = await best();
		return withstands(t, (isOver) => attacks.states(target, at, isOver));
	});

	it('who request warp proofs and calls of the runtime', async (t) => {
		const at = await best();
		return withstands(t, (isOver) => attacks.proofs(target, at, isOver));
	});

	it('who take all places for peers', async (t) => {
		const at = await best();
		const { mostPeers } = await withstands(t, (isOver) => attacks.idlePeers(target, IDLE_PEERS, at, isOver));
		assert.equal(mostPeers, MOST_PEERS, 'the strangers did not take all places');
	});

	it('who claim heights that no chain can have', async (t) => {
		const { letIn } = await withstands(t, (isOver) => attacks.madeUpHeights(target, LIARS, isOver));
		assert.equal(letIn, LIARS, 'the liars were not all let in, so they may not be the majority of the peers');
	});

	it('who announce thousands of blocks that do not exist', async (t) => {
		const at = await best();
		const slot = () => watch.slot;
		return withstands(t, (isOver) => attacks.announcements(target, at, slot, isOver));
	});

	it('who announce blocks that do not exist, and deliver them', async (t) => {
		const at = await best();
		const [finalHeight, slot] = [() => watch.final[0], () => watch.slot];
		return withstands(t, (isOver) => attacks.deliveries(target, at, finalHeight, slot, isOver));
	});

	it('who send transactions that are valid only alone', async (t) => {
		const at = await best();
		const [api] = network.apis;
		const call = api.tx.system.remark('0x00').method.toU8a();
		const next = (i) => poor[i % poor.length].sign(api, call);
		await withstands(t, (isOver) => attacks.gossip(target, at, next, isOver));
		// The first one of an account invalidates the others, and the pool lets them go.
		const isEmpty = async () => (await rawCall(api, 'author_pendingExtrinsics')).length === 0;
		await until(isEmpty, 'the pool to be empty');
		const accounts = await api.query.system.account.multi(poor.map(({ pair }) => pair.address));
		assert.ok(accounts.some(({ nonce }) => nonce.toNumber() > 0), 'no transaction of the strangers got into a block');
	});

	it('who send transactions that are nested without end', async (t) => {
		const at = await best();
		const [api] = network.apis;
		const call = nestedCall(api, 10_000);
		const next = (i) => rich[i % rich.length].sign(api, call, { nonce: 1_000_000 + i });
		await withstands(t, (isOver) => attacks.gossip(target, at, next, isOver));
	});
});
