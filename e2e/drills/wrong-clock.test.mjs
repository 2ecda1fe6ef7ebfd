// A node whose clock is wrong says so, keeps its peers and follows the chain.
//
// GTOS_FAKETIME names the library that shifts the clock (libfaketime.so.1); without it the drill is skipped.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect, finalisedHeight, lastFinalised } from '../lib/chain.mjs';
import { untilMetric } from '../lib/metrics.mjs';
import { joinArguments, startConnected, startNetwork } from '../lib/network.mjs';
import { temporaryFolder } from '../lib/node.mjs';

const LIBRARY = process.env.GTOS_FAKETIME;
// Ten slots of the preset.
const OFFSET_S = 5;
// An estimate may be off by the time that a block needs.
const TOLERANCE_MS = 500;
const ERROR = ['gtos_clock_error_milliseconds'];

/** The environment of a process whose clock is wrong by `seconds`. Timers work as ever. */
const clockOff = (seconds) => ({
	LD_PRELOAD: LIBRARY,
	FAKETIME: `${seconds > 0 ? '+' : ''}${seconds}s`,
	FAKETIME_DONT_FAKE_MONOTONIC: '1',
});

describe('a node with a wrong clock', { skip: LIBRARY ? false : 'GTOS_FAKETIME is not set' }, () => {
	let network;

	before(async () => {
		network = await startNetwork();
	});

	after(() => network?.stop());

	const cases = [
		['slow', -OFFSET_S, /This node's clock is about [45]\.\d s behind those of the block authors/],
		['fast', OFFSET_S, /This node's clock is about [45]\.\d s ahead of those of the block authors/],
	];
	for (const [name, seconds, message] of cases) {
		it(`says that it is ${name}, and follows the chain`, async () => {
			const folder = ['--base-path', temporaryFolder(), '--unsafe-force-node-key-generation'];
			const node = await startConnected([...folder, ...joinArguments(network)], connect, clockOff(seconds));
			try {
				const isNear = (error) => Math.abs(error - seconds * 1_000) <= TOLERANCE_MS;
				await untilMetric(node, ERROR, isNear);
				assert.match(node.log(), message);
				assert.match(node.log(), /Set it by NTP/);
				const height = (await lastFinalised(network.apis[0])) + 20;
				await finalisedHeight(node.api, height);
				const peers = await node.api.rpc.system.peers();
				assert.equal(peers.length, network.nodes.length);
			} finally {
				await node.stop();
			}
		});
	}

	it('says nothing if the clock is right', async () => {
		const folder = ['--base-path', temporaryFolder(), '--unsafe-force-node-key-generation'];
		const node = await startConnected([...folder, ...joinArguments(network)]);
		try {
			await untilMetric(node, ERROR, (error) => Math.abs(error) <= TOLERANCE_MS);
			await finalisedHeight(node.api, (await lastFinalised(network.apis[0])) + 20);
			assert.doesNotMatch(node.log(), /This node's clock/);
		} finally {
			await node.stop();
		}
	});
});
