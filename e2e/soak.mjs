// Sends a steady stream of transfers to a local network until a number of consecutive finalised blocks contain transfers.
// scripts/soak describes how to run it.
//
// The hash and the state root of all nodes are compared at every height; a difference ends the run with an error. A
// finalised block without a transfer is reported, and the count starts again after it. The result is one line of JSON on
// standard output; everything else goes to standard error.

import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { TOS, agreement, development, finalisedHeight, nextNonce, poolError, sign } from './lib/chain.mjs';
import { startNetwork } from './lib/network.mjs';
import { ROOT, gtos } from './lib/node.mjs';

// Accounts that are endowed in every development genesis.
const SENDERS = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie'];
// A sender with this many transfers in flight waits until some are finalised.
const MAX_PENDING = 200;
// A sender reads its nonce again if none of its transfers in flight has been finalised for this long.
const STALL_MS = 20_000;
// JSON-RPC error: the pool has this transaction already.
const ALREADY_IMPORTED = 1013;

const say = (text) => console.error(`==> ${text}`);

/** Sends transfers at a steady rate from accounts whose nonces are counted locally. */
class Stream {
	#attempts = 0;
	#senders;
	#timer;
	submitted = 0;
	refused = 0;

	constructor(apis) {
		this.#senders = SENDERS.map((name, i) => ({
			name,
			// Each sender uses one node, which therefore receives the transfers in the order of their nonces.
			api: apis[i % apis.length],
			pair: development(name),
			recipient: development(SENDERS[(i + 1) % SENDERS.length]).address,
		}));
	}

	async start(rate) {
		await Promise.all(this.#senders.map((sender) => this.#resume(sender)));
		const start = Date.now();
		// The number of transfers follows the clock and not the timer's ticks, so that a late timer catches up.
		this.#timer = setInterval(() => {
			for (const due = ((Date.now() - start) / 1000) * rate; this.#attempts < due; this.#attempts++) {
				this.#send(this.#senders[this.#attempts % this.#senders.length]);
			}
		}, 20);
	}

	stop() {
		clearInterval(this.#timer);
	}

	/** Records that an extrinsic is finalised. */
	settle(extrinsic) {
		const sender = this.#senders.find(({ pair }) => pair.address === extrinsic.signer.toString());
		if (sender) Object.assign(sender, { settled: extrinsic.nonce.toNumber() + 1, progress: Date.now() });
	}

	async #resume(sender) {
		sender.paused = true;
		try {
			const nonce = await nextNonce(sender.api, sender.pair);
			Object.assign(sender, { nonce, settled: nonce, progress: Date.now(), paused: false });
		} catch ({ message }) {
			// Its node does not answer. The sender stays paused, and the comparison of blocks fails if the node is down.
			say(`cannot read the nonce of ${sender.name}: ${message}`);
		}
	}

	#send(sender) {
		const { api, name, nonce, pair, paused, progress, recipient, settled } = sender;
		if (paused) return;
		if (nonce > settled && Date.now() - progress > STALL_MS) {
			say(`no transfer of ${name} was finalised for ${STALL_MS / 1000} s: reading the nonce again`);
			this.#resume(sender);
			return;
		}
		if (nonce - settled >= MAX_PENDING) return;
		sender.nonce++;
		this.submitted++;
		const call = api.tx.balances.transferKeepAlive(recipient, TOS / 1000n);
		poolError(api, sign(api, call, pair, { nonce }).toHex()).then((error) => {
			if (error === null) return;
			this.refused++;
			say(`nonce ${nonce} of ${name} was rejected: ${error.message}`);
			if (error.code !== ALREADY_IMPORTED && !sender.paused) this.#resume(sender);
		});
	}
}

/** The transfers in a block: how many succeeded, how many failed, and their extrinsics. */
async function transfersIn(api, hash) {
	const [{ block }, events] = await Promise.all([
		api.rpc.chain.getBlock(hash),
		api.at(hash).then((at) => at.query.system.events()),
	]);
	const passed = new Set(
		events
			.filter(({ event, phase }) => phase.isApplyExtrinsic && api.events.system.ExtrinsicSuccess.is(event))
			.map(({ phase }) => phase.asApplyExtrinsic.toNumber()),
	);
	const found = { passed: 0, failed: 0, extrinsics: [] };
	block.extrinsics.forEach((extrinsic, i) => {
		if (!api.tx.balances.transferKeepAlive.is(extrinsic)) return;
		found[passed.has(i) ? 'passed' : 'failed']++;
		found.extrinsics.push(extrinsic);
	});
	return found;
}

