"""Slots that validators use and miss, and the validators that are chilled for it."""

from dataclasses import dataclass

from model import scale


@dataclass
class SlotCount:
    produced: int = 0
    missed: int = 0
    # Missed slots in which it was disabled.
    excused: int = 0

    @property
    def at_fault(self) -> int:
        return self.missed - self.excused

    def encode(self) -> bytes:
        return b"".join(map(scale.compact, (self.produced, self.missed, self.excused)))


def turns(parent: int, slot: int, authorities: int, authority: int) -> int:
    """How many slots between the two, both excluded, belong to `authority`."""
    return (slot - 1 - authority) // authorities - (parent - authority) // authorities


class Session:
    """Counts of a chain with a constant validator set, block by block."""

    def __init__(self, authorities: int, length: int, disabled: list[int]):
        self.authorities = authorities
        self.length = length
        self.disabled = disabled
        self.current: list[SlotCount] = []
        self.last: list[SlotCount] | None = None

    def begin(self, block: int, parent: int, slot: int) -> None:
        self.current = self.current or [SlotCount() for _ in range(self.authorities)]
        for authority, count in enumerate(self.current):
            # No slot is missed before the first block.
            missed = turns(parent, slot, self.authorities, authority) if block > 1 else 0
            count.produced += slot % self.authorities == authority
            count.missed += missed
            count.excused += missed if authority in self.disabled else 0
        if block % self.length == 0:
            self.last, self.current = self.current, []

    def stored(self) -> bytes:
        return scale.sequence(count.encode() for count in self.current)


def chilled(
    counts: list[SlotCount], candidates: list[bool], waiting: int, minimum: int
) -> tuple[list[int], int]:
    """The validators to chill, and the number of spared ones. `waiting` candidates are not in the set."""
    offenders = [
        index for index, count in enumerate(counts) if candidates[index] and count.at_fault > count.produced
    ]
    offenders.sort(key=lambda index: (-counts[index].at_fault, index))
    gone = candidates.count(False)
    spare = candidates.count(True) + waiting - max(minimum, 1)
    most = max(min((len(counts) - 1) // 3 - gone, spare), 0)
    return offenders[:most], len(offenders[most:])
