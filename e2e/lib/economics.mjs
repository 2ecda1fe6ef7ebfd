// The integer arithmetic of specs/economics.md and of the other pages that define prices. It has its own copy of
// their numbers, so that the vectors can be checked without a chain.

const BILLION = 10n ** 9n;
const ONE = 10n ** 18n;

// A block of one-second slots on a `wan`, in picoseconds and bytes (STA-R12).
const BLOCK_WEIGHT = 130n * 10n ** 9n;
const NORMAL_WEIGHT = BLOCK_WEIGHT * 3n / 4n;
const NORMAL_LENGTH = 294_912n * 15n / 16n;

/** `a / b` in parts of 10^9, rounded down and at most 10^9. */
export const part = (a, b) => (b === 0n || a > b ? BILLION : (a * BILLION) / b);

/** `fraction` parts of 10^9 of an amount, rounded to the nearest integer, ties down. */
export const of = (fraction, amount) => (fraction * amount + 499_999_999n) / BILLION;

const least = (a, b) => (a < b ? a : b);
const most = (a, b) => (a > b ? a : b);
const rent = (keyLength, valueLength, blocks) => (256n + 2n * keyLength + valueLength) * blocks;

/** The formulas that `arithmetic` vectors name. Each takes and returns an object of bigints. */
export const FORMULAS = {
	'contract-price': ({ storedBytes }) => ({ price: (512n + storedBytes) * 10n ** 8n }),
	deposit: ({ items, bytes: length }) => ({ deposit: items * 2n * 10n ** 10n + length * 10n ** 8n }),
	'fee-multiplier': ({ multiplier, normalWeight, operationalWeight, length }) => {
		const mul = (a, b) => (a * b) / ONE;
		const [time, size] = [
			least(normalWeight + operationalWeight, NORMAL_WEIGHT),
			least(length, NORMAL_LENGTH),
		];
		const isLong = size * NORMAL_WEIGHT > time * NORMAL_LENGTH;
		const [used, max] = isLong ? [size, NORMAL_LENGTH] : [time, NORMAL_WEIGHT];
		const target = max / 4n;
		const v = 75n * 10n ** 12n;
		const diff = (most(used, target) - least(used, target)) * ONE / max;
		const first = mul(v, diff);
		const second = mul(mul(v, v) / 2n, mul(diff, diff));
		const next =
			used >= target ? multiplier + mul(first + second, multiplier) : multiplier - mul(first - second, multiplier);
		return { next: least(most(next, ONE), 1_000n * ONE) };
	},
	'fee-split': ({ fee, tip }) => ({ treasury: fee * 80n / 100n, author: fee - fee * 80n / 100n + tip }),
	'inclusion-fee': ({ length, weight, multiplier }) => ({
		lengthFee: multiplier * length * 10n ** 6n / ONE,
		weightFee: multiplier * least(weight, BLOCK_WEIGHT) / ONE,
	}),
	quorum: ({ authorities: n }) => ({ votes: n - (n - 1n) / 3n, offline: (n - 1n) / 3n }),
	rent: ({ keyLength, valueLength, blocks }) => ({ rent: rent(keyLength, valueLength, blocks) }),
	'rent-charge': ({ keyLength, valueLength, blocks, oldValueLength, oldBlocks }) => ({
		charge: most(0n, rent(keyLength, valueLength, blocks) - rent(keyLength, oldValueLength, oldBlocks)),
	}),
	slash: ({ fraction, stake }) => {
		const slash = of(fraction, stake);
		return { slash, reporter: of(BILLION / 2n, of(BILLION / 10n, slash)) };
	},
	'slash-fraction': ({ offenders, authorities }) => {
		const part = least(BILLION, 3n * offenders * BILLION / authorities);
		return { fraction: part * part / BILLION };
	},
};
