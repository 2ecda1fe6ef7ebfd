// Clients other than polkadot.js: dedot, which builds its types from the metadata when it connects, and subxt, whose
// types are compiled from the metadata of an earlier block. Both transfer some of Alice's balance on the chain `dev`.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { DedotClient } from '@dedot/api';
import { WsProvider } from '@dedot/providers';
import { hexToU8a } from '@polkadot/util';
import {
	TOS,
	account,
	blockHash,
	development,
	finalisedHeight,
	newAccount,
	rawCall,
	withTimeout,
} from '../lib/chain.mjs';
import { startConnected } from '../lib/network.mjs';
import { presetSpec } from '../lib/spec.mjs';
import { buildSubxtClient } from '../lib/subxt.mjs';

describe('a client other than polkadot.js', async () => {
	const node = await startConnected(['--dev', '--chain', await presetSpec('dev')]);
	const { api, rpc } = node;
	after(() => node.stop());

	it('dedot signs and submits a transfer', async () => {
		const recipient = newAccount();
		const client = await DedotClient.new(new WsProvider(rpc));
		try {
			const transfer = client.tx.balances.transferKeepAlive(recipient.address, TOS);
			const finalised = new Promise((resolve, reject) => {
				const track = ({ status, dispatchError }) => {
					if (status.type === 'Finalized') resolve({ hash: status.value.blockHash, dispatchError });
					else if (['Invalid', 'Drop'].includes(status.type)) reject(new Error(JSON.stringify(status)));
				};
				transfer.signAndSend(development('Alice'), track).catch(reject);
			});
			const { hash, dispatchError } = await withTimeout(finalised, "dedot's transfer to be finalised");
			assert.equal(dispatchError, undefined);
			assert.equal((await account(api, recipient, hash)).free, TOS);
		} finally {
			await client.disconnect();
		}
	});

	it('subxt, with code generated from the metadata of block 1, signs and submits a transfer', async () => {
		await finalisedHeight(api, 1);
		// Metadata version 16, the newest, because subxt asks the node for that version. The answer is an Option<Vec<u8>>.
		const answer = await rawCall(
			api,
			'state_call',
			'Metadata_metadata_at_version',
			'0x10000000',
			await blockHash(api, 1),
		);
		const client = await buildSubxtClient(api.createType('Option<Bytes>', hexToU8a(answer)).unwrap().toU8a(true));
		// The chain has passed this height already, unless the build had nothing to compile.
		await finalisedHeight(api, 3);

		const recipient = newAccount();
		const { stdout } = await promisify(execFile)(client, [rpc, recipient.address, TOS.toString()], { timeout: 60_000 });
		assert.equal((await account(api, recipient, stdout.trim())).free, TOS);
	});
});
