// Four validators, of which finality needs three. A partition stops finality; an outage or restarts of one node do
// not. In none of these cases do two blocks of one height become final.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { agreement, connect, finalisedHeight, rawCall, until } from '../lib/chain.mjs';
import { freePorts, gtos, startNode, temporaryFolder } from '../lib/node.mjs';
import { editedSpec, withValidators } from '../lib/spec.mjs';

const NAMES = ['Alice', 'Bob', 'Charlie', 'Dave'];
const RESTARTS = 5;

// The time of this many blocks is enough for a vote in transit to arrive.
const SOME_BLOCKS = 8;

/** A validator: a database, and a process that can be stopped and started again. */
class Validator {
	constructor(name, spec, port, noteFinal) {
		this.name = name;
		this.spec = spec;
		this.port = port;
		this.noteFinal = (number, hash) => noteFinal(name, number, hash.toHex());
		this.folder = temporaryFolder();
		this.nodeKey = join(this.folder, 'node-key');
	}

	async makeNodeKey() {
		await gtos('key', 'generate-node-key', '--chain', this.spec, '--file', this.nodeKey);
		this.id = (await gtos('key', 'inspect-node-key', '--file', this.nodeKey)).trim();
		this.address = `/ip4/127.0.0.1/tcp/${this.port}/p2p/${this.id}`;
	}

	/** Starts the process with the addresses of `others` and further arguments. */
	async start(others, args = []) {
		this.node = await startNode([
			...['--chain', this.spec, `--${this.name.toLowerCase()}`, '--base-path', this.folder],
			...['--node-key-file', this.nodeKey, '--listen-addr', `/ip4/127.0.0.1/tcp/${this.port}`],
			...['--reserved-nodes', ...others.map(({ address }) => address)],
			// Every height is compared at the end.
			...['--state-pruning', 'archive', '--blocks-pruning', 'archive'],
			...args,
		]);
		this.api = await connect(this.node.rpc);
		await this.api.rpc.chain.subscribeFinalizedHeads((header) => {
			this.noteFinal(header.number.toNumber(), header.hash);
		});
	}

	async stop(signal) {
		const { api, node } = this;
		this.api = this.node = undefined;
		await api?.disconnect();
		await node?.stop(signal);
	}

	async best() {
		return (await this.api.rpc.chain.getHeader()).number.toNumber();
	}

	/** The height of its last finalised block. */
	async final() {
		const hash = await this.api.rpc.chain.getFinalizedHead();
		const number = (await this.api.rpc.chain.getHeader(hash)).number.toNumber();
		this.noteFinal(number, hash);
		return number;
	}

	async hash(number) {
		return (await this.api.rpc.chain.getBlockHash(number)).toHex();
	}

	/** Identities of its peers. */
	async peers() {
		return (await this.api.rpc.system.peers()).map(({ peerId }) => peerId.toString());
	}

	/** Lines of its metrics that count requests rejected because a channel was full. */
	async rejectedRequests() {
		const metrics = await (await fetch(this.node.metrics)).text();
		const rejection = /^substrate_sub_libp2p_requests_in_failure_total\{.*"sending into a full channel"/;
		return metrics.split('\n').filter((line) => rejection.test(line));
	}

	/** A line for error messages: its heights and peers. */
	async state() {
		if (!this.api) return `${this.name} is down`;
		const [best, final, peers] = await Promise.all([this.best(), this.final(), this.peers()]);
		return `${this.name}: best ${best}, final ${final}, ${peers.length} peers`;
	}
}

async function reunite(one, other) {
	await rawCall(one.api, 'system_addReservedPeer', other.address);
	await rawCall(other.api, 'system_addReservedPeer', one.address);
}

async function separate(one, other) {
	await rawCall(one.api, 'system_removeReservedPeer', other.id);
	await rawCall(other.api, 'system_removeReservedPeer', one.id);
}

const pairs = (ones, others) => ones.flatMap((one) => others.map((other) => [one, other]));

/** Four validators of one chain, and a record of all blocks that any of them has reported as final. */
class Network {
	#final = new Map();
	#conflicts = [];

	static async start(args) {
		const spec = await editedSpec('local', (genesis) => {
			withValidators(genesis, NAMES);
			// No session ends here, so that no validator is chilled for having been offline.
			genesis.genesisParameters.timing.sessionLengthBlocks = 10_000;
		});
		const network = new Network();
		const port = await freePorts(NAMES.length);
		const noteFinal = (...what) => network.#noteFinal(...what);
		network.validators = NAMES.map((name, i) => new Validator(name, spec, port + i, noteFinal));
		await Promise.all(network.validators.map((node) => node.makeNodeKey()));
		await Promise.all(network.validators.map((node) => node.start(network.without(node), args)));
		await network.goesOn();
		return network;
	}

