"""The SCALE encodings that the protocol uses. Every function returns bytes."""

from collections.abc import Iterable


def uint(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little")


def u8(value: int) -> bytes:
    return uint(value, 1)


def u16(value: int) -> bytes:
    return uint(value, 2)


def u32(value: int) -> bytes:
    return uint(value, 4)


def u64(value: int) -> bytes:
    return uint(value, 8)


def u128(value: int) -> bytes:
    return uint(value, 16)


def boolean(value: bool) -> bytes:
    return b"\x01" if value else b"\x00"


def compact(value: int) -> bytes:
    if value < 1 << 6:
        return u8(value << 2)
    if value < 1 << 14:
        return u16(value << 2 | 1)
    if value < 1 << 30:
        return u32(value << 2 | 2)
    size = (value.bit_length() + 7) // 8
    if size > 67:
        raise ValueError("compact integers end at 2^536 - 1")
    return u8((size - 4) << 2 | 3) + uint(value, size)


def data(value: bytes) -> bytes:
    """A byte string of any length."""
    return compact(len(value)) + value


def sequence(items: Iterable[bytes]) -> bytes:
    """A vector of encoded items."""
    items = list(items)
    return compact(len(items)) + b"".join(items)


def option(value: bytes | None) -> bytes:
    return b"\x00" if value is None else b"\x01" + value


def variant(index: int, *fields: bytes) -> bytes:
    return u8(index) + b"".join(fields)
