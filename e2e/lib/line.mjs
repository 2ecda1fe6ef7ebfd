// One direction of a link between two hosts: a line of limited bandwidth, the time that a signal takes along it, and the
// congestion window of each connection.

// A line takes data in parts of this size, so that what arrives first is delivered first: at 20 Mbit/s, a part takes
// 1.6 ms.
const PART_BYTES = 4 * 1024;
// What waits for a line at most, besides what is on its way: the buffer of a router.
const BUFFER_MS = 50;
const MIN_BUFFER_BYTES = 64 * 1024;

// Ten segments of Ethernet (RFC 6928).
const INITIAL_WINDOW_BYTES = 10 * 1460;
// Linux waits so long for an acknowledgement, and the round trip.
const MIN_TIMEOUT_MS = 200;

const now = () => performance.now();

/**
 * A line of `mbits` megabits a second and a delay of `delayMs`. All flows that run along it share the bandwidth, in the
 * order in which they send. Without `mbits` the bandwidth is unlimited.
 */
export class Line {
	/** Bytes that have left the line. */
	delivered = 0;
	#delayMs;
	#bytesPerMs;
	#capacity;
	// Parts on the line, in the order of their arrival: `{ due, data, flow }`.
	#parts = [];
	// Acknowledgements on their way back: `{ due, length, flow }`.
	#acks = [];
	// Bytes on the line and of flows that wait for their window.
	#bytes = 0;
	// When the entrance of the line is free again.
	#free = 0;
	// The times at which the entrance is closed, if there are any.
	#hold = null;
	#timer = null;
	#isRunning = false;
	// Gates that are closed until the line has room.
	#closed = new Set();

	constructor({ delayMs, mbits = Infinity }) {
		this.#delayMs = delayMs;
		// 10^6 bits a second are 125 bytes a millisecond.
		this.#bytesPerMs = mbits * 125;
		const buffered = this.#bytesPerMs * (2 * delayMs + BUFFER_MS);
		this.#capacity = Math.max(MIN_BUFFER_BYTES, Number.isFinite(buffered) ? buffered : 0);
	}

	/**
	 * A connection's flow of data. `deliver(data)` is called at the other end, with null for the end of the flow.
	 * `gate` has `pause()` and `resume()`, which the line calls when it is full and when it has room again.
	 */
	flow(gate, deliver) {
		return new Flow(this, 2 * this.#delayMs, gate, deliver);
	}

	/** Whether the line has closed this gate. */
	holds(gate) {
		return this.#closed.has(gate);
	}

	/**
	 * From now on, closes the entrance from `fromMs` to `untilMs` of each period of `everyMs`. What is sent meanwhile
	 * enters when it opens. Periods are counted from the Unix epoch, as slots are.
	 */
	hold(times) {
		this.#hold = times;
	}

	/** Loses all that is on the line. */
	clear() {
		clearTimeout(this.#timer);
		this.#timer = null;
		this.#parts = [];
		this.#acks = [];
		this.#bytes = 0;
		this.#free = 0;
		this.#closed.clear();
	}

	/** Notes that `length` bytes of a flow wait or will be on the line. */
	take(length, gate) {
		this.#bytes += length;
		if (this.#bytes <= this.#capacity) return;
		gate.pause();
		this.#closed.add(gate);
	}

	/** Puts a part on the line, after all that is there. */
	put(data, flow) {
		const opens = now() + this.#closedForMs();
		this.#free = Math.max(this.#free, opens) + (data?.length ?? 0) / this.#bytesPerMs;
		this.#parts.push({ due: this.#free + this.#delayMs, data, flow });
	}

	/** How long the entrance is still closed. */
	#closedForMs() {
		if (!this.#hold) return 0;
		const { everyMs, fromMs, untilMs } = this.#hold;
		const phase = Date.now() % everyMs;
		return phase >= fromMs && phase < untilMs ? untilMs - phase : 0;
	}

	/** Delivers what is due, and waits for the rest. */
	run() {
		// An acknowledgement makes its flow send more: the loop below looks again.
		if (this.#isRunning) return;
		this.#isRunning = true;
		for (let due = this.#takeDue(); due.length > 0; due = this.#takeDue()) for (const arrive of due) arrive();
		if (this.#bytes <= this.#capacity / 2) {
			const gates = [...this.#closed];
			this.#closed.clear();
			for (const gate of gates) gate.resume();
		}
		this.#isRunning = false;
		clearTimeout(this.#timer);
		const next = Math.min(this.#parts[0]?.due ?? Infinity, this.#acks[0]?.due ?? Infinity);
		this.#timer = next < Infinity ? setTimeout(() => this.run(), Math.max(1, Math.ceil(next - now()))) : null;
	}

	#takeDue() {
		const time = now();
		const isDue = ({ due }) => due <= time;
		const acks = takeWhile(this.#acks, isDue).map(({ length, flow }) => () => flow.acknowledge(length));
		const parts = takeWhile(this.#parts, isDue).map(({ due, data, flow }) => () => {
			const length = data?.length ?? 0;
			this.#bytes -= length;
			this.delivered += length;
			flow.deliver(data);
			this.#acks.push({ due: due + this.#delayMs, length, flow });
		});
		return [...acks, ...parts];
	}
}

/** Removes the first items for which `isWanted` is true. */
function takeWhile(items, isWanted) {
	const count = items.findIndex((item) => !isWanted(item));
	return items.splice(0, count < 0 ? items.length : count);
}

/**
 * What one connection sends along a line. The window of bytes that it may have sent without an acknowledgement grows by
 * what is acknowledged, as in TCP's slow start (RFC 5681); nothing is lost, so it does not stop. A connection that does
 * not use its window loses half of the rest after each timeout (RFC 2861).
 */
class Flow {
	#line;
	#gate;
	#timeoutMs;
	#waiting = [];
	#window = INITIAL_WINDOW_BYTES;
	#unacknowledged = 0;
	// The most that was not acknowledged, and whether the window was full, since `#checked`.
	#used = 0;
	#wasFull = false;
	#checked = now();

	constructor(line, roundTripMs, gate, deliver) {
		this.#line = line;
		this.#gate = gate;
		this.#timeoutMs = MIN_TIMEOUT_MS + roundTripMs;
		this.deliver = deliver;
	}

	send(data) {
		for (let start = 0; start < data.length; start += PART_BYTES) {
			this.#waiting.push(data.subarray(start, start + PART_BYTES));
		}
		this.#line.take(data.length, this.#gate);
		this.#advance();
	}

	/** Delivers null after all that was sent before. */
	end() {
		this.#waiting.push(null);
		this.#advance();
	}

	acknowledge(length) {
		this.#unacknowledged -= length;
		if (this.#wasFull) this.#window += length;
		this.#advance();
	}

	#advance() {
		this.#checkUse();
		while (this.#waiting.length > 0 && this.#unacknowledged < this.#window) {
			const data = this.#waiting.shift();
			this.#unacknowledged += data?.length ?? 0;
			this.#line.put(data, this);
		}
		this.#used = Math.max(this.#used, this.#unacknowledged);
		if (this.#waiting.length > 0) this.#wasFull = true;
		this.#line.run();
	}

	#checkUse() {
		const timeouts = Math.floor((now() - this.#checked) / this.#timeoutMs);
		if (timeouts === 0) return;
		if (!this.#wasFull) {
			const used = Math.max(this.#used, INITIAL_WINDOW_BYTES);
			this.#window = Math.max(used, used + (this.#window - used) / 2 ** timeouts);
		}
		this.#used = this.#unacknowledged;
		this.#wasFull = this.#waiting.length > 0;
		this.#checked = now();
	}
}
