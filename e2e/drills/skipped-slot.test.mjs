// One validator of five is stopped while the pools are full. The others author in each of their slots: no author misses its
// slot because the slot before it was empty.
//
// Set by environment:
//
//   GTOS_SKIPPED_SLOTS   slots for which the network is observed, before and after the stop (default: 60)

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TOS } from '../lib/chain.mjs';
import { ChainWatch } from '../lib/chain-watch.mjs';
import { startLinkedNetwork } from '../lib/linked-network.mjs';
import { LOADS } from '../lib/loads.mjs';
import { Saturation, endow, newSenders } from '../lib/saturation.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';

const SLOTS = Number(process.env.GTOS_SKIPPED_SLOTS ?? 60);

const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve'];
const SLOT_MS = 1_000;
const FUNDS = 1_000_000n * TOS;
// Of 64 KiB each, so about 14 blocks full: an author that may take more than its slot finds enough to try. Each node checks
// all that wait after each block, and with shorter ones the machine has no time for the blocks of all nodes.
const IN_POOLS = 60;
const PATIENCE_MS = (SLOTS + 120) * SLOT_MS;

describe('a skipped slot', () => {
	const senders = newSenders('skipped-slot');
	let network;
	let watch;
	let saturation;

	before(async () => {
		const spec = await editedSpec('local', (genesis) => {
			withValidators(genesis, NAMES);
			// No session ends here, so that the authors of the slots stay the same.
			Object.assign(genesis.genesisParameters.timing, { slotDurationMs: SLOT_MS, sessionLengthBlocks: 10_000 });
			// Blocks of a `lan` are seven times as long: two cores do not execute and carry them for five nodes.
			genesis.genesisParameters.network = 'wan';
			endow(genesis, senders, FUNDS);
		});
		network = await startLinkedNetwork({ names: NAMES, spec });
		const [{ api }] = network.validators;
		watch = await new ChainWatch(network.validators.slice(0, -1).map((node) => node.api)).start();
		await network.goesOn(2);

		const callOf = LOADS.remarks(api);
		const nodes = network.validators.slice(0, -1).map((node) => ({ api: node.api, http: node.http }));
		saturation = new Saturation({ nodes, senders, callOf, inPools: IN_POOLS });
		await saturation.start();
	});

	after(async () => {
		watch?.stop();
		await saturation?.stop();
		await network?.stop();
	});

	/** Slots without a block among the next `SLOTS`, as positions of their authors. */
	async function missed(t) {
		const from = watch.slot + 2;
		await watch.reachesSlot(from + SLOTS, PATIENCE_MS);
		await watch.finalisesSlotsBefore(from + SLOTS, PATIENCE_MS);
		const { lengthFill, orphans } = await watch.report(from, from + SLOTS);
		const used = new Set((await watch.finalBlocks(from, from + SLOTS)).map(({ slot }) => slot));
		const slots = Array.from({ length: SLOTS }, (_, i) => from + i).filter((slot) => !used.has(slot));
		const authors = slots.map((slot) => slot % NAMES.length);
		t.diagnostic(`${slots.length} of ${SLOTS} slots without a block, ${orphans} orphans`);
		t.diagnostic(`blocks use ${(100 * lengthFill).toFixed(1)} % of the length`);
		return authors;
	}

	it('does not occur while all authors run', async (t) => {
		assert.deepEqual(await missed(t), []);
	});

	it('of a stopped validator costs no other author its slot', async (t) => {
		const stopped = network.validators.at(-1);
		const { api } = network.validators[0];
		const position = (await api.query.session.validators()).findIndex((who) => who.toString() === stopped.stash);
		await stopped.stop();
		const authors = await missed(t);
		const others = authors.filter((author) => author !== position);
		const next = others.filter((author) => author === (position + 1) % NAMES.length);
		t.diagnostic(`${others.length} of them are of live authors, ${next.length} of the author after the stopped one`);
		assert.deepEqual(others, []);
	});
});
