"""Votes that make a block final, and changes of the set that casts them."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import scale
from model.consensus import quorum
from model.headers import GRANDPA, VOTES, DigestItem, Header, slot_item, vote_payload
from model.keys import test_key

from cases.builders import arithmetic, header_case


def _quorum() -> VectorFile:
    return VectorFile(
        "conformance/consensus/quorum",
        "arithmetic",
        "Votes that make a block final",
        ["CON-R10"],
        [
            arithmetic(
                f"{n} authorities",
                "quorum",
                {"authorities": n},
                {"votes": quorum(n), "offline": n - quorum(n)},
            )
            for n in (1, 2, 3, 4, 5, 6, 7, 10, 21, 33, 34, 99, 100)
        ],
    )


def _votes() -> VectorFile:
    key, block = test_key("ed25519", 4), b"\x77" * 32

    def case(vote: str, number: int, round_: int, set_id: int) -> dict[str, Any]:
        payload = vote_payload(vote, block, number, round_, set_id)
        return {
            "name": f"{vote} for block {number} in round {round_} of set {set_id}",
            "vote": vote,
            "blockHash": block,
            "number": number,
            "round": str(round_),
            "setId": str(set_id),
            "payload": payload,
            "seed": key.seed,
            "publicKey": key.public,
            "signature": key.sign(payload),
        }

    return VectorFile(
        "conformance/consensus/vote",
        "vote",
        "The payload that a GRANDPA authority signs",
        ["CON-R11"],
        [*(case(vote, 1_000, 7, 3) for vote in VOTES), case("precommit", 2**32 - 1, 2**64 - 1, 2**64 - 1)],
    )


def _set_change() -> VectorFile:
    authorities = [test_key("ed25519", number).public for number in (1, 2, 3)]
    pairs = scale.sequence(key + scale.u64(1) for key in authorities)
    change = DigestItem("consensus", GRANDPA, scale.variant(1, pairs, scale.u32(0)))
    header = Header(b"\x71" * 32, 60, b"\x72" * 32, b"\x73" * 32, (slot_item(61), change))
    case = header_case("header with a scheduled change", header, ["HAS-R4"])
    case["scheduledChange"] = authorities
    return VectorFile(
        "conformance/consensus/set-change",
        "header",
        "Header of a block that changes the authority set",
        ["CON-R12"],
        [case],
    )


def files() -> Iterator[VectorFile]:
    yield _quorum()
    yield _votes()
    yield _set_change()
