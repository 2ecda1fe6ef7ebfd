"""The page of rewards that each block pays, specs/economics.md."""

from dataclasses import dataclass, replace

from model import scale
from model.hashing import twox_64

HISTORY_DEPTH = 336


@dataclass(frozen=True)
class Position:
    """The next page: its era, the validator before the one whose page it is, and the number of the page."""

    era: int
    after: bytes | None = None
    page: int = 0

    def encode(self) -> bytes:
        return scale.u32(self.era) + scale.option(self.after) + scale.u32(self.page)


@dataclass(frozen=True)
class Page:
    era: int
    validator: bytes
    number: int


@dataclass
class Payouts:
    """`stakers` has the pages of each validator of each era, `claimed` what nobody can claim any more."""

    position: Position
    current_era: int
    active_era: int
    stakers: dict[int, dict[bytes, int]]
    claimed: set[Page]

    def run_block(self) -> Page | None:
        """Ends a block; returns the page that it pays (ECO-R10)."""
        position = self.position
        oldest = max(self.current_era - HISTORY_DEPTH, 0)
        if position.era < oldest:
            position = Position(oldest)
        if position.era >= self.active_era:
            return None

        def place(validator: bytes) -> bytes:
            return twox_64(validator) + validator

        stakers = self.stakers.get(position.era, {})
        following = sorted(
            (who for who in stakers if position.after is None or place(who) > place(position.after)), key=place
        )
        if not following:
            self.position = Position(position.era + 1)
            return None
        validator = following[0]
        page = Page(position.era, validator, position.page)
        is_last = position.page + 1 >= stakers[validator]
        self.position = Position(position.era, validator) if is_last else replace(position, page=position.page + 1)
        if page in self.claimed:
            return None
        self.claimed.add(page)
        return page
