// The links of the drills pass on what they are given, in order, and not before their delay and bandwidth allow it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { openLinks } from '../lib/links.mjs';
import { freePorts } from '../lib/node.mjs';

const HOSTS = ['127.0.1.1', '127.0.1.2'];
const DELAY_MS = 20;
const MBITS = 100;

describe('a link', () => {
	let port;
	let server;
	let links;

	before(async () => {
		port = await freePorts();
		// Sends everything back.
		server = createServer((socket) => socket.pipe(socket).on('error', () => {}));
		server.listen(port, HOSTS[1]);
		await once(server, 'listening');
		links = await openLinks([{ ends: HOSTS.map((host) => ({ host, port })), delayMs: DELAY_MS, mbits: MBITS }]);
	});

	after(async () => {
		await links.stop();
		server.close();
	});

	const dial = async () => {
		const socket = connect(links.port(0, 0), '127.0.0.1');
		await once(socket, 'connect');
		return socket;
	};

	it('delivers all bytes in order and ends with them', async () => {
		const sent = randomBytes(500_000);
		const socket = await dial();
		const began = performance.now();
		socket.end(sent);
		const received = Buffer.concat(await socket.toArray());
		const tookMs = performance.now() - began;
		assert.ok(sent.equals(received));
		// A machine can be late, but never early.
		const leastMs = 2 * DELAY_MS + sent.length / (MBITS * 125);
		assert.ok(tookMs >= leastMs - 1, `${tookMs} ms, and it cannot take less than ${leastMs} ms`);
		const [{ bytes }] = await links.state();
		assert.deepEqual(bytes, [sent.length, sent.length]);
	});

	it('that is cut drops its connections and refuses new ones until it is restored', async () => {
		const socket = await dial();
		socket.write('x');
		await once(socket, 'data');
		assert.deepEqual(await links.strangers([HOSTS[1]]), []);

		const dropped = once(socket, 'error');
		await links.cut();
		assert.equal((await dropped)[0].code, 'ECONNRESET');
		await assert.rejects(dial(), { code: 'ECONNREFUSED' });

		await links.restore();
		const again = await dial();
		again.write('y');
		assert.equal(String((await once(again, 'data'))[0]), 'y');
		again.end();
		await once(again, 'close');
	});

	it('lets nothing in that does not come from its end', async () => {
		const ends = [{ host: HOSTS[0], port, source: links.port(0, 1) }, { host: HOSTS[1], port }];
		const guarded = await openLinks([{ ends, delayMs: 0 }]);
		const socket = connect(guarded.port(0, 0), '127.0.0.1');
		assert.equal((await once(socket, 'error'))[0].code, 'ECONNRESET');
		await guarded.stop();
	});

	it('holds back what an end sends until the time of that end is over', async () => {
		// If the wrong end is held back, nothing arrives.
		const signal = AbortSignal.timeout(60_000);
		const arrived = once(server, 'connection')
			.then(([peer]) => once(peer, 'data', { signal }))
			.then(() => Date.now());
		const held = await openLinks([{ ends: HOSTS.map((host) => ({ host, port })), delayMs: DELAY_MS }]);
		const socket = connect(held.port(0, 0), '127.0.0.1');
		await once(socket, 'connect');
		const untilMs = Date.now() + 200;
		// A period that is longer than the time since the epoch occurs once.
		const times = { everyMs: 2 * untilMs, fromMs: 0, untilMs };
		await held.hold(0, 0, times);
		await held.hold(0, 1, { ...times, untilMs: untilMs + 3_600_000 });
		socket.write('x');
		const lateMs = (await arrived) - untilMs;
		assert.ok(lateMs >= DELAY_MS - 1, `${lateMs} ms after the time was over`);
		socket.destroy();
		await held.stop();
	});

	it('is told from a connection that goes around it', async () => {
		const direct = connect(port, HOSTS[1]);
		await once(direct, 'connect');
		const strangers = await links.strangers([HOSTS[1]]);
		assert.deepEqual(strangers.map(({ remote }) => remote.port), [direct.localPort]);
		direct.destroy();
	});
});
