// Spam of ten times what blocks can hold, over JSON-RPC of a validator and of a node that is its peer, from one account
// and from many: valid transactions, invalid ones, some with future nonces, some that replace each other, too large
// ones and deeply nested ones. The transactions are as long as allowed, so that one machine can run all nodes and still
// send that much; they fill the pools within seconds. Meanwhile other accounts send transfers with a usual tip, over
// other nodes, and each of these is in a block within seconds. The pool's memory stays within its limits. The kinds of
// spam follow each other without a pause, so the pools keep what the kinds before have left there.
//
// Set by environment:
//
//   GTOS_SPAM_SLOTS   slots that each kind of spam lasts (default: 20)

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TOS, agreement, lastFinalised, rawCall, rawSubscribe, rpcError, withTimeout } from '../lib/chain.mjs';
import { ChainWatch, percentile } from '../lib/chain-watch.mjs';
import { LOADS, nestedCall } from '../lib/loads.mjs';
import { metric } from '../lib/metrics.mjs';
import { joinArguments, startConnected, startNetwork } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { measureCost } from '../lib/process-cost.mjs';
import { blockCapacity, endow, hex, newSenders } from '../lib/saturation.mjs';
import { editedSpec } from '../lib/spec.mjs';
import { spam } from '../lib/spam.mjs';

const SLOTS = Number(process.env.GTOS_SPAM_SLOTS ?? 20);
const SLOT_MS = 1_000;
const PATIENCE_MS = (SLOTS + 60) * SLOT_MS;

const TIMES_CAPACITY = 10;
const FUNDS = 1_000_000n * TOS;
// About twice the fee of a transfer.
const USUAL_TIP = TOS / 1_000n;
const HONEST_EVERY_MS = 1_000;
// In a block within so many seconds. A transfer that comes just after the author of the slot has chosen waits for the
// next slot.
const HONEST_WITHIN_MS = 10_000;
// The pool's bytes (60 MiB of ready transactions and 6 of future ones), requests in hex, copies on their way to
// peers, and what the allocator keeps of them.
const MOST_GROWTH_MIB = 900;
// Enough that each account sends one transaction of a kind: those after one that the pool has dropped would be of the
// future.
const MANY = 100 * (SLOTS + 5);
const MOST_MISSED = Math.ceil(SLOTS / 5);

