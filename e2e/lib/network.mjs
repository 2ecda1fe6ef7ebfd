// Nodes with a connection to each, which end together.

import assert from 'node:assert/strict';
import { connect } from './chain.mjs';
import { startLocalnet, startNode } from './node.mjs';

/**
 * Starts validators and connects to each: what `startLocalnet` answers, with `apis` in the order of its nodes. `stop()`
 * ends connections and nodes.
 */
export async function startNetwork(options) {
	const localnet = await startLocalnet(options);
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

/** Arguments with which another node joins the network. */
export const joinArguments = ({ spec, nodes }) => ['--chain', spec, '--reserved-nodes', ...nodes.map(({ p2p }) => p2p)];

/**
 * Starts a node and connects to it by `connectTo`: what `startNode` answers, with `api`. `stop(signal)` ends the
 * connection too.
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

/** Runs a node while `use(api, node)` works with it, and answers what that does. The node has to end well. */
export async function withNode(args, use, connectTo) {
	const node = await startConnected(args, connectTo);
	let result;
	let code;
	try {
		result = await use(node.api, node);
	} finally {
		code = await node.stop();
	}
	assert.equal(code, 0, 'a node that is asked to end ends well');
	return result;
}
