// Encodes calls, signs transactions and shows the state of the chain. scripts/tos describes how to run it.

import { readFileSync } from 'node:fs';
import { Keyring } from '@polkadot/keyring';
import { blake2AsHex, cryptoWaitReady } from '@polkadot/util-crypto';

const URL = process.env.TOS_URL ?? 'ws://127.0.0.1:9944';
const CONNECT_TIMEOUT_MS = 20_000;
// SS58 prefix of every chain (ECO-R1).
const SS58_PREFIX = 42;
const DECIMALS = 12;

const hex = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`;
const lengthOf = (bytes) => (bytes.length - 2) / 2;
const show = (value) => console.log(typeof value === 'string' ? value : JSON.stringify(value, null, 2));

/** `1.5TOS` as the number of units in decimal, and everything else as it is. */
function units(text) {
	const amount = /^(\d+)(?:\.(\d+))?TOS$/.exec(text);
	if (!amount) return text;
	const [, whole, fraction = ''] = amount;
	if (fraction.length > DECIMALS) throw new Error(`${text} has more than ${DECIMALS} decimals`);
	return BigInt(whole + fraction.padEnd(DECIMALS, '0')).toString();
}

/** Replaces the amounts in an argument, wherever they stand in it. */
function withUnits(value) {
	if (typeof value === 'string') return units(value);
	if (Array.isArray(value)) return value.map(withUnits);
	if (value === null || typeof value !== 'object') return value;
	return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withUnits(field)]));
}

/** An argument of the command line: the contents of a file, JSON, or text. Integers stay text: they can be large. */
function argument(text) {
	if (text.startsWith('@')) return hex(readFileSync(text.slice(1)));
	if (/^\d+$/.test(text)) return text;
	try {
		return withUnits(JSON.parse(text));
	} catch (error) {
		if (error instanceof SyntaxError && /^[[{]/.test(text)) throw new Error(`This is not JSON: ${text}`);
		return units(text);
	}
}

// What a stash keeps besides its stake, for the fees of bonding and of leaving when they are highest.
const KEPT = units('5TOS');

/** The member `pallet.name` of a part of the API, such as `api.tx`. */
function member(part, path = '', kind) {
	const [pallet, name] = path.split('.');
	const found = part[pallet]?.[name];
	if (!found) throw new Error(`The chain has no ${kind} "${path}": give its name as pallet.name, in camel case`);
	return found;
}

/** A call from its name and arguments, or from its bytes in hexadecimal. */
function callOf(api, [name, ...args]) {
	if (name?.startsWith('0x')) return api.tx(api.createType('Call', name));
	const call = member(api.tx, name, 'call');
	if (args.length !== call.meta.args.length) {
		const wanted = call.meta.args.map((arg) => `${arg.name}: ${arg.typeName.unwrapOr(arg.type)}`).join(', ');
		throw new Error(`${name} needs ${call.meta.args.length} arguments, but there are ${args.length}: ${wanted}`);
	}
	return call(...args.map(argument));
}

function signer() {
	const file = process.env.TOS_KEY;
	if (!file) throw new Error('Set TOS_KEY to the path of a file with the secret phrase of the account');
	return new Keyring({ ss58Format: SS58_PREFIX, type: 'sr25519' }).addFromUri(readFileSync(file, 'utf8').trim());
}

/** A name of a dispatch error and, if it belongs to a pallet, its documentation. */
function describeError(api, error) {
	if (!error.isModule) return error.toString();
	const { section, name, docs } = api.registry.findMetaError(error.asModule);
	return `${section}.${name}: ${docs.join(' ')}`;
}

/** The error in the fields of an event, if it reports that the transaction failed, or a call that it makes. */
function errorIn({ data }) {
	for (const field of data) {
		if (field.isErr) return field.asErr.error ?? field.asErr;
		if (field.isModule !== undefined && field.isToken !== undefined) return field;
	}
	return undefined;
}

const nameOf = ({ section, method }) => `${section}.${method[0].toUpperCase()}${method.slice(1)}`;

/** Shows the events, or only the field `wanted`, and fails if a call has failed. */
function report(api, events, wanted) {
	for (const event of events) {
		const error = errorIn(event);
		if (error) throw new Error(`${nameOf(event)}: ${describeError(api, error)}`);
	}
	if (!wanted) {
		for (const event of events) console.log(nameOf(event), JSON.stringify(event.data.toHuman()));
		return;
	}
	const at = wanted.lastIndexOf('.');
	const event = events.find((candidate) => nameOf(candidate) === wanted.slice(0, at));
	const field = event?.data[wanted.slice(at + 1)];
	if (!field) throw new Error(`The transaction was executed, but has no ${wanted} among its events`);
	show(field.toString());
}

/** Sends a transaction with `send`, and resolves with its last result when its block is final. */
const whenFinal = (send) =>
	new Promise((resolve, reject) => {
		const ends = ['Dropped', 'FinalityTimeout', 'Invalid', 'Usurped'];
		send((result) => {
			const status = result.status ?? result;
			if (status.isFinalized) resolve(result);
			else if (ends.includes(status.type)) reject(new Error(`The transaction ended as ${status.type}`));
		}).catch(reject);
	});

async function sendSigned(api, args) {
	const wanted = args[0] === '--print' ? args.splice(0, 2)[1] : undefined;
	const call = callOf(api, args);
	const pair = signer();
	console.error(`${pair.address} signs ${JSON.stringify(call.method.toHuman())}`.slice(0, 1_000));
	const { events } = await whenFinal((tell) => call.signAndSend(pair, { nonce: -1 }, tell));
	report(api, events.map(({ event }) => event), wanted);
}

/**
 * Shows only the block. If the call replaces the runtime, the API would decode the events of the old runtime with the
 * metadata of the new one.
 */
async function sendBare(api, args) {
	const call = callOf(api, args);
	const status = await whenFinal((tell) => api.rpc.author.submitAndWatchExtrinsic(call, tell));
	show(`Final in block ${status.asFinalized}`);
}

/** The bytes of the call that a referendum proposes, or null if its preimage is not stored. */
async function proposedCall(api, proposal) {
	if (proposal.isInline) return proposal.asInline.toHex();
	// The chain stores no proposals of the kind `Legacy`, which have no length.
	const { hash_: hash, len } = proposal.asLookup;
	const stored = await api.query.preimage.preimageFor([hash, len]);
	if (stored.isNone) return null;
	const bytes = stored.unwrap().toHex();
	if (blake2AsHex(bytes) !== hash.toHex()) throw new Error(`The node shows bytes that do not have the hash ${hash}`);
	return bytes;
}

async function showReferendum(api, [index]) {
	const info = (await api.query.referenda.referendumInfoFor(index)).unwrapOr(null);
	if (!info) throw new Error(`There is no referendum ${index}`);
	if (!info.isOngoing) return show({ state: info.type, ...describeEnd(info) });
	const { track, proposal, tally, ...rest } = Object.fromEntries(info.asOngoing.entries());
	const [, details] = api.consts.referenda.tracks.find(([id]) => id.eq(track));
	const bytes = await proposedCall(api, proposal);
	return show({
		state: 'Ongoing',
		track: `${track} ${details.name.toString().replace(/\0+$/, '')}`,
		origin: rest.origin.toHuman(),
		enactment: rest.enactment.toHuman(),
		bytes: bytes ?? 'There is no preimage: nobody can know what is voted on',
		call: bytes && api.createType('Call', bytes).toHuman(),
		submitted: rest.submitted.toHuman(),
		decisionDeposit: rest.decisionDeposit.toHuman(),
		deciding: rest.deciding.toHuman(),
		inQueue: rest.inQueue.toHuman(),
		tally: tally.toHuman(),
	});
}

/** When a referendum ended, and the deposits that have not been returned. */
function describeEnd(info) {
	if (info.isKilled) return { block: info.asKilled.toHuman() };
	const [block, submissionDeposit, decisionDeposit] = info.inner.toHuman();
	return { block, submissionDeposit, decisionDeposit };
}

async function showItem(api, [name, ...keys]) {
	const item = member(api.query, name, 'storage item');
	const value = await item(...keys.map(argument));
	const shown = value.toHuman();
	// An item without a value, such as whitelist.whitelistedCall, says only that it is there.
	show(shown === null && value.isSome ? true : shown);
}

/** Shows how much of its balance an account can bond and still pay for its way out. */
async function showBondable(api, [address = signer().address]) {
	const { data } = await api.query.system.account(address);
	const left = data.free.toBigInt() - api.consts.balances.existentialDeposit.toBigInt() - BigInt(KEPT);
	show(String(left > 0n ? left : 0n));
}

const COMMANDS = {
	account: () => show(signer().address),
	bondable: showBondable,
	call: (api, args) => show(callOf(api, args).method.toHex()),
	decode: (api, [bytes]) => show(api.createType('Call', bytes).toHuman()),
	hash: (_, [bytes]) => show(blake2AsHex(argument(bytes))),
	length: (_, [bytes]) => show(String(lengthOf(bytes))),
	lookup: (_, [bytes]) => show(JSON.stringify({ Lookup: { hash: blake2AsHex(bytes), len: lengthOf(bytes) } })),
	tx: sendSigned,
	bare: sendBare,
	query: showItem,
	const: (api, [name]) => show(member(api.consts, name, 'constant').toHuman()),
	referendum: showReferendum,
	version: (api) => show(api.runtimeVersion.specVersion.toNumber()),
};
const WITHOUT_ARGUMENTS = ['account', 'bondable', 'version'];
// The commands that need no node. Encoding needs one, for the chain's metadata.
const OFFLINE = ['account', 'hash', 'length', 'lookup'];

async function connect() {
	// Imported here, because it takes a second that the other commands do not need.
	const { ApiPromise, WsProvider } = await import('@polkadot/api');
	const provider = new WsProvider(URL, false);
	const timer = setTimeout(() => {
		console.error(`error: No node answers at ${URL}: start one, or set TOS_URL`);
		process.exit(1);
	}, CONNECT_TIMEOUT_MS);
	await provider.connect();
	const api = await ApiPromise.create({ provider, noInitWarn: true });
	clearTimeout(timer);
	return api;
}

const [command, ...args] = process.argv.slice(2);
try {
	if (!Object.hasOwn(COMMANDS, command)) throw new Error(`There is no command ${command}: see scripts/tos --help`);
	if (args.length === 0 && !WITHOUT_ARGUMENTS.includes(command)) {
		throw new Error(`${command} needs an argument: see scripts/tos --help`);
	}
	await cryptoWaitReady();
	await COMMANDS[command](OFFLINE.includes(command) ? null : await connect(), args);
	process.exit(0);
} catch (error) {
	console.error(`error: ${error.message}`);
	process.exit(1);
}
