// Chain specifications, which the tests make only once for each node binary: most of the time that a network takes to start
// is spent on compiling the runtime that builds its genesis.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { development } from './chain.mjs';
import { GTOS_BIN, TARGET_DIR, gtos } from './node.mjs';

// After this time, the specs of another binary are removed; no test runs so long.
const MAX_AGE_MS = 24 * 60 * 60_000;

const sha256 = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** The path of a file that all tests of this binary share. `make(path)` writes it if it is missing. */
async function cached(name, make) {
	const { mtimeMs, size } = statSync(GTOS_BIN);
	const specs = `${TARGET_DIR}-specs`;
	const own = sha256(`${GTOS_BIN} ${mtimeMs} ${size}`);
	const folder = join(specs, own);
	if (!existsSync(folder)) {
		// Another process may be here at the same time, or test another binary.
		mkdirSync(folder, { recursive: true });
		const isOld = (other) => Date.now() - (statSync(other, { throwIfNoEntry: false })?.mtimeMs ?? 0) > MAX_AGE_MS;
		const others = readdirSync(specs).map((other) => join(specs, other));
		for (const other of others.filter(isOld)) rmSync(other, { recursive: true, force: true });
	}
	const path = join(folder, name);
	if (!existsSync(path)) {
		const unfinished = `${path}.${process.pid}.${Math.random()}`;
		await make(unfinished);
		renameSync(unfinished, path);
	}
	return path;
}

const exportSpec =
	(chain, ...options) =>
	(path) =>
		gtos('export-chain-spec', '--chain', chain, ...options, '--output', path);

export const isPreset = (chain) => /^[a-z]+$/.test(chain);

/** The path of the chain spec of a preset in its readable form. */
export const readableSpec = (preset) => cached(`${preset}.json`, exportSpec(preset));

/** The path of the raw chain spec of a preset, from which a node starts faster than from the name of the preset. */
export const presetSpec = (preset) => cached(`${preset}.raw.json`, exportSpec(preset, '--raw'));

/** The path of a raw chain spec like `preset` except for what `edit` changes in its genesis configuration. */
export async function editedSpec(preset, edit) {
	const original = await readableSpec(preset);
	// JavaScript numbers represent the amounts exactly, because these have few significant digits.
	const spec = JSON.parse(readFileSync(original, 'utf8'));
	edit(spec.genesis.runtimeGenesis.patch);
	const text = JSON.stringify(spec);
	const name = `${preset}.${sha256(text)}`;
	const edited = await cached(`${name}.json`, (path) => writeFileSync(path, text));
	return cached(`${name}.raw.json`, exportSpec(edited, '--raw'));
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
