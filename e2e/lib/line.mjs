// One direction of a link between two hosts: a line of limited bandwidth, and the time that a signal takes along it.

// A line takes data in parts of this size, so that what arrives first is delivered first: at 20 Mbit/s, a part takes 1.6 ms.
const PART_BYTES = 4 * 1024;
// What waits at the entrance of a line at most, besides what is on its way: the buffer of a router.
const BUFFER_MS = 50;
const MIN_BUFFER_BYTES = 64 * 1024;

/**
 * A line of `mbits` megabits a second and a delay of `delayMs`. All connections that run along it share the bandwidth, in
 * the order in which their data arrives. Without `mbits` the bandwidth is unlimited.
 */
export class Line {
	/** Bytes that have left the line. */
	delivered = 0;
	#delayMs;
	#bytesPerMs;
	#capacity;
	// Parts on the line, in the order of their arrival: `{ due, data, deliver }`.
	#parts = [];
	#bytes = 0;
	// When the entrance of the line is free again.
	#free = 0;
	#timer = null;
	// Sources that wait until the line has room.
	#waiting = new Set();

	constructor({ delayMs, mbits = Infinity }) {
		this.#delayMs = delayMs;
		// 10^6 bits a second are 125 bytes a millisecond.
		this.#bytesPerMs = mbits * 125;
		const buffered = this.#bytesPerMs * (delayMs + BUFFER_MS);
		this.#capacity = Math.max(MIN_BUFFER_BYTES, Number.isFinite(buffered) ? buffered : 0);
	}

	/**
	 * Puts data on the line. At the other end, `deliver(part)` is called for each part of it. Pauses `source` while the line
	 * is full.
	 */
	send(data, source, deliver) {
		for (let start = 0; start < data.length; start += PART_BYTES) {
			this.#add(data.subarray(start, start + PART_BYTES), deliver);
		}
		if (this.#bytes > this.#capacity) {
			source.pause();
			this.#waiting.add(source);
		}
		this.#deliverDue();
	}

	/** Calls `deliver(null)` at the other end after all that was sent before. */
	end(deliver) {
		this.#add(null, deliver);
		this.#deliverDue();
	}

	/** Whether the line has paused `source`. */
	holds(source) {
		return this.#waiting.has(source);
	}

	/** Loses all that is on the line. */
	clear() {
		clearTimeout(this.#timer);
		this.#timer = null;
		this.#parts = [];
		this.#bytes = 0;
		this.#free = 0;
		this.#waiting.clear();
	}

	#add(data, deliver) {
		const length = data?.length ?? 0;
		this.#free = Math.max(this.#free, performance.now()) + length / this.#bytesPerMs;
		this.#bytes += length;
		this.#parts.push({ due: this.#free + this.#delayMs, data, deliver });
	}

	#deliverDue() {
		const now = performance.now();
		let count = 0;
		while (count < this.#parts.length && this.#parts[count].due <= now) {
			const { data, deliver } = this.#parts[count++];
			this.#bytes -= data?.length ?? 0;
			this.delivered += data?.length ?? 0;
			deliver(data);
		}
		this.#parts.splice(0, count);
		if (this.#bytes <= this.#capacity / 2) {
			const ready = [...this.#waiting];
			this.#waiting.clear();
			for (const source of ready) source.resume();
		}
		clearTimeout(this.#timer);
		const [next] = this.#parts;
		this.#timer = next ? setTimeout(() => this.#deliverDue(), Math.ceil(next.due - now)) : null;
	}
}
