// Commands that work on the database of a stopped node: export, import, check, revert and purge.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { blockHash, finalisedHeight } from '../lib/chain.mjs';
import { withNode } from '../lib/network.mjs';
import { gtos, temporaryFolder } from '../lib/node.mjs';
import { presetSpec } from '../lib/spec.mjs';

describe('blocks of a stopped node', () => {
	const folder = temporaryFolder();
	let spec;
	const exported = join(folder, 'blocks');
	let best;

	/** Runs a command of the node on the database below `base`. */
	const on = (base, command, ...args) => gtos(command, '--chain', spec, '--base-path', join(folder, base), ...args);

	const info = async (base) => JSON.parse(await on(base, 'chain-info'));

	before(async () => {
		spec = await presetSpec('dev');
		await withNode(['--dev', '--chain', spec, '--base-path', join(folder, 'author')], async (api) => {
			await finalisedHeight(api, 5);
			best = await blockHash(api, 5);
		});
	});

	it('are exported, and imported into another database', async () => {
		await on('author', 'export-blocks', '--from', '1', '--to', '5', exported);
		await on('importer', 'import-blocks', exported);
		const { best_hash: hash, best_number: number } = await info('importer');
		assert.deepEqual({ hash, number }, { hash: best, number: 5 });

		const again = join(folder, 'again');
		await on('importer', 'export-blocks', '--from', '1', '--to', '5', again);
		assert.equal(readFileSync(again).compare(readFileSync(exported)), 0);
	});

	it('are executed again', () => on('importer', 'check-block', '5'));

	it('are reverted down to the last finalised block', async () => {
		await on('importer', 'revert', '2');
		const { best_number: number } = await info('importer');
		assert.equal(number, 3);

		const { finalized_number: finalised } = await info('author');
		await on('author', 'revert', '1000000');
		assert.equal((await info('author')).best_number, finalised);
	});

	it('are purged', async () => {
		await on('importer', 'purge-chain', '-y');
		assert.equal((await info('importer')).best_number, 0);
	});
});
