// Clients that stay connected to a network while its runtime changes, each through its own library. They follow the final
// blocks, and tell under which version of the runtime they work.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { DedotClient } from '@dedot/api';
import { WsProvider } from '@dedot/providers';
import { hexToU8a } from '@polkadot/util';
import { start as startSmoldot } from 'smoldot';
import { connectPapi } from '../papi/client.mjs';
import { blockHash, connect, finalisedHeight, rawCall, until } from './chain.mjs';
import { buildSubxtClient } from './subxt.mjs';

/**
 * A client and what it has heard. `height` is the last final block that it was told of, and `failure` the error that ended
 * its subscription. `specVersion` is a function that resolves with the version that it works under.
 */
class ConnectedClient {
	height = 0;
	failure = null;

	constructor(name) {
		this.name = name;
		this.heard = (number) => (this.height = Math.max(this.height, number));
		this.failed = (error) => (this.failure ??= error);
	}

	/** Waits until the client has heard of a block of height `number` or above. */
	reaches(number) {
		return until(() => {
			if (this.failure) throw new Error(`${this.name}: ${this.failure.message ?? this.failure}`);
			return this.height >= number;
		}, `${this.name} to hear of block ${number}; the last one was ${this.height}`);
	}
}

async function polkadotJs(url) {
	const client = new ConnectedClient('polkadot.js');
	const api = await connect(url);
	api.on('disconnected', () => client.failed(new Error('disconnected')));
	await api.rpc.chain.subscribeFinalizedHeads((header) => client.heard(header.number.toNumber()));
	client.specVersion = async () => api.runtimeVersion.specVersion.toNumber();
	client.stop = () => api.disconnect();
	return client;
}

async function dedot(url) {
	const client = new ConnectedClient('dedot');
	const api = await DedotClient.new(new WsProvider(url));
	api.block.finalized(({ number }) => client.heard(number));
	client.specVersion = async () => (await api.getRuntimeVersion()).specVersion;
	client.stop = () => api.disconnect();
	return client;
}

async function papi(url) {
	const client = new ConnectedClient('PAPI');
	const { specVersion, stop } = connectPapi(url, client.heard, client.failed);
	return Object.assign(client, { specVersion, stop });
}

/** With code that is generated from the metadata of the running release. */
async function subxt(url) {
	const client = new ConnectedClient('subxt');
	const api = await connect(url);
	await finalisedHeight(api, 1);
	const args = ['Metadata_metadata_at_version', '0x10000000', await blockHash(api, 1)];
	const metadata = api.createType('Option<Bytes>', hexToU8a(await rawCall(api, 'state_call', ...args)));
	const binary = await buildSubxtClient(metadata.unwrap().toU8a(true));
	await api.disconnect();
	const child = spawn(binary, [url], { stdio: ['ignore', 'pipe', 'inherit'] });
	process.on('exit', () => child.kill());
	let version;
	createInterface({ input: child.stdout }).on('line', (line) => {
		const [number, specVersion] = line.split(' ').map(Number);
		version = specVersion;
		client.heard(number);
	});
	let isWanted = true;
	child.on('exit', (code) => isWanted && client.failed(new Error(`it has exited with code ${code}`)));
	client.specVersion = async () => version;
	client.stop = () => {
		isWanted = false;
		child.kill();
	};
	return client;
}

/** A light client, which downloads no state. `spec` is the path of the chain spec, `peers` are addresses of nodes. */
export async function smoldot(spec, peers) {
	const client = new ConnectedClient('smoldot');
	const light = startSmoldot({ maxLogLevel: 1, logCallback: () => {} });
	const chainSpec = JSON.stringify({ ...JSON.parse(readFileSync(spec, 'utf8')), bootNodes: peers });
	const chain = await light.addChain({ chainSpec });
	const pending = new Map();
	let requests = 0;
	const call = (method, ...params) => {
		const id = ++requests;
		chain.sendJsonRpc(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
		return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
	};
	const read = async () => {
		for await (const text of chain.jsonRpcResponses) {
			const { id, error, method, params, result } = JSON.parse(text);
			if (method === 'chain_finalizedHead') client.heard(Number(params.result.number));
			else if (error) pending.get(id)?.reject(new Error(error.message));
			else pending.get(id)?.resolve(result);
			pending.delete(id);
		}
	};
	let isWanted = true;
	read().catch((error) => isWanted && client.failed(error));
	await call('chain_subscribeFinalizedHeads');
	client.specVersion = async () => (await call('state_getRuntimeVersion')).specVersion;
	client.stop = () => {
		isWanted = false;
		return light.terminate();
	};
	return client;
}

/** One client of each library, connected to `url`, and a light client that takes its blocks from `peers`. */
export async function connectedClients(url, spec, peers) {
	const clients = [];
	try {
		for (const start of [polkadotJs, dedot, papi, subxt, () => smoldot(spec, peers)]) clients.push(await start(url));
		return clients;
	} catch (error) {
		await Promise.all(clients.map((client) => client.stop()));
		throw error;
	}
}
