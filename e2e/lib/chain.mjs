// Queries and transactions that several tests use, through @polkadot/api.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';
import { stringToU8a, u8aFixLength } from '@polkadot/util';
import { encodeAddress } from '@polkadot/util-crypto';

/** One TOS in units. */
export const TOS = 10n ** 12n;

// Tests wait for conditions. This limit only ends a test that hangs: an idle machine needs far less time.
const PATIENCE_MS = 120_000;

const keyring = new Keyring({ ss58Format: 42 });

/** The account of the treasury (ECO-R8). */
export const TREASURY = encodeAddress(u8aFixLength(stringToU8a('modlpy/trsry'), 256, true), 42);

/** The development account of this name, as `//Alice`. */
export const development = (name, type = 'sr25519') => keyring.createFromUri(`//${name}`, {}, type);

export const randomHash = () => `0x${randomBytes(32).toString('hex')}`;

/** A random account, which no other test uses. */
export const newAccount = (type = 'sr25519') =>
	keyring.createFromUri(`//e2e//${randomBytes(8).toString('hex')}`, {}, type);

const providers = new WeakMap();

export async function connect(url) {
	const provider = new WsProvider(url);
	const api = await ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: true });
	providers.set(api, provider);
	return api;
}

/**
 * Connects to a node once it has finalised a block of at least `height` and has the states of that block and of its best
 * block. The API cannot connect earlier: it reads the runtime version from the state of the best block, which fast sync
 * downloads without its state at first.
 */
export async function connectSynced(url, height) {
	const provider = new WsProvider(url);
	try {
		// It tries again for ever.
		await withTimeout(provider.isReady, `a connection to ${url}`);
		let unsubscribe;
		const synced = new Promise((resolve, reject) => {
			const methods = ['chain_finalizedHead', 'chain_subscribeFinalizedHeads', 'chain_unsubscribeFinalizedHeads'];
			const [notify, subscribe, end] = methods;
			const subscription = provider.subscribe(notify, subscribe, [], async (error, header) => {
				if (error) return reject(error);
				if (Number(header.number) < height) return;
				try {
					const hash = await provider.send('chain_getBlockHash', [header.number]);
					for (const block of [[hash], []]) await provider.send('state_getRuntimeVersion', block);
					resolve();
				} catch {
					// The node does not have one of the states yet. It is asked again at the next final block.
				}
			});
			subscription.catch(reject);
			unsubscribe = async () => provider.unsubscribe(notify, end, await subscription);
		});
		await withTimeout(synced, `${url} to have the state of a final block from ${height} on`).finally(unsubscribe);
	} finally {
		await provider.disconnect();
	}
	return connect(url);
}

// Calls a JSON-RPC method without the API's wrapper, which prints every error: many tests expect an error.
export const rawCall = (api, method, ...params) => providers.get(api).send(method, params);

/** The `{ code, data }` of the JSON-RPC error with which `call` rejects. Throws if the call succeeds. */
export async function rpcError(call) {
	try {
		await call;
	} catch ({ code, data }) {
		return { code, data };
	}
	throw new Error('the call succeeded');
}

/**
 * Subscribes without the API's wrapper, with the names of the methods that subscribe, notify and unsubscribe. Passes each
 * notification or error to `tell` and resolves with a function that unsubscribes.
 */
export async function rawSubscribe(api, [subscribe, notify, unsubscribe], params, tell) {
	const provider = providers.get(api);
	const id = await provider.subscribe(notify, subscribe, params, (error, answer) => tell(error ?? answer));
	return () => provider.unsubscribe(notify, unsubscribe, id);
}

/** Settles like `promise`, but rejects after `timeout` milliseconds with a message that names `what`. */
export function withTimeout(promise, what, timeout = PATIENCE_MS) {
	let timer;
	const expired = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`waited ${timeout / 1000} s for ${what}`)), timeout);
	});
	return Promise.race([promise, expired]).finally(() => clearTimeout(timer));
}

/** Polls `condition` until its result is truthy, and resolves with that result. */
export async function until(condition, what, timeout) {
	let isOver = false;
	const poll = async () => {
		while (!isOver) {
			const answer = await condition();
			if (answer) return answer;
			await sleep(100);
		}
	};
	return withTimeout(poll(), what, timeout).finally(() => (isOver = true));
}

