// What has changed since the last release (specs/compatibility.md). Clients break only where the changelog declares it.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { rawCall } from './lib/chain.mjs';
import { readMetadata } from './lib/metadata-changes.mjs';
import { withDevNode } from './lib/network.mjs';
import { ROOT, TARGET_DIR, temporaryFolder } from './lib/node.mjs';
import { declaredBreaks, lastRelease, releaseErrors, releasedVersions } from './lib/releases.mjs';
import { specVersionAt } from './lib/runtime-wasm.mjs';
import { U32, U64, metadata, variant } from './lib/sample-metadata.mjs';
import { NAMES, describeRuntime } from './lib/wasm-description.mjs';

const WASM = join(TARGET_DIR, 'release/wbuild/gtos-runtime', NAMES.uncompressed);
const CHANGELOG = join(ROOT, 'CHANGELOG.md');

describe('the last release', () => {
	it('has metadata of its own spec version, a code hash and the genesis of a network', () => {
		const { metadata, specVersion, codeHash, genesisHash } = lastRelease();
		const { constants } = metadata.pallets.find(({ name }) => name === 'System');
		const { value } = constants.find(({ name }) => name === 'Version');
		const version = Buffer.from(value.slice(2), 'hex');
		assert.equal(version.readUInt32LE(specVersionAt(version)), specVersion);
		for (const hash of [codeHash, genesisHash.local]) assert.match(hash, /^0x[0-9a-f]{64}$/);
	});

	it('is followed by no break that the changelog does not declare', async () => {
		const released = lastRelease();
		const declared = declaredBreaks(readFileSync(CHANGELOG, 'utf8'), released.version);
		const runtime = describeRuntime(readFileSync(WASM));
		const { methods } = await withDevNode([], (api) => rawCall(api, 'rpc_methods'));
		const today = { ...runtime, metadata: readMetadata(runtime.metadata), rpcMethods: methods };
		assert.deepEqual(releaseErrors(released, today, declared), []);
	});
});

describe('a folder of releases', () => {
	it('without a release is an error', () => {
		for (const folder of [temporaryFolder(), join(temporaryFolder(), 'missing')]) {
			assert.deepEqual(releasedVersions(folder), []);
			assert.throws(() => lastRelease(folder), /has no release: scripts\/release writes it/);
		}
	});

	it('has its versions in the order of their numbers', () => {
		const folder = temporaryFolder();
		for (const name of ['1.2.0', '1.10.0', '0.9.9', '1.10.1', 'draft']) mkdirSync(join(folder, name));
		assert.deepEqual(releasedVersions(folder), ['1.10.1', '1.10.0', '1.2.0', '0.9.9']);
	});
});

describe('the breaks that a changelog declares', () => {
	const changelog = (...lines) =>
		['# Changelog', '## [Unreleased]', ...lines, '## [1.0.0] - 2026-01-01', '- A'].join('\n');
	const declared = (...lines) => declaredBreaks(changelog(...lines), '1.0.0');

	it('are those above the section of the last release', () => {
		assert.deepEqual(declared('- Added.', '- Breaking: `call Store.put`: it takes a length.'), ['call Store.put']);
		const two = '- Breaking: `event Store.Put`, `storage Store.Items`: entries have';
		assert.deepEqual(declared('## [2.0.0] - 2026-02-02', two, '  an owner.'), ['event Store.Put', 'storage Store.Items']);
		const old = `${changelog()}\n- Breaking: \`call Store.put\`: an old one.`;
		assert.deepEqual(declaredBreaks(old, '1.0.0'), []);
	});

	it('have one form, and any other is an error', () => {
		const wrong = ['- Breaking: the call put', '- **Breaking:** `call Store.put`: a', '- Breaking: `call Store.put`:'];
		for (const line of wrong) assert.throws(() => declared(line), /is not of the form/, line);
	});

	it('cannot be found without a section of the last release', () => {
		assert.throws(() => declaredBreaks(changelog(), '1.1.0'), /has no section \[1\.1\.0\]/);
	});
});

describe('a version after a release', () => {
	const versions = { version: '1.0.0', specVersion: 1, transactionVersion: 1 };
	const release = { ...versions, rpcMethods: ['kv_get'], metadata: metadata() };
	const errors = (changes, declared = []) => releaseErrors(release, { ...release, ...changes }, declared);
	const removed = { metadata: metadata({ other: [] }), specVersion: 2 };
	const resigned = { metadata: metadata({ calls: [variant('put', 0, U64)] }), specVersion: 2 };

	/** Asserts that there are these errors and no others. */
	const assertErrors = (found, ...patterns) => {
		assert.equal(found.length, patterns.length, found.join('\n'));
		patterns.forEach((pattern, i) => assert.match(found[i], pattern));
	};

	it('that changes nothing is right', () => {
		assert.deepEqual(errors({}), []);
	});

	it('that breaks clients has to declare it', () => {
		const event = /^the event Store\.Done is removed, which.*`event Store\.Done`/;
		assertErrors(errors(removed), event, /^the error Store\.Done/);
		assert.deepEqual(errors(removed, ['event Store.Done', 'error Store.Done']), []);
		assertErrors(errors({ rpcMethods: [] }), /^the JSON-RPC method kv_get is removed.*`rpc kv_get`/);
		assert.deepEqual(errors({ rpcMethods: [] }, ['rpc kv_get']), []);
	});

	it('declares nothing that has not changed', () => {
		assertErrors(errors({}, ['call Store.put']), /declares that `call Store\.put` breaks, but nothing has/);
	});

	it('has a higher spec version if the metadata has changed', () => {
		const added = metadata({ calls: [...metadata().lookup[3].def.value, variant('remove', 2, U32)] });
		assertErrors(errors({ metadata: added }), /^spec_version is 1/);
		assert.deepEqual(errors({ metadata: added, specVersion: 2 }), []);
		assertErrors(errors({ specVersion: 0 }), /^spec_version has fallen from 1 to 0/);
	});

	it('has a higher transaction version if what is signed has changed', () => {
		const declared = ['call Store.put', 'call Store.choose'];
		assertErrors(errors(resigned, declared), /^transaction_version is 1.*Store\.put has other fields/);
		assert.deepEqual(errors({ ...resigned, transactionVersion: 2 }, declared), []);
		assertErrors(errors({ transactionVersion: 0 }), /^transaction_version has fallen from 1 to 0/);
	});
});
