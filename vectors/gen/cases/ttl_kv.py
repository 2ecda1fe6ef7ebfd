"""Expiring entries: storage, calls, rent and errors."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import scale
from model import ttl_kv as kv
from model.calls import Call
from model.keys import test_key

from cases.builders import (
    arithmetic,
    call_case,
    constant_case,
    key_case,
    module_error_case,
    pallet_file,
    record_case,
    refused_call,
    signed_calls,
)

PAGE = "ttl-kv"
FOLDER = f"conformance/{PAGE}"

ALICE = test_key("ed25519", 1).account
BOB = test_key("sr25519", 2).account
BLOCK = 1_000
KEY, VALUE = b"session/7", b"open"
LONGEST_KEY, LONGEST_VALUE = b"\x6b" * kv.MAX_KEY_LENGTH, b"\x76" * kv.MAX_VALUE_LENGTH


def put(key: bytes, value: bytes, ttl: int) -> Call:
    return Call("TtlKv", "kv_put_ttl", {"key": key, "value": value, "ttl": ttl})


def put_if(key: bytes, value: bytes, ttl: int, revision: int | None) -> Call:
    arguments = {"key": key, "value": value, "ttl": ttl, "condition": revision}
    return Call("TtlKv", "kv_put_if", arguments)


def extend(key: bytes, ttl: int) -> Call:
    return Call("TtlKv", "kv_extend", {"key": key, "ttl": ttl})


def delete(key: bytes) -> Call:
    return Call("TtlKv", "kv_delete", {"key": key})


def _calls() -> Iterator[VectorFile]:
    one = put(b"k", b"v", 0).encode()
    lock = put(b"lock", b"me", 60).encode()
    groups: dict[str, tuple[str, list[dict[str, Any]]]] = {
        "kv-put-ttl": (
            "Encoding of a put",
            [
                call_case("a short entry", put(KEY, VALUE, 600)),
                call_case("the longest entry", put(LONGEST_KEY, LONGEST_VALUE, 2**32 - 1)),
                call_case(
                    "a byte longer each: the call fails", put(LONGEST_KEY + b"k", LONGEST_VALUE + b"v", 1)
                ),
                call_case("the shortest entry", put(b"k", b"v", 1)),
                call_case("no value: the call fails", put(b"k", b"", 1)),
                call_case("no key: the call fails", put(b"", b"v", 1)),
                refused_call("ttl as a compact integer", one[:-4] + b"\x04"),
                refused_call("no ttl", one[:-4]),
            ],
        ),
        "kv-put-if": (
            "Encoding of a conditional put",
            [
                call_case("if there is no entry", put_if(b"lock", b"me", 60, None)),
                call_case("if the entry is at revision 7", put_if(b"lock", b"me", 60, 7)),
                call_case("the greatest revision", put_if(b"lock", b"me", 60, 2**64 - 1)),
                refused_call("no condition", b"\x51\x03" + lock[2:]),
                refused_call("unknown condition", b"\x51\x03" + lock[2:] + b"\x02"),
                refused_call("revision too short", put_if(b"lock", b"me", 60, 7).encode()[:-1]),
            ],
        ),
        "kv-extend": (
            "Encoding of an extension",
            [
                call_case("by ten minutes", extend(KEY, 600)),
                refused_call("no ttl", extend(KEY, 600).encode()[:-4]),
            ],
        ),
        "kv-delete": (
            "Encoding of a deletion",
            [
                call_case("an entry", delete(KEY)),
                refused_call("with an extra byte", delete(KEY).encode() + b"\x00"),
            ],
        ),
    }
    for name, (title, cases) in groups.items():
        yield VectorFile(f"{FOLDER}/call-{name}", "call", title, ["TTL-R15"], cases)
    for name, call in (
        ("kv-put-ttl", put(KEY, VALUE, 600)),
        ("kv-put-if", put_if(b"lock", b"me", 60, None)),
        ("kv-extend", extend(KEY, 600)),
        ("kv-delete", delete(KEY)),
    ):
        yield signed_calls(PAGE, name, "TTL-R15", {call.name: call})


def _storage() -> Iterator[VectorFile]:
    concat = "Blake2_128Concat"

    def entry(name: str, key: bytes, owner: bytes = ALICE) -> dict[str, Any]:
        return key_case(name, "TtlKv", "Entries", (concat, owner), (concat, scale.data(key)))

    yield VectorFile(
        f"{FOLDER}/storage-key",
        "storage-key",
        "Storage keys of entries and counters",
        ["TTL-R1"],
        [
            entry("an entry", KEY),
            entry("the same key of another owner", KEY, BOB),
            entry("a key of one byte", b"\x00"),
            entry("a key of 63 bytes", b"k" * 63),
            entry("a key of 64 bytes", b"k" * 64),
            entry("the longest key", LONGEST_KEY),
            key_case("the last revision", "TtlKv", "LastRevision"),
            key_case("the totals", "TtlKv", "Totals"),
        ],
    )

    def record(name: str, value: bytes, expires_at: int, created_at: int, revision: int) -> dict[str, Any]:
        return record_case(
            name,
            "Entry",
            kv.Entry(value, expires_at, created_at, revision).encode(),
            expires_at=("u32", expires_at),
            created_at=("u32", created_at),
            revision=("u64", revision),
            value=("bytes", value),
        )

    yield VectorFile(
        f"{FOLDER}/entry",
        "record",
        "Stored entries",
        ["TTL-R2"],
        [
            record("an entry", VALUE, 1_600, 1_000, 1),
            record("a flag: one byte", b"\x01", 2, 1, 2),
            record("all fields at their maximum", LONGEST_VALUE, 2**32 - 1, 2**32 - 2, 2**64 - 1),
        ],
    )


def _rents() -> Iterator[VectorFile]:
    def new(name: str, key_length: int, value_length: int, blocks: int) -> dict[str, Any]:
        inputs = {"keyLength": key_length, "valueLength": value_length, "blocks": blocks}
        outputs = {"rent": kv.rent(kv.entry_length(key_length, value_length), blocks)}
        return arithmetic(name, "rent", inputs, outputs)

    yield VectorFile(
        f"{FOLDER}/rent",
        "arithmetic",
        "Rent of new entries",
        ["TTL-R6"],
        [
            new("the smallest", 1, 1, 1),
            new("a small entry for a day", 32, 224, 86_400),
            new("a small entry for a year", 32, 224, kv.MAX_TTL),
            new("the greatest", kv.MAX_KEY_LENGTH, kv.MAX_VALUE_LENGTH, kv.MAX_TTL),
        ],
    )

    def over(name: str, new_value: int, new_blocks: int, old_value: int, old_blocks: int) -> dict[str, Any]:
        inputs = {
            "keyLength": 9,
            "valueLength": new_value,
            "blocks": new_blocks,
            "oldValueLength": old_value,
            "oldBlocks": old_blocks,
        }
        lengths = kv.entry_length(9, new_value), kv.entry_length(9, old_value)
        outputs = {"charge": kv.charge(lengths[0], new_blocks, lengths[1], old_blocks)}
        return arithmetic(name, "rent-charge", inputs, outputs)

    yield VectorFile(
        f"{FOLDER}/rent-charge",
        "arithmetic",
        "Charges of puts and extensions over a live entry",
        ["TTL-R7"],
        [
            over("the same again at once", 4, 600, 4, 600),
            over("the same again half-way", 4, 600, 4, 300),
            over("longer value", 100, 600, 4, 600),
            over("shorter value: no refund", 4, 600, 100, 600),
            over("shorter lifetime: no refund", 4, 10, 4, 600),
            over("more bytes for less time", 1_000, 100, 1, 400),
            over("in the last block of the old entry", 4, 600, 4, 1),
        ],
    )
    yield VectorFile(
        f"{FOLDER}/constant",
        "constant",
        "Limits and prices in the metadata",
        [],
        [
            constant_case("TtlKv", name, type_, value, encode(value)) | {"rules": [rule]}
            for name, type_, value, encode, rule in (
                ("MinTtl", "u32", kv.MIN_TTL, scale.u32, "TTL-R5"),
                ("MaxTtl", "u32", kv.MAX_TTL, scale.u32, "TTL-R5"),
                ("MaxKeyLength", "u32", kv.MAX_KEY_LENGTH, scale.u32, "TTL-R4"),
                ("MaxValueLength", "u32", kv.MAX_VALUE_LENGTH, scale.u32, "TTL-R4"),
                ("EntryOverheadBytes", "u32", kv.ENTRY_OVERHEAD_BYTES, scale.u32, "TTL-R6"),
                ("RentPerByteBlock", "u128", kv.RENT_PER_BYTE_BLOCK, scale.u128, "TTL-R6"),
                ("MaxPageSize", "u32", kv.MAX_PAGE_SIZE, scale.u32, "TTL-R20"),
                ("MaxPageScan", "u32", kv.MAX_PAGE_SCAN, scale.u32, "TTL-R20"),
            )
        ],
    )


def _errors() -> VectorFile:
    return VectorFile(
        f"{FOLDER}/error",
        "dispatch-error",
        "Errors of the store",
        ["TTL-R17"],
        [module_error_case("TtlKv", kv.INDEX, name, index) for index, name in enumerate(kv.ERRORS)],
    )


def files() -> Iterator[VectorFile]:
    yield pallet_file(f"{FOLDER}/pallet-index", ["TTL-R1"], {"TtlKv": kv.INDEX})
    yield from _calls()
    yield from _storage()
    yield from _rents()
    yield _errors()
