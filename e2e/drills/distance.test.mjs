// Five validators far apart: every link between two of them has a delay and a bandwidth, and the pools are always full. No
// block is lost, finality keeps up, and no validator loses its seat.
//
// Set by environment:
//
//   GTOS_DISTANCE_DELAY_MS   delay of a link, each way (default: 50)
//   GTOS_DISTANCE_MBITS      bandwidth of a link, each way, in Mbit/s; 0 is unlimited (default: 20)
//   GTOS_DISTANCE_BLOCKS     slots for which each kind of transaction is measured (default: 60)
//   GTOS_DISTANCE_LOADS      kinds of transactions, of those in lib/loads.mjs, and `idle` for none (default: "idle transfers
//                            puts deployments")
//   GTOS_DISTANCE_FILL       how much of each block the transactions fill (default: 1, which is as much as fits). Below 1 the
//                            pools are not full: it shows what the links do on a machine that cannot fill blocks in time
//   GTOS_DISTANCE_SENTRIES   1: each validator is connected only to a sentry node of its own, and the links connect these
//
// The figures mean something only on a machine that executes the blocks of all nodes in time. GTOS_DISTANCE_DELAY_MS=0
// GTOS_DISTANCE_MBITS=0 shows whether it does.

import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { TOS } from '../lib/chain.mjs';
import { ChainWatch } from '../lib/chain-watch.mjs';
import { startLinkedNetwork } from '../lib/linked-network.mjs';
import { LOADS } from '../lib/loads.mjs';
import { Saturation, blockCapacity, endow, newSenders } from '../lib/saturation.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';

const setting = (name, otherwise) => process.env[`GTOS_DISTANCE_${name}`] ?? otherwise;
const DELAY_MS = Number(setting('DELAY_MS', 50));
const MBITS = Number(setting('MBITS', 20)) || undefined;
const SLOTS = Number(setting('BLOCKS', 60));
const KINDS = setting('LOADS', 'idle transfers puts deployments').split(' ');
const FILL = Number(setting('FILL', 1));
const WITH_SENTRIES = setting('SENTRIES') === '1';

const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve'];
const SLOT_MS = 1_000;
const FUNDS = 1_000_000n * TOS;
// Full blocks that wait in the pools.
const BLOCKS_IN_POOLS = 3;

const MOST_ORPHANED = 0.01;
const MOST_FINALITY_MS = 3_000;
// Slots after which a chain that has not come so far has stalled.
const PATIENCE_MS = (SLOTS + 120) * SLOT_MS;

/** Validators of the session, and the accounts that may be elected. */
async function seats(api) {
	const [validators, candidates] = await Promise.all([
		api.query.session.validators(),
		api.query.staking.validators.keys(),
	]);
	return { validators: validators.map(String), candidates: candidates.map(({ args: [who] }) => who.toString()).sort() };
}

/** Milliseconds that the processors of this machine have worked, and those that they could have worked. */
function work() {
	const times = cpus().map((cpu) => cpu.times);
	const sum = (...fields) => times.reduce((total, time) => total + fields.reduce((all, field) => all + time[field], 0), 0);
	return { busy: sum('user', 'nice', 'sys', 'irq'), all: sum('user', 'nice', 'sys', 'irq', 'idle') };
}

const percent = (part) => `${(100 * part).toFixed(1)} %`;

/** What a report says, besides the delay of finality. */
function lines(load, { slots, blocks, orphans, slotsWithoutBlock, passed, busy, refused, ...fill }) {
	const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
	const [weight, length] = [percent(fill.weightFill), percent(fill.lengthFill)];
	const total = passed.reduce((sum, bytes) => sum + bytes, 0);
	const { p50, p99, max } = fill.importMs;
	return [
		`${load}: ${blocks} final blocks in ${slots} slots, ${slotsWithoutBlock} slots without a block, ${orphans} orphans`,
		`${fill.transactions} transactions a block; ${weight} of the weight, ${length} of the length`,
		`imported after ${p50} ms (median), ${p99} ms (99 of 100), ${max} ms (all)`,
		`${megabytes(total)} through the links, at most ${megabytes(Math.max(...passed))} one way through one`,
		`the processors were busy for ${percent(busy)} of the time; ${refused} transactions were refused and sent again`,
	];
}

