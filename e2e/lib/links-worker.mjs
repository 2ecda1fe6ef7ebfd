// The proxies of links.mjs, in a thread of their own.
//
// `workerData` is the list of links, each `{ ends, ports, delayMs, mbits }`, where both `ends` are `{ host, port,
// source }`. The link listens at two ports of the loopback interface: what connects to the first comes from the first
// end and is passed to the second, and the other way round. An end with a `source` connects from that port, and nothing
// else is let in. Requests are `{ id, command, which, options }`, where `which` are positions in that list.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { Line } from './line.mjs';

class Link {
	#ends;
	#ports;
	#lines;
	#servers = [];
	// Sockets towards the two ends of each open connection.
	#connections = new Set();

	constructor({ ends, ports, delayMs, mbits }) {
		this.#ends = ends;
		this.#ports = ports;
		this.#lines = ends.map(() => new Line({ delayMs, mbits }));
	}

	async open() {
		this.#servers = await Promise.all(
			this.#ports.map(async (port, from) => {
				const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket, from));
				server.listen(port, '127.0.0.1');
				await once(server, 'listening');
				return server;
			}),
		);
	}

	/** Resets all connections and refuses new ones. */
	async close() {
		const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
		this.#servers = [];
		for (const sockets of this.#connections) for (const socket of sockets) socket.resetAndDestroy();
		for (const line of this.#lines) line.clear();
		await Promise.all(closed);
	}

	hold({ end, times }) {
		this.#lines[end].hold(times);
	}

	/**
	 * Bytes that have arrived along both lines, how many connections are open, and the local ports of those that lead
	 * on to the ends.
	 */
	state() {
		const open = [...this.#connections];
		return {
			bytes: this.#lines.map(({ delivered }) => delivered),
			connections: open.length,
			ports: open.map(([, onward]) => onward.localPort),
		};
	}

	#accept(incoming, from) {
		const { source = incoming.remotePort } = this.#ends[from];
		if (incoming.remotePort !== source) {
			incoming.resetAndDestroy();
			return;
		}
		const onward = connect({ ...this.#ends[1 - from], allowHalfOpen: true, noDelay: true });
		const sockets = [incoming, onward];
		this.#connections.add(sockets);
		this.#pipe(incoming, onward, this.#lines[from]);
		this.#pipe(onward, incoming, this.#lines[1 - from]);
		for (const socket of sockets) {
			socket.on('close', () => {
				if (sockets.every(({ destroyed }) => destroyed)) this.#connections.delete(sockets);
			});
		}
	}

	#pipe(source, target, line) {
		// A receiver that does not read stops its sender, whatever the line has room for.
		let isBlocked = false;
		const gate = {
			pause: () => source.pause(),
			resume: () => isBlocked || source.resume(),
		};
		const deliver = (part) => {
			if (target.destroyed) return;
			if (part === null) {
				target.end();
			} else if (!target.write(part) && !isBlocked) {
				isBlocked = true;
				source.pause();
				target.once('drain', () => {
					isBlocked = false;
					if (!line.holds(gate)) source.resume();
				});
			}
		};
		const flow = line.flow(gate, deliver);
		source.on('data', (data) => flow.send(data));
		source.on('end', () => flow.end());
		// The other end hears of a failure as late as of everything else.
		source.on('error', () => line.flow(gate, () => target.destroy()).end());
	}
}

const links = workerData.map((link) => new Link(link));

const COMMANDS = {
	open: (link) => link.open(),
	close: (link) => link.close(),
	hold: (link, options) => link.hold(options),
	state: (link) => link.state(),
};

parentPort.on('message', async ({ id, command, which, options }) => {
	try {
		const answer = await Promise.all(which.map((position) => COMMANDS[command](links[position], options)));
		parentPort.postMessage({ id, answer });
	} catch ({ message }) {
		parentPort.postMessage({ id, error: message });
	}
});
