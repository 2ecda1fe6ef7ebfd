"""Scenarios: a state, steps on it, and the expected result of each step."""

from typing import Any

NOBODY = "none"
ROOT = "root"


def case(
    name: str,
    rules: list[str],
    accounts: dict[bytes, int],
    steps: list[dict[str, Any]],
    block: int = 1,
    state: dict[bytes, bytes] | None = None,
) -> dict[str, Any]:
    """A case that sets free balances, then raw `state` over them, and starts its steps in block `block`."""
    return {
        "name": name,
        "rules": rules,
        "block": block,
        "accounts": [{"account": who, "free": str(free)} for who, free in accounts.items()],
        "state": [{"key": key, "value": value} for key, value in (state or {}).items()],
        "steps": steps,
    }


def call(
    origin: bytes | str,
    encoded: bytes,
    error: bytes | None = None,
    events: list[bytes] | None = None,
) -> dict[str, Any]:
    """A step that dispatches a call; `events` are the events of the call's own pallet."""
    step: dict[str, Any] = {"origin": origin, "call": encoded, "error": error}
    if events is not None:
        step["events"] = events
    return {"call": step}


def balances(free: dict[bytes, int]) -> dict[str, Any]:
    return {"balances": [{"account": who, "free": str(amount)} for who, amount in free.items()]}


def stored(items: dict[bytes, bytes | None]) -> dict[str, Any]:
    return {"stored": [{"key": key, "value": value} for key, value in items.items()]}


def advance(to: int, sweep: bool) -> dict[str, Any]:
    """A step that sets the block to `to`; with `sweep`, its `on_initialize` hooks run."""
    return {"advance": {"to": to, "sweep": sweep}}


def query(function: str, arguments: bytes, answer: bytes) -> dict[str, Any]:
    return {"query": {"function": function, "arguments": arguments, "answer": answer}}
