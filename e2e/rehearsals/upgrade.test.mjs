// Four validators go through an upgrade while transactions, clients and nodes that join or come back depend on them.
// scripts/upgrade-rehearsal describes what is shown and how to run it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import {
	TOS,
	agreement,
	blockHash,
	connectSynced,
	development,
	finalisedHeight,
	lastFinalised,
	newAccount,
	nextNonce,
	rawCall,
	sign,
	submit,
	until,
} from '../lib/chain.mjs';
import { ChainWatch } from '../lib/chain-watch.mjs';
import { connectedClients, smoldot } from '../lib/connected-clients.mjs';
import { putIf } from '../lib/entries.mjs';
import { joinArguments, startConnected, startNetwork, withNode } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';
import { storeState } from '../lib/stored-state.mjs';
import { TransactionStream, bytesOf } from '../lib/transaction-stream.mjs';
import { applyUpgrade, authoriseUpgrade } from '../lib/upgrade-referendum.mjs';

const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave'];
const TIMING = { slotDurationMs: 500, hourBlocks: 2 };
// Blocks that are watched before the upgrade is applied, and after its migration.
const BLOCKS = 20;
// The migration ends within so many blocks.
const MOST_BLOCKS = 500;
const SYNC_MODES = ['full', 'fast', 'warp'];

const WASM = process.env.GTOS_REHEARSAL_WASM;
const SEED = process.env.GTOS_REHEARSAL_SEED ?? '1';
const CHOSEN = (process.env.GTOS_REHEARSAL_TRACKS ?? 'root,whitelisted').split(',');

const specVersion = async (api, at) => (await rawCall(api, 'state_getRuntimeVersion', at)).specVersion;

/** The queries of our own methods, which the node serves through the runtime of the block. */
function queries({ owner, entries: [{ key }], contracts: [{ address, code, salt }] }, codeHash, transaction) {
	const stash = development('Alice//stash').address;
	return [
		['tx_status', transaction],
		['kv_get', owner.address, key],
		['kv_getMeta', owner.address, key],
		['kv_list', owner.address, null, null, 10],
		['kv_quote', 10, 10, 100],
		['kv_stats', null],
		['kv_getProof', owner.address, key],
		['contract_getCode', address],
		['contract_getCodeByHash', codeHash],
		['contract_getMetadata', address],
		['contract_getAddress', owner.address, salt, codeHash],
		['contract_list', owner.address, null, 10],
		['contract_quote', code.length],
		['contract_getProof', address],
		['dpos_getValidators'],
		['dpos_getValidator', stash],
		['dpos_getEpochInfo'],
		['dpos_getSnapshot'],
	];
}

/** The names of all fields of an answer, which do not change with the block. */
function shape(answer) {
	if (Array.isArray(answer)) return answer.length > 0 ? [shape(answer[0])] : [];
	if (answer === null || typeof answer !== 'object') return typeof answer;
	return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, shape(value)]));
}

