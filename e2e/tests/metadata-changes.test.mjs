// What a comparison of two versions of the metadata reports. The versions are made up, from a registry of a few types.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { metadataChanges } from '../lib/metadata-changes.mjs';

const [U32, U64, CHOICE, CALLS, OTHER] = [0, 1, 2, 3, 4];
const primitive = (id, value) => ({ id, def: { tag: 'primitive', value: { tag: value } } });
const variant = (name, index, ...types) => ({ name, index, fields: types.map((type) => ({ type })) });
const enumOf = (id, ...value) => ({ id, def: { tag: 'variant', value } });

/** Metadata of one pallet with two calls. Each part can be replaced. */
function metadata({ calls, choice, pallet, extensions, apis } = {}) {
	return {
		lookup: [
			primitive(U32, 'u32'),
			primitive(U64, 'u64'),
			enumOf(CHOICE, ...(choice ?? [variant('A', 0), variant('B', 1)])),
			enumOf(CALLS, ...(calls ?? [variant('put', 0, U32), variant('choose', 1, CHOICE)])),
			enumOf(OTHER, variant('Done', 0)),
		],
		extrinsic: { extensions: extensions ?? { Nonce: { identifier: 'Nonce', type: U32, additionalSigned: U32 } } },
		pallets: [
			{
				name: 'Store',
				index: 7,
				calls: CALLS,
				events: OTHER,
				errors: OTHER,
				storage: { items: [{ name: 'Items', type: { tag: 'plain', value: U32 }, fallback: '0x00' }] },
				constants: [{ name: 'Max', value: '0x01' }],
				...pallet,
			},
		],
		apis: apis ?? [{ name: 'StoreApi', version: 1, methods: [{ name: 'get', inputs: [{ type: U32 }], output: CHOICE }] }],
	};
}

const changed = (parts) => metadataChanges(metadata(), metadata(parts));

it('equal metadata reports nothing', () => {
	assert.deepEqual(changed(), { signing: [], unsafe: [], notes: [] });
});

it('a call with other fields, a moved pallet and another extension demand a transaction version', () => {
	assert.deepEqual(changed({ calls: [variant('put', 0, U64), variant('choose', 1, CHOICE)] }).signing, [
		'the call Store.put has other fields',
	]);
	assert.deepEqual(changed({ pallet: { index: 8 } }).signing, ['the pallet Store moves from index 7 to 8']);
	assert.deepEqual(changed({ extensions: { Tip: { identifier: 'Tip', type: U32, additionalSigned: U32 } } }).signing, [
		'the extensions change from Nonce to Tip',
	]);
	assert.equal(changed({ calls: [variant('choose', 1, CHOICE)] }).signing.length, 1);
});

it('an enum with a further variant keeps the encoding of its calls', () => {
	const choice = [variant('A', 0), variant('B', 1), variant('C', 2)];
	assert.deepEqual(changed({ choice }), {
		signing: [],
		unsafe: [],
		notes: ['the call Store.choose takes further values', 'the runtime API function StoreApi_get takes or answers further values'],
	});
});

it('an enum whose variants move changes the encoding of its calls', () => {
	const { signing, unsafe } = changed({ choice: [variant('A', 1), variant('B', 0)] });
	assert.deepEqual(signing, ['the call Store.choose has other fields']);
	assert.deepEqual(unsafe, ['the runtime API function StoreApi_get has other arguments or another answer']);
});

it('a removed function of a runtime API and other storage keys are unsafe', () => {
	assert.deepEqual(changed({ apis: [{ name: 'StoreApi', version: 2, methods: [] }] }), {
		signing: [],
		unsafe: ['the runtime API function StoreApi_get is removed: nodes of the current release may call it'],
		notes: ['the runtime API StoreApi has version 2 after 1'],
	});
	const type = { tag: 'map', value: { hashers: [{ tag: 'Identity' }], key: U32, value: U32 } };
	const storage = { items: [{ name: 'Items', type, fallback: '0x00' }] };
	assert.deepEqual(changed({ pallet: { storage } }).unsafe, ['the storage item Store.Items has other keys']);
});

it('constants, defaults and types of storage items are reported', () => {
	const storage = { items: [{ name: 'Items', type: { tag: 'plain', value: U64 }, fallback: '0x01' }] };
	assert.deepEqual(changed({ pallet: { storage, constants: [{ name: 'Max', value: '0x02' }] } }).notes, [
		'the storage item Store.Items has another type; a migration has to rewrite its values',
		'the storage item Store.Items has another default',
		'the constant Store.Max changes from 0x01 to 0x02',
	]);
});
