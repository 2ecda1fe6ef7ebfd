// Two of four validators are gone for good. Nothing becomes final any more, and the chain goes on slowly. The two that
// are left restart without pauses, and a referendum on their blocks makes them the whole authority set:
// docs/operating.md, "A quorum is lost for good". Takes some minutes, most of them in pauses before the restart.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { u8aToHex } from '@polkadot/util';
import {
	agreement,
	bestHeight,
	blockHash,
	connectSynced,
	development,
	finalisedHeight,
	lastFinalised,
	rawCall,
	slotOf,
	submitToBlock,
	until,
} from '../lib/chain.mjs';
import { withNode } from '../lib/network.mjs';
import { freePorts, temporaryFolder } from '../lib/node.mjs';
import { enact } from '../lib/referendum.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';
import { Validator } from '../lib/validator.mjs';

const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave'];
// An era of 20 blocks, so that several begin while nothing is final, as on a real chain.
const TIMING = { slotDurationMs: 500, sessionLengthBlocks: 10, sessionsPerEra: 2, hourBlocks: 2 };
const ERA_BLOCKS = TIMING.sessionLengthBlocks * TIMING.sessionsPerEra;

// The lag of finality from which on authors pause, and the number of blocks for each authority after which the lag can
// grow (consensus.md, "Back-off").
const SLACK_BLOCKS = 50;
const STEP_BLOCKS = 3;
// The referendum begins at this number of blocks that are not final. The authors pause after 51 to 62.
const STALLED_BLOCKS = 70;
// From the announcement of the new set until it takes over: shorter than a session, so that none ends in between.
const DELAY_BLOCKS = 4;
// Far more than the pauses of this drill take.
const PATIENCE_MS = 1_200_000;

// All states are kept: blocks are examined at the end.
const ARCHIVE = ['--state-pruning', 'archive'];
// Blocks whose pace is measured after the restart. Two of four authors have two slots of four.
const PACE_BLOCKS = 20;

const stashOf = (name) => development(`${name}//stash`).address;

/** Whether `n` authors pause after block `best`. */
const isPausing = (best, final, n) => best - (best % (STEP_BLOCKS * n)) - final > SLACK_BLOCKS;

/** The set id by which the node of `api` counts votes, or null while its voter pauses. */
const setIdOf = (api) => rawCall(api, 'grandpa_roundState').then(({ setId }) => setId, () => null);

/**
 * The call of root that takes validators without a node out of the set, and gives finality to those that are left.
 * `setId` and `final` are the set id and the last final height of their nodes.
 */
function rescue(api, gone, { setId, final }) {
	const { tx } = api;
	const purges = gone.map((stash) =>
		tx.utility.dispatchAsFallible({ system: { Signed: stash } }, tx.session.purgeKeys()),
	);
	const replace = tx.utility.batchAll([
		// The chain has counted the sets that were announced since then; the nodes have not.
		tx.system.setStorage([[api.query.grandpa.currentSetId.key(), u8aToHex(api.createType('u64', setId).toU8a())]]),
		tx.grandpa.noteStalled(DELAY_BLOCKS, final),
	]);
	// The validators that are left are queued when the current session ends, and are the set that begins one later. The
	// call is made in the session between: a session after this one.
	const later = tx.scheduler.scheduleAfter(TIMING.sessionLengthBlocks - 1, null, 0, replace);
	return tx.utility.batchAll([...purges, later]);
}

