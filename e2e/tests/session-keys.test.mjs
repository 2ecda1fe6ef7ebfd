// A node says that it has a session key only if it can sign with it, and a validator says at its start which it lacks.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { u8aConcat, u8aToHex } from '@polkadot/util';
import { development, rawCall, until } from '../lib/chain.mjs';
import { withDevNode, withNode } from '../lib/network.mjs';
import { gtos, temporaryFolder } from '../lib/node.mjs';
import { presetSpec } from '../lib/spec.mjs';

it('a key that is stored under another public key does not count as present', () =>
	withDevNode([], async (api, node) => {
		const [aura, grandpa] = ['sr25519', 'ed25519'].map((type) => development('Ferdie', type).publicKey);
		const hasKey = (type, key) => rawCall(api, 'author_hasKey', u8aToHex(key), type);
		const hasBoth = () => rawCall(api, 'author_hasSessionKeys', u8aToHex(u8aConcat(aura, grandpa)));

		await rawCall(api, 'author_insertKey', 'aura', '//Ferdie', u8aToHex(aura));
		await rawCall(api, 'author_insertKey', 'gran', '//Bob', u8aToHex(grandpa));
		assert.equal(await hasKey('aura', aura), true);
		assert.equal(await hasKey('gran', grandpa), false);
		assert.equal(await hasBoth(), false);
		assert.match(node.log(), new RegExp(`cannot sign with the GRANDPA key ${u8aToHex(grandpa)}`));

		await rawCall(api, 'author_insertKey', 'gran', '//Ferdie', u8aToHex(grandpa));
		assert.equal(await hasBoth(), true);
	}));

it('a validator says at its start which keys of the current and the next session it has and lacks', async () => {
	const spec = await presetSpec('local');
	const base = temporaryFolder();
	const insert = async (type, scheme) => {
		const key = ['--key-type', type, '--scheme', scheme, '--suri', '//Alice'];
		await gtos('key', 'insert', '--chain', spec, '--base-path', base, ...key);
	};
	const run = (expected) =>
		withNode(
			['--chain', spec, '--base-path', base, '--validator', '--unsafe-force-node-key-generation'],
			(_, node) => until(() => expected.every((line) => line.test(node.log())), `${expected} in the log`),
		);
	const stash = development('Alice//stash').address;
	const grandpa = u8aToHex(development('Alice', 'ed25519').publicKey);
	const inSessions = (line) => ['current', 'next'].map((session) => new RegExp(line(session)));

	await run([/No validator of the current or the next session has keys of this node/]);
	await insert('aura', 'sr25519');
	const lacks = `cannot sign with the GRANDPA key ${grandpa} that validator ${stash} has in the`;
	await run(inSessions((session) => `${lacks} ${session} session, although it holds the validator's Aura key`));
	await insert('gran', 'ed25519');
	await run(inSessions((session) => `can sign with all keys that validator ${stash} has in the ${session} session`));
});
