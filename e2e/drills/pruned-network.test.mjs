// In a network whose validators delete the bodies of old blocks, other nodes can still join: by warp sync from the
// validators alone, and by full sync if one node keeps all bodies.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { blockHash, connectSynced, finalised, finalisedHeight, rawCall, until } from '../lib/chain.mjs';
import { joinArguments, startConnected, withNode } from '../lib/network.mjs';
import { freePorts, startNode, temporaryFolder } from '../lib/node.mjs';
import { editedSpec } from '../lib/spec.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

// Long enough for the node that keeps all bodies to join before any is deleted.
const KEPT = 64;
const PRUNING = ['--state-pruning', String(KEPT), '--blocks-pruning', String(KEPT)];

// An era, and with it a GRANDPA set, lasts five seconds: the proof of a warp sync has several parts.
const TIMING = { slotDurationMs: 500, sessionLengthBlocks: 5, sessionsPerEra: 2 };

// Blocks whose bodies are deleted, except one of them if it is the first block that a node finalises. The last block of a
// GRANDPA set is kept too, and is none of them.
const OLD = [6, 7, 8];

// How long the warning may take, which comes after two minutes, and how much of the log is shown if it does not come.
const WARNING_TIMEOUT_MS = 4 * 60_000;
const LOG_END_CHARACTERS = 4_000;

/** Whether a node has the body of a block. */
const hasBody = async (api, hash) => (await rawCall(api, 'chain_getBlock', hash)) !== null;

/** Whether the log of a node has the line. Throws if the node has exited without it. */
async function hasLogged(node, line) {
	// The exit code, once there is one.
	const code = await Promise.race([node.ended, 'running']);
	if (line.test(node.log())) return true;
	assert.equal(code, 'running', 'the node still runs');
	return false;
}

describe('a network of validators without old bodies', { concurrency: false }, async () => {
	const chain = await editedSpec('local', (genesis) => Object.assign(genesis.genesisParameters.timing, TIMING));
	const network = await suiteNetwork({ chain, args: PRUNING });
	const validators = joinArguments(network);
	// Without the option, a node also connects to the one that keeps all bodies: the validators tell it the address.
	const validatorsOnly = [...validators, '--reserved-only'];
	const [validator] = network.apis;
	let bootNode;
	let bootAddress;
	let height;

	before(async () => {
		const address = `/ip4/127.0.0.1/tcp/${await freePorts()}`;
		bootNode = await startConnected([...validators, '--base-path', temporaryFolder(), '--listen-addr', address]);
		bootAddress = `${address}/p2p/${await rawCall(bootNode.api, 'system_localPeerId')}`;
		height = KEPT + 20;
		await finalisedHeight(validator, height);
		await finalisedHeight(bootNode.api, height);
	});

	after(() => bootNode?.stop());

	it('has deleted the bodies of old blocks, and not their headers', async () => {
		const old = await Promise.all(OLD.map((number) => blockHash(validator, number)));
		const bodies = async (api) => (await Promise.all(old.map((hash) => hasBody(api, hash)))).filter(Boolean).length;
		for (const api of network.apis) {
			const kept = await bodies(api);
			assert.ok(kept <= 1, `${kept} bodies of the blocks ${OLD}`);
			for (const hash of old) assert.notEqual(await rawCall(api, 'chain_getHeader', hash), null);
			assert.equal(await hasBody(api, await blockHash(api, height)), true);
		}
		assert.equal(await bodies(bootNode.api), OLD.length);
	});

	it('lets a node join by full sync if a node keeps all bodies', async () => {
		const args = [...validators, bootAddress, '--base-path', temporaryFolder(), '--sync', 'full'];
		await withNode(
			args,
			async (api) => {
				for (const number of [1, ...OLD, height]) {
					assert.ok(await hasBody(api, await blockHash(validator, number)), `${number}`);
				}
			},
			(url) => connectSynced(url, height),
		);
	});

	it('tells a node that has only the validators for a full sync what it needs', async () => {
		const node = await startNode([...validatorsOnly, '--base-path', temporaryFolder(), '--sync', 'full']);
		try {
			// The validators may have kept the bodies of the first blocks.
			const warning = /at block \d and gets no further blocks, although a peer is at block \d+\. .* one that keeps all/;
			await until(() => hasLogged(node, warning), 'the warning', WARNING_TIMEOUT_MS);
		} catch (error) {
			throw new Error(`${error.message}; the node's log:\n${node.log().slice(-LOG_END_CHARACTERS)}`);
		} finally {
			await node.stop();
		}
	});

	it('lets a node join by warp sync from the validators alone', async () => {
		const args = [...validatorsOnly, '--base-path', temporaryFolder(), '--sync', 'warp', ...PRUNING];
		const log = await withNode(
			args,
			async (api, node) => {
				const head = await finalised(api, () => true);
				await finalisedHeight(api, head.number.toNumber() + 1);
				// The headers of the old blocks come last.
				const old = await blockHash(validator, OLD[0]);
				await until(async () => (await rawCall(api, 'chain_getHeader', old)) !== null, 'the old headers');
				return node.log();
			},
			(url) => connectSynced(url, height),
		);
		assert.match(log, /Warp sync is complete/);
	});

	it('gets a warning from a node that keeps all bodies on a database without the old ones', async () => {
		const base = temporaryFolder();
		const args = ['--base-path', base];
		// The old bodies are deleted while the node syncs.
		await withNode([...validators, bootAddress, ...args, ...PRUNING], () => {}, (url) => connectSynced(url, height));
		const log = await withNode([...validators, ...args], (_, node) => node.log());
		assert.match(log, /its database has been pruned before/);
	});
});
