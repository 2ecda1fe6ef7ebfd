// A peer that speaks the protocols of a node but does not keep their rules.

import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { prefixed, unprefixed } from './wire.mjs';

// Part of Node.js from version 22 on.
Promise.withResolvers ??= () => {
	const parts = {};
	parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
	return parts;
};

const MUXER = yamux({ maxOutboundStreams: 10_000, enableKeepAlive: false });
const DIAL_TIMEOUT_MS = 10_000;

/** A stranger with an identity of its own and one connection to a node. */
export class Stranger {
	#libp2p;
	#connection;
	#genesis;
	#accepted = new Set();

	/** `address` is that of the node with its identity, `genesis` the hash of the genesis block without 0x. */
	static async connect({ address, genesis }) {
		const stranger = new Stranger();
		stranger.#genesis = genesis;
		stranger.#libp2p = await createLibp2p({
			transports: [tcp()],
			connectionEncrypters: [noise()],
			streamMuxers: [MUXER],
		});
		try {
			const signal = AbortSignal.timeout(DIAL_TIMEOUT_MS);
			stranger.#connection = await stranger.#libp2p.dial(multiaddr(address), { signal });
		} catch (error) {
			await stranger.stop();
			throw error;
		}
		return stranger;
	}

	/** Takes requests of the protocol with this ending and never answers them. */
	ignore(ending) {
		return this.#handle(ending, () => new Promise(() => {}));
	}

	/** Answers requests of the protocol with this ending with the message that `respond(request)` returns. */
	answer(ending, respond) {
		return this.#handle(ending, async ({ stream }) => {
			try {
				const source = stream.source[Symbol.asyncIterator]();
				let [received, request] = [Buffer.alloc(0), null];
				while (request === null) {
					const { done, value } = await source.next();
					if (done) return;
					received = Buffer.concat([received, value.subarray()]);
					request = unprefixed(received);
				}
				await stream.sink([prefixed(respond(request))]);
			} catch {
				// The node has given the request up.
			}
		});
	}

	#handle(ending, receive) {
		return this.#libp2p.handle(`/${this.#genesis}${ending}`, receive, { maxInboundStreams: 64, force: true });
	}

	get isConnected() {
		return this.#connection.status === 'open';
	}

	stop() {
		return this.#libp2p.stop();
	}

	/** Opens a stream of the protocol with this ending, such as `/sync/2`. */
	stream(ending) {
		return this.#connection.newStream(`/${this.#genesis}${ending}`, { runOnLimitedConnection: true });
	}

	/**
	 * Sends these bytes on a stream of their own. Resolves when the node has opened it, with `{ ended }`, a promise that
	 * settles when the node ends the stream.
	 */
	async sendRaw(ending, bytes) {
		const stream = await this.stream(ending);
		const untilEnd = async () => {
			await stream.sink([bytes]).catch(() => {});
			for await (const _ of stream.source) if (!this.isConnected) break;
		};
		return { ended: untilEnd() };
	}

	/** Sends a request and returns the length of the answer with its prefix; 0 if the node refuses. */
	async request(ending, message) {
		const stream = await this.stream(ending);
		let length = 0;
		try {
			await stream.sink([prefixed(message)]);
			for await (const part of stream.source) length += part.byteLength;
		} catch {
			// The node has reset the stream.
		}
		return length;
	}

	/** Sends a request and does not read the answer. Returns a function that ends the stream. */
	async requestUnread(ending, message) {
		const stream = await this.stream(ending);
		await stream.sink([prefixed(message)]);
		return () => stream.abort(new Error('not wanted'));
	}

	/**
	 * Accepts notification streams that the node opens, with this handshake, and ignores what comes in. Resolves with
	 * `{ isOpened }`, which becomes true when the node opens the first one.
	 */
	async accept(ending, handshake) {
		const incoming = { isOpened: false };
		await this.#handle(ending, async ({ stream }) => {
			const answer = async function* () {
				yield prefixed(handshake);
				// The stream stays open, because the node closes the other one with it.
				await new Promise(() => {});
			};
			stream.sink(answer()).catch(() => {});
			incoming.isOpened = true;
			try {
				for await (const _ of stream.source);
			} catch {
				// The node has reset the stream.
			}
		});
		this.#accepted.add(ending);
		return incoming;
	}

	/**
	 * Opens a notification stream with this handshake; the node opens another one in the other direction. Resolves with
	 * a `Notifications` when the node has accepted the stream, or rejects.
	 */
	async notifications(ending, handshake) {
		if (!this.#accepted.has(ending)) await this.accept(ending, handshake);
		const stream = await this.stream(ending);
		return Notifications.open(stream, handshake);
	}
}

/** The half of a notification stream in which the stranger speaks. */
class Notifications {
	isOpen = true;
	#queue = [];
	#wake = () => {};
	#drained = () => {};

	static async open(stream, handshake) {
		const notifications = new Notifications();
		const ended = () => {
			notifications.isOpen = false;
			notifications.#wake();
			notifications.#drained();
		};
		notifications.#queue.push(prefixed(handshake));
		stream.sink(notifications.#messages()).then(ended, ended);
		const source = stream.source[Symbol.asyncIterator]();
		const { done } = await source.next();
		if (done) {
			const error = new Error('the node refuses the handshake');
			stream.abort(error);
			throw error;
		}
		const untilEnd = async () => {
			while (!(await source.next()).done);
		};
		untilEnd().then(ended, ended);
		return notifications;
	}

	async *#messages() {
		while (this.isOpen) {
			while (this.#queue.length > 0) yield this.#queue.shift();
			this.#drained();
			await new Promise((resolve) => (this.#wake = resolve));
		}
	}

	/** Sends messages. Resolves when all of them have been handed to the connection, or the node has ended the stream. */
	async send(messages) {
		if (!this.isOpen) return;
		this.#queue.push(...messages.map(prefixed));
		const drained = new Promise((resolve) => (this.#drained = resolve));
		this.#wake();
		await drained;
	}
}
