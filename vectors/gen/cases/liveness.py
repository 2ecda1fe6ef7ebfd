"""Slots that validators miss, and the validators that are chilled for it."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.liveness import Session, SlotCount, chilled


def _count(count: SlotCount) -> dict[str, int]:
    return {"produced": count.produced, "missed": count.missed, "excused": count.excused}


def _missed_slots() -> VectorFile:
    def case(
        name: str,
        parent: int,
        *slots: int,
        authorities: int = 4,
        session_length: int = 600,
        disabled: tuple[int, ...] = (),
        first_block: int = 100,
    ) -> dict[str, Any]:
        session, before = Session(authorities, session_length, list(disabled)), parent
        for block, slot in enumerate(slots, first_block):
            session.begin(block, before, slot)
            before = slot
        return {
            "name": name,
            "authorities": authorities,
            "sessionLengthBlocks": session_length,
            "disabled": list(disabled),
            "firstBlock": first_block,
            "parentSlot": parent,
            "slots": list(slots),
            "current": [_count(count) for count in session.current],
            "last": session.last and [_count(count) for count in session.last],
            "stored": session.stored(),
        }

    return VectorFile(
        "conformance/consensus/missed-slots",
        "missed-slots",
        "Slots that validators used and slots that they missed",
        ["CON-R18", "LIV-I1", "LIV-I2", "LIV-I3", "LIV-I4"],
        [
            case("no slot is missed", 1_000, 1_001, 1_002, 1_003, 1_004, 1_005),
            case("one slot is missed", 1_000, 1_002),
            case("all slots but one are missed", 1_000, 1_004),
            case("a whole round of authorities", 1_000, 1_005),
            case("a round and a half", 1_002, 1_009),
            case("the author of the block missed its own earlier slot", 1_001, 1_006),
            case("gaps add up", 1_000, 1_003, 1_004, 1_009, 1_010, 1_017),
            case("one authority", 1_000, 1_001, 1_004, authorities=1),
            case("three authorities", 1_000, 1_001, 1_006, 1_007, 1_020, authorities=3),
            case("two thousand years of half-second slots", 1_000, 1_000 + 2**37, authorities=7),
            case("the first block: nothing is missed before it", 0, 3_600_000_007, first_block=1),
            case("the second block", 7, 12, first_block=2),
            case("missed slots of a disabled validator are excused", 1_000, 1_004, 1_010, disabled=(1,)),
            case("several are disabled", 1_001, 1_007, 1_009, 1_021, authorities=7, disabled=(0, 2)),
            case(
                "a block that rotates the session counts for the old session",
                1_000,
                1_002,
                1_003,
                1_008,
                session_length=20,
                first_block=18,
            ),
            case(
                "the block after the rotation counts for the new session",
                1_000,
                1_002,
                1_003,
                1_008,
                1_011,
                session_length=20,
                first_block=18,
            ),
        ],
    )


Row = tuple[int, int, int, bool]


def _row(produced: int, missed: int, excused: int = 0, is_candidate: bool = True) -> Row:
    return produced, missed, excused, is_candidate


def _offences() -> VectorFile:
    good, bad, gone = _row(9, 0), _row(0, 9), _row(9, 0, is_candidate=False)

    def case(name: str, *rows: Row, minimum: int = 1, waiting: int = 0) -> dict[str, Any]:
        counts = [SlotCount(*row[:3]) for row in rows]
        candidates = [row[3] for row in rows]
        offenders, spared = chilled(counts, candidates, waiting, minimum)
        return {
            "name": name,
            "minimum": minimum,
            "waiting": waiting,
            "validators": [
                _count(count) | {"isCandidate": is_candidate}
                for count, is_candidate in zip(counts, candidates)
            ],
            "chilled": offenders,
            "spared": spared,
        }

    return VectorFile(
        "conformance/consensus/liveness",
        "liveness",
        "Validators that are chilled at the end of a session",
        ["CON-R19"],
        [
            case("no slot is missed", good, good, good, good),
            case("half is not more than half", good, _row(5, 5), good, good),
            case("one more than half", good, _row(5, 6), good, good),
            case("a validator without slots", good, _row(0, 0), good, good),
            case("three validators: nobody may be chilled", good, bad, good),
            case("four: one may be", bad, bad, good, good),
            case("the validator that missed most", _row(0, 8), bad, good, good),
            case("excused slots do not count", _row(0, 20, 20), _row(2, 20, 18), good, good),
            case("only slots that are not excused count", _row(0, 20, 20), _row(2, 20, 17), good, good),
            case("excused slots do not count for the order of misses", _row(0, 20, 18), bad, good, good),
            case("an outage of the whole network", *[_row(1, 9)] * 10),
            case(
                "the most missed first, then by index",
                _row(0, 5),
                _row(0, 7),
                good,
                bad,
                _row(0, 7),
                good,
                _row(0, 7),
                good,
                good,
                good,
            ),
            case(
                "a validator that is no longer a candidate is not chilled",
                _row(0, 9, 0, False),
                good,
                good,
                good,
            ),
            case(
                "a validator that is no longer a candidate counts to the third",
                bad,
                bad,
                bad,
                gone,
                good,
                good,
                good,
            ),
            case("two that have left, of seven", bad, bad, gone, gone, good, good, good),
            case("three that have left, of seven", bad, gone, gone, gone, good, good, good),
            case("enough candidates must be left for the next election", *[bad] * 3, *[good] * 7, minimum=8),
            case("no candidate can be spared", *[bad] * 3, *[good] * 7, minimum=10),
            case("waiting candidates count as left", *[bad] * 3, *[good] * 7, minimum=10, waiting=2),
            case("a minimum of none is a minimum of one", bad, good, good, good, minimum=0),
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _missed_slots()
    yield _offences()
