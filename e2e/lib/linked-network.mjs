// Networks of nodes that reach each other only through the links of links.mjs.
//
// Each node has a loopback address of its own, and all of them listen at the same ports. A node takes a loopback
// address with one of its own ports for its own and never dials it, so what nodes tell each other about their addresses
// leads nowhere. They dial the addresses of their reserved peers, which are the ports of links. Nodes tell each other
// about these as well, so a link lets in only the node for which it is: a node connects from the port that it listens
// at first, which differs from node to node. `assertOnlyLinks` checks that it is so.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { connect, development, finalisedHeight, lastFinalised, until } from './chain.mjs';
import { openLinks } from './links.mjs';
import { freePorts, gtos, startNode, temporaryFolder } from './node.mjs';

const host = (position) => `127.0.1.${position + 1}`;

// Only reserved peers. With free slots for other peers, nodes would connect to peers of their peers.
const ISOLATED = ['--reserved-only', '--in-peers', 0, '--in-peers-light', 0, '--out-peers', 0];

/** A node: a database, and a process that can be stopped and started again. */
class LinkedNode {
	/** `role` are the arguments that make it a validator or not. */
	constructor({ name, spec, position, ports, role }) {
		this.name = name;
		/** The account of the validator. */
		this.stash = development(`${name}//stash`).address;
		this.host = host(position);
		this.port = ports[position];
		this.#ports = ports;
		this.#spec = spec;
		this.#role = role;
	}

	#spec;
	#role;
	#ports;
	#folder = temporaryFolder();
	#peers = [];

	async makeNodeKey() {
		const file = join(this.#folder, 'node-key');
		await gtos('key', 'generate-node-key', '--chain', this.#spec, '--file', file);
		this.id = (await gtos('key', 'inspect-node-key', '--file', file)).trim();
	}

	/** Makes the node at the other end of a link, which this node reaches at `port`, its peer. */
	addPeer(node, port) {
		this.#peers.push({ id: node.id, address: `/ip4/127.0.0.1/tcp/${port}/p2p/${node.id}` });
	}

	async start(args = []) {
		this.process = await startNode([
			...['--chain', this.#spec, '--name', this.name, '--base-path', this.#folder, ...this.#role],
			...['--node-key-file', join(this.#folder, 'node-key')],
			...this.#listensAt().flatMap((port) => ['--listen-addr', `/ip4/${this.host}/tcp/${port}`]),
			...['--reserved-nodes', ...this.#peers.map(({ address }) => address), ...ISOLATED],
			...args,
		]);
		this.http = this.process.rpc.replace('ws:', 'http:');
		this.api = await connect(this.process.rpc);
	}

	/** All ports, its own first. */
	#listensAt() {
		return [this.port, ...this.#ports.filter((port) => port !== this.port)];
	}

	async stop(signal) {
		const { api, process: running } = this;
		this.api = this.process = undefined;
		await api?.disconnect();
		await running?.stop(signal);
	}

	/** Identities of the peers that it is connected to, and of those that it should be connected to. */
	async peers() {
		const connected = (await this.api.rpc.system.peers()).map(({ peerId }) => peerId.toString());
		return { connected: connected.sort(), reserved: this.#peers.map(({ id }) => id).sort() };
	}
}

/**
 * Starts a validator for each of `names`, which are development accounts, with a link between any two of them.
 * `delayMs` and `mbits` are those of every link and direction. With `sentries`, each validator is connected only to a
 * node of its own without delay, and the links are between these nodes. `args` are passed to every node.
 */
export async function startLinkedNetwork({ names, spec, delayMs = 0, mbits, sentries = false, args = [] }) {
	const count = sentries ? 2 * names.length : names.length;
	const first = await freePorts(count);
	const ports = Array.from({ length: count }, (_, i) => first + i);
	const make = (position, name, role) => new LinkedNode({ name, spec, position, ports, role });
	const validators = names.map((name, i) => make(i, name, [`--${name.toLowerCase()}`]));
	const fronts = sentries ? names.map((name, i) => make(names.length + i, `${name}-sentry`, [])) : validators;
	const nodes = sentries ? [...validators, ...fronts] : validators;
	await Promise.all(nodes.map((node) => node.makeNodeKey()));

	const far = fronts.flatMap((one, i) => fronts.slice(i + 1).map((other) => [one, other]));
	const near = sentries ? validators.map((one, i) => [one, fronts[i]]) : [];
	const pairs = [...far, ...near];
	const endsOf = (pair) => pair.map(({ host, port }) => ({ host, port, source: port }));
	const links = await openLinks([
		...far.map((pair) => ({ ends: endsOf(pair), delayMs, mbits })),
		...near.map((pair) => ({ ends: endsOf(pair), delayMs: 0 })),
	]);
	pairs.forEach(([one, other], link) => {
		one.addPeer(other, links.port(link, 0));
		other.addPeer(one, links.port(link, 1));
	});

	const network = new LinkedNetwork(validators, nodes, links, pairs, args);
	try {
		await network.start();
	} catch (error) {
		await network.stop();
		throw error;
	}
	return network;
}

class LinkedNetwork {
	#pairs;
	#args;

	constructor(validators, nodes, links, pairs, args) {
		Object.assign(this, { validators, nodes, links });
		this.#pairs = pairs;
		this.#args = args;
	}

	/** Starts nodes, all of them if none are named, and waits until each is connected to all of its peers. */
	async start(nodes = this.nodes) {
		await Promise.all(nodes.map((node) => node.start(this.#args)));
		const running = this.nodes.filter(({ api }) => api);
		if (running.length < this.nodes.length) return;
		for (const node of running) {
			const isConnected = async () => {
				const { connected, reserved } = await node.peers();
				return connected.length === reserved.length;
			};
			await until(isConnected, `${node.name} to be connected to its peers`);
		}
	}

	/** Positions of the links between two groups of nodes. */
	between(ones, others) {
		const connects = ([one, other]) => ones.includes(one) && others.includes(other);
		return this.#pairs.flatMap((pair, i) => (connects(pair) || connects([...pair].reverse()) ? [i] : []));
	}

	/** Holds back what a node sends, at the times that `Links.hold` takes. */
	async holdBack(node, times) {
		const ends = this.#pairs.map((pair) => pair.indexOf(node));
		await Promise.all(ends.flatMap((end, link) => (end < 0 ? [] : [this.links.hold(link, end, times)])));
	}

	/** Asserts that each node is connected to its peers and to nothing else, and only through links. */
	async assertOnlyLinks() {
		for (const node of this.nodes) {
			const { connected, reserved } = await node.peers();
			assert.deepEqual(connected, reserved, `peers of ${node.name}`);
		}
		const hosts = this.nodes.map(({ host }) => host);
		assert.deepEqual(await this.links.strangers(hosts), []);
		for (const { bytes } of await this.links.state()) {
			assert.ok(bytes.every((count) => count > 0), 'nothing runs through a link');
		}
	}

	/** Waits until each of `nodes` has finalised `count` more blocks than any of them has now. */
	async goesOn(count, nodes = this.validators) {
		const heights = await Promise.all(nodes.map(({ api }) => lastFinalised(api)));
		await Promise.all(nodes.map(({ api }) => finalisedHeight(api, Math.max(...heights) + count)));
	}

	async stop() {
		await Promise.all(this.nodes.map((node) => node.stop()));
		await this.links.stop();
	}
}
