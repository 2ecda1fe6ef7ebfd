"""How JSON-RPC writes values, and which errors it has."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model.keys import ss58

from cases.fixtures import SENDER


def _values() -> VectorFile:
    account = SENDER.account
    address, digits = ss58(account), account.hex()
    accepted: list[tuple[str, str, Any, Any]] = [
        ("an address", "account", address, address),
        ("an account in hexadecimal", "account", f"0x{digits}", address),
        ("an account in upper case", "account", f"0x{digits.upper()}", address),
        ("bytes", "bytes", "0x00ff", "0x00ff"),
        ("bytes in upper case", "bytes", "0x00FF", "0x00ff"),
        ("no bytes", "bytes", "0x", "0x"),
        ("a hash", "hash", f"0x{digits}", f"0x{digits}"),
        ("nothing", "balance", "0", "0"),
        ("a balance", "balance", "1000000000000", "1000000000000"),
        ("the greatest balance", "balance", str(2**128 - 1), str(2**128 - 1)),
        ("the greatest revision", "revision", str(2**64 - 1), str(2**64 - 1)),
        ("a height", "number", 0, 0),
        ("the greatest height", "number", 2**32 - 1, 2**32 - 1),
    ]
    refused: list[tuple[str, str, Any]] = [
        ("an address of another chain", "account", ss58(account, 0)),
        ("an address with a wrong digit", "account", address[:-1] + ("2" if address[-1] != "2" else "3")),
        ("an account without 0x", "account", digits),
        ("an account of 31 bytes", "account", f"0x{digits[2:]}"),
        ("an account as a number", "account", 1),
        ("an odd number of digits", "bytes", "0x0"),
        ("bytes without 0x", "bytes", "00ff"),
        ("a character that is no hexadecimal digit", "bytes", "0x0g"),
        ("bytes as a list", "bytes", [0, 255]),
        ("a hash of 31 bytes", "hash", f"0x{digits[2:]}"),
        ("a balance as a number", "balance", 1),
        ("a balance with a leading zero", "balance", "01"),
        ("a negative balance", "balance", "-1"),
        ("a balance in hexadecimal", "balance", "0x1"),
        ("a balance above 128 bits", "balance", str(2**128)),
        ("a revision above 64 bits", "revision", str(2**64)),
        ("a height as text", "number", "1"),
        ("a negative height", "number", -1),
        ("a height with a fraction", "number", 1.5),
        ("a height above 32 bits", "number", 2**32),
    ]
    rule = {
        "account": "RPC-R1",
        "bytes": "RPC-R2",
        "hash": "RPC-R2",
        "balance": "RPC-R3",
        "revision": "RPC-R3",
        "number": "RPC-R3",
    }
    return VectorFile(
        "conformance/rpc/value",
        "rpc-value",
        "Forms of values in parameters and in answers",
        [],
        [
            *(
                {"name": name, "rules": [rule[type_]], "type": type_, "given": given, "answered": answered}
                for name, type_, given, answered in accepted
            ),
            *(
                {"name": name, "rules": [rule[type_]], "type": type_, "given": given, "refused": True}
                for name, type_, given in refused
            ),
        ],
    )


ERRORS = {
    10_001: "a parameter cannot be read",
    10_002: "a parameter is out of its bounds",
    10_003: "the block is unknown to this node",
    10_004: "the state of the block is pruned on this node",
    10_005: "the runtime of the block does not have the runtime API",
    10_006: "the runtime failed or exceeded its time limit",
    10_007: "the node cannot answer now: database or index unavailable, or too many batches",
    10_101: "the extrinsic is undecodable",
    10_102: "the extrinsic is longer than a whole block may be",
    10_103: "too many subscriptions of this kind, on this connection or on this node",
    1_010: "the pool refused the transaction: Invalid",
    1_011: "the pool refused the transaction: Unknown",
    1_012: "the pool refused the transaction a short time ago and bans it for now",
    1_013: "the transaction is already in the pool",
    1_014: "the pool has a transaction with this nonce and at least this priority",
    1_015: "the pool found a cycle of tags",
    1_016: "the pool is full",
    1_018: "the transaction may not be propagated, and this node does not author blocks",
    1_019: "the extrinsic provides no tag",
    1_021: "the pool does not accept future transactions",
}


def _errors() -> VectorFile:
    return VectorFile(
        "conformance/rpc/error",
        "rpc-error",
        "Codes of errors",
        ["RPC-R6"],
        [{"name": cause, "code": code, "isOurs": 10_000 <= code < 11_000} for code, cause in ERRORS.items()],
    )


def files() -> Iterator[VectorFile]:
    yield _values()
    yield _errors()
