// What deployments of contract code cost, declared and real. scripts/contract-figures says how to run it.
//
// For each length, a development chain of its own fills blocks with deployments of random code; then
// `gtos benchmark block` executes the fullest of them again. The result is one line of JSON for each length.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { blockHash, development, finalisedHeight, nextNonce, sign } from './lib/chain.mjs';
import { withNode } from './lib/network.mjs';
import { runGtos, temporaryFolder } from './lib/node.mjs';

const KIB = 1024;
/** Code length, and so many deployments as fill some blocks and the pool holds. */
const RUNS = [
	{ codeLen: KIB, deployments: 1_500 },
	{ codeLen: 64 * KIB, deployments: 60 },
	{ codeLen: 256 * KIB, deployments: 21 },
];

/** What the files of a folder take on the disk, in bytes. */
const bytesOnDisk = (folder) => Number(execFileSync('du', ['-s', '-B1', folder], { encoding: 'utf8' }).split('\t')[0]);

for (const { codeLen, deployments } of RUNS) {
	const folder = temporaryFolder();
	const arguments_ = ['--dev', '--base-path', folder];
	const { bytesBefore, fullest, weight } = await withNode(arguments_, async (api) => {
		await finalisedHeight(api, 2);
		const alice = development('Alice');
		const nonce = await nextNonce(api, alice);
		const deploy = () =>
			api.tx.contractStore.contractDeploy(`0x${randomBytes(codeLen).toString('hex')}`, `0x${'00'.repeat(32)}`);
		const { weight } = await deploy().paymentInfo(alice);
		const extrinsics = Array.from({ length: deployments }, (_, i) =>
			sign(api, deploy(), alice, { nonce: nonce + i }),
		);

		const bytesBefore = bytesOnDisk(folder);
		// The last first: what waits for an earlier nonce fills the blocks once that has come.
		for (const extrinsic of extrinsics.slice(1)) await api.rpc.author.submitExtrinsic(extrinsic);
		await api.rpc.author.submitExtrinsic(extrinsics[0]);
		let fullest = { count: 0 };
		let deployed = 0;
		for (let height = 1; deployed < deployments; height++) {
			await finalisedHeight(api, height);
			const { block } = await api.rpc.chain.getBlock(await blockHash(api, height));
			const count = block.extrinsics.filter(({ method }) => method.section === 'contractStore').length;
			deployed += count;
			if (count > fullest.count) fullest = { count, height };
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
			codeLen,
			deployWeightUs: Number(weight.refTime.toBigInt()) / 1e6,
			deploymentsInFullestBlock: fullest.count,
			blockDeclaredUs: declared / 1e3,
			blockMeasuredUs: real / 1e3,
			usedPercent: percent,
			diskBytesPerCodeByte: Number(((bytesAfter - bytesBefore) / (codeLen * deployments)).toFixed(2)),
		}),
	);
}
process.exit(0);
