// Measures the declared and the real cost of contract deployments; scripts/contract-figures describes how to run it.
//
// For each length, one development chain fills blocks with deployments of random code. Another fills them with remarks of
// random bytes, whose cost depends only on their length. `gtos-benchmark block` executes the fullest block again. The
// result is one line of JSON for each chain.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { blockHash, development, finalisedHeight, nextNonce, sign } from './lib/chain.mjs';
import { withNode } from './lib/network.mjs';
import { runToEnd, temporaryFolder } from './lib/node.mjs';

const KIB = 1024;
/** Payload bytes of a transaction, and a number of such transactions that fills some blocks and fits the pool. */
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

/** Bytes that a folder takes on disk. */
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
		// The first nonce is submitted last: the others wait for it and then fill the blocks at once.
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

	// The database flushes its log when it is opened again.
	await withNode(arguments_, () => {});
	const bytesAfter = bytesOnDisk(folder);

	const range = ['--from', fullest.height, '--to', fullest.height, '--repeat', 20].map(String);
	const benchmark = ['block', ...arguments_, ...range];
	const { code, output } = await runToEnd(benchmark, { binary: process.env.GTOS_BENCHMARK_BIN });
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
