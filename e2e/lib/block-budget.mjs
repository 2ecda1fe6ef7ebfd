// What a block may cost for a slot and a network (STA-R12), without a chain.

// Round trip and difference of clocks in milliseconds, rate at which a block arrives in bytes a millisecond.
const NETWORKS = {
	wan: { code: 0, roundTrip: 100, rate: 2_500, clock: 20 },
	lan: { code: 1, roundTrip: 2, rate: 31_250, clock: 5 },
};

/** The byte that the state keeps for a network. */
export const networkCode = (name) => NETWORKS[name].code;

/** The budget as the vectors show it, or `null`. */
export function blockBudget(slot, name) {
	const { roundTrip, rate, clock } = NETWORKS[name];
	const length = Math.min(Math.max(Math.floor(slot / 16) * rate, 294_912), 2_621_440);
	let [window, sent, transfer] = [14_600, 0, 0];
	while (window < rate * roundTrip && sent + window < length) {
		sent += window;
		window *= 2;
		transfer += roundTrip;
	}
	transfer += Math.ceil((length - sent) / rate);
	// The window of a stream is 262,144 bytes.
	if (length > 393_216) transfer += Math.max(roundTrip - Math.floor(131_072 / rate), 0);
	const execution = slot - Math.floor((5 * roundTrip) / 2) - transfer - 2 * 10 - clock;
	const weight = Math.floor(execution * 882 / 1_882);
	return weight < 25
		? null
		: {
				buildMs: execution - weight,
				weightMs: weight,
				lengthBytes: length,
				normalWeight: String(weight * 750_000_000),
				normalLengthBytes: Math.floor(length * 15 / 16),
			};
}
