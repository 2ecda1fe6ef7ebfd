"""An account is created, reaped and created again."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.accounts import TREASURY, record
from model.calls import Call, transfer
from model.storage import account_key

from cases import scenario
from cases.fixtures import RECIPIENT, SENDER, TOS


def _account_life() -> VectorFile:
    alice, bob = SENDER.account, RECIPIENT
    give = transfer(bob, TOS).encode()
    leave = Call("Balances", "transfer_all", {"dest": alice, "keep_alive": False}).encode()

    def born(block: int) -> dict[str, Any]:
        return scenario.stored({account_key(bob): record(nonce=block, free=TOS)})

    return VectorFile(
        "conformance/state/account-life",
        "scenario",
        "An account is created, reaped and created again",
        ["STA-R5", "STA-R6", "STA-R8"],
        [
            scenario.case(
                "the nonce of a new account is the height",
                [],
                {alice: 10 * TOS, TREASURY: TOS},
                [
                    scenario.call(alice, give),
                    born(77),
                    scenario.advance(100, False),
                    scenario.call(bob, leave),
                    scenario.stored({account_key(bob): None}),
                    scenario.balances({alice: 10 * TOS}),
                    scenario.advance(120, False),
                    scenario.call(alice, give),
                    born(120),
                ],
                block=77,
            )
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _account_life()
