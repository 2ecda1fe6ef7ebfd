"""Fees, rewards and slashes in integer arithmetic."""

from fractions import Fraction

from model.block_budget import LIVE, PICOSECONDS

BILLION = 10**9
ONE = 10**18
TOS = 10**12

LENGTH_FEE = 10**6
# Those of one-second slots on a `wan`.
MAX_BLOCK_WEIGHT = LIVE.weight_ms * PICOSECONDS
MAX_NORMAL_WEIGHT = LIVE.normal_weight
MAX_NORMAL_LENGTH = LIVE.normal_length
VARIABILITY = 75 * 10**12
YEAR_MS = 31_557_600_000
MAX_INFLATION = 100_000_000


def part(a: int, b: int) -> int:
    """`a / b` in parts of 10^9."""
    if b == 0 or a > b:
        return BILLION
    return a * BILLION // b


def of(fraction: int, amount: int) -> int:
    """`fraction` parts of 10^9 of an amount, rounded to the nearest integer, ties down."""
    return (fraction * amount + 499_999_999) // BILLION


def _mul(a: int, b: int) -> int:
    return a * b // ONE


def length_fee(length: int, multiplier: int) -> int:
    return multiplier * LENGTH_FEE * length // ONE


def weight_fee(weight: int, multiplier: int) -> int:
    return multiplier * min(weight, MAX_BLOCK_WEIGHT) // ONE


def next_multiplier(multiplier: int, normal: int, operational: int, length: int) -> int:
    weight = normal + operational
    used = {MAX_NORMAL_WEIGHT: min(weight, MAX_NORMAL_WEIGHT), MAX_NORMAL_LENGTH: min(length, MAX_NORMAL_LENGTH)}
    limit = max(used, key=lambda limit: Fraction(used[limit], limit))
    target = limit // 4
    difference = abs(used[limit] - target) * ONE // limit
    first = _mul(VARIABILITY, difference)
    second = _mul(_mul(VARIABILITY, VARIABILITY) // 2, _mul(difference, difference))
    if used[limit] >= target:
        changed = multiplier + _mul(first + second, multiplier)
    else:
        changed = multiplier - _mul(first - second, multiplier)
    return min(max(changed, ONE), 1_000 * ONE)


def split(fee: int, tip: int) -> tuple[int, int]:
    """The shares of treasury and author in the fees and the tips of a block."""
    treasury = fee * 80 // 100
    return treasury, fee - treasury + tip


def reward_curve(points: list[tuple[int, int]], staked: int, issuance: int) -> int:
    """The yearly reward of all validators."""
    staked = min(staked, issuance)
    for i, (x, y) in enumerate(points):
        if staked < of(x, issuance):
            if i == 0:
                return of(y, issuance)
            before_x, before_y = points[i - 1]
            start = of(before_y, issuance)
            distance = abs(staked - of(before_x, issuance)) * abs(y - before_y) // (x - before_x)
            return start + distance if y > before_y else max(start - distance, 0)
    return of(points[-1][1], issuance)


def era_payout(
    points: list[tuple[int, int]], staked: int, issuance: int, milliseconds: int
) -> tuple[int, int]:
    """The payouts of an era to validators and treasury."""
    portion = part(milliseconds, YEAR_MS)
    validators = of(portion, reward_curve(points, staked, issuance))
    most = of(portion, of(MAX_INFLATION, issuance))
    return validators, max(most - validators, 0)


def rewards(
    payout: int, points: int, all_points: int, commission: int, own: int, nominators: list[int]
) -> tuple[int, list[int]]:
    """The rewards of a validator and of each of its nominators, on one page of exposure."""
    total = own + sum(nominators)
    share = of(part(points, all_points), payout)
    fee = of(commission, share)
    rest = share - fee
    validator = of(part(own, total), rest) + of(part(total, total), fee)
    return validator, [of(part(stake, total), rest) for stake in nominators]


def deposit(items: int, length: int) -> int:
    return items * 2 * 10**10 + length * 10**8


def reporter_share(slash: int) -> int:
    return of(500_000_000, of(100_000_000, slash))
