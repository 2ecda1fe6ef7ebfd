"""The fees of a block: what gathers in the pot, and who gets it."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.fee_pot import Block

from cases.fixtures import EXISTENTIAL_DEPOSIT as ED
from cases.fixtures import TOS


def _case(
    name: str, *steps: tuple[int, int] | int, author: int | None = ED, treasury: int = ED
) -> dict[str, Any]:
    """A step is a fee and a tip, or an amount that somebody sends to the pot."""
    block = Block(author, treasury)
    shown: list[dict[str, Any]] = []
    for step in steps:
        if isinstance(step, int):
            succeeds = block.transfer(step)
            shown.append({"transfer": str(step), "succeeds": succeeds, "pot": str(block.pot)})
        else:
            block.pay(*step)
            shown.append({"fee": str(step[0]), "tip": str(step[1]), "pot": str(block.pot)})
    block.finish()
    return {
        "name": name,
        "author": None if author is None else str(author),
        "treasury": str(treasury),
        "steps": shown,
        "authorAfter": None if block.author is None else str(block.author),
        "treasuryAfter": str(block.treasury),
        "burnt": str(block.burnt),
    }


def files() -> Iterator[VectorFile]:
    # The author's share of 5 ED is exactly ED.
    yield VectorFile(
        "conformance/economics/fee-payout",
        "fee-payout",
        "What gathers in the pot during a block, and who gets it at its end",
        ["ECO-R4", "ECO-R11", "ECO-I1", "ECO-I2"],
        [
            _case("no transaction"),
            _case("a call that waives its fee", (0, 0)),
            _case("one unit", (1, 0)),
            _case("an ordinary transfer", (305_157_000, 0)),
            _case("three fees whose sum is divided", (6, 0), (6, 0), (6, 0)),
            _case("fees with and without tips", (1_000_000_007, 5), (3, 0), (2_000_000_001, 9 * TOS)),
            _case("a tip alone", (0, 5 * TOS)),
            _case("very large amounts", (10**30, 10**30), (10**30 + 1, 0)),
            _case("an author without an account, whose share is enough for one", (5 * ED, 0), author=0),
            _case("an author without an account, and a unit too little", (5 * ED - 1, 0), author=0),
            _case("an author without an account, and a tip of the missing unit", (5 * ED - 1, 1), author=0),
            _case("a share that only the fees of several transactions make large enough", *[(ED, 0)] * 5, author=0),
            _case("no known author", (1_000_000_007, 5), author=None),
            _case("a treasury without an account", (5, 0), treasury=0),
            _case("a treasury without an account, whose share is enough for one", (2 * ED, 0), treasury=0),
            _case("neither has an account, and the sum suffices for the treasury", (ED, 0), author=0, treasury=0),
            _case("neither has an account, and everything is burnt", (ED - 1, 0), author=0, treasury=0),
            _case("a transfer to the pot that is too small", ED - 1),
            _case("a transfer to the pot before any fee", ED, (100, 1)),
            _case("a transfer that would be enough together with a fee", (40, 0), ED - 40, (3, 9)),
            _case("transfers to the pot between fees", (40, 0), ED, (3, 9), 1),
        ],
    )
