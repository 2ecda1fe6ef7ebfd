"""The pages of rewards that each block pays, specs/economics.md."""

from dataclasses import dataclass, replace

from model import scale
from model.hashing import twox_64

HISTORY_DEPTH = 336
OVERDUE = 168


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

    def initialize(self) -> Page | None:
        """Begins a block; returns the overdue page that it pays (ECO-R10)."""
        position = self._due()
        if position is None or self.current_era - position.era < OVERDUE:
            return None
        return self._step(position)

    def idle(self, steps: int) -> list[Page]:
        """Ends a block with the weight left for `steps`; returns the pages that it pays (ECO-R10)."""
        pages = []
        for _ in range(steps):
            position = self._due()
            if position is None:
                break
            pages.append(self._step(position))
        return [page for page in pages if page is not None]

    def _due(self) -> Position | None:
        oldest = max(self.current_era - HISTORY_DEPTH, 0)
        position = self.position if self.position.era >= oldest else Position(oldest)
        return position if position.era < self.active_era else None

    def _step(self, position: Position) -> Page | None:
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
