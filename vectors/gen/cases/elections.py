"""Elections: votes, winners and the stake behind each of them."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.economics import TOS
from model.elections import MAX_NOMINATIONS, Exposure, Staker, candidate_order, elect, max_voters
from model.hashing import blake2_256

ISSUANCE = 10_000_000 * TOS
# One vote stands for two units of this issuance.
DOUBLE_ISSUANCE = 2 * (2**64 - 1) + 1


def _account(kind: str, number: int) -> bytes:
    return blake2_256(f"gtos/vectors/{kind}/{number}".encode())


def _candidates(
    *stakes: int, keyless: tuple[int, ...] = (), suspended: tuple[int, ...] = ()
) -> list[Staker]:
    return [
        Staker(
            _account("candidate", number),
            stake,
            has_session_keys=number not in keyless,
            is_suspended=number in suspended,
        )
        for number, stake in enumerate(stakes)
    ]


def _nominator(number: int, stake: int, *targets: int) -> Staker:
    """`targets` are numbers of candidates, which need not exist."""
    accounts = tuple(_account("candidate", target) for target in targets)
    return Staker(_account("nominator", number), stake, accounts)


def _mixed(name: str, candidates: int, nominators: int) -> list[Staker]:
    """Pseudo-random stakers, the same for the same name."""
    drawn = 0

    def draw(below: int) -> int:
        nonlocal drawn
        drawn += 1
        return int.from_bytes(blake2_256(f"gtos/vectors/{name}/{drawn}".encode()), "little") % below

    def stake() -> int:
        return 10 ** (9 + draw(7)) + draw(10**12)

    return [
        *_candidates(*(stake() for _ in range(candidates))),
        *(
            _nominator(number, stake(), *(draw(candidates) for _ in range(1 + draw(MAX_NOMINATIONS))))
            for number in range(nominators)
        ),
    ]


def _exposure(account: bytes, exposure: Exposure) -> dict[str, Any]:
    return {
        "account": account,
        "total": str(exposure.total),
        "own": str(exposure.own),
        "others": [
            {"account": nominator, "stake": str(stake)}
            for nominator, stake in sorted(exposure.others.items())
        ],
    }


def _case(
    name: str,
    seats: int,
    stakers: list[Staker],
    minimum: int = 1,
    issuance: int = ISSUANCE,
) -> dict[str, Any]:
    elected = elect(seats, minimum, issuance, stakers)
    return {
        "name": name,
        "seats": seats,
        "minimum": minimum,
        "issuance": str(issuance),
        "stakers": [
            {
                "account": staker.account,
                "stake": str(staker.stake),
                "hasSessionKeys": staker.has_session_keys,
                "targets": None if staker.targets is None else list(staker.targets),
            }
            | ({"isSuspended": True} if staker.is_suspended else {})
            for staker in stakers
        ],
        "elected": elected and [_exposure(*item) for item in elected.items()],
    }


def _voter_limits() -> VectorFile:
    # The ends of what genesis accepts, and those of the slots that have the most voters.
    slots = (100, 101, 250, 500, 799, 800, 801, 1_000, 60_000)
    return VectorFile(
        "conformance/consensus/election-voters",
        "election-voters",
        "The number of voters that an election considers, by the length of a slot",
        ["CON-R24"],
        [
            {"name": f"slots of {slot:,} ms", "slotDurationMs": slot, "maxVoters": max_voters(slot)}
            for slot in slots
        ],
    )


def _snapshots() -> VectorFile:
    return VectorFile(
        "conformance/consensus/election-snapshot",
        "election",
        "Voters of an election, and how many votes they have",
        ["CON-R24"],
        [
            _case("each candidate votes for itself", 3, _candidates(3 * TOS, TOS, 2 * TOS)),
            _case(
                "a nomination of an account that is no candidate",
                2,
                [*_candidates(3 * TOS, TOS), _nominator(0, 5 * TOS, 7), _nominator(1, 5 * TOS, 7, 1)],
            ),
            _case(
                "a candidate nominated twice by one nominator",
                1,
                [*_candidates(3 * TOS, 2 * TOS), _nominator(0, TOS, 1, 1, 0)],
            ),
            _case(
                "a candidate without session keys",
                2,
                [*_candidates(3 * TOS, 2 * TOS, TOS, keyless=(0,)), _nominator(0, TOS, 0, 2)],
            ),
            _case(
                "a suspended candidate",
                3,
                [*_candidates(*[TOS] * 3, 4 * TOS, 2 * TOS, suspended=(3,)), _nominator(0, TOS, 3, 0)],
            ),
            _case(
                "a suspended candidate if only three others have session keys",
                3,
                _candidates(*[TOS] * 3, 4 * TOS, 2 * TOS, keyless=(4,), suspended=(3,)),
            ),
            _case(
                "suspended candidates if there are fewer others than the minimum",
                6,
                _candidates(*[TOS] * 4, 4 * TOS, 2 * TOS, suspended=(3, 4)),
                minimum=5,
            ),
            _case(
                "stakes that are no whole number of votes",
                2,
                [*_candidates(10**9 + 1, 3 * 10**9), _nominator(0, 5 * 10**9 + 1, 0, 1)],
                issuance=DOUBLE_ISSUANCE,
            ),
            _case(
                "a candidate whose stake is below one vote neither votes nor is elected",
                3,
                [*_candidates(10**9, 2 * 10**9, 3 * 10**9), _nominator(0, 2 * 10**9 - 1, 2)],
                issuance=2 * 10**9 * (2**64 - 1),
            ),
            _case(
                "a candidate below one vote that a nominator elects",
                2,
                [*_candidates(10**9, 2 * 10**9), _nominator(0, 4 * 10**9, 0)],
                issuance=2 * 10**9 * (2**64 - 1),
            ),
        ],
    )


def _winners() -> VectorFile:
    equal = _candidates(TOS, TOS, TOS)
    first, second, third = sorted(equal, key=lambda staker: candidate_order(staker.account))
    return VectorFile(
        "conformance/consensus/election-winners",
        "election",
        "Winners of elections",
        ["CON-R25"],
        [
            _case("fewer candidates than seats", 5, _candidates(3 * TOS, TOS)),
            _case("the greatest stakes", 2, _candidates(3 * TOS, TOS, 2 * TOS, TOS)),
            _case("equal stakes: one seat", 1, [third, second, first]),
            _case("equal stakes: two seats", 2, [third, first, second]),
            _case(
                "a nominator elects its candidate over a richer one",
                1,
                [*_candidates(3 * TOS, TOS), _nominator(0, 2 * TOS + 1, 1)],
            ),
            _case(
                "a smaller nominator does not outvote the second candidate of a larger one",
                2,
                [*_candidates(TOS, TOS, TOS), _nominator(0, 100 * TOS, 0, 1), _nominator(1, 30 * TOS, 2)],
            ),
            _case(
                "a nominator with more than half of the stake of a larger one outvotes its second candidate",
                2,
                [*_candidates(TOS, TOS, TOS), _nominator(0, 100 * TOS, 0, 1), _nominator(1, 60 * TOS, 2)],
            ),
            _case(
                "ten small nominators behind one candidate",
                2,
                [
                    *_candidates(9 * TOS, 8 * TOS, TOS),
                    *(_nominator(number, TOS - number, 2) for number in range(10)),
                ],
            ),
            *(
                _case(
                    f"mixed, {candidates} candidates for {seats} seats",
                    seats,
                    _mixed(name, candidates, nominators),
                )
                for name, seats, candidates, nominators in (
                    ("mixed a", 4, 6, 9),
                    ("mixed b", 3, 10, 20),
                    ("mixed 5", 7, 10, 20),
                )
            ),
        ],
    )


def _stakes() -> VectorFile:
    return VectorFile(
        "conformance/consensus/election-stakes",
        "election",
        "The stake behind each elected validator",
        ["CON-R26"],
        [
            _case(
                "a nominator with two elected candidates",
                2,
                [*_candidates(4 * TOS, 2 * TOS), _nominator(0, 6 * TOS, 0, 1)],
            ),
            _case(
                "a nominator with one elected candidate of two: all of its stake stands behind that one",
                1,
                [*_candidates(4 * TOS, 2 * TOS), _nominator(0, 6 * TOS, 0, 1)],
            ),
            _case(
                "a nominator of three candidates with equal stakes",
                3,
                [*_candidates(TOS, TOS, TOS), _nominator(0, TOS, 0, 1, 2)],
            ),
            _case(
                "a nominator of a large and a small candidate",
                2,
                [*_candidates(1_000_000 * TOS, 10**9), _nominator(0, 10**9, 0, 1)],
            ),
            _case(
                "a nominator of as many candidates as may be",
                MAX_NOMINATIONS,
                [
                    *_candidates(*range(10**9, 10**9 + MAX_NOMINATIONS)),
                    _nominator(0, 10**10 + 7, *range(MAX_NOMINATIONS)),
                ],
            ),
            _case("mixed, where rounding up exceeds the sum", 7, _mixed("mixed 10", 10, 20)),
            *(
                _case(f"mixed, a vote of {unit} units", 4, _mixed(name, 5, 6), issuance=unit * (2**64 - 1))
                for name, unit in (("small 4", 10**9), ("small 15", 10**12))
            ),
            _case(
                "the remainder of the issuance makes no vote",
                4,
                _mixed("units", 6, 12),
                issuance=1_001 * (2**64 - 1) - 1,
            ),
        ],
    )


def _minimums() -> VectorFile:
    return VectorFile(
        "conformance/consensus/election-minimum",
        "election",
        "Elections with enough winners, and with too few",
        ["CON-R9"],
        [
            _case("no candidates", 3, []),
            _case("no candidates, and a minimum of none", 3, [], minimum=0),
            _case("nominators without candidates", 3, [_nominator(0, TOS, 0)]),
            _case("candidates without session keys", 3, _candidates(TOS, 2 * TOS, keyless=(0, 1))),
            _case("one less than the minimum", 3, _candidates(TOS, 2 * TOS), minimum=3),
            _case("exactly the minimum", 3, _candidates(TOS, 2 * TOS, 3 * TOS), minimum=3),
            _case("fewer seats than the minimum", 2, _candidates(TOS, 2 * TOS, 3 * TOS), minimum=3),
            _case("no seats", 0, _candidates(TOS, 2 * TOS)),
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _voter_limits()
    yield _snapshots()
    yield _winners()
    yield _stakes()
    yield _minimums()
