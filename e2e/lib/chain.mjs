// What the tests ask of a chain, through @polkadot/api.

import { randomBytes } from 'node:crypto';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';

/** One TOS in units. */
export const TOS = 10n ** 12n;

// Far above what an idle machine needs: the tests wait for conditions and must only end when nothing will come.
const PATIENCE_MS = 120_000;

const keyring = new Keyring({ ss58Format: 42 });

/** The development account of this name, as `//Alice`. */
export const development = (name, type = 'sr25519') => keyring.createFromUri(`//${name}`, {}, type);

export const randomHash = () => `0x${randomBytes(32).toString('hex')}`;

/** An account nobody has used before. */
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
 * Connects to a node once it has finalised a block of at least `height` and has the state of that block. Until then it
 * could not even tell what the API needs to connect.
 */
export async function connectSynced(url, height) {
	const provider = new WsProvider(url);
	try {
		await provider.isReady;
		let unsubscribe;
		const synced = new Promise((resolve, reject) => {
			const methods = ['chain_finalizedHead', 'chain_subscribeFinalizedHeads', 'chain_unsubscribeFinalizedHeads'];
			const [notify, subscribe, end] = methods;
			const subscription = provider.subscribe(notify, subscribe, [], async (error, header) => {
				if (error) return reject(error);
				if (Number(header.number) < height) return;
				try {
					const hash = await provider.send('chain_getBlockHash', [header.number]);
					await provider.send('state_getRuntimeVersion', [hash]);
					resolve();
				} catch {
					// Not yet: the next block will tell.
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

// Past the API's own methods, which print every error they meet: here errors are what is asked for.
export const rawCall = (api, method, ...params) => providers.get(api).send(method, params);

/** The error that a call rejects with, as `{ code, data }`. */
export async function rpcError(call) {
	try {
		await call;
	} catch ({ code, data }) {
		return { code, data };
	}
	throw new Error('it was answered');
}

/**
 * Subscribes past the API's own methods: `methods` are those that subscribe, notify and end. Hands each notification
 * to `tell`, and resolves with what ends the subscription.
 */
export async function rawSubscribe(api, [subscribe, notify, unsubscribe], params, tell) {
	const provider = providers.get(api);
	const id = await provider.subscribe(notify, subscribe, params, (error, answer) => tell(error ?? answer));
	return () => provider.unsubscribe(notify, unsubscribe, id);
}

/** Rejects if `promise` takes longer than anything on a working chain does. */
export function withTimeout(promise, what, timeout = PATIENCE_MS) {
	let timer;
	const expired = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`waited ${timeout / 1000} s for ${what}`)), timeout);
	});
	return Promise.race([promise, expired]).finally(() => clearTimeout(timer));
}

/**
 * Resolves, or rejects, with what `subscribe(resolve, reject)` hands over, and ends the subscription that it promises.
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

/** Resolves with the first finalised header for which `accept` answers something true. */
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

/** The slot that a header claims (CON-R1); that of genesis claims none. */
export function slotOf({ digest }) {
	const claim = digest.logs.find((log) => log.isPreRuntime && log.asPreRuntime[0].isAura);
	return claim ? Buffer.from(claim.asPreRuntime[1].toU8a(true)).readBigUInt64LE() : null;
}

/** Signs for ever (era 0), with what the chain says unless `options` say otherwise; no call to the node. */
export const sign = (api, call, pair, options) =>
	call.sign(pair, {
		blockHash: api.genesisHash,
		era: 0,
		genesisHash: api.genesisHash,
		runtimeVersion: api.runtimeVersion,
		...options,
	});

/** Nonce of the account after the last block and what waits in this node's pool. */
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

/** Nonce and free balance of an account after block `at`; the nonce of one that does not exist is null. */
export async function account(api, { address }, at) {
	const { data, nonce, providers, sufficients } = await (await api.at(at)).query.system.account(address);
	const exists = !(providers.isZero() && sufficients.isZero());
	return { nonce: exists ? nonce.toNumber() : null, free: data.free.toBigInt() };
}

/**
 * Hands a signed extrinsic to the node and resolves when it is finalised, with the block's hash and height, the
 * fee paid, the dispatch error's name (`Pallet.Error`, `Token.FundsUnavailable`) or null, and the events.
 */
export const submit = (api, extrinsic) =>
	once(
		(resolve, reject) =>
			extrinsic.send(({ blockNumber, dispatchError, events, isError, status }) => {
				if (status.isFinalized) {
					const fee = events.find(({ event }) => api.events.transactionPayment.TransactionFeePaid.is(event));
					resolve({
						hash: status.asFinalized.toHex(),
						number: blockNumber.toNumber(),
						fee: fee?.event.data.actualFee.toBigInt() ?? 0n,
						error: dispatchError ? errorName(api, dispatchError) : null,
						events: events.map(({ event }) => event),
					});
				} else if (isError) {
					reject(new Error(`the extrinsic ended as ${status.type}`));
				}
			}),
		'an extrinsic to be finalised',
	);

/** Hands an extrinsic to its node and resolves when the first block has it. */
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

/** Pays every account its amount out of Alice's pocket, in one finalised extrinsic. */
export async function fund(api, amounts) {
	const alice = development('Alice');
	const calls = amounts.map(([{ address }, amount]) => api.tx.balances.transferAllowDeath(address, amount));
	const nonce = await nextNonce(api, alice);
	const { error, hash } = await submit(api, sign(api, api.tx.utility.batchAll(calls), alice, { nonce }));
	if (error) throw new Error(`funding failed: ${error}`);
	return hash;
}

/** The JSON-RPC error with which the node's pool refuses an extrinsic's bytes (in hex); null if it takes them. */
export async function poolError(api, bytes) {
	try {
		await rawCall(api, 'author_submitExtrinsic', bytes);
		return null;
	} catch ({ code, message, data }) {
		return { code, message, data };
	}
}

/**
 * What the state transition itself answers to an extrinsic's bytes on top of the best block, past every pool: `Ok`,
 * or the name of the validity error, as `Stale`.
 */
export async function dryRun(api, bytes) {
	const result = api.createType('ApplyExtrinsicResult', await rawCall(api, 'system_dryRun', bytes));
	if (result.isOk) return 'Ok';
	const { asErr: error } = result;
	return (error.isInvalid ? error.asInvalid : error.asUnknown).type;
}

/**
 * Compares finalised block `number` on all nodes; answers `{ hash, stateRoot }` if they agree and throws otherwise.
 * The nodes must have finalised it.
 */
export async function agreement(apis, number) {
	const seen = await Promise.all(
		apis.map(async (api) => {
			// Raw: for an old header the API would ask for a state that a node synced by warp never had.
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
