// What the nodes of a network tell of blocks while they run: all heads of chains, and when each block became final.

import { compactFromU8a, hexToU8a } from '@polkadot/util';
import { xxhashAsHex } from '@polkadot/util-crypto';
import { blockHash, rawCall, slotOf, until } from './chain.mjs';
import { isSigned } from './saturation.mjs';

const BLOCK_WEIGHT = xxhashAsHex('System', 128) + xxhashAsHex('BlockWeight', 128).slice(2);

/**
 * The time that ordinary transactions of a block have used, in picoseconds. It is the first field of `System.BlockWeight`.
 * polkadot.js decodes the stored bytes by the types of another runtime if the block is one of those around an upgrade.
 */
async function usedTime(api, hash) {
	const [, time] = compactFromU8a(hexToU8a(await rawCall(api, 'state_getStorage', BLOCK_WEIGHT, hash)));
	return time.toNumber();
}

/** The value below which `part` of the numbers lie. */
export function percentile(numbers, part) {
	const sorted = [...numbers].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
}

const spread = (numbers) => ({ p50: percentile(numbers, 0.5), p99: percentile(numbers, 0.99), max: percentile(numbers, 1) });

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** Follows the chains of the nodes behind `apis` from now on. All times are those of this machine. */
export class ChainWatch {
	/** The greatest slot of a block that a node has imported, and the greatest height that each node has finalised. */
	slot = 0;
	final;
	#apis;
	// By hash: height, slot, and when each node has imported it.
	#heads = new Map();
	// For each node: `{ number, time }` of each height when it became final.
	#finality;
	#ends = [];

	constructor(apis) {
		this.#apis = apis;
		this.#finality = apis.map(() => []);
		this.final = apis.map(() => 0);
		this.slotDurationMs = apis[0].consts.aura.slotDuration.toNumber();
	}

	async start() {
		for (const [node, api] of this.#apis.entries()) {
			const ends = await Promise.all([
				api.rpc.chain.subscribeAllHeads((header) => this.#noteHead(node, header)),
				api.rpc.chain.subscribeFinalizedHeads((header) => this.#noteFinal(node, header.number.toNumber())),
			]);
			this.#ends.push(...ends);
		}
		return this;
	}

	stop() {
		for (const end of this.#ends) end();
	}

	#noteHead(node, header) {
		const time = Date.now();
		const slot = slotOf(header);
		if (slot === null) return;
		const hash = header.hash.toHex();
		if (!this.#heads.has(hash)) {
			this.#heads.set(hash, { number: header.number.toNumber(), slot: Number(slot), imports: [] });
		}
		this.#heads.get(hash).imports[node] ??= time;
		this.slot = Math.max(this.slot, Number(slot));
	}

	#noteFinal(node, number) {
		this.final[node] = number;
		this.#finality[node].push({ number, time: Date.now() });
	}

	/** Waits until a node has imported a block of slot `slot` or a later one. */
	reachesSlot(slot, timeout) {
		return until(() => this.slot >= slot, `a block in slot ${slot}; the last one was in ${this.slot}`, timeout);
	}

	/** Waits until each node has finalised the blocks of the slots before `slot`. */
	async finalisesSlotsBefore(slot, timeout) {
		const numbers = [...this.#heads.values()].filter((head) => head.slot < slot).map(({ number }) => number);
		const number = Math.max(...numbers);
		const isFinal = () => this.final.every((height) => height >= number);
		await until(isFinal, `block ${number} to be final on all nodes`, timeout);
	}

	/** Height and slot of the block with this hash, and when each node has imported it; undefined if no node has. */
	block(hash) {
		return this.#heads.get(hash);
	}

	/** All blocks of the slots from `from` up to `to`, final or not, with the time at which each node has imported them. */
	blocks(from, to) {
		return [...this.#heads.values()].filter(({ slot }) => slot >= from && slot < to);
	}

	/** The final blocks of the slots from `from` up to `to`, which the first node must have finalised. */
	async finalBlocks(from, to) {
		const [api] = this.#apis;
		const heights = [...new Set(this.blocks(from, to).map(({ number }) => number))].sort((a, b) => a - b);
		const blocks = [];
		for (const number of heights) {
			const hash = await blockHash(api, number);
			const head = this.#heads.get(hash);
			if (head && head.slot >= from && head.slot < to) blocks.push({ hash, ...head });
		}
		return blocks;
	}

	/**
	 * What happened in the slots from `from` up to `to`. All of their blocks must be final. Times are in milliseconds
	 * from the start of the slot until a node had imported or finalised the block, over all blocks and nodes.
	 */
	async report(from, to) {
		const blocks = await this.finalBlocks(from, to);
		const final = new Set(blocks.map(({ hash }) => hash));
		const orphans = [...this.#heads].filter(([hash, { slot }]) => slot >= from && slot < to && !final.has(hash));
		const since = (slot, time) => time - slot * this.slotDurationMs;
		const imports = blocks.flatMap(({ slot, imports }) => imports.map((time) => since(slot, time)));
		const finality = this.#finality.flatMap((heard) =>
			blocks.map(({ number, slot }) => since(slot, heard.find((final) => final.number >= number).time)),
		);
		return {
			slots: to - from,
			blocks: blocks.length,
			orphans: orphans.length,
			orphanedPart: orphans.length / (orphans.length + blocks.length),
			slotsWithoutBlock: to - from - new Set(blocks.map(({ slot }) => slot)).size,
			importMs: spread(imports),
			finalityMs: spread(finality),
			...(await this.#fill(blocks)),
		};
	}

	/** How full blocks are, on average: transactions, and weight and length as parts of what ordinary ones may use. */
	async #fill(blocks) {
		const [api] = this.#apis;
		const { blockLength, blockWeights } = api.consts.system;
		const most = {
			weight: blockWeights.perClass.normal.maxTotal.unwrap().refTime.toNumber(),
			length: blockLength.max.normal.toNumber(),
		};
		const fills = [];
		for (const { hash } of blocks) {
			const [{ block }, time] = await Promise.all([
				rawCall(api, 'chain_getBlock', hash),
				usedTime(api, hash),
			]);
			const signed = block.extrinsics.filter(isSigned);
			const bytes = signed.reduce((sum, extrinsic) => sum + extrinsic.length / 2 - 1, 0);
			fills.push({
				count: signed.length,
				weight: time / most.weight,
				length: bytes / most.length,
			});
		}
		const average = (field) => mean(fills.map((fill) => fill[field]));
		return { transactions: Math.round(average('count')), weightFill: average('weight'), lengthFill: average('length') };
	}
}
