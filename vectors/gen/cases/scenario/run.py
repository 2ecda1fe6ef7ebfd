"""The state of a scenario under construction."""

from typing import Any

from model.accounts import TREASURY

from cases import scenario
from cases.fixtures import EXISTENTIAL_DEPOSIT, TOS


class Run:
    """Accounts and steps of a scenario, with the outcomes that a model of the pallet gives."""

    def __init__(self, accounts: dict[bytes, int], block: int, frozen: dict[bytes, int] | None = None):
        self.accounts = {TREASURY: TOS, **accounts}
        self.free = dict(self.accounts)
        self.frozen = frozen or {}
        self.start = self.block = block
        self.steps: list[dict[str, Any]] = []

    def spendable(self, who: bytes) -> int:
        """What a call may charge the account and leave it alive and its freeze covered."""
        return max(0, self.free[who] - max(EXISTENTIAL_DEPOSIT, self.frozen.get(who, 0)))

    def charge(self, who: bytes, amount: int) -> None:
        """The treasury gets what the account pays."""
        self.free[who] -= amount
        self.free[TREASURY] += amount

    def check_balances(self) -> None:
        self.steps.append(scenario.balances(self.free))

    def query(self, function: str, arguments: bytes, answer: bytes) -> None:
        self.steps.append(scenario.query(function, arguments, answer))
