"""What transfers do, and why they fail."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import errors
from model.accounts import TREASURY, record
from model.calls import Call, transfer
from model.keys import test_key
from model.storage import account_key

from cases import scenario
from cases.fixtures import EXISTENTIAL_DEPOSIT, RECIPIENT, SENDER, TOS


def _transfer_effects() -> VectorFile:
    alice, bob, rich = SENDER.account, RECIPIENT, test_key("ed25519", 3).account

    def case(
        name: str,
        call: bytes,
        error: bytes | None,
        after: dict[bytes, int],
        rules: list[str],
        origin: bytes | str = alice,
        state: dict[bytes, bytes] | None = None,
    ) -> dict[str, Any]:
        before = {alice: 10 * TOS, rich: 1_000 * TOS, TREASURY: TOS}
        steps = [scenario.call(origin, call, error), scenario.balances({**before, **after})]
        return scenario.case(name, rules, before, steps, state=state)

    checks, effect, life = ["TXN-R26"], ["TXN-R27"], ["TXN-R27", "STA-R6"]

    def token(detail: str) -> bytes:
        return errors.dispatch("Token", detail)

    def all_of(keep_alive: bool) -> bytes:
        arguments = {"dest": bob, "keep_alive": keep_alive}
        return Call("Balances", "transfer_all", arguments).encode()

    def alice_as(**fields: int) -> dict[bytes, bytes]:
        return {account_key(alice): record(free=10 * TOS, **fields)}

    rest = EXISTENTIAL_DEPOSIT - 1
    bob_raw = transfer(bob, TOS).encode().replace(b"\x00" + bob, b"\x03" + bob)
    return VectorFile(
        "conformance/transactions/transfer",
        "scenario",
        "Transfers that succeed and transfers that fail",
        [],
        [
            case("one TOS", transfer(bob, TOS).encode(), None, {alice: 9 * TOS, bob: TOS}, life),
            case(
                "one unit to an account that exists",
                transfer(rich, 1).encode(),
                None,
                {alice: 10 * TOS - 1, rich: 1_000 * TOS + 1},
                effect,
            ),
            case(
                "nothing to an account that does not exist", transfer(bob, 0).encode(), None, {bob: 0}, effect
            ),
            case("to the sender itself", transfer(alice, 4 * TOS).encode(), None, {}, effect),
            case(
                "more than the balance, to the sender itself",
                transfer(alice, 11 * TOS).encode(),
                token("FundsUnavailable"),
                {},
                checks,
            ),
            case(
                "no signer",
                transfer(bob, TOS).encode(),
                errors.dispatch("BadOrigin"),
                {},
                checks,
                scenario.NOBODY,
            ),
            case(
                "to an address that cannot be looked up",
                bob_raw,
                errors.dispatch("CannotLookup"),
                {bob: 0},
                ["TXN-R4", "TXN-R26"],
            ),
            case(
                "more than the balance",
                transfer(bob, 10 * TOS + 1).encode(),
                token("FundsUnavailable"),
                {bob: 0},
                checks,
            ),
            case(
                "more than the total issuance",
                transfer(bob, 10_000 * TOS).encode(),
                errors.dispatch("Arithmetic", "Underflow"),
                {bob: 0},
                checks,
            ),
            case(
                "frozen balance",
                transfer(bob, 4 * TOS).encode(),
                token("Frozen"),
                {bob: 0},
                checks,
                state=alice_as(frozen=7 * TOS),
            ),
            case(
                "the balance that is not frozen",
                transfer(bob, 3 * TOS).encode(),
                None,
                {alice: 7 * TOS, bob: 3 * TOS},
                ["TXN-R26", "STA-R7"],
                state=alice_as(frozen=7 * TOS),
            ),
            case(
                "a hold counts towards the frozen balance",
                transfer(bob, 5 * TOS).encode(),
                None,
                {alice: 5 * TOS, bob: 5 * TOS},
                ["TXN-R26", "STA-R7"],
                state=alice_as(frozen=7 * TOS, reserved=2 * TOS),
            ),
            case(
                "down to the existential deposit",
                transfer(bob, 10 * TOS - EXISTENTIAL_DEPOSIT).encode(),
                None,
                {alice: EXISTENTIAL_DEPOSIT, bob: 10 * TOS - EXISTENTIAL_DEPOSIT},
                ["TXN-R27", "STA-R7"],
            ),
            case(
                "one below the existential deposit, keeping alive",
                transfer(bob, 10 * TOS - rest).encode(),
                token("NotExpendable"),
                {bob: 0},
                ["TXN-R26", "STA-R7"],
            ),
            case(
                "one below the existential deposit, allowing death: the rest is dust",
                transfer(bob, 10 * TOS - rest, False).encode(),
                None,
                {alice: 0, bob: 10 * TOS - rest, TREASURY: TOS + rest},
                life,
            ),
            case(
                "allowing death, but the account has a consumer",
                transfer(bob, 10 * TOS, False).encode(),
                token("Frozen"),
                {bob: 0},
                ["TXN-R26", "STA-R6"],
                state=alice_as(consumers=1),
            ),
            case(
                "too little to make an account",
                transfer(bob, rest).encode(),
                token("BelowMinimum"),
                {bob: 0},
                ["TXN-R26", "STA-R6"],
            ),
            case(
                "just enough to make an account",
                transfer(bob, EXISTENTIAL_DEPOSIT).encode(),
                None,
                {alice: 10 * TOS - EXISTENTIAL_DEPOSIT, bob: EXISTENTIAL_DEPOSIT},
                life,
            ),
            case(
                "more than the receiver can hold",
                transfer(bob, TOS).encode(),
                errors.dispatch("Arithmetic", "Overflow"),
                {bob: 2**128 - TOS},
                checks,
                state={account_key(bob): record(free=2**128 - TOS)},
            ),
            case("everything", all_of(False), None, {alice: 0, bob: 10 * TOS}, life),
            case(
                "everything but the existential deposit",
                all_of(True),
                None,
                {alice: EXISTENTIAL_DEPOSIT, bob: 10 * TOS - EXISTENTIAL_DEPOSIT},
                effect,
            ),
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _transfer_effects()
