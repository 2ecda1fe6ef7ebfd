"""Builds a scenario step by step."""

from typing import Any

from model.accounts import TREASURY

from cases import scenario
from cases.fixtures import EXISTENTIAL_DEPOSIT, TOS


class Run:
    """The accounts and steps of a scenario; subclasses compute the outcomes with a model of the pallet."""

    def __init__(self, accounts: dict[bytes, int], block: int, frozen: dict[bytes, int] | None = None):
        self.accounts = {TREASURY: TOS, **accounts}
        self.free = dict(self.accounts)
        self.frozen = frozen or {}
        self.start = self.block = block
        self.steps: list[dict[str, Any]] = []

    def spendable(self, who: bytes) -> int:
        """The most that a call can charge the account, which must stay alive and keep its frozen balance."""
        return max(0, self.free[who] - max(EXISTENTIAL_DEPOSIT, self.frozen.get(who, 0)))

    def charge(self, who: bytes, amount: int) -> None:
        """Moves the charge from the account to the treasury."""
        self.free[who] -= amount
        self.free[TREASURY] += amount

    def check_balances(self) -> None:
        self.steps.append(scenario.balances(self.free))

    def query(self, function: str, arguments: bytes, answer: bytes) -> None:
        self.steps.append(scenario.query(function, arguments, answer))
