"""Slots that validators use and miss, and the validators that are suspended for it."""

from dataclasses import dataclass, field

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


# A suspension leaves at least this number of electable candidates.
MIN_ELECTABLE = 4
# Sessions in a row with too many offenders, of which the last one suspends.
OUTAGE_SESSIONS = 6
MAX_LEVEL = 5
LEVEL_DECAY_ERAS = 24
MAX_RECORDS = 100


def turns(parent: int, slot: int, authorities: int, authority: int) -> int:
    """How many slots between the two, both excluded, `authority` missed."""
    if slot - parent - 1 >= authorities:
        return 0
    return sum(missed % authorities == authority for missed in range(parent + 1, slot))


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


@dataclass
class Seat:
    """What a validator of the session that ends did in it, and what it is."""

    count: SlotCount
    # In `Staking.Validators`.
    is_candidate: bool = True
    is_suspended: bool = False

    @property
    def is_electable(self) -> bool:
        return self.is_candidate and not self.is_suspended


def suspended(
    seats: list[Seat], waiting: int, elsewhere: int, minimum: int, spared: int
) -> tuple[list[int], int, int, list[int]]:
    """The validators to suspend, the number of other offenders, the spared sessions in a row, and the validators that
    missed another session while they were suspended.

    `waiting` electable candidates and `elsewhere` suspended ones are not in the set; `spared` sessions before
    were in a row.
    """
    offenders = [
        index
        for index, seat in enumerate(seats)
        if not seat.is_suspended and seat.count.at_fault > seat.count.produced
    ]
    offenders.sort(key=lambda index: (-seats[index].count.at_fault, index))
    third = (len(seats) - 1) // 3 - elsewhere - sum(seat.is_suspended for seat in seats)
    gone = sum(not seat.is_candidate and not seat.is_suspended for seat in seats)
    spare = sum(seat.is_electable for seat in seats) + waiting - max(minimum, MIN_ELECTABLE)
    # By whether they are candidates.
    room = {True: min(third - gone, spare), False: third}
    chosen: list[int] = []
    for index in offenders:
        is_candidate = seats[index].is_candidate
        if room[is_candidate] > 0:
            room[is_candidate] -= 1
            chosen.append(index)
    others = len(offenders) - len(chosen)
    if others and spared + 1 < OUTAGE_SESSIONS:
        return [], len(offenders), spared + 1, []
    if others:
        return chosen, others, 0, []
    again = [
        index for index, seat in enumerate(seats) if seat.is_suspended and seat.count.at_fault > seat.count.produced
    ]
    return chosen, others, 0, again


@dataclass
class Suspended:
    until: int
    stake: int

    def encode(self) -> bytes:
        return scale.variant(0, scale.u32(self.until) + scale.u128(self.stake))


@dataclass
class Returned:
    since: int

    def encode(self) -> bytes:
        return scale.variant(1, scale.u32(self.since))


@dataclass
class Record:
    level: int
    standing: Suspended | Returned

    def encode(self) -> bytes:
        return scale.u8(self.level) + self.standing.encode()


@dataclass
class Validator:
    """One validator of a large set, of which it alone misses slots."""

    stake: int
    minimum_bond: int = 0
    is_candidate: bool = True
    record: Record | None = None
    events: list[str] = field(default_factory=list)

    def is_suspended(self) -> bool:
        return self.record is not None and isinstance(self.record.standing, Suspended)

    def end_session(self, planned: int, misses: bool) -> None:
        if misses and self.is_suspended():
            self.record.level = max(self.record.level, 2)
        elif misses:
            level = self.record.level if self.record else 0
            standing = Suspended(planned + 2**level, self.stake)
            self.record = Record(min(level + 1, MAX_LEVEL), standing)
            self.events.append("ValidatorOffline")
        self._settle(planned)

    def _settle(self, planned: int) -> None:
        match self.record:
            case Record(level, Suspended(until, stake)):
                if planned < until:
                    return
                if not self.is_candidate:
                    self.record = Record(level, Returned(planned))
                elif self.stake >= max(stake, self.minimum_bond):
                    self.record = Record(level, Returned(planned))
                    self.events.append("ValidatorReturned")
                else:
                    self.record, self.is_candidate = Record(level, Returned(planned)), False
                    self.events.append("ReturnRefused")
            case Record(level, Returned(since)) if planned >= since + LEVEL_DECAY_ERAS:
                self.record = Record(level - 1, Returned(since + LEVEL_DECAY_ERAS)) if level > 1 else None

    def rejoin(self, planned: int) -> str | None:
        """The name of the error, if it is refused."""
        if not self.is_suspended():
            return "NotSuspended"
        if not self.is_candidate:
            return "NotCandidate"
        if self.stake < self.minimum_bond:
            return "InsufficientBond"
        match self.record:
            case Record(1, _):
                self.record = Record(1, Returned(planned))
                self.events.append("ValidatorReturned")
            case Record(level, Suspended(until, stake)):
                served = max(until - planned, 0) // 2 if stake else 0
                self.record = Record(level, Suspended(until - served, 0))
                self.events.append("ReturnRequested")
        return None
