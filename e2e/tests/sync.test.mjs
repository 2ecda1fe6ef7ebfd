// A node that joins later reaches the same chain in each sync mode, across several changes of the GRANDPA authority set,
// and keeps following it.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
	TOS,
	account,
	connectSynced,
	finalised,
	finalisedHeight,
	fund,
	newAccount,
	rawCall,
	sign,
	submit,
} from '../lib/chain.mjs';
import { joinArguments, withNode } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { editedSpec } from '../lib/spec.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

// The steps that the log reports as complete in each sync mode.
const MODES = {
	full: [],
	fast: ['State'],
	warp: ['Warp', 'State'],
};

const SET_CHANGES = 5;

// An era, and with it a GRANDPA set, lasts five seconds.
const TIMING = { slotDurationMs: 500, sessionLengthBlocks: 5, sessionsPerEra: 2 };

const setId = async (api, hash) => (await (await api.at(hash)).query.grandpa.currentSetId()).toNumber();

/** The hashes of blocks 0 to `last` as a node has them. */
const hashes = (api, last) =>
	rawCall(api, 'chain_getBlockHash', Array.from({ length: last + 1 }, (_, number) => number));

describe('a node that joins later', { concurrency: true }, async () => {
	const chain = await editedSpec('local', (genesis) => Object.assign(genesis.genesisParameters.timing, TIMING));
	const network = await suiteNetwork({ chain });
	const [validator] = network.apis;
	const recipient = newAccount();
	const senders = {};
	let height;

	before(async () => {
		for (const mode of Object.keys(MODES)) senders[mode] = newAccount();
		await fund(validator, [[recipient, 7n * TOS], ...Object.values(senders).map((sender) => [sender, 10n * TOS])]);
		const enough = async ({ hash }) => (await setId(validator, hash)) >= SET_CHANGES;
		const { number } = await finalised(validator, enough, `${SET_CHANGES} changes of the GRANDPA set`);
		height = number.toNumber();
	});

	/** Runs a node with the data in `base`, calls `use(api)` once it has synced, and returns its log. */
	async function withJoined(base, args, use) {
		const connectTo = (url) => connectSynced(url, height);
		const run = async (api, node) => {
			await use(api);
			return node;
		};
		const node = await withNode([...joinArguments(network), '--base-path', base, ...args], run, connectTo);
		const log = node.log();
		assert.doesNotMatch(log, /panicked|ERROR|Potential safety|Error importing/);
		return log;
	}

	for (const [mode, steps] of Object.entries(MODES)) {
		it(`with --sync ${mode}`, async (t) => {
			const base = temporaryFolder();
			const start = Date.now();
			const log = await withJoined(base, ['--sync', mode], async (api) => {
				t.diagnostic(`synced ${height} blocks and more in ${Date.now() - start} ms`);

				// It has the state of a finalised block.
				const { hash, number } = await finalised(api, () => true);
				assert.equal((await (await api.at(hash)).query.system.number()).toNumber(), number.toNumber());
				assert.equal((await account(api, recipient, hash)).free, 7n * TOS);
				assert.deepEqual(await account(api, senders[mode], hash), await account(validator, senders[mode], hash));

				// A transaction submitted to it is finalised.
				const call = api.tx.balances.transferKeepAlive(newAccount().address, TOS);
				const { nonce } = await account(api, senders[mode], hash);
				const transfer = await submit(api, sign(api, call, senders[mode], { nonce }));
				assert.equal(transfer.error, null);

				// It follows finality beyond the authority set that it synced to.
				const synced = await setId(api, transfer.hash);
				assert.ok(synced >= SET_CHANGES);
				const changed = async (header) => (await setId(api, header.hash)) > synced;
				const next = await finalised(api, changed, 'the next change of the GRANDPA set');

				// It has all blocks, some of which fast and warp sync download last.
				const last = next.number.toNumber();
				await finalisedHeight(validator, last);
				const expected = await hashes(validator, last);
				assert.equal(expected[transfer.number], transfer.hash);
				await finalised(api, async () => !(await hashes(api, last)).includes(null), 'the history of blocks');
				assert.deepEqual(await hashes(api, last), expected);
			});
			// These lines show that the node did not fall back to another sync mode.
			assert.deepEqual([...log.matchAll(/(\w+) sync is complete/g)].map(([, step]) => step), steps);

			// It continues from its database after a restart.
			const head = (await validator.rpc.chain.getHeader()).number.toNumber();
			await withJoined(base, [], (api) => finalisedHeight(api, head + 1));
		});
	}

	it('with --sync warp from two reserved peers and no others', async () => {
		const { spec, nodes } = network;
		const peers = joinArguments({ spec, nodes: nodes.slice(0, 2) });
		const args = [...peers, '--reserved-only', '--sync', 'warp', '--base-path', temporaryFolder()];
		const log = await withNode(
			args,
			async (api, node) => {
				await finalised(api, () => true);
				return node.log();
			},
			(url) => connectSynced(url, height),
		);
		assert.match(log, /Warp sync is complete/);
	});
});
