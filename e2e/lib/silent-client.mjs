// A WebSocket client that sends requests and never reads an answer.

import { once } from 'node:events';
import { connect } from 'node:net';

const HEAD = [
	'GET / HTTP/1.1',
	'Upgrade: websocket',
	'Connection: Upgrade',
	'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
	'Sec-WebSocket-Version: 13',
];

const TEXT_FRAME = 0x81;
const MASKED = 0x80;
const LENGTH_IN_TWO_BYTES = 126;

/** A text frame. Its mask is zero, so the text stays as it is. */
function frame(text) {
	const payload = Buffer.from(text);
	const header = payload.length < LENGTH_IN_TWO_BYTES
		? Buffer.from([TEXT_FRAME, MASKED | payload.length])
		: Buffer.from([TEXT_FRAME, MASKED | LENGTH_IN_TWO_BYTES, payload.length >> 8, payload.length & 0xff]);
	return Buffer.concat([header, Buffer.alloc(4), payload]);
}

/** Connects to a node, calls `method` once with each of `params`, and stops reading. Returns the socket. */
export async function silentClient(url, method, params) {
	const { host, hostname, port } = new URL(url);
	const socket = connect(Number(port), hostname);
	// The node may close the connection at any time.
	socket.on('error', () => {});
	await once(socket, 'connect');
	socket.write([...HEAD, `Host: ${host}`, '', ''].join('\r\n'));
	await once(socket, 'data');
	socket.pause();
	params.forEach((list, id) =>
		socket.write(frame(JSON.stringify({ jsonrpc: '2.0', id, method, params: list }))),
	);
	return socket;
}
