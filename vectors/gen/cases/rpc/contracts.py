"""JSON-RPC about contracts."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import contract_store as store
from model import scale, trie
from model.hashing import blake2_256
from model.keys import ss58
from model.storage import value_key

from cases.fixtures import RECIPIENT, SENDER, TOS
from cases.rpc.exchange import BLOCK_HASH, Answer, error, exchange, exchange_of


def _absences() -> Iterator[Answer]:
    owner = ss58(SENDER.account)
    yield exchange("no entry", ["RPC-R4"], "kv_get", [owner, b"nothing"], result=None)
    yield exchange("no contract", ["RPC-R4"], "contract_getCode", [bytes(32)], result=None)
    yield exchange(
        "an empty list", ["RPC-R5"], "contract_list", [owner, None, 10], result={"items": [], "next": None}
    )
    yield exchange(
        "a page, and the start of the next one",
        ["RPC-R5"],
        "contract_list",
        [owner, None, 1],
        result={"items": [blake2_256(b"contract")], "next": 1},
    )
    for limit in (0, 101):
        yield exchange(
            f"a limit of {limit}",
            ["RPC-R5"],
            "contract_list",
            [owner, None, limit],
            error=error(10_002, "limit"),
        )
    yield exchange(
        "an unknown block",
        ["RPC-R6"],
        "kv_get",
        [owner, b"key", bytes(32)],
        error=error(10_003, bytes(32)),
    )


def _contracts() -> Iterator[Answer]:
    """Queries about a deployer with three contracts that have the same code."""
    code, block, now = b"\0asm\x01\0\0\0", 77, 1_800_000_000_500
    code_hash, deployer, address = blake2_256(code), SENDER.account, ss58(SENDER.account)
    salts = [bytes([number]) * 32 for number in range(3)]
    deployed = store.Store()
    for salt in salts:
        deployed.deploy(deployer, code, salt, block, now, spendable=1_000 * TOS)
    contracts = [store.contract_address(deployer, salt, code_hash) for salt in salts]
    nowhere = store.contract_address(RECIPIENT, salts[0], code_hash)

    def ask(rule: int, method: str, name: str, *params: Any, **answer: Any) -> Answer:
        return exchange_of("contract", rule, method, name, [*params], **answer)

    first = contracts[0]
    yield ask(11, "getCode", "a contract", first, result=code)
    yield ask(11, "getCode", "a contract, at the best block", first, None, result=code)
    yield ask(11, "getCode", "no contract", nowhere, result=None)
    short = error(10_001, "address")
    yield ask(11, "getCode", "an address of 31 bytes", "0x" + "00" * 31, error=short)
    yield ask(11, "getCode", "a block that is no hash", first, 7, error=error(10_001, "at"))
    unknown = bytes(32)
    yield ask(11, "getCode", "an unknown block", first, unknown, error=error(10_003, unknown))
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
    foreign, unread = ss58(deployer, 0), error(10_001, "deployer")
    yield ask(14, "getAddress", "a deployer of another chain", foreign, salts[0], code_hash, error=unread)

    def page(name: str, start: Any, limit: int, items: list[bytes], following: int | None) -> Answer:
        result = {"items": items, "next": following}
        return ask(15, "list", name, address, start, limit, result=result)

    yield page("all", None, 100, contracts, None)
    yield page("the first two", None, 2, contracts[:2], 2)
    yield page("the rest", 2, 2, contracts[2:], None)
    yield page("after the end", 3, 2, [], None)
    yield ask(15, "list", "a negative index", address, -1, 2, error=error(10_001, "start"))
    yield ask(15, "list", "a limit above 100", address, None, 101, error=error(10_002, "limit"))
    for length in (0, 1, store.MAX_CODE_LENGTH):
        yield ask(16, "quote", f"{length} bytes", length, result=str(store.price(length)))
    too_long = error(10_002, "codeLen")
    yield ask(16, "quote", "one byte too many", store.MAX_CODE_LENGTH + 1, error=too_long)

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
    for name, title, cases in (
        ("contract", "Queries of contracts", _contracts()),
        ("absence", "Absent values, lists and unknown blocks", _absences()),
    ):
        yield VectorFile(f"conformance/rpc/{name}", "rpc-exchange", title, [], list(cases))
