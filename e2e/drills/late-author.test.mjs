// One author of five publishes each block so late that the next author does not build on it, and so early that the
// other nodes have it before the next author's block. The late block loses: the next author keeps its slots, and only
// the late author misses more than half of its slots.
//
// Without the rule of specs/adr/0026 the late block wins, and the next author misses nearly all of its slots.
//
// Set by environment:
//
//   GTOS_LATE_SLOTS   slots for which the network is observed (default: 60)

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { blockHash, lastFinalised, until } from '../lib/chain.mjs';
import { ChainWatch } from '../lib/chain-watch.mjs';
import { startLinkedNetwork } from '../lib/linked-network.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';

const SLOTS = Number(process.env.GTOS_LATE_SLOTS ?? 60);

const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve'];
const SLOT_MS = 1_000;
// Three delays pass before another node has a block: announcement, request and answer.
const DELAY_MS = 100;
// Two of the three delays are of what the author sends. So a block of the late author arrives 3 * 100 + 2 * 430 =
// 1,160 ms after its slot has begun, and that of the next author 1,300 ms after the same moment.
const LATE_BY_MS = 430;
const LATE = NAMES.length - 1;
const PATIENCE_MS = (SLOTS + 120) * SLOT_MS;
// The session outlasts the slots that are observed: a suspension of the late author must not end the drill.
const SESSION_BLOCKS = SLOTS + 30;
const MOST_MISSED = 1;

describe('an author that publishes late', () => {
	let network;
	let watch;
	// Positions in the order of authors.
	let late;
	let victim;
	let from;
	let to;

	const authorOf = (slot) => slot % NAMES.length;

	before(async () => {
		const spec = await editedSpec('local', (genesis) => {
			withValidators(genesis, NAMES);
			const timing = { slotDurationMs: SLOT_MS, sessionLengthBlocks: SESSION_BLOCKS };
			Object.assign(genesis.genesisParameters.timing, timing);
			genesis.genesisParameters.network = 'wan';
		});
		const slowSenders = { [NAMES[LATE]]: LATE_BY_MS };
		network = await startLinkedNetwork({ names: NAMES, spec, delayMs: DELAY_MS, slowSenders });
		const [{ api }] = network.validators;
		const order = (await api.query.session.validators()).map(String);
		late = order.indexOf(network.validators[LATE].stash);
		victim = (late + 1) % NAMES.length;
		const others = network.validators.filter((_, position) => position !== LATE);
		watch = await new ChainWatch(others.map((node) => node.api)).start();
		await network.goesOn(2, others);

		from = watch.slot + 2;
		to = from + SLOTS;
		await watch.reachesSlot(to, PATIENCE_MS);
		await watch.finalisesSlotsBefore(to, PATIENCE_MS);
	});

	after(async () => {
		watch?.stop();
		await network?.stop();
	});

	it('is ahead of the next author, and after its own slot', (t) => {
		const blocks = watch.blocks(from, to);
		const ofLate = blocks.filter(({ slot }) => authorOf(slot) === late);
		const isAhead = ({ slot, number, imports }) => {
			const sibling = blocks.find((block) => block.slot === slot + 1 && block.number === number);
			// The victim's own node has the sibling first.
			const ahead = imports.filter((time, node) => time >= (slot + 1) * SLOT_MS && time < sibling?.imports[node]);
			return ahead.length >= NAMES.length - 2;
		};
		const ahead = ofLate.filter(isAhead).length;
		t.diagnostic(`${ahead} of the ${ofLate.length} blocks of the late author arrived between the other two moments`);
		assert.ok(ofLate.length > 0 && 2 * ahead >= ofLate.length, 'this machine or its load does not fit the delays');
	});

	it('costs no other author more than one slot', async (t) => {
		const final = await watch.finalBlocks(from, to);
		const used = new Set(final.map(({ slot }) => slot));
		const slots = Array.from({ length: SLOTS }, (_, i) => from + i);
		const missed = NAMES.map((_, author) => slots.filter((slot) => authorOf(slot) === author && !used.has(slot)).length);
		const turns = SLOTS / NAMES.length;
		t.diagnostic(`the late author missed ${missed[late]} of ${turns} slots, the next one ${missed[victim]}`);
		const others = missed.filter((_, author) => author !== late);
		assert.ok(others.every((count) => count <= MOST_MISSED), `missed slots in the order of authors: ${missed}`);
	});

	it('gets nobody else suspended', async (t) => {
		const { api } = network.validators[0];
		const isOver = async () => (await lastFinalised(api)) >= SESSION_BLOCKS;
		await until(isOver, 'the session to end', PATIENCE_MS);
		const { query } = await api.at(await blockHash(api, SESSION_BLOCKS));
		const { validators } = (await query.liveness.lastSession()).unwrap();
		const counts = validators.map(({ count: { produced, missed } }) => `${produced} produced, ${missed} missed`);
		t.diagnostic(`in the order of authors: ${counts.join('; ')}`);
		const suspended = (await query.liveness.records()).map(({ validator }) => validator.toString());
		assert.deepEqual(suspended.filter((who) => who !== network.validators[LATE].stash), []);
	});
});
