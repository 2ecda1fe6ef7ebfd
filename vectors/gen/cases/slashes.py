"""Slashes that blocks raise and apply one by one."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.consensus import due_era, slash_fraction
from model.economics import TOS
from model.slashes import Slashing, Validator

# Offences are in era 0 of a chain with the deferral of `live`.
DUE = due_era(0, 144)

Step = tuple[str, list[int], int | None]


def _report(validators: int, *offenders: int) -> Step:
    """The last one is reported, after the others for the same slot or round."""
    return "report", list(offenders), slash_fraction(len(offenders), validators)


def _cancel(*indices: int) -> Step:
    return "cancel", list(indices), None


BLOCK: Step = ("block", [], None)


def _case(name: str, validators: list[Validator], *steps: Step) -> dict[str, Any]:
    exposures = [(validator.own, list(validator.nominators)) for validator in validators]
    slashing = Slashing(validators, DUE)
    for action, numbers, fraction in steps:
        match action, fraction:
            case "report", int(fraction):
                slashing.report(numbers, fraction)
            case "cancel", None:
                slashing.cancel(numbers)
            case "block", None:
                slashing.block()
            case _:
                raise ValueError(action)
    return {
        "name": name,
        "validators": [
            {"own": str(own), "nominators": [str(stake) for stake in nominators]}
            for own, nominators in exposures
        ],
        "steps": [
            {"action": action, "numbers": numbers, "fraction": fraction} for action, numbers, fraction in steps
        ],
        "raises": [
            {"validator": validator, "fraction": fraction} for validator, fraction in slashing.raises.items()
        ],
        "waiting": [
            {
                "validator": slash.validator,
                "own": str(slash.own),
                "others": [str(amount) for amount in slash.others],
            }
            for slash in slashing.waiting
        ],
        "pages": [[str(amount) for amount in page] for page in slashing.pages()],
        "order": slashing.order(),
    }


def _validators(*nominators: int) -> list[Validator]:
    """Validators with these numbers of nominators, all with different stakes."""
    return [
        Validator((1_000 + number) * TOS + 7, [(100 + other) * TOS + 13 * number for other in range(count)])
        for number, count in enumerate(nominators)
    ]


def files() -> Iterator[VectorFile]:
    one_by_one = [_report(7, *range(last + 1)) for last in range(4)]
    first, second = _report(7, 0), _report(7, 0, 1)
    yield VectorFile(
        "conformance/consensus/slashes",
        "slashes",
        "Slashes that are raised and applied one by one",
        ["CON-R29", "CON-R30", "LIV-I9", "LIV-I10"],
        [
            _case("one validator", _validators(2, *[0] * 6), first),
            _case("the same validator for another round", _validators(2, *[0] * 6), first, first),
            _case("two validators, before a block", _validators(2, 3, *[0] * 5), first, second),
            _case("two validators, after a block", _validators(2, 3, *[0] * 5), first, second, BLOCK),
            _case("four validators, before a block", _validators(*[1] * 7), *one_by_one),
            _case("four validators, after two blocks", _validators(*[1] * 7), *one_by_one, *[BLOCK] * 2),
            _case("four validators, after all blocks", _validators(*[1] * 7), *one_by_one, *[BLOCK] * 4),
            _case(
                "four validators, with blocks after each report",
                _validators(*[1] * 7),
                *(step for report in one_by_one for step in (report, *[BLOCK] * 3)),
            ),
            _case(
                "a validator that waits for a greater fraction than that of the last report",
                _validators(*[0] * 7),
                *(*one_by_one[:3], _report(7, 0, 3)),
            ),
            _case(
                "a lesser fraction after a greater one takes nothing",
                _validators(*[1] * 7),
                *(_report(7, 0, 1), BLOCK, _report(7, 1), _report(7, 0)),
            ),
            _case(
                "a greater fraction for another slot does not wait behind a lesser one",
                _validators(*[1] * 7),
                *(_report(7, 3, 4, 0), _report(7, 1, 0), _report(7, 0, 2)),
            ),
            _case("a cancelled slash", _validators(*[1] * 7), first, _report(7, 1), _cancel(0)),
            _case(
                "several slashes, cancelled by one call",
                _validators(*[1] * 7),
                *(_report(7, number) for number in range(4)),
                _cancel(0, 1),
            ),
            _case(
                "several slashes, cancelled by two calls: the first one moves the others",
                _validators(*[1] * 7),
                *(_report(7, number) for number in range(4)),
                *(_cancel(0), _cancel(1)),
            ),
            _case(
                "a cancelled slash that is raised",
                _validators(*[1] * 7),
                *(first, _report(7, 1), _cancel(0), second, BLOCK),
            ),
            _case(
                "the index of a slash that has been raised",
                _validators(*[1] * 7),
                *(first, second, BLOCK, _report(7, 2), _cancel(0)),
            ),
            _case(
                "the index of a slash that has been raised twice",
                _validators(*[1] * 7),
                *(*one_by_one[:2], BLOCK, one_by_one[2], BLOCK, BLOCK, _cancel(0)),
            ),
            _case(
                "a cancelled raise that is raised twice",
                _validators(*[1] * 7),
                *(*one_by_one[:2], BLOCK, _cancel(2), one_by_one[2], BLOCK, BLOCK),
            ),
            _case("as many stakes as a page has", _validators(31, *[0] * 6), first),
            _case("one stake more than a page has", _validators(32, *[0] * 6), first),
            _case("pages of several validators", _validators(70, 40, 0, *[0] * 4), *one_by_one[:3], *[BLOCK] * 2),
            _case(
                "stakes from which the slash takes nothing",
                [Validator(1, [1, 100 * TOS, 2]), *_validators(*[0] * 99)],
                _report(100, 0),
            ),
        ],
    )
