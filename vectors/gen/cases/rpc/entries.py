"""JSON-RPC about expiring entries."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import scale, trie
from model import ttl_kv as kv
from model.keys import ss58
from model.storage import value_key

from cases.fixtures import RECIPIENT, SENDER, TOS
from cases.rpc.exchange import BLOCK_HASH, Answer, error, exchange_of

OWNER = SENDER.account
ADDRESS = ss58(OWNER)
BORN, NOW = 1_000, 1_060
MOST_SUBSCRIPTIONS = 128
MOST_BLOCKS_BACK = 10_000


def _ask(rule: int, method: str, name: str, params: list[Any], **answer: Any) -> Answer:
    return exchange_of("kv", rule, method, name, params, **answer)


def _store() -> kv.Store:
    """Three live entries and an expired one that is not swept yet."""
    stored = kv.Store()
    for key, value, ttl in (
        (b"a/1", b"value", 100),
        (b"a/2", b"a longer value", 61),
        (b"b/1", b"\x00", 1_000),
        (b"a/3", b"dead", NOW - BORN),
    ):
        assert stored.put(OWNER, key, value, ttl, BORN, spendable=1_000 * TOS).error is None
    return stored


def _metadata(entry: kv.Entry) -> Answer:
    return {
        "valueLen": len(entry.value),
        "expiresAt": entry.expires_at,
        "createdAt": entry.created_at,
        "revision": str(entry.revision),
        "remainingBlocks": entry.expires_at - NOW,
    }


def _answers() -> Iterator[Answer]:
    stored = _store()
    live = stored.find(OWNER, b"a/1", NOW)
    assert live
    too_long = bytes(kv.MAX_KEY_LENGTH + 1)
    nothing = (
        ("an entry that has expired", ADDRESS, b"a/3"),
        ("no entry", ADDRESS, b"a/4"),
        ("an entry of another owner", ss58(RECIPIENT), b"a/1"),
        ("an empty key", ADDRESS, b""),
        ("a key that is too long", ADDRESS, too_long),
    )
    for rule, method, found in ((18, "get", live.value), (19, "getMeta", _metadata(live))):
        yield _ask(rule, method, "an entry", [ADDRESS, b"a/1"], result=found)
        yield _ask(rule, method, "an entry, at the best block", [ADDRESS, b"a/1", None], result=found)
        for name, owner, key in nothing:
            yield _ask(rule, method, name, [owner, key], result=None)
        unread = error(10_001, "key")
        yield _ask(rule, method, "a key that is text", [ADDRESS, "a/1"], error=unread)
        foreign = [ss58(OWNER, 0), b"a/1"]
        yield _ask(rule, method, "an owner of another chain", foreign, error=error(10_001, "owner"))
        unknown = [ADDRESS, b"a/1", bytes(32)]
        yield _ask(rule, method, "an unknown block", unknown, error=error(10_003, bytes(32)))

    def page(name: str, prefix: bytes | None, start: bytes | None, limit: int) -> Answer:
        found, following = stored.page(OWNER, prefix or b"", start, limit, NOW)
        items = [{"key": key} | _metadata(entry) for key, entry in found]
        params = [ADDRESS, prefix, start, limit]
        return _ask(20, "list", name, params, result={"items": items, "next": following})

    yield page("all live entries", None, None, 100)
    yield page("entries with a prefix", b"a/", None, 100)
    first = page("the first", None, None, 1)
    yield first
    yield page("the second", None, first["result"]["next"], 1)
    yield page("after a key that never existed", None, b"a/4", 100)
    yield page("no entry with the prefix", b"c", None, 100)
    for limit in (0, 101):
        over = error(10_002, "limit")
        yield _ask(20, "list", f"a limit of {limit}", [ADDRESS, None, None, limit], error=over)
    no_bytes = [ADDRESS, "a/", None, 1]
    yield _ask(20, "list", "a prefix that is text", no_bytes, error=error(10_001, "prefix"))

    for key, value, ttl in (
        (1, 1, 1),
        (32, 224, 86_400),
        (kv.MAX_KEY_LENGTH, kv.MAX_VALUE_LENGTH, kv.MAX_TTL),
    ):
        rent = str(kv.rent(kv.entry_length(key, value), ttl))
        yield _ask(21, "quote", f"{key} and {value} bytes for {ttl} blocks", [key, value, ttl], result=rent)
    for parameter, params in (
        ("keyLen", [0, 1, 1]),
        ("keyLen", [kv.MAX_KEY_LENGTH + 1, 1, 1]),
        ("valueLen", [1, 0, 1]),
        ("valueLen", [1, kv.MAX_VALUE_LENGTH + 1, 1]),
        ("ttl", [1, 1, 0]),
        ("ttl", [1, 1, kv.MAX_TTL + 1]),
    ):
        beyond = error(10_002, parameter)
        yield _ask(21, "quote", f"{params} is out of bounds", params, error=beyond)
    yield _ask(21, "quote", "a negative ttl", [1, 1, -1], error=error(10_001, "ttl"))

    stats = {
        "entries": len(stored.entries),
        "bytes": sum(len(key) + len(entry.value) for (_, key), entry in stored.entries.items()),
        "backlog": stored.backlog(NOW)[0],
        "lastRevision": str(stored.last_revision),
        "next": None,
    }
    yield _ask(22, "stats", "three live entries and an expired one", [None], result=stats)
    empty = {"entries": 0, "bytes": 0, "backlog": 0, "lastRevision": "0", "next": None}
    yield _ask(22, "stats", "a new chain", [None, BLOCK_HASH], result=empty)
    position = NOW.to_bytes(4, "big") + bytes(8)
    rest = stats | {"backlog": stored.backlog(NOW, position)[0]}
    yield _ask(22, "stats", "the backlog after a position", [position], result=rest)
    for name, start in (("a block's hash", BLOCK_HASH), ("no bytes", "5")):
        unread = error(10_001, "start")
        yield _ask(22, "stats", f"a position that is {name}", [start], error=unread)

    state = stored.items() | {value_key("System", "Number"): scale.u32(NOW)}
    for name, key in (("a live entry", b"a/1"), ("an entry that has expired", b"a/3"), ("no entry", b"a/4")):
        storage_key = kv.entry_key(OWNER, key)
        proof = {
            "blockHash": BLOCK_HASH,
            "blockNumber": NOW,
            "stateRoot": trie.root(state, 1),
            "key": storage_key,
            "nodes": trie.proof(state, [storage_key], 1),
        }
        yield _ask(23, "getProof", name, [ADDRESS, key], result=proof)
    for name, key in (("an empty key", b""), ("a key that is too long", too_long)):
        yield _ask(23, "getProof", name, [ADDRESS, key], error=error(10_002, "key"))


# Calls of the owner in each block: puts and extensions with their lifetime in blocks, and deletions.
CALLS: dict[int, list[tuple[str, bytes, int]]] = {
    BORN: [("put", b"a/1", 2), ("put", b"b/1", 2), ("put", b"a/2", 1), ("put", b"a/3", 1)],
    BORN + 1: [("extended", b"b/1", 3), ("put", b"a/2", 9), ("extended", b"a/2", 1)],
    BORN + 2: [("put", b"a/1", 2), ("put", b"b/1", 1), ("deleted", b"a/2", 0)],
    BORN + 3: [("put", b"a/4", 9), ("deleted", b"a/4", 0), ("put", b"a/4", 1)],
    BORN + 4: [],
}


def _block_hash(number: int) -> bytes:
    return bytes([number - BORN + 1]) * 32


def _events() -> list[Answer]:
    stored, told = kv.Store(), []

    def tell(number: int, what: str, key: bytes, revision: int) -> None:
        at = {"blockHash": _block_hash(number), "blockNumber": number}
        told.append({"type": what, "key": key, **at, "revision": str(revision)})

    for number, calls in CALLS.items():
        ended = [
            (entry.revision, key) for (_, key), entry in stored.entries.items() if entry.expires_at == number
        ]
        for revision, key in sorted(ended):
            tell(number, "expired", key, revision)
        for what, key, ttl in calls:
            before = stored.find(OWNER, key, number)
            if what == "put":
                outcome = stored.put(OWNER, key, b"value", ttl, number, spendable=TOS)
            elif what == "extended":
                outcome = stored.extend(OWNER, key, ttl, number, spendable=TOS)
            else:
                outcome = stored.delete(OWNER, key, number)
            assert outcome.error is None
            after = stored.find(OWNER, key, number) or before
            assert after
            tell(number, what, key, after.revision)
    return told


def _subscriptions() -> Iterator[Answer]:
    told = _events()

    def follow(name: str, prefix: bytes | None, start: int, *rules: str) -> Answer:
        updates = [
            event
            for event in told
            if event["blockNumber"] >= start and event["key"].startswith(prefix or b"")
        ]
        return {
            "name": name,
            "rules": list(rules),
            "method": "kv_subscribe",
            "params": [ADDRESS, prefix, start],
            "updates": updates,
        }

    yield follow("all entries from the beginning", None, 0, "RPC-R24", "RPC-R25")
    yield follow("from a block in which entries end, and one of them is put again", None, BORN + 2, "RPC-R25")
    yield follow("entries with a prefix", b"a/", BORN, "RPC-R25")

    def refused(name: str, params: list[Any], error: Answer) -> Answer:
        return _ask(24, "subscribe", name, params, error=error)

    yield refused("an owner of another chain", [ss58(OWNER, 0)], error(10_001, "owner"))
    yield refused("a prefix that is text", [ADDRESS, "a/"], error(10_001, "prefix"))
    yield refused("a block's hash", [ADDRESS, None, BLOCK_HASH], error(10_001, "from"))
    yield refused("a negative height", [ADDRESS, None, -1], error(10_001, "from"))
    pruned = error(10_004, _block_hash(BORN))
    yield refused("a block whose parent's state is pruned", [ADDRESS, None, BORN + 1], pruned)
    too_low = f"height 1 once block {MOST_BLOCKS_BACK + 2} is final"
    yield refused(too_low, [ADDRESS, None, 1], error(10_002, "from"))
    too_many = error(10_103, MOST_SUBSCRIPTIONS)
    yield _ask(30, "subscribe", "one subscription too many", [ADDRESS], error=too_many)


def files() -> Iterator[VectorFile]:
    for name, title, cases in (
        ("kv", "Queries of entries", _answers()),
        ("kv-subscribe", "Subscribing to entries", _subscriptions()),
    ):
        yield VectorFile(f"conformance/rpc/{name}", "rpc-exchange", title, [], list(cases))
