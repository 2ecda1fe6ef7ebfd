"""A vector file and its text."""

import json
from dataclasses import dataclass, field
from typing import Any

# From this length on, runs of one byte are written as a count instead of digits.
MAX_PLAIN_BYTES = 1_024
MIN_RUN_BYTES = 64


def hexadecimal(value: bytes) -> str | list[Any]:
    """Bytes as `0x` and digits; long values as a list of such strings and of runs of one byte."""
    if len(value) <= MAX_PLAIN_BYTES:
        return "0x" + value.hex()
    pieces: list[Any] = []
    plain = start = 0
    while start < len(value):
        end = start
        while end < len(value) and value[end] == value[start]:
            end += 1
        if end - start >= MIN_RUN_BYTES:
            if plain < start:
                pieces.append("0x" + value[plain:start].hex())
            pieces.append({"repeat": "0x" + value[start : start + 1].hex(), "count": end - start})
            plain = end
        start = end
    if plain < len(value):
        pieces.append("0x" + value[plain:].hex())
    return pieces


@dataclass(frozen=True)
class VectorFile:
    """One JSON file of cases of one kind."""

    # Below vectors/, without the suffix.
    path: str
    # Names the schema and the check that consumers run.
    kind: str
    title: str
    # Rules that every case covers; a case can have further ones.
    rules: list[str]
    cases: list[dict[str, Any]]
    # Values that all cases share.
    common: dict[str, Any] = field(default_factory=dict)

    def content(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "title": self.title,
            "rules": self.rules,
            **self.common,
            "cases": self.cases,
        }

    def text(self) -> str:
        return json.dumps(_plain(self.content()), indent="\t", ensure_ascii=False) + "\n"

    def carried_rules(self) -> set[str]:
        return set(self.rules).union(*(case.get("rules", []) for case in self.cases))


def _plain(value: Any) -> Any:
    """Converts bytes to hexadecimal, also within lists and objects."""
    if isinstance(value, bytes):
        return hexadecimal(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
