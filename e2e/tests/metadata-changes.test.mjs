// What a comparison of two versions of the metadata reports. The versions are made up.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { metadataBreaks, metadataChanges } from '../lib/metadata-changes.mjs';
import { ALL_CALLS, CHOICE, U32, U64, metadata, variant } from '../lib/sample-metadata.mjs';

const changed = (parts) => metadataChanges(metadata(), metadata(parts));
/** The items that break clients. */
const broken = (parts) => metadataBreaks(metadata(), metadata(parts)).map(({ item }) => item);

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
	assert.deepEqual(changed({ pallet: { storage, constants: [{ name: 'Max', type: U32, value: '0x02' }] } }).notes, [
		'the storage item Store.Items has another type; a migration has to rewrite its values',
		'the storage item Store.Items has another default',
		'the constant Store.Max changes from 0x01 to 0x02',
	]);
});

it('what is removed or encoded in another way breaks clients', () => {
	const plain = (value, fallback = '0x00') => ({ items: [{ name: 'Items', type: { tag: 'plain', value }, fallback }] });
	const view = (parts) => ({ pallet: { viewFns: [{ id: '0x01', name: 'count', inputs: [], output: U32, ...parts }] } });
	const cases = [
		[{ calls: [variant('choose', 1, CHOICE)] }, ['call Store.put']],
		[{ calls: [variant('put', 0, U64), variant('choose', 1, CHOICE)] }, ['call Store.put']],
		[{ pallet: { index: 8 } }, ['pallet Store']],
		[{ extensions: {} }, ['extensions']],
		// The same enum stands for the events and the errors of the pallet.
		[{ other: [] }, ['event Store.Done', 'error Store.Done']],
		[{ other: [variant('Done', 1)] }, ['event Store.Done', 'error Store.Done']],
		[{ other: [variant('Done', 0, U32)] }, ['event Store.Done', 'error Store.Done']],
		[{ pallet: { storage: undefined } }, ['storage Store.Items']],
		[{ pallet: { storage: plain(U64) } }, ['storage Store.Items']],
		[{ pallet: { storage: plain(U32, '0x01') } }, ['storage Store.Items']],
		[{ pallet: { constants: [] } }, ['constant Store.Max']],
		[{ pallet: { constants: [{ name: 'Max', type: U64, value: '0x01' }] } }, ['constant Store.Max']],
		[{ pallet: { viewFns: undefined } }, ['view function Store.count']],
		[view({ id: '0x02' }), ['view function Store.count']],
		[view({ output: U64 }), ['view function Store.count']],
		[{ apis: [] }, ['api StoreApi']],
		[{ apis: [{ name: 'StoreApi', version: 1, methods: [] }] }, ['api StoreApi_get']],
	];
	for (const [parts, items] of cases) assert.deepEqual(broken(parts), items, JSON.stringify(parts));
});

it('additions and other values of constants break no client', () => {
	const get = { name: 'get', inputs: [{ type: U32 }], output: CHOICE };
	const cases = [
		{ calls: [variant('put', 0, U32), variant('choose', 1, CHOICE), variant('remove', 2)] },
		{ choice: [variant('A', 0), variant('B', 1), variant('C', 2)] },
		{ other: [variant('Done', 0), variant('Undone', 1)] },
		{ pallet: { constants: [{ name: 'Max', type: U32, value: '0x02' }, { name: 'Min', type: U32, value: '0x00' }] } },
		{ apis: [{ name: 'StoreApi', version: 2, methods: [get, { name: 'count', inputs: [], output: U32 }] }] },
	];
	for (const parts of cases) {
		assert.deepEqual(broken(parts), [], JSON.stringify(parts));
		assert.notDeepEqual(changed(parts).notes, [], JSON.stringify(parts));
	}
});

it('a changed call is reported once, not also for each call that contains calls', () => {
	const calls = (type) => [variant('put', 0, type), variant('batch', 1, ALL_CALLS)];
	const found = metadataBreaks(metadata({ calls: calls(U32) }), metadata({ calls: calls(U64) }));
	assert.deepEqual(found, [{ item: 'call Store.put', sentence: 'the call Store.put has other fields' }]);
});
