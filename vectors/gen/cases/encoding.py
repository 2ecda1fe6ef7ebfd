"""SCALE encodings of basic types, and bytes that no decoder may accept."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import scale

COMPACT = [0, 1, 63, 64, 16_383, 16_384, 2**30 - 1, 2**30, 2**32 - 1, 2**32, 2**56, 2**128 - 1]


def _case(name: str, type_: str, value: Any, encoded: bytes) -> dict[str, Any]:
    return {"name": name, "type": type_, "value": value, "encoded": encoded}


def _accepted() -> Iterator[dict[str, Any]]:
    for value in COMPACT:
        yield _case(f"compact {value}", "compact", str(value), scale.compact(value))
    for type_, encode, size in (("u32", scale.u32, 4), ("u64", scale.u64, 8), ("u128", scale.u128, 16)):
        for value in (0, 1, 258, 2 ** (8 * size) - 1):
            yield _case(f"{type_} {value}", type_, str(value), encode(value))
    yield _case("false", "bool", False, scale.boolean(False))
    yield _case("true", "bool", True, scale.boolean(True))
    for value in (b"", b"\x00", b"gtos", bytes(64)):
        yield _case(f"{len(value)} bytes", "bytes", value, scale.data(value))
    yield _case("no hash", "option-h256", None, scale.option(None))
    yield _case("a hash", "option-h256", b"\x42" * 32, scale.option(b"\x42" * 32))


def _refused() -> Iterator[dict[str, Any]]:
    for name, type_, encoded in (
        ("compact in a longer form: 1 in two bytes", "compact", b"\x05\x00"),
        ("compact in a longer form: 1 in four bytes", "compact", b"\x06\x00\x00\x00"),
        ("compact in a longer form: 1 in big form", "compact", b"\x03\x01\x00\x00\x00"),
        ("compact without its second byte", "compact", b"\x01"),
        ("compact above u128", "compact", b"\x37" + b"\xff" * 17),
        ("u32 without its last byte", "u32", b"\x00\x00\x00"),
        ("u32 with a byte too many", "u32", b"\x00\x00\x00\x00\x00"),
        ("boolean that is neither true nor false", "bool", b"\x02"),
        ("bytes that end early", "bytes", b"\x0c\x01\x02"),
        ("bytes with a length beyond any input", "bytes", b"\xfe\xff\xff\xff"),
        ("option that is neither none nor some", "option-h256", b"\x02" + bytes(32)),
    ):
        yield {"name": name, "type": type_, "encoded": encoded, "refused": True}


def files() -> Iterator[VectorFile]:
    yield VectorFile(
        "encoding/scale",
        "scale",
        "SCALE encodings of the types that extrinsics, headers and storage keys are made of",
        [],
        [*_accepted(), *_refused()],
    )
