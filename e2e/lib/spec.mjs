// Chain specifications that differ from a preset.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { development } from './chain.mjs';
import { gtos, temporaryFolder } from './node.mjs';

/**
 * Writes a chain spec like the preset `local` but for what `edit` changes in its genesis configuration, and answers
 * its path. It is raw: the same file for every node.
 */
export async function localSpec(edit) {
	const folder = temporaryFolder();
	const [readable, raw] = ['readable.json', 'raw.json'].map((name) => join(folder, name));
	await gtos('export-chain-spec', '--chain', 'local', '--output', readable);
	// The amounts are of few digits and many zeros, which numbers of JavaScript hold exactly.
	const spec = JSON.parse(readFileSync(readable, 'utf8'));
	edit(spec.genesis.runtimeGenesis.patch);
	writeFileSync(readable, JSON.stringify(spec));
	await gtos('export-chain-spec', '--chain', readable, '--raw', '--output', raw);
	return raw;
}

/** Lets the development accounts of these names validate, each with as much at stake as those of the preset. */
export function withValidators(genesis, names) {
	const [[, , stake]] = genesis.staking.stakers;
	const stashes = names.map((name) => development(`${name}//stash`).address);
	genesis.session.keys = names.map((name, i) => [
		stashes[i],
		stashes[i],
		{ aura: development(name).address, grandpa: development(name, 'ed25519').address },
	]);
	genesis.staking.stakers = stashes.map((stash) => [stash, stash, stake, 'Validator']);
	genesis.staking.validatorCount = names.length;
}
