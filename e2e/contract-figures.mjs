// What deployments of contract code cost, declared and real. scripts/contract-figures says how to run it.
//
// For each length, a development chain of its own fills blocks with deployments of random code, and another with
// remarks of random bytes, which cost what their length costs and nothing else. `gtos benchmark block` executes the
// fullest block again. The result is one line of JSON for each chain.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { blockHash, development, finalisedHeight, nextNonce, sign } from './lib/chain.mjs';
import { withNode } from './lib/network.mjs';
import { runGtos, temporaryFolder } from './lib/node.mjs';

const KIB = 1024;
/** Bytes of one transaction, and so many transactions as fill some blocks and the pool holds. */
const LENGTHS = [
	{ length: KIB, count: 1_500 },
	{ length: 64 * KIB, count: 60 },
	{ length: 256 * KIB, count: 21 },
];
const CALLS = {
	deploy: (api, bytes) => api.tx.contractStore.contractDeploy(bytes, `0x${'00'.repeat(32)}`),
	remark: (api, bytes) => api.tx.system.remark(bytes),
};
const RUNS = Object.keys(CALLS).flatMap((call) => LENGTHS.map((run) => ({ call, ...run })));

/** What the files of a folder take on the disk, in bytes. */
const bytesOnDisk = (folder) => Number(execFileSync('du', ['-s', '-B1', folder], { encoding: 'utf8' }).split('\t')[0]);

for (const { call, length, count } of RUNS) {
	const folder = temporaryFolder();
	const arguments_ = ['--dev', '--base-path', folder];
	const { bytesBefore, fullest, weight } = await withNode(arguments_, async (api) => {
		await finalisedHeight(api, 2);
		const alice = development('Alice');
		const nonce = await nextNonce(api, alice);
		const make = () => CALLS[call](api, `0x${randomBytes(length).toString('hex')}`);
		const { weight } = await make().paymentInfo(alice);
		const extrinsics = Array.from({ length: count }, (_, i) => sign(api, make(), alice, { nonce: nonce + i }));
		const method = extrinsics[0].method.toHex().slice(0, 6);

		const bytesBefore = bytesOnDisk(folder);
		// The last first: what waits for an earlier nonce fills the blocks once that has come.
		for (const extrinsic of extrinsics.slice(1)) await api.rpc.author.submitExtrinsic(extrinsic);
		await api.rpc.author.submitExtrinsic(extrinsics[0]);
		let fullest = { count: 0 };
		let included = 0;
		for (let height = 1; included < count; height++) {
			await finalisedHeight(api, height);
			const { block } = await api.rpc.chain.getBlock(await blockHash(api, height));
			const inBlock = block.extrinsics.filter((extrinsic) => extrinsic.method.toHex().startsWith(method)).length;
			included += inBlock;
			if (inBlock > fullest.count) fullest = { count: inBlock, height };
		}
		return { bytesBefore, fullest, weight };
	});

	// The database writes its log out when it is opened again.
	await withNode(arguments_, () => {});
	const bytesAfter = bytesOnDisk(folder);

	const range = ['--from', fullest.height, '--to', fullest.height, '--repeat', 20].map(String);
	const { code, output } = await runGtos(['benchmark', 'block', ...arguments_, ...range]);
	if (code !== 0) throw new Error(output);
	const used = /used +([\d.]+)% of its weight \( *([\d,]+) of +([\d,]+) ns\)/.exec(output);
	if (!used) throw new Error(`no figure in: ${output}`);
	const [percent, real, declared] = used.slice(1).map((number) => Number(number.replaceAll(',', '')));
	console.log(
		JSON.stringify({
			call,
			length,
			weightUs: Number(weight.refTime.toBigInt()) / 1e6,
			inFullestBlock: fullest.count,
			blockDeclaredUs: declared / 1e3,
			blockMeasuredUs: real / 1e3,
			usedPercent: percent,
			diskBytesPerByte: Number(((bytesAfter - bytesBefore) / (length * count)).toFixed(2)),
		}),
	);
}
process.exit(0);
