// Prometheus metrics of a node.

import { setTimeout as sleep } from 'node:timers/promises';
import { withTimeout } from './chain.mjs';

/**
 * The value of a metric in the text of a node's metrics, or `undefined` if there is none. `labels` are labels that the
 * series must have; it may have others.
 */
export function valueOf(text, name, labels = {}) {
	for (const line of text.split('\n')) {
		const [, found, list = '', value] = line.match(/^(\w+)(?:\{(.*)\})? (\S+)$/) ?? [];
		const has = ([label, wanted]) => `,${list},`.includes(`,${label}="${wanted}",`);
		if (found === name && Object.entries(labels).every(has)) return Number(value);
	}
	return undefined;
}

/** Reads the value of a metric of a node. */
export const metric = async ({ metrics }, name, labels) =>
	valueOf(await (await fetch(metrics)).text(), name, labels);

/** Waits until `accept` accepts the value of a metric of a node, and answers the value. */
export function untilMetric(node, [name, labels], accept) {
	let isOver = false;
	const poll = async () => {
		while (!isOver) {
			const value = await metric(node, name, labels);
			if (value !== undefined && accept(value)) return value;
			await sleep(100);
		}
	};
	return withTimeout(poll(), `${name} of a node`).finally(() => (isOver = true));
}
