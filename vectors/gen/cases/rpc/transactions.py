"""JSON-RPC about transactions."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import errors
from model.calls import multi_address, transfer
from model.extrinsics import assemble, bare, extrinsic_hash, signed

from cases.fixtures import GOOD, NONCE, PAYMENT, RECIPIENT, SENDER, TOS
from cases.rpc.exchange import BLOCK_HASH, Answer, error, exchange

MAX_LENGTH = 2_621_440
MAX_BATCH = 128

HASH = extrinsic_hash(GOOD)


NEXT, STALE = (signed(PAYMENT.with_(nonce=nonce), SENDER) for nonce in (NONCE + 1, NONCE - 1))

WRONG_SIGNATURE = assemble(
    multi_address(SENDER.account), SENDER.multi_signature(PAYMENT.with_(tip=1).message()), PAYMENT
)


def _invalid(variant: str) -> Answer:
    return error(1_010, {"error": variant, "encoded": errors.invalid(variant)})


def _submissions() -> Iterator[Answer]:
    def submit(name: str, extrinsic: bytes, **answer: Any) -> Answer:
        return exchange(name, ["RPC-R7"], "tx_submit", [extrinsic], **answer)

    unsigned = bare(transfer(RECIPIENT, TOS).encode())
    yield submit("a good transfer", GOOD, result=HASH)
    yield submit("the same again", GOOD, error=error(1_013, HASH))
    yield submit("stale", STALE, error=_invalid("Stale"))
    yield submit("bad signature", WRONG_SIGNATURE, error=_invalid("BadProof"))
    yield submit(
        "no signature",
        unsigned,
        error=error(
            1_011, {"error": "NoUnsignedValidator", "encoded": errors.unknown("NoUnsignedValidator")}
        ),
    )
    yield submit("truncated", GOOD[:-1], error=error(10_101))
    yield submit("a byte after the end", GOOD + b"\x00", error=error(10_101))
    yield submit("longer than a block", bytes(MAX_LENGTH + 1), error=error(10_102, MAX_LENGTH))
    yield exchange(
        "no hexadecimal", ["RPC-R2", "RPC-R7"], "tx_submit", ["84"], error=error(10_001, "extrinsic")
    )


def _batches() -> Iterator[Answer]:
    def submit(name: str, parameter: Any, **answer: Any) -> Answer:
        return exchange(name, ["RPC-R31"], "tx_submitBatch", [parameter], **answer)

    def accepted(extrinsic: bytes) -> Answer:
        return {"hash": extrinsic_hash(extrinsic)}

    def refused(code: int, data: Any = None) -> Answer:
        return {"error": error(code, data)}

    yield submit("two transfers in order", [GOOD, NEXT], result=[accepted(GOOD), accepted(NEXT)])
    yield submit(
        "one that is stale between good ones",
        [GOOD, STALE, NEXT],
        result=[accepted(GOOD), {"error": _invalid("Stale")}, accepted(NEXT)],
    )
    yield submit("twice the same", [GOOD, GOOD], result=[accepted(GOOD), refused(1_013, HASH)])
    yield submit(
        "each has the error of its own",
        [GOOD[:-1], GOOD + b"\x00", "84", None, bytes(MAX_LENGTH + 1), b"", WRONG_SIGNATURE, GOOD],
        result=[
            refused(10_101),
            refused(10_101),
            refused(10_001, "extrinsic"),
            refused(10_001, "extrinsic"),
            refused(10_102, MAX_LENGTH),
            refused(10_101),
            {"error": _invalid("BadProof")},
            accepted(GOOD),
        ],
    )
    yield submit("an empty list", [], result=[])
    yield submit("no list", GOOD, error=error(10_001, "extrinsics"))
    yield submit("an object", {"0": GOOD}, error=error(10_001, "extrinsics"))
    yield submit("one too many", [b""] * (MAX_BATCH + 1), error=error(10_002, "extrinsics"))


def _included(status: str, **changes: Any) -> Answer:
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


def _dispatch_error(type_: str, pallet: str | None, name: str | None, encoded: bytes) -> Answer:
    return {"type": type_, "pallet": pallet, "name": name, "encoded": encoded}


def _statuses() -> Iterator[Answer]:
    def status(name: str, result: Answer, rules: list[str] | None = None) -> Answer:
        return exchange(name, rules or ["RPC-R8"], "tx_status", [HASH], result=result)

    yield status("never seen, or older than the index", {"status": "unknown", "oldestBlock": 120})
    yield status("in the pool", {"status": "pending"})
    yield status("in a block", _included("inBlock"))
    yield status("in a final block, with a tip", _included("finalized", tip="7", fee="125000007"))
    yield status("an inherent: no fee", _included("finalized", index=0, fee=None, tip=None))
    yield status(
        "in a block whose outcome this node does not know",
        _included("finalized", success=None, fee=None, tip=None),
    )
    for name, dispatch_error in (
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
        result = _included("inBlock", success=False, error=dispatch_error)
        yield status(f"failed: {name}", result, ["RPC-R8", "RPC-R9"])
    yield exchange(
        "a hash of 31 bytes", ["RPC-R2"], "tx_status", ["0x" + "00" * 31], error=error(10_001, "hash")
    )


def _subscriptions() -> Iterator[Answer]:
    def follow(name: str, *updates: Answer) -> Answer:
        return exchange(name, ["RPC-R10"], "tx_subscribe", [HASH], updates=list(updates))

    pending, unknown = {"status": "pending"}, {"status": "unknown", "oldestBlock": 120}
    other = {"blockHash": b"\x92" * 32, "blockNumber": 131, "index": 1}
    yield follow("from the pool to finality", pending, _included("inBlock"), _included("finalized"))
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


def files() -> Iterator[VectorFile]:
    for name, title, cases in (
        ("tx-submit", "Submitting transactions", _submissions()),
        ("tx-submit-batch", "Submitting many transactions at once", _batches()),
        ("tx-status", "Status of a transaction", _statuses()),
        ("tx-subscribe", "Subscribing to a transaction", _subscriptions()),
    ):
        yield VectorFile(f"conformance/rpc/{name}", "rpc-exchange", title, [], list(cases))
