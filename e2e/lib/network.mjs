// Nodes together with an API connection to each.

import assert from 'node:assert/strict';
import { connect } from './chain.mjs';
import { startLocalnet, startNode } from './node.mjs';
import { isPreset, presetSpec } from './spec.mjs';

/**
 * Starts validators and connects to each. Returns what `startLocalnet` returns, with `apis`, the connections in the order of
 * its nodes. `chain` is a preset or the path of a chain spec. `stop()` closes the connections and ends the nodes.
 */
export async function startNetwork({ chain = 'local', ...options } = {}) {
	const spec = isPreset(chain) ? await presetSpec(chain) : chain;
	const localnet = await startLocalnet({ ...options, chain: spec });
	const apis = [];
	const stop = async () => {
		await Promise.all(apis.map((api) => api.disconnect()));
		localnet.stop();
	};
	try {
		for (const { rpc } of localnet.nodes) apis.push(await connect(rpc));
	} catch (error) {
		await stop();
		throw error;
	}
	return { ...localnet, apis, stop };
}

/** The arguments of a node that joins the network. */
export const joinArguments = ({ spec, nodes }) => ['--chain', spec, '--reserved-nodes', ...nodes.map(({ p2p }) => p2p)];

/**
 * Starts a node and connects to it with `connectTo`. Returns what `startNode` returns, with `api`. `stop(signal)` also closes
 * the connection.
 */
export async function startConnected(args, connectTo = connect) {
	const node = await startNode(args);
	try {
		const api = await connectTo(node.rpc);
		const stop = async (signal) => {
			await api.disconnect();
			return node.stop(signal);
		};
		return { ...node, api, stop };
	} catch (error) {
		await node.stop();
		throw error;
	}
}

/** Runs a node until `use(api, node)` resolves, and returns its result. The node must then exit with code 0. */
export async function withNode(args, use, connectTo) {
	const node = await startConnected(args, connectTo);
	let result;
	let code;
	try {
		result = await use(node.api, node);
	} finally {
		code = await node.stop();
	}
	assert.equal(code, 0, 'the node exits with code 0 on SIGTERM');
	return result;
}

/** Runs a node of the preset `dev` with further arguments, as `withNode` does. */
export const withDevNode = async (args, use) => withNode(['--dev', '--chain', await presetSpec('dev'), ...args], use);
