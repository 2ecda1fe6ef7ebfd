"""JSON-RPC: how values are written, which errors there are, and examples of every answer."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import contract_store as store
from model import errors, scale, trie
from model.calls import multi_address, transfer
from model.extrinsics import assemble, bare, extrinsic_hash, signed
from model.hashing import blake2_256
from model.keys import ss58
from model.storage import value_key

from cases.transactions import GOOD, NONCE, PAYMENT, RECIPIENT, SENDER, TOS

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
    10_103: "too many subscriptions of this kind, on this connection or on this node",
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
    yield status(
        "in a block whose outcome this node does not know",
        _included("finalized", success=None, fee=None, tip=None),
    )
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


def _contracts() -> Iterator[dict[str, Any]]:
    """Of a deployer that has one piece of code at three addresses."""
    code, block, now = b"\0asm\x01\0\0\0", 77, 1_800_000_000_500
    code_hash, deployer, address = blake2_256(code), SENDER.account, ss58(SENDER.account)
    salts = [bytes([number]) * 32 for number in range(3)]
    deployed = store.Store()
    for salt in salts:
        deployed.deploy(deployer, code, salt, block, now, spendable=1_000 * TOS)
    contracts = [store.contract_address(deployer, salt, code_hash) for salt in salts]
    nowhere = store.contract_address(RECIPIENT, salts[0], code_hash)

    def ask(rule: int, method: str, name: str, *params: Any, **answer: Any) -> dict[str, Any]:
        return _exchange(f"{method}: {name}", [f"RPC-R{rule}"], f"contract_{method}", [*params], **answer)

    first = contracts[0]
    yield ask(11, "getCode", "a contract", first, result=code)
    yield ask(11, "getCode", "a contract, at the best block", first, None, result=code)
    yield ask(11, "getCode", "no contract", nowhere, result=None)
    short = _error(10_001, "address")
    yield ask(11, "getCode", "an address of 31 bytes", "0x" + "00" * 31, error=short)
    yield ask(11, "getCode", "a block that is no hash", first, 7, error=_error(10_001, "at"))
    unknown = bytes(32)
    yield ask(11, "getCode", "a block that nobody knows", first, unknown, error=_error(10_003, unknown))
    yield ask(12, "getCodeByHash", "code", code_hash, result=code)
    yield ask(12, "getCodeByHash", "no code", unknown, result=None)
    metadata = {
        "codeHash": code_hash,
        "codeLen": len(code),
        "deployer": address,
        "blockNumber": block,
        "timestamp": now,
    }
    yield ask(13, "getMetadata", "a contract", first, result=metadata)
    yield ask(13, "getMetadata", "no contract", nowhere, result=None)
    yield ask(14, "getAddress", "deployed", address, salts[0], code_hash, result=first)
    yield ask(14, "getAddress", "not deployed", ss58(RECIPIENT), salts[0], code_hash, result=nowhere)
    foreign, unread = ss58(deployer, 0), _error(10_001, "deployer")
    yield ask(14, "getAddress", "a foreign deployer", foreign, salts[0], code_hash, error=unread)

    def page(name: str, start: Any, limit: int, items: list[bytes], following: int | None) -> dict[str, Any]:
        result = {"items": items, "next": following}
        return ask(15, "list", name, address, start, limit, result=result)

    yield page("all", None, 100, contracts, None)
    yield page("the first two", None, 2, contracts[:2], 2)
    yield page("the rest", 2, 2, contracts[2:], None)
    yield page("after the end", 3, 2, [], None)
    yield ask(15, "list", "a negative index", address, -1, 2, error=_error(10_001, "start"))
    yield ask(15, "list", "a limit above 100", address, None, 101, error=_error(10_002, "limit"))
    for length in (0, 1, store.MAX_CODE_LENGTH):
        yield ask(16, "quote", f"{length} bytes", length, result=str(store.price(length)))
    too_long = _error(10_002, "codeLen")
    yield ask(16, "quote", "a byte too much", store.MAX_CODE_LENGTH + 1, error=too_long)

    state = deployed.items | {value_key("System", "Number"): scale.u32(block)}
    record_key, code_key = store.contract_key(first), store.code_key(code_hash)
    for name, contract, keys in (
        ("a contract", first, [record_key, code_key]),
        ("no contract", nowhere, [store.contract_key(nowhere)]),
    ):
        proof = {
            "blockHash": BLOCK_HASH,
            "blockNumber": block,
            "stateRoot": trie.root(state, 1),
            "keys": keys,
            "nodes": trie.proof(state, keys, 1),
        }
        yield ask(17, "getProof", name, contract, result=proof)


def files() -> Iterator[VectorFile]:
    yield _values()
    yield _errors()
    for name, title, cases in (
        ("tx-submit", "Submitting transactions", _submissions()),
        ("tx-status", "What became of a transaction", _statuses()),
        ("tx-subscribe", "Following a transaction", _subscriptions()),
        ("contract", "Asking about contracts", _contracts()),
        ("absence", "What is not there, lists and unknown blocks", _absences()),
    ):
        yield VectorFile(f"conformance/rpc/{name}", "rpc-exchange", title, [], list(cases))
