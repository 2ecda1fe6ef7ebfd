"""Builders of requests over JSON-RPC and their answers."""

from typing import Any

Answer = dict[str, Any]

BLOCK_HASH = b"\x91" * 32


def exchange(name: str, rules: list[str], method: str, params: list[Any], **answer: Any) -> Answer:
    """A request and its `result`, `error` or `updates`."""
    return {"name": name, "rules": rules, "method": method, "params": params, **answer}


def exchange_of(
    namespace: str, rule: int, method: str, name: str, params: list[Any], **answer: Any
) -> Answer:
    """A request for `namespace_method`, which rule RPC-R`rule` describes."""
    return exchange(f"{method}: {name}", [f"RPC-R{rule}"], f"{namespace}_{method}", params, **answer)


def error(code: int, data: Any = None) -> Answer:
    return {"code": code} if data is None else {"code": code, "data": data}
