"""Slashes of validators and their nominators, from the report to the pages that blocks take."""

from dataclasses import dataclass, field

from model import scale
from model.economics import of
from model.hashing import twox_64

PAGE = 32


@dataclass
class Slash:
    """A slash that waits until it is due."""

    validator: int
    own: int = 0
    others: list[int] = field(default_factory=list)

    def stakes(self) -> list[int]:
        return [amount for amount in (self.own, *self.others) if amount]


@dataclass
class Validator:
    """What a validator and its nominators had at stake in the era of the offence."""

    own: int
    nominators: list[int]
    fraction: int = 0


class Slashing:
    """The offences of one session, and the slashes that fall due with one era."""

    def __init__(self, validators: list[Validator], due: int):
        self.validators = validators
        self.due = due
        # Validators that wait for being raised, and their fractions, in order.
        self.raises: dict[int, int] = {}
        self.waiting: list[Slash] = []

    def report(self, offenders: list[int], fraction: int) -> None:
        """Reports the last of `offenders`; the others were reported before for the same slot or round."""
        *earlier, new = offenders
        for offender in earlier:
            if fraction <= self.validators[offender].fraction:
                continue
            self.raises[offender] = max(self.raises.get(offender, 0), fraction)
        self._slash(new, fraction)

    def block(self) -> None:
        if self.raises:
            validator = next(iter(self.raises))
            self._slash(validator, self.raises.pop(validator))

    def cancel(self, indices: list[int]) -> None:
        self.waiting = [slash for index, slash in enumerate(self.waiting) if index not in indices]

    def _slash(self, number: int, fraction: int) -> None:
        validator = self.validators[number]
        if fraction <= validator.fraction:
            return
        more = [of(fraction, stake) - of(validator.fraction, stake) for stake in (validator.own, *validator.nominators)]
        validator.fraction = fraction
        slashes = [slash for slash in self.waiting if slash.validator == number]
        if len(slashes) < 2:
            self.waiting.append(Slash(number, more[0], more[1:]))
            return
        _, raised = slashes
        raised.own += more[0]
        raised.others = [a + b for a, b in zip(raised.others, more[1:])]

    def pages(self) -> list[list[int]]:
        return [
            stakes[start : start + PAGE]
            for stakes in map(Slash.stakes, self.waiting)
            for start in range(0, len(stakes), PAGE)
        ]

    def order(self) -> list[int]:
        """The numbers of the pages in the order in which blocks take them."""
        keys = [scale.u32(self.due) + scale.u32(number) for number in range(len(self.pages()))]
        return sorted(range(len(keys)), key=lambda number: twox_64(keys[number]) + keys[number])