async function periods(api, hash) {
	const { query } = await api.at(hash);
	const [session, era] = await Promise.all([query.session.currentIndex(), query.staking.activeEra()]);
	return { session: session.toNumber(), era: era.unwrap().index.toNumber() };
}

/** Follows the chain until `wanted` consecutive blocks contain transfers, and returns the report on them. */
async function follow(apis, stream, wanted) {
	const [api] = apis;
	const gaps = [];
	let run = null;
	let failed = 0;
	const first = (await api.rpc.chain.getHeader()).number.toNumber() + 1;
	// A chain that stalls ends this too: finalisedHeight rejects after its timeout.
	for (let number = first; number < first + 3 * wanted + 100; number++) {
		await Promise.all(apis.map((node) => finalisedHeight(node, number)));
		const { hash } = await agreement(apis, number);
		const found = await transfersIn(apis[number % apis.length], hash);
		found.extrinsics.forEach((extrinsic) => stream.settle(extrinsic));
		failed += found.failed;

		if (found.passed === 0) {
			// Blocks before the first transfer do not count as gaps.
			if (run) {
				gaps.push(number);
				say(`block ${number} has no transfer, after ${run.blocks} blocks with transfers`);
			}
			run = null;
			continue;
		}
		// Read now, because the state of this block will be pruned before the run ends.
		run ??= { from: number, begin: await periods(api, hash), start: Date.now(), blocks: 0, transfers: 0 };
		run.blocks++;
		run.transfers += found.passed;
		if (run.blocks % 50 === 0) say(`${run.blocks} of ${wanted} blocks, ${run.transfers} transfers, no divergence`);
		if (run.blocks === wanted) {
			const end = await periods(api, hash);
			return {
				blocks: wanted,
				from: run.from,
				to: number,
				transfers: run.transfers,
				failed,
				gaps,
				seconds: Math.round((Date.now() - run.start) / 1000),
				sessions: end.session - run.begin.session,
				eras: end.era - run.begin.era,
			};
		}
	}
	throw new Error(`no ${wanted} consecutive blocks with transfers; without any: ${gaps.join(', ')}`);
}

function commit() {
	try {
		return execFileSync('git', ['-C', ROOT, 'describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
	} catch {
		return 'unknown';
	}
}

const { values } = parseArgs({
	options: {
		blocks: { type: 'string' },
		fresh: { type: 'boolean', default: false },
		rate: { type: 'string', default: '10' },
	},
});
const wanted = Number(values.blocks);
const rate = Number(values.rate);
if (!Number.isInteger(wanted) || wanted < 1 || !(rate > 0)) {
	console.error('error: --blocks wants a whole number above zero, --rate a number above zero');
	process.exit(2);
}

say('Starting three validators');
const { apis, stop } = await startNetwork({
	chain: process.env.GTOS_LOCALNET_CHAIN,
	dir: process.env.GTOS_LOCALNET_DIR,
	fresh: values.fresh,
});
const stream = new Stream(apis);
try {
	say(`${rate} transfers a second until ${wanted} consecutive finalised blocks have some`);
	await stream.start(rate);
	const report = await follow(apis, stream, wanted);
	console.log(
		JSON.stringify({
			date: new Date().toISOString(),
			commit: commit(),
			node: (await gtos('--version')).trim(),
			machine: {
				cpu: cpus()[0].model,
				cores: cpus().length,
				memoryGiB: Math.round(totalmem() / 2 ** 30),
			},
			validators: apis.length,
			...report,
			submitted: stream.submitted,
			refused: stream.refused,
			rate,
		}),
	);
} catch ({ message }) {
	console.error(`error: ${message}`);
	process.exitCode = 1;
} finally {
	stream.stop();
	await stop();
}
