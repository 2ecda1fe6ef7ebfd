// The development chain as `scripts/run` starts it, and the same Wasm with another timing in its genesis.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TOS, account, development, finalisedHeight, newAccount, sign, submit } from '../lib/chain.mjs';
import { startConnected, withDevNode, withNode } from '../lib/network.mjs';
import { editedSpec } from '../lib/spec.mjs';

/** The timing, read from the constants in the metadata. */
function constantsOfTiming({ consts }) {
	return {
		slotDuration: consts.aura.slotDuration.toNumber(),
		minimumPeriod: consts.timestamp.minimumPeriod.toNumber(),
		sessionsPerEra: consts.staking.sessionsPerEra.toNumber(),
		bondingDuration: consts.staking.bondingDuration.toNumber(),
		slashDeferDuration: consts.staking.slashDeferDuration.toNumber(),
		timing: consts.genesisParameters.timing.toJSON(),
	};
}

const DEV_TIMING = {
	slotDurationMs: 500,
	sessionLengthBlocks: 20,
	sessionsPerEra: 3,
	bondingDurationEras: 3,
	slashDeferDurationEras: 1,
	hourBlocks: 20,
};

describe('development chain', async () => {
	const start = Date.now();
	const node = await startConnected(['--dev']);
	const { api } = node;
	after(() => node.stop());

	it('produces and finalises blocks, and includes a transfer', async (t) => {
		await finalisedHeight(api, 1);
		t.diagnostic(`first block final at most ${Date.now() - start} ms after the start`);

		const recipient = newAccount();
		const call = api.tx.balances.transferKeepAlive(recipient.address, TOS);
		const { error, hash } = await submit(api, sign(api, call, development('Alice'), { nonce: 0 }));
		assert.equal(error, null);
		assert.equal((await account(api, recipient, hash)).free, TOS);
	});

	it('provides what wallets and tools need', async () => {
		const { ss58Format, tokenDecimals, tokenSymbol } = (await api.rpc.system.properties()).toHuman();
		assert.deepEqual({ ss58Format, tokenDecimals, tokenSymbol }, {
			ss58Format: '42',
			tokenDecimals: ['12'],
			tokenSymbol: ['TOS'],
		});
		assert.equal(api.runtimeVersion.specName.toString(), 'gtos');
		assert.equal(api.tx.sudo, undefined);

		const versions = await api.call.metadata.metadataVersions();
		assert.deepEqual(versions.toJSON(), [14, 15, 16]);

		const { methods } = (await api.rpc.rpc.methods()).toJSON();
		for (const group of ['author', 'chain', 'state', 'system', 'payment', 'grandpa']) {
			assert.ok(methods.some((method) => method.startsWith(`${group}_`)), `no ${group}_*`);
		}
		for (const group of ['chainHead', 'chainSpec', 'transaction']) {
			assert.ok(methods.some((method) => method.startsWith(`${group}_v1_`)), `no ${group}_v1_*`);
		}

		const response = await fetch(node.metrics);
		assert.match(await response.text(), /^substrate_block_height\{.*status="finalized".*\} \d+$/m);
	});

	it('has the timing of the preset in its constants', () =>
		assert.deepEqual(constantsOfTiming(api), {
			slotDuration: 500,
			minimumPeriod: 250,
			sessionsPerEra: 3,
			bondingDuration: 3,
			slashDeferDuration: 1,
			timing: DEV_TIMING,
		}));

	it('logs no error and exits with code 0', async () => {
		assert.equal(await node.stop(), 0);
		assert.doesNotMatch(node.log(), /panicked|ERROR/);
	});
});

it('an archive node serves the archive methods', () =>
	withDevNode(['--state-pruning', 'archive', '--blocks-pruning', 'archive'], async (api) => {
		const { methods } = (await api.rpc.rpc.methods()).toJSON();
		assert.ok(methods.some((method) => method.startsWith('archive_v1_')), 'no archive_v1_*');
	}));

it('the timing of another genesis applies to the same Wasm', async () => {
	const timing = {
		slotDurationMs: 250,
		sessionLengthBlocks: 6,
		sessionsPerEra: 2,
		bondingDurationEras: 4,
		slashDeferDurationEras: 2,
		hourBlocks: 30,
	};
	const spec = await editedSpec('dev', (genesis) => {
		genesis.genesisParameters.timing = timing;
	});
	await withNode(['--dev', '--chain', spec], async (api) => {
		assert.deepEqual(constantsOfTiming(api), {
			slotDuration: 250,
			minimumPeriod: 125,
			sessionsPerEra: 2,
			bondingDuration: 4,
			slashDeferDuration: 2,
			timing,
		});
		const { hash } = await finalisedHeight(api, 13);
		const at = await api.at(hash);
		const number = (await at.query.system.number()).toNumber();
		assert.equal((await at.query.session.currentIndex()).toNumber(), Math.floor(number / 6));
		assert.ok((await at.query.staking.activeEra()).unwrap().index.toNumber() >= 1);
	});
});
