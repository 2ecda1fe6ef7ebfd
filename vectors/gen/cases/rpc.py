"""JSON-RPC: how values are written, which errors there are, and examples of every answer."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import errors
from model.calls import multi_address, transfer
from model.extrinsics import assemble, bare, extrinsic_hash, signed
from model.hashing import blake2_256
from model.keys import ss58

from cases.transactions import GOOD, NONCE, PAYMENT, RECIPIENT, SENDER, TOS

PAGE = "rpc"
MAX_LENGTH = 2_621_440


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
        ("a digit that is none", "bytes", "0x0g"),
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
        "How parameters may be written, and how answers are",
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
        requires=PAGE,
    )


ERRORS = {
    10_001: "a parameter cannot be read",
    10_002: "a parameter is out of its bounds",
    10_003: "the block is unknown to this node",
    10_004: "the state of the block is pruned on this node",
    10_005: "the runtime of the block has no such query",
    10_006: "the runtime failed or ran out of its time",
    10_007: "the node cannot answer now: database or index unavailable",
    10_101: "the extrinsic is undecodable",
    10_102: "the extrinsic is longer than a whole block may be",
    10_103: "too many subscriptions on this connection",
    1_010: "the pool refused: Invalid",
    1_011: "the pool refused: Unknown",
    1_012: "refused a short while ago, try later",
    1_013: "in the pool already",
    1_014: "a transaction with this nonce is in the pool, with at least this priority",
    1_015: "the pool found a cycle of tags",
    1_016: "the pool is full",
    1_018: "this node neither authors nor passes on",
    1_019: "the extrinsic provides no tag",
    1_021: "the pool takes no future transactions",
}


def _errors() -> VectorFile:
    return VectorFile(
        "conformance/rpc/error",
        "rpc-error",
        "Codes of errors",
        ["RPC-R6"],
        [{"name": cause, "code": code, "isOurs": 10_000 <= code < 11_000} for code, cause in ERRORS.items()],
        requires=PAGE,
    )


HASH = extrinsic_hash(GOOD)
BLOCK_HASH = b"\x91" * 32


def _exchange(name: str, rules: list[str], method: str, params: list[Any], **answer: Any) -> dict[str, Any]:
    return {"name": name, "rules": rules, "method": method, "params": params, **answer}


def _error(code: int, data: Any = None) -> dict[str, Any]:
    return {"code": code} if data is None else {"code": code, "data": data}


def _submissions() -> Iterator[dict[str, Any]]:
    def submit(name: str, extrinsic: bytes, **answer: Any) -> dict[str, Any]:
        return _exchange(name, ["RPC-R7"], "tx_submit", [extrinsic], **answer)

    def invalid(variant: str) -> dict[str, Any]:
        return _error(1_010, {"error": variant, "encoded": errors.invalid(variant)})

    wrong = SENDER.multi_signature(PAYMENT.with_(tip=1).message())
    unsigned = bare(transfer(RECIPIENT, TOS).encode())
    yield submit("a good transfer", GOOD, result=HASH)
    yield submit("the same again", GOOD, error=_error(1_013, HASH))
    yield submit("stale", signed(PAYMENT.with_(nonce=NONCE - 1), SENDER), error=invalid("Stale"))
    yield submit(
        "bad signature",
        assemble(multi_address(SENDER.account), wrong, PAYMENT),
        error=invalid("BadProof"),
    )
    yield submit(
        "no signature",
        unsigned,
        error=_error(
            1_011, {"error": "NoUnsignedValidator", "encoded": errors.unknown("NoUnsignedValidator")}
        ),
    )
    yield submit("truncated", GOOD[:-1], error=_error(10_101))
    yield submit("a byte after the end", GOOD + b"\x00", error=_error(10_101))
    yield submit("longer than a block", bytes(MAX_LENGTH + 1), error=_error(10_102, MAX_LENGTH))
    yield _exchange(
        "no hexadecimal", ["RPC-R2", "RPC-R7"], "tx_submit", ["84"], error=_error(10_001, "extrinsic")
    )


def _included(status: str, **changes: Any) -> dict[str, Any]:
    return {
        "status": status,
        "blockHash": BLOCK_HASH,
        "blockNumber": 130,
        "index": 2,
        "success": True,
        "error": None,
        "fee": "125000000",
        "tip": "0",
    } | changes


def _dispatch_error(type_: str, pallet: str | None, name: str | None, encoded: bytes) -> dict[str, Any]:
    return {"type": type_, "pallet": pallet, "name": name, "encoded": encoded}


def _statuses() -> Iterator[dict[str, Any]]:
    def status(name: str, result: dict[str, Any], rules: list[str] | None = None) -> dict[str, Any]:
        return _exchange(name, rules or ["RPC-R8"], "tx_status", [HASH], result=result)

    yield status("never seen, or older than the index", {"status": "unknown", "oldestBlock": 120})
    yield status("in the pool", {"status": "pending"})
    yield status("in a block", _included("inBlock"))
    yield status("in a final block, with a tip", _included("finalized", tip="7", fee="125000007"))
    yield status("an inherent: no fee", _included("finalized", index=0, fee=None, tip=None))
    for name, error in (
        (
            "an error of a pallet",
            _dispatch_error("Module", "Balances", "InsufficientBalance", errors.module(10, 2)),
        ),
        (
            "an error of tokens",
            _dispatch_error("Token", None, "FundsUnavailable", errors.dispatch("Token", "FundsUnavailable")),
        ),
        ("an error without more", _dispatch_error("BadOrigin", None, None, errors.dispatch("BadOrigin"))),
    ):
        result = _included("inBlock", success=False, error=error)
        yield status(f"failed: {name}", result, ["RPC-R8", "RPC-R9"])
    yield _exchange(
        "a hash of 31 bytes", ["RPC-R2"], "tx_status", ["0x" + "00" * 31], error=_error(10_001, "hash")
    )


def _subscriptions() -> Iterator[dict[str, Any]]:
    def follow(name: str, *updates: dict[str, Any]) -> dict[str, Any]:
        return _exchange(name, ["RPC-R10"], "tx_subscribe", [HASH], updates=list(updates))

    pending, unknown = {"status": "pending"}, {"status": "unknown", "oldestBlock": 120}
    other = {"blockHash": b"\x92" * 32, "blockNumber": 131, "index": 1}
    yield follow("from the pool to the end", pending, _included("inBlock"), _included("finalized"))
    yield follow(
        "through a re-organisation",
        pending,
        _included("inBlock"),
        pending,
        _included("inBlock", **other),
        _included("finalized", **other),
    )
    yield follow("dropped by the pool, and sent again", pending, unknown, pending)
    yield follow("final already", _included("finalized"))


def _absences() -> Iterator[dict[str, Any]]:
    owner = ss58(SENDER.account)
    yield _exchange("no entry", ["RPC-R4"], "kv_get", [owner, b"nothing"], result=None)
    yield _exchange("no contract", ["RPC-R4"], "contract_getCode", [bytes(32)], result=None)
    yield _exchange(
        "an empty list", ["RPC-R5"], "contract_list", [owner, None, 10], result={"items": [], "next": None}
    )
    yield _exchange(
        "a page, and where it goes on",
        ["RPC-R5"],
        "contract_list",
        [owner, None, 1],
        result={"items": [blake2_256(b"contract")], "next": 1},
    )
    for limit in (0, 101):
        yield _exchange(
            f"a limit of {limit}",
            ["RPC-R5"],
            "contract_list",
            [owner, None, limit],
            error=_error(10_002, "limit"),
        )
    yield _exchange(
        "a block that nobody knows",
        ["RPC-R6"],
        "kv_get",
        [owner, b"key", bytes(32)],
        error=_error(10_003, bytes(32)),
    )


def files() -> Iterator[VectorFile]:
    yield _values()
    yield _errors()
    for name, title, cases in (
        ("tx-submit", "Submitting transactions", _submissions()),
        ("tx-status", "What became of a transaction", _statuses()),
        ("tx-subscribe", "Following a transaction", _subscriptions()),
        ("absence", "What is not there, lists and unknown blocks", _absences()),
    ):
        yield VectorFile(f"conformance/rpc/{name}", "rpc-exchange", title, [], list(cases), requires=PAGE)
