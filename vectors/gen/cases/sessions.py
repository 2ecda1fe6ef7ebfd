"""Sessions, eras and the changes of keys and sets at their ends."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.consensus import Chain


def _fractions(disabled: dict[int, int]) -> list[dict[str, int]]:
    return [{"validator": v, "fraction": f} for v, f in sorted(disabled.items())]


def _eras() -> VectorFile:
    def case(
        name: str,
        rules: list[str],
        blocks: int,
        session_length: int = 20,
        sessions_per_era: int = 3,
        validators: int = 2,
        minimum: dict[int, int] | None = None,
        keys: dict[int, dict[int, int | None]] | None = None,
        disable: dict[int, dict[int, int]] | None = None,
    ) -> dict[str, Any]:
        """`minimum`, `keys` and `disable` have, by block, what changes before its hooks.

        `disable` has the fractions of the offenders. They differ, because the model does not know the indices.
        """
        chain = Chain(session_length, sessions_per_era, validators)
        changes, at, responsible = [], [], 0
        for block in range(1, blocks + 1):
            change: dict[str, Any] = {}
            if block in (minimum or {}):
                change["minimumValidatorCount"] = chain.minimum_validators = minimum[block]
            if block in (keys or {}):
                for validator, number in keys[block].items():
                    chain.keys[validator] = number
                change["keys"] = [{"validator": v, "number": n} for v, n in keys[block].items()]
            if block in (disable or {}):
                chain.disabled |= disable[block]
                change["disable"] = _fractions(disable[block])
            if change:
                changes.append({"block": block, **change})
            responsible = chain.active_era
            chain.begin(block)
            if block % session_length in (0, 1, session_length - 1):
                at.append(
                    {
                        "block": block,
                        "session": chain.session,
                        "activeEra": chain.active_era,
                        "plannedEra": chain.planned_era,
                        "responsibleEra": responsible,
                        "setId": chain.set_id,
                        "failedElections": chain.failed_elections,
                        "keys": list(chain.used_keys),
                        "disabled": _fractions(chain.disabled),
                    }
                )
        return {
            "name": name,
            "rules": rules,
            "sessionLengthBlocks": session_length,
            "sessionsPerEra": sessions_per_era,
            "validators": validators,
            "changes": changes,
            "at": at,
        }

    tenth, fifth, half = 10**8, 2 * 10**8, 5 * 10**8
    regular = ["CON-R5", "CON-R7", "CON-R8", "CON-R12"]
    return VectorFile(
        "conformance/consensus/era",
        "era-transition",
        "Sessions, eras, keys and sets, block by block",
        [],
        [
            case("development timing", regular, 200),
            case(
                "the shortest sessions and eras", regular, 60, session_length=5, sessions_per_era=2, validators=1
            ),
            case(
                "elections fail for a while",
                ["CON-R7", "CON-R8", "CON-R9"],
                300,
                minimum={70: 3, 190: 1},
            ),
            case(
                "keys take effect two sessions later",
                ["CON-R6", "CON-R12"],
                120,
                keys={5: {0: 1}, 26: {1: 1}},
            ),
            *(
                # Within an era, for each position in the set: a validator without keys authors no blocks.
                case(
                    f"validator {gone} of three removes its keys, then sets others",
                    ["CON-R6", "CON-R12", "CON-R26"],
                    140,
                    validators=3,
                    keys={61: {gone: None}, 81: {gone: 1}},
                )
                for gone in range(3)
            ),
            case(
                "a disabled validator sets other keys within an era",
                ["CON-R12", "CON-R16"],
                140,
                validators=4,
                keys={61: {1: 1}},
                disable={61: {1: tenth}},
            ),
            case(
                "another validator sets other keys within an era, twice",
                ["CON-R12", "CON-R16"],
                140,
                validators=7,
                keys={41: {0: 1}, 61: {0: 2}},
                disable={61: {1: tenth, 4: half}},
            ),
            case(
                "a validator leaves a set with two that are disabled",
                ["CON-R12", "CON-R16"],
                140,
                validators=8,
                keys={61: {0: None}},
                disable={61: {2: fifth, 5: tenth}},
            ),
            case(
                "the set becomes too small for two that are disabled",
                ["CON-R12", "CON-R16"],
                140,
                validators=7,
                keys={61: {0: None}},
                disable={61: {2: tenth, 5: fifth}},
            ),
            case(
                "the set becomes too small for one that is disabled",
                ["CON-R12", "CON-R16"],
                140,
                validators=4,
                keys={61: {0: None}},
                disable={61: {2: tenth}},
            ),
            case(
                "one of two that are disabled leaves the set",
                ["CON-R12", "CON-R16"],
                140,
                validators=8,
                keys={61: {2: None}},
                disable={61: {2: fifth, 5: tenth}},
            ),
            case(
                "keys change while elections fail",
                ["CON-R9", "CON-R16"],
                300,
                validators=4,
                minimum={70: 5, 190: 1},
                keys={121: {1: 1}, 161: {2: 1}},
                disable={61: {1: tenth}},
            ),
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _eras()