describe('spam', () => {
	const spammers = newSenders('pool-spam', MANY);
	const honest = newSenders('pool-spam/honest');
	let network;
	let peer;
	let watch;
	let pid;
	let memoryAtStart;
	let honestSent = 0;

	before(async () => {
		const chain = await editedSpec('local', (genesis) => {
			Object.assign(genesis.genesisParameters.timing, { slotDurationMs: SLOT_MS, sessionLengthBlocks: 10_000 });
			endow(genesis, spammers, FUNDS);
			endow(genesis, honest, FUNDS);
		});
		const dir = temporaryFolder();
		network = await startNetwork({ chain, dir });
		peer = await startConnected([...joinArguments(network), '--base-path', temporaryFolder()]);
		pid = readFileSync(join(dir, network.nodes[0].name, 'pid'), 'utf8').trim();
		watch = await new ChainWatch(network.apis).start();
		memoryAtStart = measureCost(pid).end().memory;
	});

	after(async () => {
		watch?.stop();
		await peer?.stop();
		await network?.stop();
	});

	/**
	 * Sends a transfer with a usual tip over one of the nodes that get no spam, or over the peer, and resolves with the
	 * time in milliseconds until a block has it.
	 */
	async function honestTransfer() {
		const apis = [...network.apis.slice(1), peer.api];
		const api = apis[honestSent % apis.length];
		const sender = honest[honestSent++ % honest.length];
		const call = api.tx.balances.transferKeepAlive(honest[0].pair.address, TOS).method.toU8a();
		const bytes = hex(sender.sign(api, call, { tip: USUAL_TIP }));
		const began = Date.now();
		let stop;
		const included = new Promise((resolve, reject) => {
			const methods = ['author_submitAndWatchExtrinsic', 'author_extrinsicUpdate', 'author_unwatchExtrinsic'];
			const hear = (status) => {
				if (status.inBlock || status.finalized) resolve();
				else if (status instanceof Error || /dropped|invalid|usurped/.test(JSON.stringify(status))) {
					reject(new Error(`an honest transfer ended as ${status.message ?? JSON.stringify(status)}`));
				}
			};
			stop = rawSubscribe(api, methods, [bytes], hear);
			stop.catch(reject);
		});
		await withTimeout(included, 'an honest transfer to be in a block', PATIENCE_MS);
		const took = Date.now() - began;
		await (await stop)().catch(() => {});
		return took;
	}

	/** Sends transactions made by `make`, `perSlot` in a slot, for `SLOTS` slots, and asserts what honest accounts get. */
	async function withstands(t, { make, perSlot, capacity }) {
		const from = watch.slot + 1;
		const isOver = () => watch.slot >= from + SLOTS;
		const cost = measureCost(pid);
		const nodes = [network.nodes[0], peer].map(({ rpc }) => rpc.replace('ws:', 'http:'));
		const running = spam({ nodes, make, perSecond: (perSlot * 1_000) / SLOT_MS }, isOver);
		const transfers = [];
		const timer = setInterval(() => transfers.push(honestTransfer()), HONEST_EVERY_MS);
		await watch.reachesSlot(from + SLOTS, PATIENCE_MS);
		clearInterval(timer);
		const { sent, accepted, errors } = await running;
		const times = await Promise.all(transfers);
		const { peakMemory, cores } = cost.end();
		await watch.finalisesSlotsBefore(from + SLOTS, PATIENCE_MS);
		const report = await watch.report(from, from + SLOTS);
		const pending = await metric(network.nodes[0], 'substrate_ready_transactions_number');

		const attained = (sent / SLOTS / capacity).toFixed(1);
		t.diagnostic(`${sent} sent, ${attained} times what blocks hold; ${accepted} accepted; ${JSON.stringify(errors)}`);
		const [p50, max] = [0.5, 1].map((part) => percentile(times, part));
		t.diagnostic(`${times.length} honest transfers, in a block after ${p50} ms (p50), ${max} ms (max)`);
		t.diagnostic(`memory ${memoryAtStart} MiB at the start, at most ${peakMemory} MiB; ${cores} cores busy`);
		t.diagnostic(`${pending} ready in the pool; ${report.transactions} transactions a block`);
		t.diagnostic(`${report.slotsWithoutBlock} of ${SLOTS} slots without a block`);
		t.diagnostic(`finality ${JSON.stringify(report.finalityMs)} ms`);
		assert.ok(times.length >= SLOTS / 2, `only ${times.length} honest transfers were sent`);
		assert.ok(max <= HONEST_WITHIN_MS, `an honest transfer took ${max} ms`);
		assert.ok(peakMemory - memoryAtStart <= MOST_GROWTH_MIB, `${peakMemory - memoryAtStart} MiB more memory`);
		assert.ok(report.slotsWithoutBlock <= MOST_MISSED, `${report.slotsWithoutBlock} slots without a block`);
		await agreement(network.apis, Math.min(...(await Promise.all(network.apis.map(lastFinalised)))));
		return { sent, accepted, errors };
	}

	/** The calls with which blocks are full, how many of them one holds, and how many are sent in a slot. */
	async function load() {
		const [api] = network.apis;
		const callOf = LOADS.deployments(api);
		const capacity = await blockCapacity(api, spammers[0], callOf(0));
		return { callOf, capacity, perSlot: TIMES_CAPACITY * capacity };
	}

	const many = (i) => spammers[i % (spammers.length - 1)];
	// Not one of the many, so that it has all of its nonces.
	const one = spammers.at(-1);

	it('of valid transactions from many accounts', async (t) => {
		const { callOf, ...rate } = await load();
		await withstands(t, { make: (i) => many(i).sign(network.apis[0], callOf(i)), ...rate });
	});

	it('of valid transactions from one account', async (t) => {
		const { callOf, ...rate } = await load();
		await withstands(t, { make: (i) => one.sign(network.apis[0], callOf(MANY + i)), ...rate });
	});

	it('of invalid transactions', async (t) => {
		const { callOf, ...rate } = await load();
		const make = (i) => {
			const bytes = Buffer.from(many(i).sign(network.apis[0], callOf(i), { nonce: 1_000_000 }));
			// The signature is between the account and the call.
			bytes[50] ^= 1;
			return bytes;
		};
		const { accepted, errors } = await withstands(t, { make, ...rate });
		assert.equal(accepted, 0);
		assert.deepEqual(Object.keys(errors), ['1010 Transaction has a bad signature']);
	});

	it('of transactions of the future', async (t) => {
		const { callOf, ...rate } = await load();
		const make = (i) => many(i).sign(network.apis[0], callOf(i), { nonce: 2_000_000 + i });
		await withstands(t, { make, ...rate });
	});

	it('of transactions that replace each other', async (t) => {
		const { callOf, ...rate } = await load();
		const [api] = network.apis;
		const account = newSenders('pool-spam/honest').at(-2);
		const nonce = (await api.rpc.system.accountNextIndex(account.pair.address)).toNumber();
		// One ahead of the next, so that none gets into a block and ends it.
		const make = (i) => account.sign(api, callOf(0), { nonce: nonce + 1, tip: i + 1 });
		await withstands(t, { make, ...rate });
	});

	it('of transactions that are too large', async (t) => {
		const [api] = network.apis;
		const length = api.consts.system.blockLength.max.normal.toNumber() + 1;
		const call = api.tx.system.remark(`0x${'00'.repeat(length)}`).method.toU8a();
		// An account that has sent nothing.
		const large = newSenders('pool-spam/honest').at(-1).sign(api, call, { nonce: 0 });
		const { accepted, errors } = await withstands(t, { make: () => large, capacity: 1, perSlot: TIMES_CAPACITY });
		assert.equal(accepted, 0);
		// It is looked at once in each block.
		const banned = '1012 Transaction is temporarily banned';
		const causes = Object.keys(errors).filter((text) => text !== banned);
		assert.deepEqual(causes, ['1010 Transaction would exhaust the block limits']);
	});

	it('of deeply nested transactions', async (t) => {
		const { perSlot, capacity } = await load();
		const [api] = network.apis;
		// The stack of the Wasm does not hold so many levels; the runtime takes 256.
		const call = nestedCall(api, 10_000);
		const make = (i) => many(i).sign(api, call, { nonce: 3_000_000 + i });
		const { accepted, errors } = await withstands(t, { make, perSlot, capacity });
		assert.equal(accepted, 0);
		assert.deepEqual(Object.keys(errors), ['1010 Transaction call is not expected']);
	});

	it('is told why, and what would help', async () => {
		const { api } = peer;
		const [account] = newSenders('pool-spam/unknown');
		const call = api.tx.system.remark('0x').method.toU8a();
		const submit = (bytes) => rawCall(api, 'tx_submit', hex(bytes));
		const message = async (bytes) => submit(bytes).then(() => 'accepted', (error) => error.message);
		const rich = honest[1];
		const next = (await api.rpc.system.accountNextIndex(rich.pair.address)).toNumber();
		const texts = {
			unpaid: await message(account.sign(api, call)),
			outdated: await message(rich.sign(api, call, { nonce: 0 })),
			forged: await message(Buffer.from(rich.sign(api, call, { nonce: next })).fill(1, 50, 60)),
		};
		assert.match(texts.unpaid, /balance too low.*Fund the account/);
		assert.match(texts.outdated, /outdated.*system_accountNextIndex/);
		assert.match(texts.forged, /bad signature.*genesis/);
		assert.equal(await message(rich.sign(api, call, { nonce: next + 1, tip: 5 })), 'accepted');
		assert.match(await message(rich.sign(api, call, { nonce: next + 1, tip: 4 })), /priority.*higher tip/i);
		assert.equal((await rpcError(submit(rich.sign(api, call, { nonce: next + 1, tip: 4 })))).code, 1014);
	});
});
