// Expiring entries over polkadot.js: put, read, watched, extended, proven, and gone on every node at the same block.

import assert from 'node:assert/strict';
import { compactAddLength, hexToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { decodeAddress } from '@polkadot/util-crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
	TOS,
	account,
	connect,
	development,
	failure,
	finalisedHeight,
	fund,
	newAccount,
	nextNonce,
	patiently,
	rawCall,
	sign,
	submit,
} from '../lib/chain.mjs';
import { bestHeight, entryKey, follow, hex, kvAll, kvGet, kvMeta, kvStats, proven } from '../lib/entries.mjs';
import { startLocalnet, startNode } from '../lib/node.mjs';

const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 16_384;
const MAX_TTL = 31_536_000;
const OVERHEAD_BYTES = 256;
const MAX_SUBSCRIPTIONS = 128;

const KEY = hex('key');
const repeated = (count) => `0x${'07'.repeat(count)}`;
const length = (bytes) => (bytes.length - 2) / 2;
const rent = (key, value, blocks) => BigInt((OVERHEAD_BYTES + length(key) + length(value)) * blocks);
const blockHash = async (api, number) => (await api.rpc.chain.getBlockHash(number)).toHex();

const put = (api, key, value, ttl) => api.tx.ttlKv.kvPutTtl(key, value, ttl);
const putIf = (api, key, value, ttl, condition) => api.tx.ttlKv.kvPutIf(key, value, ttl, condition);
const extend = (api, key, ttl) => api.tx.ttlKv.kvExtend(key, ttl);
const remove = (api, key) => api.tx.ttlKv.kvDelete(key);

/** A new account with money, whose calls go through `api`, one after the other. */
async function owner(api, amount = 10n * TOS) {
	const pair = newAccount();
	await fund(api, [[pair, amount]]);
	let nonce = await nextNonce(api, pair);
	const submitted = (call) => submit(api, sign(api, call, pair, { nonce: nonce++ }));
	return {
		pair,
		/** The outcome of a call that may fail. */
		submitted,
		/** The outcomes of calls that are sent together. */
		all: (calls) => Promise.all(calls.map(submitted)),
		/** Where a call that must succeed did, and the fields of its event. */
		async done(call) {
			const { error, events, ...outcome } = await submitted(call);
			assert.equal(error, null);
			return { ...outcome, fields: events.find(({ section }) => section === 'ttlKv').data };
		},
	};
}

/** Height at which an entry that was just put, or extended, ends. */
const endOf = ({ fields }) => fields.expiresAt.toNumber();
const revisionOf = ({ fields }) => fields.revision.toString();

/** An event as a subscription tells it, the block's hash left to the block. */
const told = (events) => events.map(({ type, key, blockNumber, revision }) => [blockNumber, type, key, revision]);