	without(absent) {
		return this.validators.filter((node) => node !== absent);
	}

	/** Records a finalised block, or a conflict if another block of the same height is already final. */
	#noteFinal(name, number, hash) {
		const known = this.#final.get(number);
		if (!known) this.#final.set(number, { name, hash });
		else if (known.hash !== hash) this.#conflicts.push({ number, known, other: { name, hash } });
	}

	/** Waits until all of `nodes` have finalised `count` more blocks than any of them has now. */
	async goesOn(nodes = this.validators, count = SOME_BLOCKS) {
		const heights = await Promise.all(nodes.map((node) => node.final()));
		await this.reaches(Math.max(...heights) + count, nodes);
	}

	/** Waits until all of `nodes` have finalised height `number`. */
	async reaches(number, nodes = this.validators) {
		try {
			await Promise.all(nodes.map((node) => finalisedHeight(node.api, number)));
		} catch (error) {
			const states = await Promise.all(this.validators.map((node) => node.state()));
			error.message = `${error.message}; ${states.join('; ')}`;
			throw error;
		}
	}

	/** Asserts that no two blocks of one height have been final and that all databases agree. */
	async assertOneChain() {
		const height = Math.min(...(await Promise.all(this.validators.map((node) => node.final()))));
		const apis = this.validators.map(({ api }) => api);
		for (let number = 1; number <= height; number++) {
			const { hash } = await agreement(apis, number);
			this.#noteFinal('all', number, hash);
		}
		assert.deepEqual(this.#conflicts, []);
	}

	async stop() {
		await Promise.all(this.validators.map((node) => node.stop()));
	}
}

describe('finality of a partitioned network', () => {
	let network;

	before(async () => {
		network = await Network.start([
			// Only reserved peers, which can be changed at runtime. With free slots for other peers, a removed reserved peer
			// would stay connected as an ordinary one.
			...['--reserved-only', '--in-peers', 0, '--in-peers-light', 0, '--out-peers', 0],
		]);
	});

	after(() => network?.stop());

	it('stops while two of four are cut off from the others, and resumes when they are connected again', async () => {
		const { validators } = network;
		const halves = [validators.slice(0, 2), validators.slice(2)];
		const all = (ask) => Promise.all(validators.map(ask));
		const best = () => all((node) => node.best());
		const final = () => all((node) => node.final());
		const grow = async (heights) =>
			until(
				async () => (await best()).every((height, i) => height >= heights[i]),
				'both parts to make blocks',
			);

		for (const [one, other] of pairs(...halves)) await separate(one, other);
		for (const half of halves) {
			for (const node of half) {
				const [{ id: partner }] = half.filter((other) => other !== node);
				const isCutOff = async () => (await node.peers()).join() === partner;
				await until(isCutOff, `${node.name} to have lost the other half`);
			}
		}
		// Only blocks that all validators had voted for before the cut can still be finalised.
		const cut = Math.max(...(await best()));
		const grown = cut + SOME_BLOCKS;
		await grow(validators.map(() => grown));
		const stopped = await final();
		assert.ok(stopped.every((height) => height <= cut), `final at ${stopped}, cut off at ${cut}`);
		const [[one], [other]] = halves;
		assert.notEqual(await one.hash(grown), await other.hash(grown), 'both parts have the same chain');
		await grow((await best()).map((height) => height + 2));
		assert.deepEqual(await final(), stopped);

		for (const [one, other] of pairs(...halves)) await reunite(one, other);
		await network.reaches(Math.max(...(await best())) + SOME_BLOCKS);
		await network.assertOneChain();
		// A node whose block requests are rejected by every reserved peer would be isolated.
		assert.deepEqual((await all((node) => node.rejectedRequests())).flat(), []);
	});
});

describe('finality without one of four', () => {
	let network;
	let dave;
	let others;

	before(async () => {
		network = await Network.start();
		dave = network.validators.at(-1);
		others = network.without(dave);
	});

	after(() => network?.stop());

	it('continues while one is offline, which then catches up', async () => {
		await dave.stop();
		await network.goesOn(others);
		await dave.start(others);
		await network.goesOn();
		await network.assertOneChain();
	});

	it('continues while one restarts repeatedly', async () => {
		for (let restart = 0; restart < RESTARTS; restart++) {
			// The node is alternately stopped as by an operator and killed as in a crash.
			await dave.stop(restart % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
			await network.goesOn(others, 2);
			await dave.start(others);
			// It finalises blocks again.
			await network.goesOn(network.validators, 2);
		}
		await network.goesOn();
		await network.assertOneChain();
	});
});