describe(`validators ${DELAY_MS} ms apart${WITH_SENTRIES ? ', behind sentry nodes' : ''}`, () => {
	const senders = Object.fromEntries(KINDS.map((load) => [load, newSenders(load)]));
	let network;
	let watch;
	let first;

	before(async () => {
		const spec = await editedSpec('local', (genesis) => {
			withValidators(genesis, NAMES);
			genesis.genesisParameters.timing.slotDurationMs = SLOT_MS;
			genesis.genesisParameters.network = 'wan';
			for (const group of Object.values(senders)) endow(genesis, group, FUNDS);
		});
		const line = { delayMs: DELAY_MS, mbits: MBITS };
		network = await startLinkedNetwork({ names: NAMES, spec, sentries: WITH_SENTRIES, ...line });
		watch = await new ChainWatch(network.validators.map(({ api }) => api)).start();
		await network.goesOn(2);
		first = await seats(network.validators[0].api);
	});

	after(async () => {
		watch?.stop();
		await network?.stop();
	});

	const bytesThroughLinks = async () => (await network.links.state()).flatMap(({ bytes }) => bytes);

	/** Fills the pools, measures `SLOTS` slots, and empties the pools again. */
	async function measure(load) {
		const { api } = network.validators[0];
		const saturation = await saturate(load, api);
		// From the first full block on.
		await watch.reachesSlot(watch.slot + 2, PATIENCE_MS);
		const from = watch.slot + 1;
		const [bytes, began] = [await bytesThroughLinks(), work()];
		await watch.reachesSlot(from + SLOTS, PATIENCE_MS);
		const passed = (await bytesThroughLinks()).map((count, i) => count - bytes[i]);
		const ended = work();
		await saturation?.stop();
		await watch.finalisesSlotsBefore(from + SLOTS, PATIENCE_MS);
		const report = await watch.report(from, from + SLOTS);
		await saturation?.drained(PATIENCE_MS);
		const busy = (ended.busy - began.busy) / (ended.all - began.all);
		return { ...report, refused: saturation?.refused ?? 0, passed, busy };
	}

	async function saturate(load, api) {
		if (load === 'idle') return undefined;
		const callOf = LOADS[load](api, senders[load]);
		const capacity = await blockCapacity(api, senders[load][0], callOf(0));
		const nodes = network.validators.map((node) => ({ api: node.api, http: node.http }));
		const perSecond = FILL < 1 ? (FILL * capacity * 1_000) / SLOT_MS : undefined;
		const inPools = BLOCKS_IN_POOLS * capacity;
		const saturation = new Saturation({ nodes, senders: senders[load], callOf, inPools, perSecond });
		// Contract code would take too much memory.
		if (load !== 'deployments') await saturation.prepare(capacity * SLOTS);
		await saturation.start();
		return saturation;
	}

	it('reach each other only through the links', () => network.assertOnlyLinks());

	for (const load of KINDS) {
		describe(`with ${load}`, () => {
			let report;

			before(async () => {
				report = await measure(load);
			});

			it('lose at most one block of a hundred', (t) => {
				for (const line of lines(load, report)) t.diagnostic(line);
				assert.ok(report.orphanedPart <= MOST_ORPHANED, `${percent(report.orphanedPart)} of the blocks are lost`);
			});

			it('finalise 99 of 100 blocks within three seconds', (t) => {
				const { p50, p99, max } = report.finalityMs;
				t.diagnostic(`${load}: final after ${p50} ms (median), ${p99} ms (99 of 100), ${max} ms (all)`);
				assert.ok(p99 <= MOST_FINALITY_MS, `final after ${p99} ms`);
			});

			it('keep their seats', async () => {
				assert.deepEqual(await seats(network.validators[0].api), first);
			});
		});
	}

	it('have used no other way than the links', () => network.assertOnlyLinks());
});