describe('expiring entries', () => {
	let network;
	let apis = [];
	let api;

	before(async () => {
		network = await startLocalnet();
		apis = await Promise.all(network.nodes.map(({ rpc }) => connect(rpc)));
		[api] = apis;
	});

	after(async () => {
		await Promise.all(apis.map((node) => node.disconnect()));
		network?.stop();
	});

	it('an entry is put, overwritten, extended, expires, is put again and deleted, and a watcher is told', async () => {
		const { pair, done, submitted } = await owner(api);
		const watch = await follow(api, pair);
		const expected = [];
		const expect = (type, outcome) => expected.push([outcome.number, type, KEY, revisionOf(outcome)]);

		const first = await done(put(api, KEY, hex('one'), 1_000));
		expect('put', first);
		assert.equal(endOf(first), first.number + 1_000);
		assert.equal(first.fields.charge.toBigInt(), rent(KEY, hex('one'), 1_000));
		assert.equal(await kvGet(api, pair, KEY, first.hash), hex('one'));
		assert.deepEqual(await kvMeta(api, pair, KEY, first.hash), {
			valueLen: 3,
			expiresAt: endOf(first),
			createdAt: first.number,
			revision: revisionOf(first),
			remainingBlocks: 1_000,
		});

		assert.equal((await submitted(putIf(api, KEY, hex('two'), 9, { Absent: null }))).error, 'ttlKv.EntryExists');
		const stale = { Revision: BigInt(revisionOf(first)) + 1n };
		assert.equal((await submitted(putIf(api, KEY, hex('two'), 9, stale))).error, 'ttlKv.RevisionMismatch');
		const second = await done(putIf(api, KEY, hex('two'), 500, { Revision: revisionOf(first) }));
		expect('put', second);
		assert.ok(BigInt(revisionOf(second)) > BigInt(revisionOf(first)));
		// What the first put had left is more than this one costs.
		assert.equal(second.fields.charge.toBigInt(), 0n);
		assert.equal((await kvMeta(api, pair, KEY, second.hash)).createdAt, first.number);

		const longer = await done(extend(api, KEY, 600));
		expect('extended', longer);
		assert.equal(endOf(longer), longer.number + 600);
		assert.equal(longer.fields.charge.toBigInt(), rent(KEY, hex('two'), endOf(longer) - endOf(second)));
		const idle = await done(extend(api, KEY, 1));
		expect('extended', idle);
		assert.deepEqual([endOf(idle), idle.fields.charge.toBigInt()], [endOf(longer), 0n]);
		assert.equal(revisionOf(idle), revisionOf(second));

		const short = await done(put(api, KEY, hex('three'), 3));
		expect('put', short);
		const end = endOf(short);
		assert.equal(end, short.number + 3);
		await finalisedHeight(api, end);
		expected.push([end, 'expired', KEY, revisionOf(short)]);
		for (const call of [extend(api, KEY, 10), remove(api, KEY)]) {
			assert.equal((await submitted(call)).error, 'ttlKv.EntryNotFound');
		}
		const gone = { Revision: revisionOf(short) };
		assert.equal((await submitted(putIf(api, KEY, hex('four'), 9, gone))).error, 'ttlKv.RevisionMismatch');

		const again = await done(putIf(api, KEY, hex('four'), 1_000, { Absent: null }));
		expect('put', again);
		assert.ok(BigInt(revisionOf(again)) > BigInt(revisionOf(short)));
		assert.equal((await kvMeta(api, pair, KEY, again.hash)).createdAt, again.number);
		const deleted = await done(remove(api, KEY));
		expect('deleted', deleted);
		assert.equal(revisionOf(deleted), revisionOf(again));
		assert.equal(await kvGet(api, pair, KEY, deleted.hash), null);
		assert.equal(await kvGet(api, pair, KEY, await blockHash(api, deleted.number - 1)), hex('four'));

		const events = await watch.until(({ length: count }) => count >= expected.length);
		assert.deepEqual(told(events), expected);
		for (const event of events) assert.equal(event.blockHash, await blockHash(api, event.blockNumber));
		assert.equal(await watch.stop(), true);
	});

	it('an entry is found up to the block before its end and not from there on, on every node and path', async () => {
		const { pair, done, all } = await owner(api);
		const [kept, ending] = [hex('kept'), hex('ending')];
		await done(put(api, kept, hex('value'), 1_000));
		const [, { events, number }] = await all([extend(api, kept, 1_000), put(api, ending, hex('value'), 4)]);
		const end = number + 4;
		const { revision } = events.find((event) => api.events.ttlKv.EntryPut.is(event)).data;
		await Promise.all(apis.map((node) => finalisedHeight(node, end + 1)));

		const arguments_ = u8aToHex(u8aConcat(decodeAddress(pair.address), compactAddLength(hexToU8a(ending))));
		const list = async (node, at) => (await kvAll(node, pair, { at })).map(({ key }) => key).sort();
		for (const node of apis) {
			const [last, first, later] = await Promise.all([end - 1, end, end + 1].map((at) => blockHash(node, at)));

			assert.equal(await kvGet(node, pair, ending, last), hex('value'));
			assert.deepEqual(await kvMeta(node, pair, ending, last), {
				valueLen: 5,
				expiresAt: end,
				createdAt: number,
				revision: revision.toString(),
				remainingBlocks: 1,
			});
			assert.deepEqual(await list(node, last), [ending, kept].sort());
			const answer = u8aToHex(u8aConcat([1], compactAddLength(hexToU8a(hex('value')))));
			assert.equal(await rawCall(node, 'state_call', 'TtlKvApi_get', arguments_, last), answer);

			for (const at of [first, later]) {
				assert.equal(await kvGet(node, pair, ending, at), null);
				assert.equal(await kvMeta(node, pair, ending, at), null);
				assert.deepEqual(await list(node, at), [kept]);
				assert.equal(await rawCall(node, 'state_call', 'TtlKvApi_get', arguments_, at), '0x00');
				// Nothing else ended there, so the sweep has come by already.
				assert.equal(await rawCall(node, 'state_getStorage', u8aToHex(entryKey(pair, ending)), at), null);
			}
			const [before, afterwards] = [await kvStats(node, last), await kvStats(node, first)];
			assert.deepEqual(afterwards, {
				...before,
				entries: before.entries - 1,
				bytes: before.bytes - length(ending) - 5,
			});
			assert.equal(afterwards.backlog, 0);
		}
	});

	it('a proof shows value and end, or absence, to somebody who trusts a header alone', async () => {
		const { pair, done } = await owner(api);
		const [prover, witness] = [apis[1], apis[2]];
		// Above 32 bytes a value does not lie in its node.
		for (const [key, value] of [[hex('short'), '0x01'], [hex('long'), repeated(MAX_VALUE_LENGTH)]]) {
			const { number, hash, ...outcome } = await done(put(api, key, value, 4));
			const end = endOf(outcome);
			await Promise.all([prover, witness].map((node) => finalisedHeight(node, end)));
			const entry = { expiresAt: end, createdAt: number, revision: revisionOf(outcome), value };
			const live = { state: 'live', entry };
			const absent = { state: 'absent', entry: null };
			assert.deepEqual(await proven(prover, witness, pair, key, hash), live);
			assert.deepEqual(await proven(prover, witness, pair, key, await blockHash(api, end - 1)), live);
			assert.deepEqual(await proven(prover, witness, pair, key, await blockHash(api, end)), absent);
			assert.deepEqual(await proven(prover, witness, pair, hex('other'), hash), absent);
		}
	});

	it('a list is answered in pages and by prefix, a quote is what is paid', async () => {
		const { pair, all } = await owner(api);
		const keys = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2'].map(hex);
		const outcomes = await all(keys.map((key) => put(api, key, hex('value'), 1_000)));
		const at = outcomes.at(-1).hash;
		const quote = await rawCall(api, 'kv_quote', 3, 5, 1_000, at);
		for (const { error, events } of outcomes) {
			assert.equal(error, null);
			const { charge } = events.find((event) => api.events.ttlKv.EntryPut.is(event)).data;
			assert.equal(charge.toString(), quote);
		}
		const sorted = async (options) => (await kvAll(api, pair, { at, ...options })).map(({ key }) => key).sort();
		for (const limit of [1, 2, 5, 100]) {
			assert.deepEqual(await sorted({ limit }), keys);
			assert.deepEqual(await sorted({ limit, prefix: hex('b/') }), keys.slice(3));
		}
		assert.deepEqual(await sorted({ prefix: hex('c') }), []);
	});

	it('a watcher who comes back from a block has missed nothing and gets nothing twice', async () => {
		const { pair, all, done } = await owner(api);
		const { number: from } = await done(put(api, hex('x'), hex('1'), 3));
		const reference = await follow(api, pair, { from });

		const before = await connect(network.nodes[1].rpc);
		const watch = await follow(before, pair, { from });
		// In the middle of a block's events, as a lost connection may leave it.
		const calls = ['1', '2', '3', '4'].map((value) => put(api, hex('y'), hex(value), 30));
		await all([api.tx.utility.batchAll(calls)]);
		const received = (await watch.until(({ length: count }) => count >= 3)).slice(0, 3);
		await before.disconnect();

		// While nobody watches: changes, and an end.
		await all([extend(api, hex('y'), 30), put(api, hex('z'), hex('5'), 1)]);
		const { number: last } = await done(put(api, hex('w'), hex('6'), 2));
		await Promise.all(apis.map((node) => finalisedHeight(node, last + 8)));

		const everything = [...(await reference.until((events) => events.at(-1)?.blockNumber >= last + 2))];
		const { blockNumber } = received.at(-1);
		const seen = received.filter((event) => event.blockNumber === blockNumber).length;
		const resumed = await follow(apis[2], pair, { from: blockNumber });
		const rest = await resumed.until(({ length: count }) => received.length + count - seen >= everything.length);
		assert.deepEqual([...received, ...rest.slice(seen)].slice(0, everything.length), everything);
		const types = new Set(everything.map(({ type }) => type));
		assert.deepEqual([...types].sort(), ['expired', 'extended', 'put']);
		const order = everything.map((event) => event.blockNumber);
		assert.deepEqual(order, [...order].sort((a, b) => a - b));

		const prefixed = await follow(apis[1], pair, { from, prefix: hex('y') });
		const wanted = everything.filter(({ key }) => key === hex('y'));
		const found = await prefixed.until(({ length: count }) => count >= wanted.length);
		assert.deepEqual(found.slice(0, wanted.length), wanted);
		await Promise.all([reference, resumed, prefixed].map(({ stop }) => stop()));
	});

	it('a watcher may ask for a block that is not final yet', async () => {
		const { pair, all } = await owner(api);
		const from = (await bestHeight(api)) + 20;
		const watch = await follow(api, pair, { from });
		await all([put(api, hex('early'), hex('1'), 1_000)]);
		await finalisedHeight(api, from);
		const [late] = await all([put(api, hex('late'), hex('2'), 1_000)]);
		const events = await watch.until(({ length: count }) => count > 0);
		assert.deepEqual(told(events).map(([number, type, key]) => [number, type, key]), [
			[late.number, 'put', hex('late')],
		]);
		await watch.stop();
	});

	it('bad input is refused by name, and changes nothing', async () => {
		const { pair, all, done } = await owner(api);
		const stranger = await owner(api);
		const poor = await owner(api, TOS / 4n);
		const { revision } = (await done(put(api, KEY, hex('value'), 5_000))).fields;
		const value = hex('other');
		const cases = [
			['EmptyKey', put(api, '0x', value, 10)],
			['EmptyKey', extend(api, '0x', 10)],
			['EmptyKey', remove(api, '0x')],
			['KeyTooLong', put(api, repeated(MAX_KEY_LENGTH + 1), value, 10)],
			['KeyTooLong', remove(api, repeated(MAX_KEY_LENGTH + 1))],
			['EmptyValue', put(api, KEY, '0x', 10)],
			['ValueTooLong', put(api, KEY, repeated(MAX_VALUE_LENGTH + 1), 10)],
			['TtlOutOfRange', put(api, KEY, value, 0)],
			['TtlOutOfRange', extend(api, KEY, 0)],
			['TtlOutOfRange', put(api, KEY, value, MAX_TTL + 1)],
			['TtlOutOfRange', extend(api, KEY, MAX_TTL + 1)],
			// Past the last height there is: the range is checked first.
			['TtlOutOfRange', put(api, KEY, value, 2 ** 32 - 1)],
			['EntryExists', putIf(api, KEY, value, 10, { Absent: null })],
			['RevisionMismatch', putIf(api, KEY, value, 10, { Revision: revision.addn(1) })],
			['RevisionMismatch', putIf(api, hex('nothing'), value, 10, { Revision: revision })],
			['EntryNotFound', extend(api, hex('nothing'), 10)],
			['EntryNotFound', remove(api, hex('nothing'))],
		];
		const foreign = [
			['EntryNotFound', extend(api, KEY, 10_000)],
			['EntryNotFound', remove(api, KEY)],
			['RevisionMismatch', putIf(api, KEY, value, 10, { Revision: revision })],
		];
		// Half a TOS of rent.
		const dear = [['InsufficientBalance', put(api, KEY, repeated(MAX_VALUE_LENGTH), MAX_TTL)]];

		for (const [who, attempts] of [[{ pair, all }, cases], [stranger, foreign], [poor, dear]]) {
			const earlier = (await api.rpc.chain.getFinalizedHead()).toHex();
			const outcomes = await who.all(attempts.map(([, call]) => call));
			let fees = 0n;
			for (const [i, { error, events, fee }] of outcomes.entries()) {
				assert.equal(error, `ttlKv.${attempts[i][0]}`, attempts[i][1].toHuman().method.method);
				assert.ok(!events.some(({ section }) => section === 'ttlKv'));
				fees += fee;
			}
			const later = outcomes.at(-1).hash;
			assert.deepEqual(await kvStats(api, later), await kvStats(api, earlier));
			const entries = (at) => kvAll(api, pair, { at }).then((all) => all.map(({ remainingBlocks: _, ...it }) => it));
			assert.deepEqual(await entries(later), await entries(earlier));
			assert.equal(await kvGet(api, pair, KEY, later), hex('value'));
			assert.deepEqual(await kvAll(api, stranger.pair, { at: later }), []);
			const { free: had } = await account(api, who.pair, earlier);
			assert.equal((await account(api, who.pair, later)).free, had - fees);
		}
	});

	it('parameters that cannot be read or are out of bounds have their codes', async () => {
		const { address } = newAccount();
		const unknown = `0x${'5a'.repeat(32)}`;
		const code = (method, ...params) => failure(rawCall(api, method, ...params));
		for (const method of ['kv_get', 'kv_getMeta', 'kv_getProof']) {
			assert.deepEqual(await code(method, 'Alice', KEY), { code: 10001, data: 'owner' });
			assert.deepEqual(await code(method, address, 'key'), { code: 10001, data: 'key' });
			assert.deepEqual(await code(method, address, KEY, 7), { code: 10001, data: 'at' });
			assert.deepEqual(await code(method, address, KEY, unknown), { code: 10003, data: unknown });
		}
		for (const key of ['0x', repeated(MAX_KEY_LENGTH + 1)]) {
			assert.equal(await rawCall(api, 'kv_get', address, key), null);
			assert.equal(await rawCall(api, 'kv_getMeta', address, key), null);
			assert.deepEqual(await code('kv_getProof', address, key), { code: 10002, data: 'key' });
		}
		assert.deepEqual(await code('kv_list', address, null, null, 0), { code: 10002, data: 'limit' });
		assert.deepEqual(await code('kv_list', address, null, null, 101), { code: 10002, data: 'limit' });
		assert.deepEqual(await code('kv_list', address, 'a', null, 1), { code: 10001, data: 'prefix' });
		assert.deepEqual(await code('kv_list', address, null, 'a', 1), { code: 10001, data: 'start' });
		for (const [data, ...params] of [
			['keyLen', 0, 1, 1],
			['keyLen', MAX_KEY_LENGTH + 1, 1, 1],
			['valueLen', 1, 0, 1],
			['valueLen', 1, MAX_VALUE_LENGTH + 1, 1],
			['ttl', 1, 1, 0],
			['ttl', 1, 1, MAX_TTL + 1],
		]) {
			assert.deepEqual(await code('kv_quote', ...params), { code: 10002, data });
		}
		assert.deepEqual(await code('kv_stats', unknown), { code: 10003, data: unknown });
		assert.deepEqual(await failure(follow(api, { address: 'Alice' })), { code: 10001, data: 'owner' });
		assert.deepEqual(await failure(follow(api, { address }, { prefix: 'a' })), { code: 10001, data: 'prefix' });
		for (const from of [-1, 1.5, '1', unknown]) {
			assert.deepEqual(await failure(follow(api, { address }, { from })), { code: 10001, data: 'from' });
		}
	});

	it('a connection follows so many owners and no more', async () => {
		const busy = await connect(network.nodes[0].rpc);
		try {
			const watches = await Promise.all(Array.from({ length: MAX_SUBSCRIPTIONS }, () => follow(busy, newAccount())));
			assert.deepEqual(await failure(follow(busy, newAccount())), { code: 10103, data: MAX_SUBSCRIPTIONS });
			await (await follow(api, newAccount())).stop();
			await watches[0].stop();
			const retry = async () => {
				for (;;) {
					try {
						return await follow(busy, newAccount());
					} catch ({ code }) {
						assert.equal(code, 10103);
						await sleep(100);
					}
				}
			};
			await patiently(retry(), 'room for a subscription');
		} finally {
			await busy.disconnect();
		}
	});
});

describe('entries of blocks whose state is pruned', () => {
	it('are refused with the block, and what is left is told', async () => {
		const node = await startNode(['--dev', '--state-pruning', '8']);
		let api;
		try {
			api = await connect(node.rpc);
			const alice = development('Alice');
			await finalisedHeight(api, 24);
			const parent = await blockHash(api, 1);
			assert.deepEqual(await failure(follow(api, alice, { from: 2 })), { code: 10004, data: parent });
			assert.deepEqual(await failure(kvGet(api, alice, KEY, parent)), { code: 10004, data: parent });

			const from = (await api.rpc.chain.getHeader(await api.rpc.chain.getFinalizedHead())).number.toNumber();
			const watch = await follow(api, alice, { from });
			const { number } = await submit(api, sign(api, put(api, KEY, hex('1'), 2), alice, { nonce: 0 }));
			const events = await watch.until(({ length: count }) => count >= 2);
			assert.deepEqual(events.map(({ type, blockNumber }) => [type, blockNumber]), [
				['put', number],
				['expired', number + 2],
			]);
		} finally {
			await api?.disconnect();
			assert.equal(await node.stop(), 0);
		}
	});
});
