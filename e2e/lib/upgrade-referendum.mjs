// Takes an upgrade through a referendum, as operators and voters do.

import { blake2AsHex } from '@polkadot/util-crypto';
import { rawCall, until } from './chain.mjs';
import { enact } from './referendum.mjs';

/** Has the code `wasm` authorised by a referendum on `track`, as `enact` does. Nothing of the runtime changes yet. */
export async function authoriseUpgrade(api, track, wasm) {
	const codeHash = blake2AsHex(wasm, 256);
	await enact(api, track, api.tx.system.authorizeUpgrade(codeHash), async () => {
		const authorised = await api.query.system.authorizedUpgrade();
		return authorised.isSome && authorised.unwrap().codeHash.toHex() === codeHash;
	});
}

/** Submits the authorised code without a signature, and resolves when a block of the node has applied it. */
export async function applyUpgrade(api, wasm) {
	const before = (await rawCall(api, 'state_getRuntimeVersion')).specVersion;
	const call = api.tx.system.applyAuthorizedUpgrade(`0x${Buffer.from(wasm).toString('hex')}`);
	await rawCall(api, 'author_submitExtrinsic', call.toHex());
	const isApplied = async () => (await rawCall(api, 'state_getRuntimeVersion')).specVersion > before;
	await until(isApplied, 'the upgrade to be applied');
}
