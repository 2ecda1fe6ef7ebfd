"""Slots that validators miss, and the validators that are suspended for it."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.liveness import OUTAGE_SESSIONS, Seat, Session, SlotCount, Validator, suspended


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
            case("a whole round of authorities counts for nobody", 1_000, 1_005),
            case("a round and a half counts for nobody", 1_002, 1_009),
            case("gaps add up, and long ones do not count", 1_000, 1_003, 1_004, 1_009, 1_010, 1_013, 1_017),
            case("one authority misses nothing", 1_000, 1_001, 1_004, authorities=1),
            case("two authorities", 1_000, 1_002, 1_004, 1_007, authorities=2),
            case("three authorities", 1_000, 1_001, 1_004, 1_007, 1_009, 1_020, authorities=3),
            case("a hundred authorities: the longest gap that counts", 1_000, 1_100, authorities=100),
            case("a hundred authorities: the shortest gap that does not", 1_000, 1_101, authorities=100),
            case("two thousand years of half-second slots", 1_000, 1_000 + 2**37, authorities=7),
            case("the first block: nothing is missed before it", 0, 3_600_000_007, first_block=1),
            case("the second block", 7, 10, first_block=2),
            case("missed slots of a disabled validator are excused", 1_000, 1_004, 1_007, disabled=(1,)),
            case("several are disabled", 1_001, 1_007, 1_009, 1_016, authorities=7, disabled=(0, 2)),
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


def _row(
    produced: int, missed: int, excused: int = 0, is_candidate: bool = True, is_suspended: bool = False
) -> Seat:
    return Seat(SlotCount(produced, missed, excused), is_candidate, is_suspended)


def _offences() -> VectorFile:
    good, bad, gone = _row(9, 0), _row(0, 9), _row(9, 0, is_candidate=False)
    left, out = _row(0, 9, is_candidate=False), _row(0, 9, is_suspended=True)

    def case(
        name: str, *rows: Seat, minimum: int = 1, waiting: int = 0, elsewhere: int = 0, spared: int = 0
    ) -> dict[str, Any]:
        offenders, others, spared_after, again = suspended(list(rows), waiting, elsewhere, minimum, spared)
        return {
            "name": name,
            "minimum": minimum,
            "waiting": waiting,
            "suspendedElsewhere": elsewhere,
            "sparedBefore": spared,
            "validators": [
                _count(row.count) | {"isCandidate": row.is_candidate, "isSuspended": row.is_suspended}
                for row in rows
            ],
            "suspended": offenders,
            "notSuspended": others,
            "sparedAfter": spared_after,
            "missedAgain": again,
        }

    last = OUTAGE_SESSIONS - 1
    return VectorFile(
        "conformance/consensus/liveness",
        "liveness",
        "Validators that are suspended at the end of a session",
        ["CON-R19", "CON-R27", "LIV-I7", "LIV-I8"],
        [
            case("no slot is missed", good, good, good, good, waiting=1),
            case("half is not more than half", good, _row(5, 5), good, good, waiting=1),
            case("one more than half", good, _row(5, 6), good, good, waiting=1),
            case("a validator without slots", good, _row(0, 0), good, good, waiting=1),
            case("three validators: nobody may be suspended", good, bad, good, waiting=9),
            case("three validators: not even in the last session of a row", bad, bad, good, waiting=9, spared=last),
            case("four: one may be", good, bad, good, good, waiting=1),
            case("four without a fifth candidate: nobody may be", good, bad, good, good),
            case("five: one may be", good, bad, good, good, good),
            case("five: two are too many", good, bad, good, good, bad),
            case("two are too many again, in the last session but one", good, bad, good, good, bad, spared=last - 1),
            case("the last session in a row suspends the worst", good, bad, good, good, _row(0, 10), spared=last),
            case("of equals in the last session the first one", good, bad, good, good, bad, spared=last),
            case("a session with as many as may be ends the row", good, bad, good, good, good, spared=last - 1),
            case("a session without offenders ends the row", *[good] * 5, spared=last),
            case("the last session in a row, but nobody can be spared", *[bad] * 4, spared=last),
            case("excused slots do not count", _row(0, 20, 20), _row(2, 20, 18), good, good, waiting=1),
            case(
                "only slots that are not excused count", _row(0, 20, 20), _row(2, 20, 17), good, good, waiting=1
            ),
            case(
                "excused slots do not count for the order of misses",
                *(_row(0, 20, 18), bad, good, good),
                waiting=1,
                spared=last,
            ),
            case("an outage of the whole network", *[_row(1, 9)] * 10),
            case("the last session of an outage of the whole network", *[_row(1, 9)] * 10, spared=last),
            case(
                "the most missed first, then by index",
                _row(0, 5),
                _row(0, 7),
                good,
                bad,
                _row(0, 7),
                good,
                _row(0, 7),
                *[good] * 3,
                spared=last,
            ),
            case("as many as may be, the most missed first", _row(0, 5), _row(0, 7), bad, *[good] * 7),
            case("a validator that is no longer a candidate is suspended, too", left, *[good] * 4, waiting=1),
            case("one that has left takes nothing from the next election", left, *[good] * 3, waiting=1),
            case("one that has left and a candidate are too many, of four", left, bad, good, good, waiting=1),
            case("the last session suspends the one that has left", bad, left, good, good, waiting=1, spared=last),
            case("one that has left and a candidate, of seven", bad, left, *[good] * 5),
            case("three that have left are too many, of seven", left, left, left, *[good] * 4),
            case(
                "the last session suspends two of them, the most missed first",
                *(left, left, _row(0, 10, 0, False), *[good] * 4),
                spared=last,
            ),
            case("the last session suspends one that has left and one candidate", *[bad] * 6, left, spared=last),
            case("those that have left beside one that is suspended", left, left, out, *[good] * 4, spared=last),
            case(
                "a validator that is no longer a candidate counts to the third",
                *[bad] * 3,
                gone,
                *[good] * 3,
                spared=last,
            ),
            case("two that have left, of seven", bad, bad, gone, gone, good, good, good, spared=last),
            case("three that have left, of seven", bad, gone, gone, gone, good, good, good, spared=last),
            case("one of the set that is suspended counts to the third", out, bad, *[good] * 5),
            case("two of the set that are suspended, of seven", out, out, bad, *[good] * 4),
            case("a suspended validator is not an offender", out, *[good] * 6),
            case("a suspended validator that misses half", _row(5, 5, 0, True, True), *[good] * 6),
            case("suspended validators in a session that is spared", out, out, *[bad] * 5),
            case("suspended validators in the last session of a row", out, out, *[bad] * 5, spared=last),
            case("one that is suspended and has left counts once", _row(0, 9, 0, False, True), bad, *[good] * 5),
            case("suspended and gone validators add up", out, gone, bad, *[good] * 4),
            case("suspended validators without a seat count, too", bad, *[good] * 6, elsewhere=1),
            case("two suspended without a seat, of seven", bad, *[good] * 6, elsewhere=2),
            case("more suspended than may be: the set has become smaller", bad, *[good] * 6, elsewhere=3),
            case("one more may be, beside one with a seat and one without", *[bad] * 3, out, *[good] * 6, elsewhere=1, spared=last),
            case("the limit is reached in the last session of a row", *[bad] * 7, elsewhere=2, spared=last),
            case("suspended candidates are not left for the next election", bad, *[good] * 6, minimum=7, elsewhere=1),
            case("as many as ever may be suspended", *[good] * 67, *[bad] * 33),
            case("enough candidates must be left for the next election", *[bad] * 3, *[good] * 7, minimum=8),
            case(
                "as many are suspended as the next election can spare",
                *[bad] * 3,
                *[good] * 7,
                minimum=8,
                spared=last,
            ),
            case("no candidate can be spared", *[bad] * 3, *[good] * 7, minimum=10, spared=last),
            case("waiting candidates count as left", *[bad] * 3, *[good] * 7, minimum=10, waiting=2, spared=last),
            case("a minimum of none is a minimum of four", bad, good, good, good, minimum=0, spared=last),
        ],
    )


def _suspensions() -> VectorFile:
    """Steps in the life of one validator; the other six of the set miss nothing."""
    bond = 10**18

    def case(name: str, *steps: tuple[int, str] | tuple[int, str, int]) -> dict[str, Any]:
        validator, told = Validator(bond), []
        for planned, action, *amount in steps:
            validator.events, error = [], None
            match action:
                case "session":
                    validator.end_session(planned, misses=False)
                case "missed session":
                    validator.end_session(planned, misses=True)
                case "rejoin":
                    error = validator.rejoin(planned)
                case "chill":
                    validator.is_candidate = False
                case "validate":
                    validator.is_candidate = True
                case "unbond":
                    validator.stake -= amount[0]
                case "bond extra":
                    validator.stake += amount[0]
                case "minimum bond":
                    validator.minimum_bond = amount[0]
                case _:
                    raise ValueError(action)
            told.append(
                {
                    "plannedEra": planned,
                    "action": action,
                    "amount": str(amount[0]) if amount else None,
                    "error": error,
                    "events": validator.events,
                    "isCandidate": validator.is_candidate,
                    "isSuspended": validator.is_suspended(),
                    "record": validator.record.encode() if validator.record else None,
                }
            )
        return {"name": name, "stake": str(bond), "steps": told}

    def served(*eras: int) -> list[tuple[int, str]]:
        return [(era, "session") for era in eras]

    missed = "missed session"
    return VectorFile(
        "conformance/consensus/suspension",
        "suspension",
        "Suspensions of a validator that misses its slots, and their ends",
        ["CON-R27", "CON-R28", "LIV-I5", "LIV-I6"],
        [
            case("one era", (0, missed), *served(0, 1, 2)),
            case("from a later era on", (7, missed), *served(7, 8)),
            case("it misses sessions while it is suspended", (3, missed), (3, missed), (3, missed), (4, "session")),
            case(
                "it misses a session while it is suspended and asks to return",
                *((0, missed), (0, missed), (0, "rejoin"), (0, "session"), (1, "session"), (1, missed)),
            ),
            case(
                "it misses the slots of its last session, and again after it has returned",
                *((0, missed), (1, missed), (1, missed)),
                *served(2, 3),
            ),
            case(
                "each suspension is longer, up to the limit",
                (0, missed),
                *(step for era in (1, 3, 7, 15, 31, 63, 95) for step in ((era, "session"), (era, missed))),
                *served(126, 127),
            ),
            case(
                "the level decays",
                *((0, missed), (1, "session"), (1, missed)),
                *served(3, 26, 27, 28, 50, 51, 52),
            ),
            case("an era without a session does not matter", (0, missed), *served(30, 53, 54, 77, 78)),
            case(
                "a suspension after the level has fallen",
                *((0, missed), (1, "session"), (1, missed)),
                *served(3, 27),
                *((28, missed), (30, "session")),
            ),
            case("it asks to return", (0, missed), (0, "rejoin"), (0, "session"), (0, missed), *served(1, 2)),
            case(
                "it asks to return from its second suspension",
                *((0, missed), (0, "rejoin"), (0, missed), (0, "rejoin"), (0, missed)),
                *served(0, 1, 2),
            ),
            case(
                "it asks to return from its second suspension after an election",
                *((0, missed), (0, "rejoin"), (0, missed), (1, "session"), (1, "rejoin")),
                *served(1, 2),
            ),
            case(
                "it asks to return from longer suspensions",
                *((0, missed), (1, "session"), (1, missed), (3, "session"), (3, missed), (3, "rejoin"), (4, "session")),
                *((4, missed), (7, "session"), (7, "rejoin"), (7, "rejoin"), (8, missed), (8, "session")),
            ),
            case(
                "it asks to return from each suspension, in the era in which it begins",
                *((0, missed), (0, "rejoin")),
                *(
                    step
                    for begin, end in ((0, 1), (1, 3), (3, 7), (7, 15), (15, 31))
                    for step in ((begin, missed), (begin, "rejoin"), (end - 1, "session"), (end, "session"))
                ),
            ),
            case(
                "it asks to return in the middle of a suspension, and again",
                *((0, missed), (1, "session"), (1, missed), (3, "session"), (3, missed), (4, "rejoin"), (5, "rejoin")),
                *served(5, 6),
            ),
            case(
                "it has unbonded everything and validates again before it asks to return from its second suspension",
                *((0, missed), (1, "session"), (1, "chill"), (1, "unbond", bond), (1, missed), (1, "bond extra", bond)),
                *((1, "validate"), (1, "rejoin"), (2, "session"), (3, "session")),
            ),
            case(
                "it unbonds a part and asks to return from its second suspension",
                *((0, missed), (0, "rejoin"), (0, missed), (0, "unbond", 1), (0, "rejoin"), (0, "unbond", 1)),
                *served(0, 1),
            ),
            case(
                "it asks to return from its second suspension and has less than the minimum bond at its end",
                *((0, missed), (0, "rejoin"), (0, missed), (0, "rejoin"), (0, "minimum bond", bond + 1)),
                *served(0, 1),
            ),
            case(
                "it asks to return from its second suspension and chills itself",
                *((0, missed), (0, "rejoin"), (0, missed), (0, "rejoin"), (0, "chill"), (0, "rejoin")),
                *served(0, 1),
            ),
            case("it asks without being suspended", (0, "rejoin"), (0, missed), (0, "rejoin"), (0, "rejoin")),
            case("it chills itself", (0, missed), (0, "chill"), (0, "rejoin"), *served(0, 1), (1, "validate")),
            case(
                "it chills itself and validates in the same session",
                *((0, missed), (0, "chill"), (0, "validate")),
                *served(0, 1),
            ),
            case(
                "it chills itself and validates in the next session",
                *((0, missed), (0, "chill"), (0, "session"), (0, "validate")),
                *served(0, 1),
            ),
            case(
                "it misses its slots and chills itself before the end of the session",
                *((0, "chill"), (0, missed), (0, "validate")),
                *served(0, 1),
            ),
            case(
                "its level outlasts a chill",
                *((0, missed), (0, "chill"), (1, "session"), (1, "validate"), (1, missed)),
                *served(2, 3),
            ),
            case(
                "its level decays while it is chilled",
                *((0, missed), (0, "chill"), (3, "session"), (26, "session"), (27, "session")),
                *((28, "validate"), (28, missed)),
            ),
            case(
                "its level outlasts a refused return",
                *((0, missed), (0, "unbond", 1), (1, "session"), (1, "validate"), (1, missed)),
                *served(2, 3),
            ),
            case("it unbonds a part", (0, missed), (0, "unbond", 1), *served(0, 1), (1, "rejoin")),
            case("it unbonds a part and asks to return", (0, missed), (0, "unbond", 1), (0, "rejoin"), *served(0, 1)),
            case(
                "it unbonds a part and bonds it again",
                *((0, missed), (0, "unbond", 5), (0, "bond extra", 5)),
                *served(0, 1),
            ),
            case(
                "it has less than the minimum bond",
                *((0, missed), (0, "minimum bond", bond + 1), (0, "rejoin")),
                *served(0, 1),
            ),
            case(
                "it bonds the rest of the minimum",
                *((0, missed), (0, "minimum bond", bond + 1), (0, "bond extra", 1)),
                *served(0, 1),
            ),
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _missed_slots()
    yield _offences()
    yield _suspensions()
