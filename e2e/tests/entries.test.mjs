// Expiring entries: puts, reads, extensions, proofs, and expiry on every node at the same block.

import assert from 'node:assert/strict';
import { compactAddLength, hexToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { decodeAddress } from '@polkadot/util-crypto';
import { describe, it } from 'node:test';
import { TOS, account, blockHash, constants, finalisedHeight, newAccount, rawCall, rpcError } from '../lib/chain.mjs';
import {
	entryKey,
	extend,
	follow,
	hex,
	kvAll,
	kvGet,
	kvMeta,
	kvStats,
	newOwner,
	put,
	putIf,
	remove,
	verifyProof,
} from '../lib/entries.mjs';
import { suiteNetwork } from '../lib/suite.mjs';

const KEY = hex('key');
const repeated = (count) => `0x${'07'.repeat(count)}`;
const length = (bytes) => (bytes.length - 2) / 2;

/** The height at which the entry of this outcome expires. */
const endOf = ({ fields }) => fields.expiresAt.toNumber();
const revisionOf = ({ fields }) => fields.revision.toString();

describe('expiring entries', async () => {
	const { api, apis } = await suiteNetwork();
	const { maxKeyLength, maxPageSize, maxTtl, maxValueLength, minTtl, ...prices } = constants(api, 'ttlKv');

	/** The rent of an entry for this many blocks (TTL-R6). */
	const rent = (key, value, blocks) =>
		BigInt((prices.entryOverheadBytes + length(key) + length(value)) * blocks) * prices.rentPerByteBlock;

	it('an entry is put, overwritten, extended, expires, is put again and deleted, with an event for each', async () => {
		const { pair, done, submitted } = await newOwner(api);
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
		// The credit of the first put covers the rent of this one.
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
		const told = events.map(({ type, key, blockNumber, revision }) => [blockNumber, type, key, revision]);
		assert.deepEqual(told, expected);
		for (const event of events) assert.equal(event.blockHash, await blockHash(api, event.blockNumber));
		assert.equal(await watch.stop(), true);
	});

	it('an entry is found until the block before its expiry and not from then on, by every node and query', async () => {
		const { pair, done, all } = await newOwner(api);
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
				// No other entry expired in this block, so the sweep has removed the entry already.
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

	it('a proof shows value and expiry, or absence, against a header alone', async () => {
		const { pair, done } = await newOwner(api);
		const [prover, witness] = [apis[1], apis[2]];
		// A value of more than 32 bytes is not stored inline in its trie node.
		for (const [key, value] of [[hex('short'), '0x01'], [hex('long'), repeated(maxValueLength)]]) {
			const { number, hash, ...outcome } = await done(put(api, key, value, 4));
			const end = endOf(outcome);
			await Promise.all([prover, witness].map((node) => finalisedHeight(node, end)));
			const entry = { expiresAt: end, createdAt: number, revision: revisionOf(outcome), value };
			const live = { state: 'live', entry };
			const absent = { state: 'absent', entry: null };
			assert.deepEqual(await verifyProof(prover, witness, pair, key, hash), live);
			assert.deepEqual(await verifyProof(prover, witness, pair, key, await blockHash(api, end - 1)), live);
			assert.deepEqual(await verifyProof(prover, witness, pair, key, await blockHash(api, end)), absent);
			assert.deepEqual(await verifyProof(prover, witness, pair, hex('other'), hash), absent);
		}
	});

	it('a list is answered in pages and by prefix, and a quote is the charge', async () => {
		const { pair, all } = await newOwner(api);
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
		for (const limit of [1, 2, 5, maxPageSize]) {
			assert.deepEqual(await sorted({ limit }), keys);
			assert.deepEqual(await sorted({ limit, prefix: hex('b/') }), keys.slice(3));
		}
		assert.deepEqual(await sorted({ prefix: hex('c') }), []);
	});

	it('calls that fail name their error and change nothing but the balance that pays the fee', async () => {
		const { pair, all, done } = await newOwner(api);
		const stranger = await newOwner(api);
		const poor = await newOwner(api, TOS / 4n);
		const { revision } = (await done(put(api, KEY, hex('value'), 5_000))).fields;
		const value = hex('other');
		const cases = [
			['EmptyKey', put(api, '0x', value, 10)],
			['EmptyKey', extend(api, '0x', 10)],
			['EmptyKey', remove(api, '0x')],
			['KeyTooLong', put(api, repeated(maxKeyLength + 1), value, 10)],
			['KeyTooLong', remove(api, repeated(maxKeyLength + 1))],
			['EmptyValue', put(api, KEY, '0x', 10)],
			['ValueTooLong', put(api, KEY, repeated(maxValueLength + 1), 10)],
			['TtlOutOfRange', put(api, KEY, value, minTtl - 1)],
			['TtlOutOfRange', extend(api, KEY, minTtl - 1)],
			['TtlOutOfRange', put(api, KEY, value, maxTtl + 1)],
			['TtlOutOfRange', extend(api, KEY, maxTtl + 1)],
			// The entry would expire past the greatest height; the range of the ttl is checked first.
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
		const dear = [['InsufficientBalance', put(api, KEY, repeated(maxValueLength), maxTtl)]];

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

	it('parameters that are unreadable or out of bounds and unknown blocks have their error codes', async () => {
		const { address } = newAccount();
		const unknown = `0x${'5a'.repeat(32)}`;
		const code = (method, ...params) => rpcError(rawCall(api, method, ...params));
		for (const method of ['kv_get', 'kv_getMeta', 'kv_getProof']) {
			assert.deepEqual(await code(method, 'Alice', KEY), { code: 10001, data: 'owner' });
			assert.deepEqual(await code(method, address, 'key'), { code: 10001, data: 'key' });
			assert.deepEqual(await code(method, address, KEY, 7), { code: 10001, data: 'at' });
			assert.deepEqual(await code(method, address, KEY, unknown), { code: 10003, data: unknown });
		}
		for (const key of ['0x', repeated(maxKeyLength + 1)]) {
			assert.equal(await rawCall(api, 'kv_get', address, key), null);
			assert.equal(await rawCall(api, 'kv_getMeta', address, key), null);
			assert.deepEqual(await code('kv_getProof', address, key), { code: 10002, data: 'key' });
		}
		assert.deepEqual(await code('kv_list', address, null, null, 0), { code: 10002, data: 'limit' });
		assert.deepEqual(await code('kv_list', address, null, null, maxPageSize + 1), { code: 10002, data: 'limit' });
		assert.deepEqual(await code('kv_list', address, 'a', null, 1), { code: 10001, data: 'prefix' });
		assert.deepEqual(await code('kv_list', address, null, 'a', 1), { code: 10001, data: 'start' });
		for (const [data, ...params] of [
			['keyLen', 0, 1, 1],
			['keyLen', maxKeyLength + 1, 1, 1],
			['valueLen', 1, 0, 1],
			['valueLen', 1, maxValueLength + 1, 1],
			['ttl', 1, 1, minTtl - 1],
			['ttl', 1, 1, maxTtl + 1],
		]) {
			assert.deepEqual(await code('kv_quote', ...params), { code: 10002, data });
		}
		assert.deepEqual(await code('kv_stats', unknown), { code: 10003, data: unknown });
	});
});
