// A node says that it has a session key only if it can sign with it.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { u8aConcat, u8aToHex } from '@polkadot/util';
import { development, rawCall } from '../lib/chain.mjs';
import { withDevNode } from '../lib/network.mjs';

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
