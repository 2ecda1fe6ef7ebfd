"""Slots: which validator may author, and at what time."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile


def _slots() -> VectorFile:
    def case(name: str, rules: list[str], is_accepted: bool, **changes: Any) -> dict[str, Any]:
        fields = {
            "slotDurationMs": 1_000,
            "authorities": 4,
            "disabled": [],
            "parent": {"slot": 1_800_000_000, "timestamp": 1_800_000_000_000},
            "slot": 1_800_000_001,
            "timestamp": 1_800_000_001_000,
        } | changes
        author = fields["slot"] % fields["authorities"]
        return {"name": name, "rules": rules, **fields, "author": author, "isAccepted": is_accepted}

    slot, author, gap, disabled = ["CON-R1"], ["CON-R2"], ["CON-R3"], ["CON-R4"]
    half = {"slot": 1_800_000_000, "timestamp": 1_800_000_000_700}
    return VectorFile(
        "conformance/consensus/slot",
        "slot",
        "Slot, author and time of a block on its parent",
        [],
        [
            case("the next slot", slot + author, True),
            case("in the last millisecond of the slot", slot, True, timestamp=1_800_000_001_999),
            case("a millisecond before the slot", slot, False, timestamp=1_800_000_000_999),
            case("a millisecond after the slot", slot, False, timestamp=1_800_000_002_000),
            case("the parent's slot", slot, False, slot=1_800_000_000, timestamp=1_800_000_000_900),
            case("a slot before the parent's", slot, False, slot=1_799_999_999, timestamp=1_799_999_999_000),
            case(
                "after a gap of a thousand slots",
                slot + author,
                True,
                slot=1_800_001_002,
                timestamp=1_800_001_002_000,
            ),
            case(
                "half-second slots",
                slot + author,
                True,
                slotDurationMs=500,
                parent={"slot": 3_600_000_000, "timestamp": 1_800_000_000_000},
                slot=3_600_000_001,
                timestamp=1_800_000_000_500,
            ),
            case("half a slot after the parent", gap, True, parent=half, timestamp=1_800_000_001_200),
            case(
                "a millisecond less than half a slot after the parent",
                gap,
                False,
                parent=half,
                timestamp=1_800_000_001_199,
            ),
            case(
                "the first block: any time of its slot",
                gap,
                True,
                parent={"slot": 0, "timestamp": 0},
                slot=1,
                timestamp=1_000,
            ),
            case("one of several authorities", author, True, authorities=3),
            case("one of one authority", author, True, authorities=1),
            case("another validator is disabled", disabled, True, disabled=[0, 2]),
            case("the author is disabled", disabled, False, disabled=[1]),
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _slots()
