// Links between hosts, each with a delay, a bandwidth and a switch.
//
// A link is a pair of TCP proxies in front of its two ends. The delay and the bandwidth hold for each direction, and
// all connections of a link share them. What an end sends can be held back for a part of each period. Each connection
// has the congestion window that TCP would have over that distance, because the connections of the nodes themselves end
// at a proxy on this machine. No packets are lost.

import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { freePorts } from './node.mjs';

const WORKER = new URL('./links-worker.mjs', import.meta.url);

/**
 * Opens a link for each of `links`: `{ ends, delayMs, mbits }`, where both `ends` are `{ host, port, source }`. Without
 * `mbits` the bandwidth is unlimited. With `source`, the port from which this end connects, the link lets nothing else
 * in. Answers `Links`.
 */
export async function openLinks(links) {
	const first = await freePorts(2 * links.length);
	const opened = new Links(links.map((link, i) => ({ ...link, ports: [first + 2 * i, first + 2 * i + 1] })));
	await opened.restore();
	return opened;
}

class Links {
	#links;
	#worker;
	#requests = new Map();
	#count = 0;

	constructor(links) {
		this.#links = links;
		// In a thread of its own, because the work of a test would delay what passes.
		this.#worker = new Worker(WORKER, { workerData: links });
		this.#worker.on('message', ({ id, answer, error }) => {
			const { resolve, reject } = this.#requests.get(id);
			this.#requests.delete(id);
			// A test that fails need not stop the links before its process ends.
			if (this.#requests.size === 0) this.#worker.unref();
			if (error) reject(new Error(error));
			else resolve(answer);
		});
		this.#worker.on('error', (error) => {
			for (const { reject } of this.#requests.values()) reject(error);
		});
	}

	/** The port at which the first (0) or the second (1) end of a link reaches the other end. */
	port(link, end) {
		return this.#links[link].ports[end];
	}

	/** Drops the connections of these links, or of all, and refuses new ones. */
	cut(which) {
		return this.#ask('close', which);
	}

	/** Makes these links, or all, pass connections again. */
	restore(which) {
		return this.#ask('open', which);
	}

	/**
	 * From now on, holds back what one end of a link sends, from `fromMs` to `untilMs` of each period of `everyMs`.
	 * Periods are counted from the Unix epoch, as slots are.
	 */
	hold(link, end, { everyMs, fromMs, untilMs }) {
		return this.#ask('hold', [link], { end, times: { everyMs, fromMs, untilMs } });
	}

	/** For each link, the bytes that have passed from either end and the number of open connections. */
	state() {
		return this.#ask('state');
	}

	/** The connections accepted by these hosts that do not come from a link. */
	async strangers(hosts) {
		const states = await this.state();
		const own = new Set(states.flatMap(({ ports }) => ports));
		const isHost = new Set(hosts);
		return connections().filter(({ local, remote }) => isHost.has(local.host) && !own.has(remote.port));
	}

	async stop() {
		await this.cut();
		await this.#worker.terminate();
	}

	#ask(command, which = this.#links.map((_, i) => i), options) {
		const id = this.#count++;
		return new Promise((resolve, reject) => {
			this.#requests.set(id, { resolve, reject });
			this.#worker.ref();
			this.#worker.postMessage({ id, command, which, options });
		});
	}
}

const ESTABLISHED = '01';

/** The established TCP connections over IPv4 of this machine, as Linux lists them. */
function connections() {
	const address = (text) => {
		const [ip, port] = text.split(':');
		// The address is a number in the byte order of the machine, which is little-endian.
		const host = ip.match(/../g).map((byte) => parseInt(byte, 16)).reverse().join('.');
		return { host, port: parseInt(port, 16) };
	};
	return readFileSync('/proc/net/tcp', 'utf8')
		.trim()
		.split('\n')
		.slice(1)
		.map((line) => line.trim().split(/\s+/))
		.filter(([, , , state]) => state === ESTABLISHED)
		.map(([, local, remote]) => ({ local: address(local), remote: address(remote) }));
}