/**
 * Calls `subscribe(resolve, reject)`, which resolves with a function that unsubscribes. Settles with whichever of the two
 * callbacks is called first, and then unsubscribes.
 */
async function once(subscribe, what) {
	let unsubscribe;
	const outcome = new Promise((resolve, reject) => {
		unsubscribe = subscribe(resolve, reject);
		unsubscribe.catch(reject);
	});
	try {
		return await withTimeout(outcome, what);
	} finally {
		unsubscribe.then((stop) => stop(), () => {});
	}
}

/** Resolves with the first finalised header that `accept` accepts, from the last finalised block on. */
export const finalised = (api, accept, what = 'a finalised block') =>
	once(
		(resolve, reject) =>
			api.rpc.chain.subscribeFinalizedHeads(async (header) => {
				try {
					if (await accept(header)) resolve(header);
				} catch (error) {
					reject(error);
				}
			}),
		what,
	);

/** Resolves once the node of `api` has finalised height `number`. */
export const finalisedHeight = (api, number) =>
	finalised(api, (header) => header.number.toNumber() >= number, `block ${number} to be finalised`);

/** Height of the last block that the node of `api` has finalised. */
export const lastFinalised = async (api) =>
	(await api.rpc.chain.getHeader(await api.rpc.chain.getFinalizedHead())).number.toNumber();

/** Resolves with the height of the best block once it is at least `number`. */
export const bestHeight = (api, number = 0) =>
	once(
		(resolve) =>
			api.rpc.chain.subscribeNewHeads((header) => {
				if (header.number.toNumber() >= number) resolve(header.number.toNumber());
			}),
		`block ${number}`,
	);

export const blockHash = async (api, number) => (await api.rpc.chain.getBlockHash(number)).toHex();

/** The slot that a header claims (CON-R1), or null for the header of genesis. */
export function slotOf({ digest }) {
	const claim = digest.logs.find((log) => log.isPreRuntime && log.asPreRuntime[0].isAura);
	return claim ? Buffer.from(claim.asPreRuntime[1].toU8a(true)).readBigUInt64LE() : null;
}

/** Signs a transaction for this chain, which is immortal unless `options` say otherwise. Makes no request. */
export const sign = (api, call, pair, options) =>
	call.sign(pair, {
		blockHash: api.genesisHash,
		era: 0,
		genesisHash: api.genesisHash,
		runtimeVersion: api.runtimeVersion,
		...options,
	});

/** The account's next nonce after the best block and the transactions in this node's pool. */
export const nextNonce = async (api, { address }) => (await api.rpc.system.accountNextIndex(address)).toNumber();

/** The integer constants of a pallet in the chain's metadata: numbers up to 32 bits, bigints beyond. */
export function constants(api, pallet) {
	const bits = (constant) => Number(/^u(\d+)$/.exec(constant.toRawType())?.[1] ?? 0);
	return Object.fromEntries(
		Object.entries(api.consts[pallet])
			.filter(([, constant]) => bits(constant) > 0)
			.map(([name, constant]) => [name, bits(constant) > 32 ? constant.toBigInt() : constant.toNumber()]),
	);
}

/** Nonce and free balance of an account after block `at`. The nonce is null if the account does not exist. */
export async function account(api, { address }, at) {
	const { data, nonce, providers, sufficients } = await (await api.at(at)).query.system.account(address);
	const exists = !(providers.isZero() && sufficients.isZero());
	return { nonce: exists ? nonce.toNumber() : null, free: data.free.toBigInt() };
}

/**
 * Submits a signed extrinsic and resolves when it is finalised, with the hash and height of its block, the fee paid,
 * the name of the dispatch error (`pallet.Error`, `Token.FundsUnavailable`) or null, and the events. Calls `onAccepted`
 * when the pool has accepted it.
 */
export const submit = (api, extrinsic, onAccepted) =>
	submitUntil(api, extrinsic, 'finalised', (status) => status.isFinalized && status.asFinalized, onAccepted);

