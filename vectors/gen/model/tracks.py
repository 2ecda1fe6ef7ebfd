"""The tracks of referenda: their limits and curves (STA-R14, STA-R15). Shares are in parts of 10^9."""

from dataclasses import dataclass
from typing import Protocol

ONE = 1_000_000_000
TOS = 10**12


class Curve(Protocol):
    def delay(self, share: int) -> int:
        """The part of the decision period from which `share` suffices, or all of it."""


@dataclass(frozen=True)
class Linear:
    """Falls from `start` to `end` over `length` of the period."""

    start: int
    end: int
    length: int = ONE

    def delay(self, share: int) -> int:
        if share < self.end:
            return ONE
        missing = max(self.start - share, 0)
        part = -(-missing * ONE // (self.start - self.end))
        return part * self.length // ONE


@dataclass(frozen=True)
class Reciprocal:
    """`factor / (x + shift) + base` at the part `x` of the period."""

    factor: int
    shift: int
    base: int

    def delay(self, share: int) -> int:
        if share <= self.base:
            return ONE
        return min(max(-(-self.factor * ONE // (share - self.base)) - self.shift, 0), ONE)


def percent(value: int) -> int:
    return value * ONE // 100


APPROVAL = Linear(percent(100), percent(50))


def support(end: int) -> Linear:
    return Linear(percent(50), percent(end))


@dataclass(frozen=True)
class Track:
    id: int
    # Index of the origin in `Origins`; None for root.
    origin: int | None
    max_deciding: int
    deposit: int
    # Prepare, decide, confirm, enact.
    hours: tuple[int, int, int, int]
    approval: Curve
    support: Linear
    # Most that one referendum spends.
    cap: int | None = None


WEEK = 7 * 24

TRACKS = {
    "root": Track(0, None, 5, 100_000 * TOS, (2, 2 * WEEK, 24, 24), APPROVAL, support(1)),
    "whitelisted_caller": Track(
        1,
        0,
        20,
        10_000 * TOS,
        (1, 24, 1, 1),
        Reciprocal(31_641_750, 63_000_000, 497_750_000),
        # 16 of 24 hours, rounded to the nearest part.
        Linear(percent(50), percent(10), round(16 * ONE / 24)),
    ),
    "staking_admin": Track(10, 1, 10, 5_000 * TOS, (1, 2 * 24, 3, 1), APPROVAL, support(1)),
    "treasurer": Track(11, 2, 5, 5_000 * TOS, (2, 2 * WEEK, 24, 24), APPROVAL, support(10), 1_000_000 * TOS),
    "small_spender": Track(12, 5, 20, 100 * TOS, (1, WEEK, 12, 12), APPROVAL, support(1), 1_000 * TOS),
    "medium_spender": Track(13, 6, 15, 500 * TOS, (2, 2 * WEEK, 24, 24), APPROVAL, support(2), 10_000 * TOS),
    "big_spender": Track(14, 7, 10, 1_000 * TOS, (2, 2 * WEEK, 24, 24), APPROVAL, support(5), 100_000 * TOS),
    "referendum_canceller": Track(20, 3, 20, 10_000 * TOS, (1, WEEK, 3, 1), APPROVAL, support(1)),
    "referendum_killer": Track(21, 4, 20, 50_000 * TOS, (1, WEEK, 3, 1), APPROVAL, support(1)),
}


def blocks_to_enactment(track: Track, ayes: int, turnout: int, hour_blocks: int) -> int:
    """Blocks from the submission to the enactment of a referendum that has its deposit and votes at once."""
    prepare, decision, confirm, enactment = (hours * hour_blocks for hours in track.hours)
    part = max(track.approval.delay(ayes), track.support.delay(turnout))
    return prepare + -(-part * decision // ONE) + confirm + enactment
