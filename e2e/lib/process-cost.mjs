// What a running node costs its machine.

import { readFileSync } from 'node:fs';

// Linux counts in hundredths of a second for programs, whatever the clock of the kernel.
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 200;

/** Memory in MiB that a process has in use. */
function memory(pid) {
	const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
	return Number(kibibytes) / 1024;
}

/** Seconds of processor time that a process has used. */
function processorTime(pid) {
	// The name of the program before the last parenthesis may contain anything.
	const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
	const [user, system] = [fields[11], fields[12]].map(Number);
	return (user + system) / TICKS_PER_SECOND;
}

/**
 * Measures a process until `end()` is called, which answers `{ memory, peakMemory, cores }`: memory in MiB at the
 * beginning and at its peak, and how many cores were busy on average.
 */
export function measureCost(pid) {
	const began = Date.now();
	const [before, used] = [memory(pid), processorTime(pid)];
	let peak = before;
	const timer = setInterval(() => (peak = Math.max(peak, memory(pid))), SAMPLE_MS);
	return {
		end() {
			clearInterval(timer);
			const seconds = (Date.now() - began) / 1_000;
			peak = Math.max(peak, memory(pid));
			return {
				memory: Math.round(before),
				peakMemory: Math.round(peak),
				cores: Number(((processorTime(pid) - used) / seconds).toFixed(2)),
			};
		},
	};
}