/** The same, but resolves when the first block includes it, which need not become final. */
export const submitToBlock = (api, extrinsic, onAccepted) =>
	submitUntil(
		api,
		extrinsic,
		'in a block',
		(status) => (status.isInBlock && status.asInBlock) || (status.isFinalized && status.asFinalized),
		onAccepted,
	);

const submitUntil = (api, extrinsic, what, blockOf, onAccepted = () => {}) =>
	once(
		(resolve, reject) =>
			extrinsic.send(({ blockNumber, dispatchError, events, isError, status }) => {
				onAccepted();
				const hash = blockOf(status);
				if (hash) {
					const fee = events.find(({ event }) => api.events.transactionPayment.TransactionFeePaid.is(event));
					resolve({
						hash: hash.toHex(),
						number: blockNumber.toNumber(),
						fee: fee?.event.data.actualFee.toBigInt() ?? 0n,
						error: dispatchError ? errorName(api, dispatchError) : null,
						events: events.map(({ event }) => event),
					});
				} else if (isError) {
					reject(new Error(`the extrinsic ended as ${status.type}`));
				}
			}),
		`an extrinsic to be ${what}`,
	);

/** Submits an extrinsic and resolves when the first block includes it. */
export const include = (extrinsic) =>
	once(
		(resolve, reject) =>
			extrinsic.send(({ isError, status }) => {
				if (status.isInBlock || status.isFinalized) resolve();
				else if (isError) reject(new Error(`the extrinsic ended as ${status.type}`));
			}),
		'an extrinsic to be in a block',
	);

function errorName(api, error) {
	if (error.isModule) {
		const { section, name } = api.registry.findMetaError(error.asModule);
		return `${section}.${name}`;
	}
	return error.isToken ? `Token.${error.asToken.type}` : error.type;
}

// Resolves when the pool has the last funding transaction, so that the next one gets another nonce.
let funding = Promise.resolve();

/** Transfers to every account its amount from Alice, in one finalised extrinsic, and returns the block's hash. */
export async function fund(api, amounts) {
	const alice = development('Alice');
	const calls = amounts.map(([{ address }, amount]) => api.tx.balances.transferAllowDeath(address, amount));
	const previous = funding;
	let proceed;
	funding = new Promise((resolve) => (proceed = resolve));
	try {
		await previous;
		const nonce = await nextNonce(api, alice);
		const { error, hash } = await submit(api, sign(api, api.tx.utility.batchAll(calls), alice, { nonce }), proceed);
		if (error) throw new Error(`funding failed: ${error}`);
		return hash;
	} finally {
		proceed();
	}
}

/** The JSON-RPC error with which the node's pool rejects an extrinsic (bytes in hex), or null if it accepts it. */
export async function poolError(api, bytes) {
	try {
		await rawCall(api, 'author_submitExtrinsic', bytes);
		return null;
	} catch ({ code, message, data }) {
		return { code, message, data };
	}
}

/**
 * Executes an extrinsic (bytes in hex) on top of the best block without the pool. Returns `Ok` or the name of the
 * validity error, such as `Stale`.
 */
export async function dryRun(api, bytes) {
	const result = api.createType('ApplyExtrinsicResult', await rawCall(api, 'system_dryRun', bytes));
	if (result.isOk) return 'Ok';
	const { asErr: error } = result;
	return (error.isInvalid ? error.asInvalid : error.asUnknown).type;
}

/**
 * Compares block `number`, which all nodes must have finalised. Returns `{ hash, stateRoot }`, or throws if the nodes
 * disagree.
 */
export async function agreement(apis, number) {
	const seen = await Promise.all(
		apis.map(async (api) => {
			// The API's own method reads the runtime version of the block, whose state a warp-synced node may not have.
			const hash = await rawCall(api, 'chain_getBlockHash', number);
			if (!hash) throw new Error(`a node has no block ${number}`);
			const { stateRoot } = await rawCall(api, 'chain_getHeader', hash);
			return { hash, stateRoot };
		}),
	);
	for (const { hash, stateRoot } of seen) {
		if (hash !== seen[0].hash || stateRoot !== seen[0].stateRoot) {
			throw new Error(`the nodes diverge at height ${number}: ${JSON.stringify(seen)}`);
		}
	}
	return seen[0];
}