for (const track of CHOSEN) {
	const options = { skip: WASM ? false : 'there is no Wasm: run scripts/upgrade-rehearsal' };
	describe(`an upgrade on the track ${track}, seed ${SEED}`, options, () => {
		const away = temporaryFolder();
		let wasm, network, api, watch, stream, stored, reads, clients, answers;
		// Slot of the first block that is judged; heights of the block with the change and of the last one of the migration.
		let firstSlot, changed, migrated;
		let oldVersion, codeHash, transaction;

		const serve = async () => {
			const answered = [];
			for (const node of network.apis) {
				for (const [method, ...params] of queries(stored, codeHash, transaction)) {
					answered.push([method, shape(await rawCall(node, method, ...params))]);
				}
			}
			return answered;
		};

		before(async () => {
			wasm = readFileSync(WASM);
			const chain = await editedSpec('local', (genesis) => {
				withValidators(genesis, NAMES);
				Object.assign(genesis.genesisParameters.timing, TIMING);
			});
			// Blocks are examined at the end that are older than the states that nodes keep by default.
			const args = ['--state-pruning', 'archive'];
			network = await startNetwork({ names: NAMES.map((name) => name.toLowerCase()), chain, args });
			[api] = network.apis;
			oldVersion = await specVersion(api);
			stored = await storeState(api, SEED);
			({ codeHash } = await rawCall(api, 'contract_getMetadata', stored.contracts[0].address));
			// A node that knows the chain, and is off while it changes.
			await withNode([...joinArguments(network), '--base-path', away], (other) => finalisedHeight(other, 2));
			clients = await connectedClients(network.nodes[1].rpc, network.spec, network.nodes.map(({ p2p }) => p2p));
			watch = await new ChainWatch(network.apis).start();
			stream = await new TransactionStream(network.apis, `${track}/${SEED}`).start();
		});

		after(async () => {
			watch?.stop();
			await Promise.all((clients ?? []).map((client) => client.stop()));
			await network?.stop();
		});

		it('is authorised by a referendum', async (t) => {
			await authoriseUpgrade(api, track, wasm);
			t.diagnostic(`authorised at block ${await lastFinalised(api)}`);
			// What `tx_status` is asked for afterwards.
			const call = api.tx.balances.transferAllowDeath(newAccount().address, TOS);
			const pair = development('Eve');
			const signed = sign(api, call, pair, { nonce: await nextNonce(api, pair) });
			transaction = await rawCall(api, 'tx_submit', signed.toHex());
			await until(async () => (await rawCall(api, 'tx_status', transaction)).status === 'finalized', 'a transfer');
			answers = await serve();
			const final = await lastFinalised(api);
			reads = stored.watch(network.apis, final);
			await Promise.all(clients.map((client) => client.reaches(final)));
			for (const client of clients) assert.equal(await client.specVersion(), oldVersion, client.name);
			firstSlot = watch.slot;
			await finalisedHeight(api, final + BLOCKS);
		});

		it('is applied and migrates the entries over several blocks', async (t) => {
			await applyUpgrade(api, wasm);
			let number = await lastFinalised(api);
			// The height of the first block from `from` on with an event of this name.
			const event = async (name, from) => {
				for (number = from; number < from + MOST_BLOCKS; number++) {
					await finalisedHeight(api, number);
					const at = await api.at(await blockHash(api, number));
					const events = await at.query.system.events();
					if (events.some(({ event: { section, method } }) => `${section}.${method}` === name)) return number;
				}
				throw new Error(`no block from ${from} on has the event ${name}`);
			};
			changed = await event('system.CodeUpdated', Math.max(1, number - BLOCKS));
			migrated = await event('migrations.UpgradeCompleted', changed);
			t.diagnostic(`the code changed in block ${changed}, the migration ended in block ${migrated}`);
			assert.ok(migrated - changed > 3, 'the migration takes several blocks');
			assert.equal(await specVersion(api, await blockHash(api, migrated)), oldVersion + 1);
			for (const node of network.apis) {
				const { owner, entries } = stored;
				for (const { key } of entries) {
					const args = api.createType('(AccountId, Bytes)', [owner.address, key]).toHex();
					const marked = await rawCall(node, 'state_call', 'TtlKvApi_is_marked', args);
					// `Some(true)`
					assert.equal(marked, '0x0101', `the entry ${key} is migrated`);
				}
			}
		});

		it('leaves the queries of the old binary as they were', async () => {
			assert.deepEqual(await serve(), answers);
			const pair = development('Eve');
			const call = api.tx.balances.transferAllowDeath(newAccount().address, TOS);
			const signed = sign(api, call, pair, { nonce: await nextNonce(api, pair) });
			const hash = await rawCall(api, 'tx_submit', signed.toHex());
			await until(async () => (await rawCall(api, 'tx_status', hash)).status === 'finalized', 'a transfer');
		});

		it('makes the changed call available to a client that was connected before', async () => {
			await until(() => api.runtimeVersion.specVersion.toNumber() === oldVersion + 1, 'the new metadata');
			const [{ key }] = stored.entries;
			const pair = development('Ferdie');
			const call = putIf(api, key, bytesOf('new', 8), 100, 'Present');
			const { error } = await submit(api, sign(api, call, pair, { nonce: await nextNonce(api, pair) }));
			// Ferdie has no entry under this key.
			assert.equal(error, 'ttlKv.EntryNotFound');
		});

		it('interrupts no client', async () => {
			const final = (await lastFinalised(api)) + BLOCKS;
			await Promise.all(clients.map((client) => client.reaches(final)));
			for (const client of clients) {
				await until(async () => (await client.specVersion()) === oldVersion + 1, `${client.name} to work under the new code`);
			}
		});

		it('interrupts neither transactions nor reads', async (t) => {
			const before = { ...stream.counts };
			await until(() => Object.keys(before).every((kind) => stream.counts[kind] > before[kind]), 'all kinds of transactions');
			await stream.stop();
			await reads.stop();
			await Promise.all(
				network.apis.map(async (node) => stored.assertSame(node, await blockHash(node, await lastFinalised(node)))),
			);
			t.diagnostic(`final: ${JSON.stringify(stream.counts)}, signed again: ${stream.repeated}; reads: ${stored.compared}`);
		});

		it('costs no slot but those of the change and of the migration', async (t) => {
			const lastSlot = watch.slot;
			await watch.finalisesSlotsBefore(lastSlot);
			const blocks = await watch.finalBlocks(firstSlot, lastSlot);
			const gaps = blocks.slice(1).flatMap(({ number, slot }, i) => {
				const missed = slot - blocks[i].slot - 1;
				return missed > 0 ? [{ after: blocks[i].number, before: number, missed }] : [];
			});
			const isExpected = ({ after: last, before: next }) => last >= changed - 1 && next <= migrated + 1;
			t.diagnostic(`slots without a block: ${JSON.stringify(gaps)}`);
			assert.deepEqual(gaps.filter((gap) => !isExpected(gap)), []);
			const { finalityMs } = await watch.report(firstSlot, lastSlot);
			t.diagnostic(`finality from the start of a slot: ${JSON.stringify(finalityMs)}`);
			for (const number of [changed - 1, changed, changed + 1, migrated, migrated + 1]) {
				await agreement(network.apis, number);
			}
		});

		for (const mode of SYNC_MODES) {
			it(`is passed by a node that joins later with --sync ${mode}`, async () => {
				const final = await lastFinalised(api);
				const args = [...joinArguments(network), '--base-path', temporaryFolder(), '--sync', mode];
				await withNode(
					args,
					async (joined) => {
						const number = await lastFinalised(joined);
						const at = await blockHash(joined, number);
						assert.equal(await specVersion(joined, at), oldVersion + 1);
						await stored.assertSame(joined, at);
						await agreement([api, joined], number);
						await finalisedHeight(joined, final + BLOCKS);
					},
					(url) => connectSynced(url, final),
				);
			});
		}

		it('is passed by a light client that starts later', async () => {
			const light = await smoldot(network.spec, network.nodes.map(({ p2p }) => p2p));
			try {
				await light.reaches((await lastFinalised(api)) + 2);
				assert.equal(await light.specVersion(), oldVersion + 1);
			} finally {
				await light.stop();
			}
		});

		it('is passed by a node that was off', async () => {
			const final = await lastFinalised(api);
			const args = [...joinArguments(network), '--base-path', away];
			const node = await startConnected(args, (url) => connectSynced(url, final));
			try {
				await stored.assertSame(node.api, await blockHash(node.api, final));
				await finalisedHeight(node.api, final + 2);
			} finally {
				assert.equal(await node.stop(), 0);
			}
		});
	});
}
