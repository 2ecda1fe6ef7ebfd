"""The pot in which the fees of a block gather, and its payout, specs/economics.md."""

from dataclasses import dataclass

from model.economics import split

EXISTENTIAL_DEPOSIT = 10**9


@dataclass
class Block:
    """Free balances of author and treasury; 0 is no account. The author is None if nobody knows it."""

    author: int | None
    treasury: int
    reserved: int = 0
    free: int = 0
    tips: int = 0
    burnt: int = 0

    @property
    def pot(self) -> int:
        """What the pot has: fees and tips are reserved, and what was sent to it is free."""
        return self.reserved + self.free

    def pay(self, fee: int, tip: int) -> None:
        """An extrinsic pays its fee, which is final, and its tip (ECO-R11)."""
        self.reserved += fee + tip
        self.tips += tip

    def transfer(self, amount: int) -> bool:
        """Somebody sends an amount to the pot; whether that succeeds (ECO-R11, STA-R6)."""
        succeeds = self.free + amount >= EXISTENTIAL_DEPOSIT
        if succeeds:
            self.free += amount
        return succeeds

    def finish(self) -> None:
        """Pays out what the pot has (ECO-R4)."""
        for_treasury, for_author = split(self.pot - self.tips, self.tips)
        if self.author is None or self.author + for_author < EXISTENTIAL_DEPOSIT:
            for_treasury += for_author
        else:
            self.author += for_author
        if self.treasury + for_treasury < EXISTENTIAL_DEPOSIT:
            self.burnt = for_treasury
        else:
            self.treasury += for_treasury
        self.reserved = self.free = self.tips = 0
