"""A strict decoder, which decides whether bytes are an extrinsic."""

from model.calls import CALLS, PALLETS

MAX_NESTING = 256


class Undecodable(ValueError):
    """The bytes do not decode as an extrinsic."""


class Reader:
    def __init__(self, data: bytes):
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise Undecodable("ends early")
        self._at += count
        return self._data[self._at - count : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def compact(self, bits: int) -> int:
        first = self.byte()
        mode, least = first & 3, 0
        if mode < 3:
            size = 1 << mode
            value = int.from_bytes(bytes([first]) + self.take(size - 1), "little") >> 2
            least = (0, 1 << 6, 1 << 14)[mode]
        else:
            size = (first >> 2) + 4
            value = int.from_bytes(self.take(size), "little")
            least = max(1 << 30, 1 << 8 * (size - 1))
        if value < least or value >= 1 << bits:
            raise Undecodable("compact integer in a longer form, or too great")
        return value

    def data(self) -> bytes:
        return self.take(self.compact(32))

    def is_at_end(self) -> bool:
        return self._at == len(self._data)


def _address(reader: Reader) -> None:
    kind = reader.byte()
    if kind == 2:
        reader.data()
    elif kind in (0, 1, 3, 4):
        reader.take({0: 32, 1: 0, 3: 32, 4: 20}[kind])
    else:
        raise Undecodable("unknown kind of address")


def _signature(reader: Reader) -> None:
    scheme = reader.byte()
    if scheme > 3:
        raise Undecodable("unknown signature scheme")
    reader.take(64 if scheme < 2 else 65)


def _era(reader: Reader) -> None:
    first = reader.byte()
    if first == 0:
        return
    encoded = first | reader.byte() << 8
    period = 2 << encoded % 16
    if period < 4 or (encoded >> 4) * max(period >> 12, 1) >= period:
        raise Undecodable("not an era")


def _explicit(reader: Reader) -> None:
    _era(reader)
    reader.compact(32)
    reader.compact(128)
    if reader.byte() > 1:
        raise Undecodable("unknown metadata hash mode")


def _boolean(reader: Reader) -> None:
    if reader.byte() > 1:
        raise Undecodable("neither true nor false")


def _condition(reader: Reader) -> None:
    kind = reader.byte()
    if kind > 1:
        raise Undecodable("unknown condition")
    reader.take(8 * kind)


_ARGUMENTS = {
    "account": _address,
    "boolean": _boolean,
    "bytes": Reader.data,
    "compactBalance": lambda reader: reader.compact(128),
    "compactMoment": lambda reader: reader.compact(64),
    "compactU32": lambda reader: reader.compact(32),
    "condition": _condition,
    "h256": lambda reader: reader.take(32),
    "u32": lambda reader: reader.take(4),
}
_BATCH = (PALLETS["Utility"], 0)
_BY_INDEX = {(PALLETS[pallet], index): types for (pallet, _), (index, types) in CALLS.items()}


def _call(reader: Reader, depth: int = 0) -> None:
    indices = reader.byte(), reader.byte()
    if indices == _BATCH:
        if depth == MAX_NESTING:
            raise Undecodable("nested too deep")
        for _ in range(reader.compact(32)):
            _call(reader, depth + 1)
    elif indices in _BY_INDEX:
        for type_ in _BY_INDEX[indices].values():
            _ARGUMENTS[type_](reader)
    else:
        raise Undecodable("not a call of the model")


def _finish(reader: Reader) -> None:
    if not reader.is_at_end():
        raise Undecodable("bytes after its end")


def check_call(encoded: bytes) -> None:
    """Returns if the bytes are a call of the model, else raises `Undecodable`."""
    reader = Reader(encoded)
    _call(reader)
    _finish(reader)


def check_extrinsic(encoded: bytes) -> None:
    """Returns if the bytes are an extrinsic with a call of the model, else raises `Undecodable`."""
    outer = Reader(encoded)
    reader = Reader(outer.data())
    _finish(outer)
    first = reader.byte()
    if first == 0x84:
        _address(reader)
        _signature(reader)
        _explicit(reader)
    elif first == 0x45:
        if reader.byte() != 0:
            raise Undecodable("unknown extension version")
        _explicit(reader)
    elif first not in (0x04, 0x05):
        raise Undecodable("unknown version")
    _call(reader)
    _finish(reader)