describe('four validators of which two are gone for good', () => {
	const gone = NAMES.slice(2).map(stashOf);
	let validators, left, apis, api, spec;
	// The last final height, and the set id of the votes, while nothing becomes final.
	let stalled;

	/** The best height of a node. */
	const best = () => bestHeight(api);
	const finals = () => Promise.all(apis.map(lastFinalised));
	const without = (node) => validators.filter((other) => other !== node);
	/** The slots of the blocks from `first` to `last`. */
	const slots = async (first, last) => {
		const found = [];
		for (let number = first; number <= last; number++) {
			found.push(Number(slotOf(await api.rpc.chain.getHeader(await blockHash(api, number)))));
		}
		return found;
	};

	before(async () => {
		spec = await editedSpec('local', (genesis) => {
			withValidators(genesis, NAMES);
			Object.assign(genesis.genesisParameters.timing, TIMING);
		});
		const port = await freePorts(NAMES.length);
		validators = await Promise.all(NAMES.map((name, i) => Validator.create(name, spec, port + i)));
		await Promise.all(validators.map((node) => node.start(without(node), ARCHIVE)));
		await Promise.all(validators.map((node) => finalisedHeight(node.api, ERA_BLOCKS + 2)));
		left = validators.slice(0, 2);
		apis = left.map((node) => node.api);
		[api] = apis;
	});

	after(() => Promise.all((validators ?? []).map((node) => node.stop())));

	it('have no quorum, go on with pauses, and keep all their seats', async (t) => {
		await Promise.all(validators.slice(2).map((node) => node.stop('SIGKILL')));
		// Votes in transit arrive.
		const cut = await best();
		await until(async () => (await best()) >= cut + 8, 'blocks without the two', PATIENCE_MS);
		const [final] = await finals();
		stalled = { final, setId: await setIdOf(api) };
		await until(async () => (await best()) >= final + STALLED_BLOCKS, 'blocks that are not final', PATIENCE_MS);
		assert.deepEqual(await finals(), [final, final]);
		for (const other of apis) assert.equal(await setIdOf(other), stalled.setId);

		const { query } = await api.at(await blockHash(api, final + STALLED_BLOCKS));
		const set = (await query.session.validators()).map(String);
		for (const stash of gone) assert.ok(set.includes(stash), 'a validator that is gone has lost its seat by itself');
		const counted = (await query.grandpa.currentSetId()).toNumber();
		assert.ok(counted > stalled.setId, `set ${counted} in the state, ${stalled.setId} of the nodes`);
		t.diagnostic(`final at ${final}; set ${counted} in the state, ${stalled.setId} of the nodes`);
	});

	it('make blocks in all of their slots after a restart with --unsafe-no-authoring-pauses', async (t) => {
		for (const node of left) {
			await node.stop();
			await node.start(without(node), [...ARCHIVE, '--unsafe-no-authoring-pauses']);
			await until(async () => node.node.log().includes('makes blocks without pauses'), 'the warning of the option');
		}
		apis = left.map((node) => node.api);
		[api] = apis;
		// The next block may be one that was made during the restart.
		const from = (await best()) + 2;
		const to = from + PACE_BLOCKS;
		assert.ok(isPausing(from, stalled.final, NAMES.length), 'no pause would be due');
		await until(async () => (await best()) >= to, 'blocks without pauses', PATIENCE_MS);
		assert.deepEqual(await finals(), [stalled.final, stalled.final]);
		const used = await slots(from, to);
		t.diagnostic(`${PACE_BLOCKS} blocks in ${used.at(-1) - used[0]} slots`);
		// A pause is longer than the set, so with pauses these blocks would take more slots.
		assert.ok(used.at(-1) - used[0] <= PACE_BLOCKS * NAMES.length, `slots ${used}`);
		assert.ok(used.some((slot) => slot % (NAMES.length + 1) !== 0), `only shared slots: ${used}`);
	});

	it('take a referendum on blocks that are not final', async (t) => {
		const began = Date.now();
		const from = await best();
		const call = rescue(api, gone, stalled);
		const isPurged = async () => (await api.query.session.nextKeys(gone.at(-1))).isNone;
		await enact(api, 'whitelisted', call, isPurged, { send: submitToBlock, timeout: PATIENCE_MS });
		const seconds = Math.round((Date.now() - began) / 1000);
		t.diagnostic(`enacted after ${(await best()) - from} blocks and ${seconds} s`);
		assert.deepEqual(await finals(), [stalled.final, stalled.final]);
	});

	it('finalise blocks again as two, with all that were not final', async (t) => {
		const began = Date.now();
		const last = await best();
		const isFinal = async () => (await finals()).every((height) => height > last);
		await until(isFinal, `block ${last} to be finalised`, PATIENCE_MS);
		const seconds = Math.round((Date.now() - began) / 1000);
		t.diagnostic(`block ${last} was final ${seconds} s later; best ${await best()}, final ${await finals()}`);

		// The two vote alone before the session in which they are the set is final.
		const finalSet = async () => {
			const { query } = await api.at(await api.rpc.chain.getFinalizedHead());
			const validators = (await query.session.validators()).map(String).sort();
			return validators.length === left.length && { validators, voters: (await query.grandpa.authorities()).length };
		};
		const { validators, voters } = await until(finalSet, 'a final set of two', PATIENCE_MS);
		assert.deepEqual(validators, left.map(({ name }) => stashOf(name)).sort());
		assert.equal(voters, 2);
		for (let number = 1; number <= last; number++) await agreement(apis, number);
	});

	it('had paused for as long as the specification says', async () => {
		const used = await slots(stalled.final + 1, stalled.final + STALLED_BLOCKS);
		const n = NAMES.length;
		let pauses = 0;
		used.slice(1).forEach((slot, i) => {
			const number = stalled.final + 1 + i;
			if (!isPausing(number, stalled.final, n)) return;
			pauses += 1;
			assert.equal(slot % (n + 1), 0, `the slot ${slot} after block ${number} is not shared`);
			const empty = slot - used[i] - 1;
			assert.ok(empty >= n, `${empty} empty slots after block ${number}`);
		});
		assert.ok(pauses > 0, 'no pause was due');
	});

	it('have one set id in their nodes and in the state, over two eras', async (t) => {
		const from = Math.max(...(await finals()));
		const reaches = async () => (await finals()).every((height) => height >= from + 2 * ERA_BLOCKS);
		await until(reaches, 'two eras', PATIENCE_MS);
		for (const other of apis) {
			// The node may finalise the beginning of an era between the two answers.
			const agrees = async () => {
				const { query } = await other.at(await other.rpc.chain.getFinalizedHead());
				const counted = (await query.grandpa.currentSetId()).toNumber();
				return (await setIdOf(other)) === counted && counted;
			};
			t.diagnostic(`set ${await until(agrees, 'the node and its final state to have one set id')}`);
		}
	});

	for (const mode of ['full', 'fast']) {
		it(`can be joined by a node with --sync ${mode}`, async () => {
			const final = await lastFinalised(api);
			const peers = left.map(({ address }) => address);
			const args = ['--chain', spec, '--base-path', temporaryFolder(), '--sync', mode, '--reserved-nodes', ...peers];
			await withNode(
				args,
				async (joined) => {
					await finalisedHeight(joined, final + ERA_BLOCKS);
					await agreement([...apis, joined], final + ERA_BLOCKS);
				},
				(url) => connectSynced(url, final),
			);
		});
	}
});
