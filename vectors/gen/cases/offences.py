"""Equivocations, their reports, and what an offence costs a validator."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.consensus import (
    MAX_REPORTED_HEADER_BYTES,
    aura_equivocation_proof,
    disabling,
    due_era,
    grandpa_equivocation_proof,
    offence_era,
    slash_fraction,
)
from model.headers import AURA, DigestItem, Header, slot_item
from model.keys import Key, test_key

from cases.builders import arithmetic, module_error_case

HERE, THERE = (b"\x81" * 32, 100), (b"\x82" * 32, 100)

SLOT = 3_600_000_123
# The parent of equivocating headers, and its height.
PARENT = (b"\x91" * 32, 100)


def _header(
    content: int, author: Key, slots: tuple[int, ...] = (SLOT,), parent: tuple[bytes, int] = PARENT
) -> Header:
    """A sealed header on `parent`. Equal `content` gives equal headers."""
    parent_hash, height = parent
    root, items = bytes([content]) * 32, tuple(map(slot_item, slots))
    return Header(parent_hash, height + 1, root, root, items).sealed(author)


def _padded(content: int, author: Key, length: int) -> Header:
    """A header that has this length without its seal."""
    parent_hash, height = PARENT
    root, slot = bytes([content]) * 32, slot_item(SLOT)

    def header(padding: int) -> Header:
        items = (slot, DigestItem("other", payload=b"\0" * padding))
        return Header(parent_hash, height + 1, root, root, items)

    # The padding is so long that its own length has two bytes.
    padding = 64 + length - len(header(64).encode())
    assert len(header(padding).encode()) == length
    return header(padding).sealed(author)


def _with_seal(header: Header, *items: DigestItem) -> Header:
    """The header with other items in place of its seal."""
    digest = (*header.digest[:-1], *items)
    return Header(header.parent_hash, header.number, header.state_root, header.extrinsics_root, digest)


def _grandpa_equivocations() -> VectorFile:
    key = test_key("ed25519", 5)

    def case(
        name: str, is_valid: bool, vote: str = "precommit", second=THERE, **wrong: Any
    ) -> dict[str, Any]:
        proof = grandpa_equivocation_proof(key, vote, 3, 7, HERE, second, **wrong)
        return {
            "name": name,
            "setId": 3,
            "round": 7,
            "offender": key.public,
            "proof": proof,
            "isValid": is_valid,
        }

    return VectorFile(
        "conformance/consensus/equivocation",
        "equivocation",
        "Proofs that a GRANDPA authority cast two different votes in one round",
        ["CON-R13"],
        [
            case("two precommits", True),
            case("two prevotes", True, "prevote"),
            case("the same hash at another height", True, second=(HERE[0], 101)),
            case("the same target twice", False, second=HERE),
            case("a prevote and a precommit", False, second_vote="prevote"),
            case("signed for another round", False, signed_round=8),
            case("signed for the next set", False, signed_set_id=4),
            case("signed for the previous set", False, signed_set_id=2),
            case("signed by another key", False, signer=test_key("ed25519", 6)),
        ],
    )


def _aura_equivocations() -> VectorFile:
    author, other = test_key("sr25519", 20), test_key("sr25519", 21)
    first, second = _header(1, author), _header(2, author)
    seal = second.digest[-1].payload

    def case(
        name: str, is_valid: bool, first: Header = first, second: Header = second, slot: int = SLOT
    ) -> dict[str, Any]:
        return {
            "name": name,
            "slot": slot,
            "offender": author.public,
            "proof": aura_equivocation_proof(author, slot, first, second),
            "isValid": is_valid,
        }

    def sealed_by(*items: DigestItem) -> Header:
        return _with_seal(second, *items)

    return VectorFile(
        "conformance/consensus/aura-equivocation",
        "aura-equivocation",
        "Proofs that an authority sealed two different headers for one slot",
        ["CON-R21"],
        [
            case("two headers on one parent", True),
            case("on parents of different heights", True, second=_header(2, author, parent=(PARENT[0], 99))),
            case(
                "the longest headers",
                True,
                _padded(1, author, MAX_REPORTED_HEADER_BYTES),
                _padded(2, author, MAX_REPORTED_HEADER_BYTES),
            ),
            case("the first header is too long", False, first=_padded(1, author, MAX_REPORTED_HEADER_BYTES + 1)),
            case("the second header is too long", False, second=_padded(2, author, MAX_REPORTED_HEADER_BYTES + 1)),
            case("the same header twice", False, second=first),
            case("both headers are of another slot than the proof", False, slot=SLOT + 1),
            case("the headers are of different slots", False, second=_header(2, author, (SLOT + 1,))),
            case("a header without a slot", False, second=_header(2, author, ())),
            case("a header with its slot twice", False, second=_header(2, author, (SLOT, SLOT))),
            case("a header with two different slots", False, second=_header(2, author, (SLOT, SLOT + 1))),
            case("one header sealed by another key", False, second=_header(2, other)),
            case("both headers sealed by another key", False, _header(1, other), _header(2, other)),
            case("a header with the seal of the other header", False, second=sealed_by(first.digest[-1])),
            case("a header without a seal", False, second=sealed_by()),
            case("a seal of another engine", False, second=sealed_by(DigestItem("seal", b"BABE", seal))),
            case("a seal that is too long", False, second=sealed_by(DigestItem("seal", AURA, seal + b"\0"))),
            case(
                "a digest item after the seal",
                False,
                second=sealed_by(second.digest[-1], DigestItem("other", payload=b"")),
            ),
        ],
    )


def _report_case(
    name: str,
    offence: str,
    keys: list[Key],
    offences: list[set[int]],
    steps: list[dict[str, Any]],
    block_hashes: tuple[tuple[bytes, int], ...] = (),
    slot: int = 0,
) -> dict[str, Any]:
    """`offences` has, for each slot or round, the indices of the offenders that are reported successfully."""
    offenders = set().union(*offences)
    fractions = [
        max((slash_fraction(len(those), len(keys)) for those in offences if index in those), default=0)
        for index in range(len(keys))
    ]
    return {
        "name": name,
        "offence": offence,
        "keys": [key.public for key in keys],
        "slot": slot,
        "blockHashes": [{"number": number, "hash": block_hash} for block_hash, number in block_hashes],
        "steps": steps,
        "candidates": [index for index in range(len(keys)) if index not in offenders],
        "slashFractions": fractions,
    }


def _error(pallet: str, name: str) -> dict[str, str]:
    return {"pallet": pallet, "error": name}


def _grandpa_reports() -> VectorFile:
    """The reports run in session 0 and set 0 of a chain with four validators, whose GRANDPA keys are below."""
    keys = [test_key("ed25519", number) for number in range(10, 14)]

    def step(name: str, key: Key, owner: int, error: dict[str, str] | None, **changes: Any) -> dict[str, Any]:
        arguments = {"set_id": 0, "round_": 1, "first": HERE, "second": THERE} | changes
        proof = grandpa_equivocation_proof(key, "precommit", **arguments)
        return {"name": name, "proof": proof, "keyOwner": owner, "error": error}

    bad_proof = _error("Grandpa", "InvalidEquivocationProof")
    bad_owner = _error("Grandpa", "InvalidKeyOwnershipProof")
    duplicate = _error("Grandpa", "DuplicateOffenceReport")
    return VectorFile(
        "conformance/consensus/report",
        "report",
        "Successive reports of GRANDPA equivocations",
        ["CON-R14", "CON-R15", "CON-R20"],
        [
            _report_case(
                "four validators",
                "grandpa",
                keys,
                [{0, 1}, {0}],
                [
                    step("no equivocation", keys[0], 0, bad_proof, second=HERE),
                    step(
                        "no equivocation, and another validator's key owner proof",
                        keys[0],
                        1,
                        bad_proof,
                        second=HERE,
                    ),
                    step("another validator's key owner proof", keys[0], 1, bad_owner),
                    step("a set that does not exist", keys[0], 0, bad_proof, set_id=1),
                    step("good", keys[0], 0, None),
                    step("again", keys[0], 0, duplicate),
                    step(
                        "another equivocation in the same round",
                        keys[0],
                        0,
                        duplicate,
                        second=(b"\x83" * 32, 101),
                    ),
                    step("another validator in the same round", keys[1], 1, None),
                    step("the first validator in another round", keys[0], 0, None, round_=2),
                ],
            ),
            _report_case(
                "one of four validators",
                "grandpa",
                keys,
                [{2}],
                [step("good", keys[2], 2, None)],
            ),
            _report_case(
                "nobody",
                "grandpa",
                keys,
                [],
                [step("no equivocation", keys[3], 3, bad_proof, second=HERE)],
            ),
        ],
    )


def _aura_reports() -> VectorFile:
    """The reports run in session 0 of a chain with four validators, whose Aura keys are below.

    In the set, which is in the order of their accounts, they have the indices 3, 2, 0 and 1. `SLOT` is a turn of
    index 3.
    """
    keys = [test_key("sr25519", number) for number in (22, 23, 25, 24)]
    # Sessions of 600 blocks: the first two lie in session 0, the last in session 1.
    uncle, last, later = (b"\x92" * 32, 98), (b"\x93" * 32, 599), (b"\x94" * 32, 600)

    def step(
        name: str,
        key: Key,
        owner: int,
        error: dict[str, str] | None,
        contents: tuple[int, int] = (1, 2),
        slot: int = SLOT,
        parents: tuple[tuple[bytes, int], tuple[bytes, int]] = (PARENT, PARENT),
    ) -> dict[str, Any]:
        first, second = (_header(content, key, (slot,), parent) for content, parent in zip(contents, parents))
        proof = aura_equivocation_proof(key, slot, first, second)
        return {"name": name, "proof": proof, "keyOwner": owner, "error": error}

    bad_proof = _error("AuraEquivocation", "InvalidEquivocationProof")
    unknown = _error("AuraEquivocation", "UnknownParent")
    bad_owner = _error("AuraEquivocation", "InvalidKeyOwnershipProof")
    duplicate = _error("AuraEquivocation", "DuplicateOffenceReport")
    foreign = (b"\x95" * 32, PARENT[1])
    return VectorFile(
        "conformance/consensus/aura-equivocation-report",
        "report",
        "Successive reports of Aura equivocations",
        ["CON-R22", "CON-R23", "CON-R20"],
        [
            _report_case(
                "four validators",
                "aura",
                keys,
                [{0}, {0}, {3}],
                [
                    step("no equivocation", keys[0], 0, bad_proof, contents=(1, 1)),
                    step(
                        "no equivocation, on another chain, with another validator's key owner proof",
                        keys[0],
                        1,
                        bad_proof,
                        contents=(1, 1),
                        parents=(foreign, foreign),
                    ),
                    step("one header of another chain", keys[0], 0, unknown, parents=(PARENT, foreign)),
                    step(
                        "both headers of another chain, with another validator's key owner proof",
                        keys[0],
                        1,
                        unknown,
                        parents=(foreign, foreign),
                    ),
                    step(
                        "a parent at another height",
                        keys[0],
                        0,
                        unknown,
                        parents=(PARENT, (PARENT[0], PARENT[1] - 1)),
                    ),
                    step("a slot in the future", keys[0], 0, bad_proof, slot=SLOT + 5),
                    step("another validator's key owner proof", keys[0], 1, bad_owner),
                    step("a session after the proof's", keys[0], 0, bad_owner, parents=(PARENT, later)),
                    step("good", keys[0], 0, None),
                    step("again", keys[0], 0, duplicate),
                    step("two other headers of the slot", keys[0], 0, duplicate, contents=(3, 4)),
                    step("a slot of another validator", keys[1], 1, bad_owner),
                    step("the first validator in the slot of the block", keys[0], 0, None, slot=SLOT + 4),
                    step(
                        "on parents of two heights, one of them the last of the session",
                        keys[3],
                        3,
                        None,
                        slot=SLOT + 2,
                        parents=(uncle, last),
                    ),
                ],
                block_hashes=(PARENT, uncle, last, later),
                slot=SLOT + 4,
            )
        ],
    )


def _errors() -> VectorFile:
    return VectorFile(
        "conformance/consensus/error",
        "dispatch-error",
        "Errors of sessions and reports",
        [],
        [
            module_error_case("Session", 23, "InvalidProof", 0, ["CON-R6"]),
            module_error_case("Session", 23, "DuplicatedKey", 2, ["CON-R6"]),
            module_error_case("Grandpa", 25, "InvalidKeyOwnershipProof", 4, ["CON-R14"]),
            module_error_case("Grandpa", 25, "InvalidEquivocationProof", 5, ["CON-R14"]),
            module_error_case("Grandpa", 25, "DuplicateOffenceReport", 6, ["CON-R14"]),
            *(
                module_error_case("AuraEquivocation", 28, name, index, ["CON-R22"])
                for index, name in enumerate(
                    (
                        "InvalidEquivocationProof",
                        "UnknownParent",
                        "InvalidKeyOwnershipProof",
                        "DuplicateOffenceReport",
                    )
                )
            ),
        ],
    )


def _slash_fractions() -> VectorFile:
    pairs = [(1, 1), (1, 3), (1, 4), (2, 4), (1, 7), (2, 7), (1, 21), (7, 21), (1, 100), (33, 100), (34, 100)]
    return VectorFile(
        "conformance/consensus/slash-fraction",
        "arithmetic",
        "Fraction of the stake that equivocators of one round lose",
        ["CON-R15"],
        [
            arithmetic(
                f"{k} of {n}",
                "slash-fraction",
                {"offenders": k, "authorities": n},
                {"fraction": slash_fraction(k, n)},
            )
            for k, n in pairs
        ],
    )


def _disabling() -> VectorFile:
    def case(
        name: str, authorities: int, disabled: dict[int, int], offender: int, fraction: int
    ) -> dict[str, Any]:
        disable, enable = disabling(authorities, disabled, offender, fraction)
        return {
            "name": name,
            "authorities": authorities,
            "disabled": [{"validator": v, "fraction": f} for v, f in disabled.items()],
            "offender": offender,
            "fraction": fraction,
            "disable": disable,
            "enable": enable,
        }

    tenth, fifth = 10**8, 2 * 10**8
    return VectorFile(
        "conformance/consensus/disabling",
        "disabling",
        "The validator that is disabled for an offence",
        ["CON-R16"],
        [
            case("three validators: none may be disabled", 3, {}, 0, tenth),
            case("four validators: one may be disabled", 4, {}, 3, tenth),
            case("the limit is reached by a smaller offence", 4, {1: tenth}, 3, fifth),
            case("the limit is reached by an equal offence", 4, {1: tenth}, 3, tenth),
            case("the limit is reached by a greater offence", 4, {1: fifth}, 3, tenth),
            case(
                "the validator with the smallest offence is enabled again", 7, {1: fifth, 4: tenth}, 3, fifth
            ),
            case("the limit is not reached", 21, {1: tenth, 2: tenth}, 20, tenth),
            case("already disabled for a smaller offence", 4, {3: tenth}, 3, fifth),
            case("already disabled for an equal offence", 4, {3: tenth}, 3, tenth),
        ],
    )


def _deferral() -> VectorFile:
    starts = {0: 0, 1: 3, 2: 6, 3: 9}

    def case(name: str, session: int, deferral: int) -> dict[str, Any]:
        era = offence_era(session, 3, starts)
        due = due_era(era, deferral)
        return {
            "name": name,
            "slashDeferDurationEras": deferral,
            "activeEra": 3,
            "eraStarts": [{"era": e, "session": s} for e, s in starts.items()],
            "offenceSession": session,
            "offenceEra": era,
            "dueEra": due,
            "isDisabled": era == 3,
            "isTaken": due > 3,
        }

    return VectorFile(
        "conformance/consensus/slash-deferral",
        "slash-deferral",
        "The era in which a slash is applied",
        ["CON-R17"],
        [
            case("offence of the active era", 9, 1),
            case("offence later in the active era", 11, 2),
            case("offence of the previous era", 8, 2),
            case("offence of the previous era, with the shortest deferral", 6, 1),
            case("offence too old for a slash", 5, 1),
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _grandpa_equivocations()
    yield _grandpa_reports()
    yield _aura_equivocations()
    yield _aura_reports()
    yield _errors()
    yield _slash_fractions()
    yield _disabling()
    yield _deferral()
