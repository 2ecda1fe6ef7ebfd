// Chain specifications that differ from a preset in some of their genesis configuration.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { development } from './chain.mjs';
import { gtos, temporaryFolder } from './node.mjs';

/**
 * Writes a chain spec like `preset` except for what `edit` changes in its genesis configuration, and answers its path.
 * The spec is raw, so that every node started from it has the same genesis.
 */
export async function editedSpec(preset, edit) {
	const folder = temporaryFolder();
	const [readable, raw] = ['readable.json', 'raw.json'].map((name) => join(folder, name));
	await gtos('export-chain-spec', '--chain', preset, '--output', readable);
	// Amounts have few significant digits, which numbers of JavaScript hold exactly.
	const spec = JSON.parse(readFileSync(readable, 'utf8'));
	edit(spec.genesis.runtimeGenesis.patch);
	writeFileSync(readable, JSON.stringify(spec));
	await gtos('export-chain-spec', '--chain', readable, '--raw', '--output', raw);
	return raw;
}

/** Makes the development accounts of these names the validators, each with the stake that the preset gives its own. */
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
