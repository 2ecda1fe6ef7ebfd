// Starts single nodes and networks. All processes and folders are removed again, however the test ends.

import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

// The same rules as in scripts/lib.sh.
export const TARGET_DIR =
	process.env.CARGO_TARGET_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'gtos/target');
export const GTOS_BIN = process.env.GTOS_BIN ?? join(TARGET_DIR, 'release/gtos');

// All nodes that tests start take the compiled runtime from here. Nodes delete what has not been used for long.
const COMPILED_RUNTIMES = `${TARGET_DIR}-compiled-runtimes`;

const LOCALNET = join(ROOT, 'scripts/localnet');

// Generous limits, as in scripts/localnet, because the machine may be compiling at the same time.
const START_TIMEOUT_MS = 180_000;

// A node waits a minute for its tasks when it stops.
const STOP_TIMEOUT_MS = 120_000;

// Functions that remove the child processes and folders of this process. They run in reverse order and are synchronous,
// because an exiting process runs no callbacks.
const cleanups = new Set();
process.on('exit', () => [...cleanups].reverse().forEach((end) => end()));
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** Makes a folder that is removed when this process exits. */
export function temporaryFolder() {
	const path = mkdtempSync(join(tmpdir(), 'gtos-e2e-'));
	cleanups.add(() => rmSync(path, { recursive: true, force: true }));
	return path;
}

/**
 * Makes a folder that is a file system of its own, in memory and of so many MiB, or answers null if this user may not
 * mount one. It is removed when this process exits.
 */
export function temporaryDisk(sizeMib) {
	const path = temporaryFolder();
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', path], { stdio: 'ignore' });
	} catch {
		return null;
	}
	// A process that still has files open there ends later.
	cleanups.add(() => execFileSync('umount', ['--lazy', path]));
	return path;
}

/** Listens on `port` of the loopback interface until `close` is called on the result. Rejects if the port is in use. */
export async function listenOn(port) {
	const server = createServer();
	server.listen(port, '127.0.0.1');
	await once(server, 'listening');
	return server;
}

// Below the range of local ports that the system uses for outgoing connections. Test files run at the same time, each in a
// process with a part of the range of its own, so that none takes a port that another has just found to be free.
const FIRST_PORT = 20_000;
const PORT_RANGES = 8;
const PORTS_PER_RANGE = 1_250;

/** Claims a part of the range for this process, by listening at its first port, and answers this port. */
async function claimRange() {
	const start = process.pid % PORT_RANGES;
	for (let i = 0; i < PORT_RANGES; i++) {
		const first = FIRST_PORT + ((start + i) % PORT_RANGES) * PORTS_PER_RANGE;
		try {
			const server = await listenOn(first);
			server.unref();
			return first;
		} catch (error) {
			if (error.code !== 'EADDRINUSE') throw error;
		}
	}
	throw new Error(`${PORT_RANGES} test processes are running already`);
}

let ownRange;
let portsGiven = 0;

/**
 * The first of `count` consecutive free ports. None is given twice before all of the range have been, because the ports of a
 * node that a test has stopped are free and will be used again.
 */
export async function freePorts(count = 1) {
	ownRange ??= claimRange();
	const first = (await ownRange) + 1;
	for (;;) {
		if (portsGiven + count >= PORTS_PER_RANGE) portsGiven = 0;
		const base = first + portsGiven;
		portsGiven += count;
		const held = [];
		try {
			for (let i = 0; i < count; i++) held.push(await listenOn(base + i));
			return base;
		} catch (error) {
			if (error.code !== 'EADDRINUSE') throw error;
		} finally {
			await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
		}
	}
}

/**
 * Runs the node, or another binary, until it exits by itself. Returns its exit code and the output of both streams. `env`
 * and `options` are those of `spawnBinary`.
 */
export async function runToEnd(args, { binary = GTOS_BIN, timeout = 120_000, env, options } = {}) {
	const child = spawnBinary(binary, args, 'pipe', env, options);
	let output = '';
	for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
	const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
	const [code, signal] = await once(child, 'close');
	clearTimeout(timer);
	if (signal) throw new Error(`${binary} ${args.join(' ')} did not exit by itself:\n${output}`);
	return { code, output };
}

/** Runs the node until it exits, which must be with code 0, and returns its standard output. */
export async function gtos(...args) {
	// A chain spec holds the runtime in hex: several megabytes.
	const { stdout } = await promisify(execFile)(GTOS_BIN, args, { maxBuffer: 2 ** 28 });
	return stdout;
}

/**
 * Starts a binary with its output going to `stdio`, ended when this process exits. `env` is added to the environment;
 * `undefined` takes a variable away. `options` are those of `spawn`.
 */
