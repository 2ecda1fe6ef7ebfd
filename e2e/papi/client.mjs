// A connection through polkadot-api (PAPI). The package stands in a folder of its own, because with the tools that it brings it
// is larger than all other clients together, and only the rehearsal of upgrades needs it.

import { createClient } from 'polkadot-api';
import { getWsProvider } from 'polkadot-api/ws';
import { WebSocket } from 'ws';

/**
 * Connects to `url` and calls `onFinalised(height)` for each block that becomes final, and `onError` if the subscription
 * ends. `specVersion()` reads the constant of the runtime that the client has loaded.
 */
export function connectPapi(url, onFinalised, onError) {
	const client = createClient(getWsProvider(url, { websocketClass: WebSocket }));
	const subscription = client.finalizedBlock$.subscribe({
		next: ({ number }) => onFinalised(Number(number)),
		error: onError,
	});
	return {
		specVersion: async () => (await client.getUnsafeApi().constants.System.Version()).spec_version,
		stop() {
			subscription.unsubscribe();
			client.destroy();
		},
	};
}
