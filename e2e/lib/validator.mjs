// A validator whose keys lie in its keystore, and whose files a test copies, restores or deletes while it is stopped.

import { cpSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect, lastFinalised } from './chain.mjs';
import { GTOS_BIN, freePorts, gtos, runToEnd, startNode, temporaryFolder } from './node.mjs';

const KEYS = [
	['aura', 'sr25519'],
	['gran', 'ed25519'],
];

export class Validator {
	/** `name` is a development account; its keys are inserted into a new keystore. */
	static async create(name, spec, port) {
		const validator = new Validator(name, spec, port);
		await validator.insertKeys(name);
		await validator.#makeNodeKey();
		return validator;
	}

	/** Inserts the keys of a development account into its keystore. */
	async insertKeys(account) {
		for (const [type, scheme] of KEYS) {
			const key = ['--key-type', type, '--scheme', scheme, '--suri', `//${account}`];
			await gtos('key', 'insert', '--chain', this.spec, '--base-path', this.folder, ...key);
		}
	}

	constructor(name, spec, port) {
		this.name = name;
		this.spec = spec;
		this.port = port;
		this.folder = temporaryFolder();
		this.nodeKey = join(this.folder, 'node-key');
		this.chain = join(this.folder, 'chains', JSON.parse(readFileSync(spec, 'utf8')).id);
	}

	async #makeNodeKey() {
		await gtos('key', 'generate-node-key', '--chain', this.spec, '--file', this.nodeKey);
		const id = (await gtos('key', 'inspect-node-key', '--file', this.nodeKey)).trim();
		this.address = `/ip4/127.0.0.1/tcp/${this.port}/p2p/${id}`;
	}

	/** Another node of the chain, with a node key of its own and no other keys. */
	async withoutKeys() {
		const other = new Validator(`no ${this.name}`, this.spec, await freePorts());
		await other.#makeNodeKey();
		return other;
	}

	/** A second validator with a node key of its own and a copy of the keystore, but nothing else. */
	async copyOfKeystore() {
		const copy = await this.withoutKeys();
		copy.name = this.name;
		cpSync(join(this.chain, 'keystore'), join(copy.chain, 'keystore'), { recursive: true });
		return copy;
	}

	/** The record of what it has signed. */
	get record() {
		return join(this.chain, 'slashing-protection.json');
	}

	/** The database and everything else in the folder of the chain but the keystore and the record. */
	get #state() {
		const kept = [join(this.chain, 'keystore'), this.record];
		return readdirSync(this.chain)
			.map((name) => join(this.chain, name))
			.filter((path) => !kept.includes(path));
	}

	/** Copies its database, and with `record` also its record. It must be stopped. Answers a function that restores them. */
	snapshot({ database = true, record = false } = {}) {
		const copies = [...(database ? this.#state : []), ...(record && existsSync(this.record) ? [this.record] : [])].map(
			(path, i) => ({ path, copy: join(temporaryFolder(), String(i)) }),
		);
		for (const { path, copy } of copies) cpSync(path, copy, { recursive: true });
		return () => {
			for (const { path, copy } of copies) {
				rmSync(path, { recursive: true, force: true });
				cpSync(copy, path, { recursive: true });
			}
		};
	}

	deleteRecord() {
		rmSync(this.record);
	}

	#arguments(others, args) {
		return [
			...['--chain', this.spec, '--validator', '--base-path', this.folder],
			...['--node-key-file', this.nodeKey, '--listen-addr', `/ip4/127.0.0.1/tcp/${this.port}`],
			...['--reserved-nodes', ...others.map(({ address }) => address)],
			...args,
		];
	}

	/** Starts the node with the addresses of `others`. */
	async start(others, args = []) {
		this.node = await startNode(this.#arguments(others, args));
		this.api = await connect(this.node.rpc);
	}

	/** Runs the node until it exits by itself. Answers its exit code and output. */
	async runToEnd(others, timeout, args = []) {
		const port = await freePorts(2);
		const own = ['--rpc-port', port, '--prometheus-port', port + 1, '--no-mdns', '--no-telemetry'];
		return runToEnd(this.#arguments(others, [...own, ...args]).map(String), { binary: GTOS_BIN, timeout });
	}

	async stop(signal) {
		const { api, node } = this;
		this.api = this.node = undefined;
		await api?.disconnect();
		return node?.stop(signal);
	}

	final() {
		return lastFinalised(this.api);
	}

	/** The value of a metric, or the sum of its values if it has several labels. */
	async metric(name) {
		const metrics = await (await fetch(this.node.metrics)).text();
		const values = metrics.split('\n').filter((line) => line.startsWith(name));
		return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
	}
}
