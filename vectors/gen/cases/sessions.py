"""Sessions, eras and the changes of keys and sets at their ends."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.consensus import Chain


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
    ) -> dict[str, Any]:
        """`minimum` and `keys` have, by block, what governance and validators change before its hooks."""
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
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _eras()
