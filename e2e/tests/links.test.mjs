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

	it('with two delays takes the first one from its first end to the second, and the second one back', async () => {
		const delays = [60, 20];
		const arrived = once(server, 'connection')
			.then(([peer]) => once(peer, 'data'))
			.then(() => performance.now());
		const uneven = await openLinks([{ ends: HOSTS.map((host) => ({ host, port })), delayMs: delays }]);
		const socket = connect(uneven.port(0, 0), '127.0.0.1');
		await once(socket, 'connect');
		const sent = performance.now();
		socket.write('x');
		await once(socket, 'data');
		const [there, back] = [(await arrived) - sent, performance.now() - (await arrived)];
		assert.ok(there >= delays[0] - 1, `${there} ms there`);
		assert.ok(back >= delays[1] - 1, `${back} ms back`);
		socket.destroy();
		await uneven.stop();
	});

	it('is told from a connection that goes around it', async () => {
		const direct = connect(port, HOSTS[1]);
		await once(direct, 'connect');
		const strangers = await links.strangers([HOSTS[1]]);
		assert.deepEqual(strangers.map(({ remote }) => remote.port), [direct.localPort]);
		direct.destroy();
	});
});
