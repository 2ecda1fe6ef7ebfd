// Set-up that the suites in e2e/tests share.

import { after } from 'node:test';
import { startNetwork } from './network.mjs';
import { temporaryFolder } from './node.mjs';

/**
 * Starts a network of validators for the suite that calls this, an async `describe`, and ends it after the suite's
 * tests. Returns `{ api, apis, nodes, spec, restart() }`: what `startNetwork` returns, and `api`, the connection to the
 * first node. `restart()` ends all nodes, starts them again with their data and returns the same for the new processes.
 */
export async function suiteNetwork(options = {}) {
	const dir = temporaryFolder();
	let running;
	after(() => running?.stop());
	const start = async () => {
		running = await startNetwork({ ...options, dir });
		const { apis, nodes, spec } = running;
		return { api: apis[0], apis, nodes, spec, restart };
	};
	const restart = async () => {
		await running.stop();
		running = undefined;
		return start();
	};
	return start();
}
