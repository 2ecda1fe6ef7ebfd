// Whatever an operator does to the files of a validator, it never signs twice: its keys on a second node, its database or
// its record or both restored, its record deleted, its process stopped for a while. And whatever all operators do at once, the chain goes on.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bestHeight, blockHash, until as poll } from '../lib/chain.mjs';
import { freePorts, gtos, runToEnd, temporaryFolder } from '../lib/node.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';
import { Validator } from '../lib/validator.mjs';

// Finality needs three of four.
const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave'];

const EQUIVOCATIONS = ['aura:equivocatio', 'grandpa:equivoca'];

// A node listens for a minute and eight slots. This limit only ends a test that hangs.
const PATIENCE_MS = 300_000;

// A chain whose first block is older than a minute is not new, and a record or a database that is a minute ahead of the
// other does not agree with it. In blocks of 500 ms, with a margin.
const MORE_THAN_A_MINUTE = 150;

// A process that stood still for 30 s listens again.
const LONG_PAUSE_MS = 40_000;

// A round ends in less.
const SETTLING_MS = 10_000;

const SOME_BLOCKS = 8;

const until = (condition, what) => poll(condition, what, PATIENCE_MS);

describe('slashing protection', () => {
	let validators = [];
	let dave;
	let others;
	let copies = [];

	const without = (absent) => validators.filter((node) => node !== absent);
	const startAll = () => Promise.all(validators.map((node) => node.start(without(node))));
	const stopAll = (signal) => Promise.all(validators.map((node) => node.stop(signal)));

	/** Waits until all of `nodes` have finalised `count` more blocks than any of them has now. */
	async function goesOn(nodes = validators, count = SOME_BLOCKS) {
		const target = Math.max(...(await Promise.all(nodes.map((node) => node.final())))) + count;
		const isThere = async () => (await Promise.all(nodes.map((node) => node.final()))).every((final) => final >= target);
		await until(isThere, `${nodes.map(({ name }) => name)} to finalise block ${target}`);
	}

	const isSigning = (node) => async () => (await node.metric('gtos_slashing_protection_signing')) === 1;

	/** Asserts that `node` votes: without one of the others, finality needs its vote. */
	async function assertVotes(node) {
		await until(isSigning(node), `${node.name} to sign`);
		const [absent, ...present] = others;
		await absent.stop();
		await goesOn([...present, node]);
		await absent.start(without(absent).filter(({ name }) => name !== node.name).concat(node));
		await goesOn([...others, node]);
	}

	/** Asserts that no equivocation has been reported, in the final state of the first validator. */
	async function assertNoOffence() {
		await goesOn(others);
		const [{ api }] = others;
		const at = await api.at(await api.rpc.chain.getFinalizedHead());
		const offences = await at.query.offences.concurrentReportsIndex.keys();
		const kinds = offences.map(({ args: [kind] }) => Buffer.from(kind.toU8a(true)).toString());
		assert.deepEqual(
			kinds.filter((kind) => EQUIVOCATIONS.includes(kind)),
			[],
		);
		assert.deepEqual(await at.query.staking.unappliedSlashes.keys(), []);
		const refused = await Promise.all(others.map((node) => node.metric('gtos_slashing_protection_refused_total')));
		assert.deepEqual(refused, [0, 0, 0]);
	}

	before(async () => {
		const spec = await editedSpec('local', (genesis) => {
			withValidators(genesis, NAMES);
			// No session ends here, so that no validator is chilled for having been offline.
			genesis.genesisParameters.timing.sessionLengthBlocks = 100_000;
		});
		const port = await freePorts(NAMES.length);
		validators = await Promise.all(NAMES.map((name, i) => Validator.create(name, spec, port + i)));
		dave = validators.at(-1);
		others = without(dave);
		await startAll();
	});

	after(() => Promise.all([...validators, ...copies].map((node) => node.stop())));

	it('lets validators of a new chain sign at once', async () => {
		await goesOn();
		for (const node of validators) {
			assert.ok(existsSync(node.record), `${node.name} has a record`);
			assert.doesNotMatch(node.node.log(), /listens for its own keys/);
		}
		await bestHeight(others[0].api, MORE_THAN_A_MINUTE);
	});

	it('stops a second node with the same keys while the first runs', async () => {
		const second = await dave.copyOfKeystore();
		const { code, output } = await second.runToEnd(validators, PATIENCE_MS);
		assert.notEqual(code, 0);
		assert.match(output, /another node signs with this node's consensus keys/);
		assert.equal(existsSync(second.record), false);
		await goesOn();
		await assertNoOffence();
	});

	it('does not start a second node with the same record', async () => {
		const second = await dave.withoutKeys();
		const keystore = ['--keystore-path', join(dave.chain, 'keystore')];
		const { code, output } = await second.runToEnd(validators, PATIENCE_MS, keystore);
		assert.notEqual(code, 0);
		assert.match(output, /is in use by another process/);
		await assertNoOffence();
	});

	it('signs at once after an ordinary restart and after a crash', async () => {
		for (const signal of ['SIGTERM', 'SIGKILL']) {
			await dave.stop(signal);
			await dave.start(others);
			await assertVotes(dave);
			assert.doesNotMatch(dave.node.log(), /listens for its own keys/);
		}
		await assertNoOffence();
	});

	it('listens with a copied keystore without a record, and then signs', async () => {
		await dave.stop();
		const second = await dave.copyOfKeystore();
		copies.push(second);
		await second.start(others);
		await until(isSigning(second), 'the copy to sign');
		assert.match(second.node.log(), /listens for its own keys/);
		await goesOn([...others, second]);
		await second.stop();
		await dave.start(others);
		await assertVotes(dave);
		await assertNoOffence();
	});

	it('does not use keys that are copied into a running node before it has listened', async () => {
		const other = await dave.withoutKeys();
		copies.push(other);
		await other.start(validators);
		await until(isSigning(other), 'the node without keys to need no listening');
		await other.insertKeys(dave.name);
		// Dave runs: the other node hears it, and never seals or votes.
		await until(async () => /Another node signs/.test(other.node.log()), 'the other node to hear Dave');
		await goesOn(validators, MORE_THAN_A_MINUTE);
		await assertNoOffence();
		await other.stop();
	});

	it('listens after it was suspended, or stops in a round that it cannot go on with', async () => {
		dave.node.signal('SIGSTOP');
		await sleep(LONG_PAUSE_MS);
		dave.node.signal('SIGCONT');
		await until(async () => /has stood still for/.test(dave.node.log()), 'Dave to notice the pause');
		const hasEnded = await Promise.race([dave.node.ended.then(() => true), sleep(SETTLING_MS, false)]);
		if (hasEnded) {
			assert.match(dave.node.log(), /Start the node again/);
			await dave.stop();
			await dave.start(others);
		} else {
			assert.equal(await isSigning(dave)(), false);
		}
		await assertVotes(dave);
		await assertNoOffence();
	});

	it('signs without a restart if finality waits for a node with an older database', async () => {
		await dave.stop();
		const restore = dave.snapshot();
		await dave.start(others);
		const height = await bestHeight(dave.api);
		await until(async () => (await bestHeight(dave.api)) > height + 2 * MORE_THAN_A_MINUTE, 'two minutes of blocks');
		await dave.stop();
		restore();
		const [absent, ...present] = others;
		await absent.stop();
		await dave.start(present);
		await until(isSigning(dave), 'Dave to sign');
		await goesOn([...present, dave]);
		await absent.start([...present, dave]);
		await goesOn();
		await assertNoOffence();
	});

	it('listens with an older database, and then signs', async () => {
		await dave.stop();
		const restore = dave.snapshot();
		await dave.start(others);
		const height = await bestHeight(dave.api);
		await until(isSigning(dave), 'Dave to sign');
		await until(async () => (await bestHeight(dave.api)) > height + MORE_THAN_A_MINUTE, 'a minute of blocks');
		await dave.stop();
		restore();
		await dave.start(others);
		assert.match(dave.node.log(), /the database is older than the record/);
		await assertVotes(dave);
		await assertNoOffence();
	});

	it('listens with an older record, and then signs', async () => {
		await dave.stop();
		const restore = dave.snapshot({ database: false, record: true });
		await dave.start(others);
		await until(isSigning(dave), 'Dave to sign');
		await goesOn(validators, 40);
		await dave.stop();
		restore();
		await dave.start(others);
		assert.match(dave.node.log(), /is older than the database/);
		await assertVotes(dave);
		await assertNoOffence();
	});

	it('listens with an older snapshot of the whole disk, and then signs', async () => {
		await dave.stop();
		const restore = dave.snapshot({ record: true });
		await dave.start(others);
		const height = await bestHeight(dave.api);
		await until(async () => (await bestHeight(dave.api)) > height + MORE_THAN_A_MINUTE, 'a minute of blocks');
		await dave.stop();
		restore();
		await dave.start(others);
		assert.match(dave.node.log(), /end more than a minute ago/);
		await assertVotes(dave);
		await assertNoOffence();
	});

	it('refuses to start with a damaged record, and starts with an imported one', async () => {
		await dave.stop();
		const file = join(temporaryFolder(), 'exported.json');
		const params = ['--chain', dave.spec, '--base-path', dave.folder];
		await gtos('slashing-protection', 'export', file, ...params);
		writeFileSync(dave.record, readFileSync(dave.record, 'utf8').replace('"slot":', '"slot":1'));
		const { code, output } = await dave.runToEnd(others, PATIENCE_MS);
		assert.notEqual(code, 0);
		assert.match(output, /slashing protection record .* is damaged/);
		const imported = await runToEnd(['slashing-protection', 'import', file, ...params]);
		assert.equal(imported.code, 0, imported.output);
		assert.match(imported.output, /was damaged/);
		assert.ok(existsSync(`${dave.record}.damaged`), 'the damaged record is kept');
		await dave.start(others);
		assert.doesNotMatch(dave.node.log(), /there is no record/);
		await assertVotes(dave);
		await assertNoOffence();
	});

	// The chain needs three of these four: none of them may wait for a block or a vote of the others.
	for (const [how, signal, change] of [
		['intact records', 'SIGTERM', () => () => {}],
		['intact records after a crash', 'SIGKILL', () => () => {}],
		['no records', 'SIGKILL', (node) => () => node.deleteRecord()],
		['old records', 'SIGTERM', (node) => node.snapshot({ database: false, record: true })],
		[
			'old databases whose records were moved away',
			'SIGTERM',
			(node) => {
				const restore = node.snapshot();
				return () => {
					restore();
					node.deleteRecord();
				};
			},
		],
	]) {
		it(`lets the chain go on when all validators restart with ${how}`, async () => {
			await stopAll('SIGTERM');
			const changes = validators.map(change);
			await startAll();
			await goesOn(validators, 40);
			await stopAll(signal);
			for (const apply of changes) apply();
			await startAll();
			await goesOn();
			await assertNoOffence();
			const [one, other] = await Promise.all([others[0], dave].map((node) => node.final()));
			const height = Math.min(one, other);
			const hashes = await Promise.all(validators.map(({ api }) => blockHash(api, height)));
			assert.equal(new Set(hashes).size, 1, 'all have the same final chain');
		});
	}
});