export function spawnBinary(binary, args, stdio, env, options) {
	const child = spawn(binary, args, { stdio: ['ignore', stdio, stdio], env: { ...process.env, ...env }, ...options });
	const kill = () => child.kill('SIGKILL');
	cleanups.add(kill);
	child.once('close', () => cleanups.delete(kill));
	return child;
}

/**
 * Starts a node on free ports, except for `--listen-addr` among `args`, and waits until its JSON-RPC port accepts
 * connections. `log()` returns its log so far. `signal(name)` sends a signal; `ended` resolves with the exit code.
 * `stop(signal)` sends SIGTERM or the given signal and returns the exit code; it is null if the signal kills the node, or
 * if the node has to be killed because it does not exit. `env` and `options` are those of `spawnBinary`.
 */
export async function startNode(args, env, { binary = GTOS_BIN, ...options } = {}) {
	const port = await freePorts(3);
	const defaults = {
		'--listen-addr': `/ip4/127.0.0.1/tcp/${port + 2}`,
		'--compiled-runtimes': COMPILED_RUNTIMES,
	};
	const left = Object.entries(defaults).filter(([option]) => !args.includes(option));
	const logFile = join(temporaryFolder(), 'log');
	const fd = openSync(logFile, 'w');
	const child = spawnBinary(
		binary,
		[
			...args,
			...['--rpc-port', port, '--prometheus-port', port + 1],
			...['--no-mdns', '--no-telemetry', ...left.flat()],
		].map(String),
		fd,
		env,
		options,
	);
	closeSync(fd);
	const ended = once(child, 'close').then(([code]) => code);
	const deadline = Date.now() + START_TIMEOUT_MS;
	while (!(await answers(port))) {
		const hasEnded = child.exitCode !== null || child.signalCode !== null;
		if (hasEnded || Date.now() > deadline) {
			child.kill('SIGKILL');
			const problem = hasEnded ? 'has exited' : `does not answer after ${START_TIMEOUT_MS / 1000} s`;
			throw new Error(`gtos ${args.join(' ')} ${problem}:\n${readFileSync(logFile, 'utf8')}`);
		}
		await sleep(100);
	}
	return {
		rpc: `ws://127.0.0.1:${port}`,
		metrics: `http://127.0.0.1:${port + 1}/metrics`,
		log: () => readFileSync(logFile, 'utf8'),
		ended,
		signal: (name) => child.kill(name),
		async stop(signal = 'SIGTERM') {
			child.kill(signal);
			const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
			return ended.finally(() => clearTimeout(timer));
		},
	};
}

/** Whether something accepts connections at this port of the loopback interface. */
function answers(port) {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1');
		socket.once('error', () => resolve(false));
		socket.once('connect', () => {
			socket.destroy();
			resolve(true);
		});
	});
}

/**
 * Starts validators with `scripts/localnet`, on free ports, with their data in `dir`. Returns
 * `{ spec, nodes: [{ name, rpc, metrics, p2p }], stop() }` once all of them finalise blocks: the path of the chain spec
 * and the addresses of each node. `args` are passed to every node.
 */
export async function startLocalnet({
	names = ['alice', 'bob', 'charlie'],
	chain,
	dir = temporaryFolder(),
	fresh = false,
	args = [],
}) {
	// The script takes three ports a node, 20 apart.
	const port = await freePorts(40 + names.length);
	const env = {
		...process.env,
		GTOS_BIN,
		GTOS_LOCALNET_CHAIN: chain,
		GTOS_LOCALNET_DIR: dir,
		GTOS_LOCALNET_NODES: names.join(' '),
		GTOS_LOCALNET_PORT: String(port),
		GTOS_LOCALNET_RUNTIMES: COMPILED_RUNTIMES,
	};
	const stop = () => execFileSync(LOCALNET, ['stop'], { env, stdio: 'ignore' });
	// An earlier run that was killed may have left nodes of this folder on other ports.
	stop();
	cleanups.add(stop);
	let peers;
	try {
		const start = ['start', ...(fresh ? ['--fresh'] : []), '--', ...args];
		const { stdout } = await promisify(execFile)(LOCALNET, start, { env });
		peers = [...stdout.matchAll(/ p2p (\S+)$/gm)].map(([, address]) => address);
	} catch ({ message, stdout, stderr }) {
		throw new Error(`the local network does not start: ${message}\n${stdout}${stderr}`);
	}
	return {
		spec: join(dir, 'spec.json'),
		nodes: names.map((name, i) => ({
			name,
			rpc: `ws://127.0.0.1:${port + i}`,
			metrics: `http://127.0.0.1:${port + 20 + i}/metrics`,
			p2p: peers[i],
		})),
		stop() {
			stop();
			cleanups.delete(stop);
		},
	};
}
