// The releases that are kept in `releases/`, and the breaks of clients that the changelog declares.
//
// specs/compatibility.md defines what a release may change, and what a break is.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { metadataBreaks, metadataChanges, readMetadata } from './metadata-changes.mjs';
import { ROOT } from './node.mjs';

export const RELEASES = join(ROOT, 'releases');

const VERSION = /^(\d+)\.(\d+)\.(\d+)$/;
// A list item of the changelog: - Breaking: `call Store.put`, `event Store.Put`: reason
const DECLARATION = /^- Breaking: ((?:`[^`]+`, )*`[^`]+`): \S/;

/** The versions that have a folder in `folder`, the last one first. */
export function releasedVersions(folder = RELEASES) {
	if (!existsSync(folder)) return [];
	const numbers = (version) => VERSION.exec(version).slice(1).map(Number);
	return readdirSync(folder)
		.filter((name) => VERSION.test(name))
		.sort((one, other) => {
			const [a, b] = [numbers(one), numbers(other)];
			const i = a.findIndex((number, i) => number !== b[i]);
			return i < 0 ? 0 : b[i] - a[i];
		});
}

/** Reads the last release: what `release.json` holds, and `metadata` as `readMetadata` answers it. */
export function lastRelease(folder = RELEASES) {
	const [version] = releasedVersions(folder);
	if (!version) throw new Error(`${folder} has no release: scripts/release writes it`);
	const read = (name) => readFileSync(join(folder, version, name));
	return { ...JSON.parse(read('release.json')), metadata: readMetadata(read('metadata.scale')) };
}

/** The items that a changelog declares as broken since the release `version`: in the sections above that release's. */
export function declaredBreaks(changelog, version) {
	const lines = changelog.split('\n');
	const end = lines.findIndex((line) => line.startsWith(`## [${version}]`));
	if (end < 0) throw new Error(`the changelog has no section [${version}], although releases/${version} is there`);
	return lines.slice(0, end).flatMap((line) => {
		if (!/^\s*[-*]\s+\W*Breaking\b/i.test(line)) return [];
		const [, items] = DECLARATION.exec(line) ?? [];
		if (!items) throw new Error(`this is not of the form "- Breaking: \`KIND NAME\`: REASON": ${line}`);
		return items.split(', ').map((item) => item.slice(1, -1));
	});
}

/**
 * Returns what is wrong with a development version after the last release, as sentences. Both have `metadata`,
 * `rpcMethods`, `specVersion` and `transactionVersion`; `declared` are the items of the changelog.
 */
export function releaseErrors(released, today, declared) {
	const changes = metadataChanges(released.metadata, today.metadata);
	const removedMethods = released.rpcMethods
		.filter((method) => !today.rpcMethods.includes(method))
		.map((method) => ({ item: `rpc ${method}`, sentence: `the JSON-RPC method ${method} is removed` }));
	const breaks = [...metadataBreaks(released.metadata, today.metadata), ...removedMethods];
	const undeclared = breaks
		.filter(({ item }) => !declared.includes(item))
		.map(
			({ item, sentence }) =>
				`${sentence}, which the changelog does not declare: undo it, or add "- Breaking: \`${item}\`: REASON" to ` +
				'its section [Unreleased]',
		);
	const needless = declared
		.filter((item) => !breaks.some((found) => found.item === item))
		.map((item) => `the changelog declares that \`${item}\` breaks, but nothing has: remove the declaration`);
	return [...undeclared, ...needless, ...versionErrors(released, today, changes)];
}

/** The versions of the runtime rise with what they stand for (TXN-R10). */
function versionErrors(released, today, { signing, unsafe, notes }) {
	const errors = [];
	const check = (isWrong, error) => isWrong && errors.push(error);
	const isChanged = [signing, unsafe, notes].some((list) => list.length > 0);
	check(
		isChanged && today.specVersion <= released.specVersion,
		`spec_version is ${today.specVersion}, as in release ${released.version}, although the metadata has changed: raise ` +
			'it in runtime/src/lib.rs',
	);
	check(
		today.specVersion < released.specVersion,
		`spec_version has fallen from ${released.specVersion} to ${today.specVersion}: no chain would accept the upgrade`,
	);
	check(
		signing.length > 0 && today.transactionVersion <= released.transactionVersion,
		`transaction_version is ${today.transactionVersion}, as in release ${released.version}, although what is signed ` +
			`has changed (${signing.join('; ')}): raise it in runtime/src/lib.rs`,
	);
	check(
		today.transactionVersion < released.transactionVersion,
		`transaction_version has fallen from ${released.transactionVersion} to ${today.transactionVersion}`,
	);
	return errors;
}
