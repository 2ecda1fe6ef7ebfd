"""Base-16 Patricia-Merkle tries, in the two layouts that the chain uses."""

from collections.abc import Iterator

from model.hashing import blake2_256
from model.scale import compact, data

# In layout 1, a value of at least this many bytes is replaced by its hash.
VALUE_HASH_THRESHOLD = 33

_LEAF = (0b01 << 6, 2)
_BRANCH = (0b10 << 6, 2)
_BRANCH_WITH_VALUE = (0b11 << 6, 2)
_LEAF_WITH_HASH = (0b001 << 5, 3)
_BRANCH_WITH_HASH = (0b0001 << 4, 4)


def _nibbles(key: bytes) -> tuple[int, ...]:
    return tuple(nibble for byte in key for nibble in (byte >> 4, byte & 0x0F))


def _header(kind: tuple[int, int], partial: tuple[int, ...]) -> bytes:
    """Kind and length of the partial key, then the key; an odd first nibble has a byte of its own."""
    mark, bits = kind
    room = 0xFF >> bits
    if len(partial) < room:
        encoded = bytes([mark | len(partial)])
    else:
        encoded = bytes([mark | room])
        rest = len(partial) - room
        encoded += b"\xff" * (rest // 255) + bytes([rest % 255])
    odd = len(partial) % 2
    if odd:
        encoded += bytes([partial[0]])
    pairs = partial[odd:]
    return encoded + bytes(high << 4 | low for high, low in zip(pairs[::2], pairs[1::2]))


def _value(value: bytes, layout: int) -> tuple[bool, bytes]:
    if layout == 1 and len(value) >= VALUE_HASH_THRESHOLD:
        return True, blake2_256(value)
    return False, data(value)


def _child(node: bytes) -> bytes:
    return data(node if len(node) < 32 else blake2_256(node))


Items = list[tuple[tuple[int, ...], bytes]]


def _shared(items: Items) -> int:
    """The length of the common prefix of the keys of `items`, which are sorted."""
    first, last = items[0][0], items[-1][0]
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return shared


def _below(items: Items, shared: int, nibble: int) -> Items:
    return [(key[shared + 1 :], value) for key, value in items if key[shared:][:1] == (nibble,)]


def _node(items: Items, layout: int) -> bytes:
    """The encoded node over `items`, which are sorted by key. The keys do not have the path above the node."""
    if not items:
        return b"\x00"
    if len(items) == 1:
        partial, value = items[0]
        hashed, encoded = _value(value, layout)
        return _header(_LEAF_WITH_HASH if hashed else _LEAF, partial) + encoded

    first, shared = items[0][0], _shared(items)
    kind, own = _BRANCH, b""
    if len(first) == shared:
        hashed, own = _value(items[0][1], layout)
        kind = _BRANCH_WITH_HASH if hashed else _BRANCH_WITH_VALUE
    bitmap, children = 0, b""
    for nibble in range(16):
        below = _below(items, shared, nibble)
        if below:
            bitmap |= 1 << nibble
            children += _child(_node(below, layout))
    return _header(kind, first[:shared]) + bitmap.to_bytes(2, "little") + own + children


def _items(entries: dict[bytes, bytes]) -> Items:
    return sorted((_nibbles(key), value) for key, value in entries.items())


def root(entries: dict[bytes, bytes], layout: int) -> bytes:
    return blake2_256(_node(_items(entries), layout))


def _path(items: Items, key: tuple[int, ...], layout: int) -> Iterator[bytes]:
    """The nodes on the path from the node over `items` to the value at `key`, or to the end of the path."""
    if not items:
        return
    yield _node(items, layout)
    shared = _shared(items)
    prefix, value = items[0]
    if key[:shared] != prefix[:shared]:
        return
    if len(key) > shared:
        yield from _path(_below(items, shared, key[shared]), key[shared + 1 :], layout)
    elif key == prefix and _value(value, layout)[0]:
        yield value


def proof(entries: dict[bytes, bytes], keys: list[bytes], layout: int) -> list[bytes]:
    """The sorted nodes that prove the values at `keys`, or their absence. Inline nodes are left out."""
    items, nodes = _items(entries), set[bytes]()
    for key in keys:
        top, *rest = _path(items, _nibbles(key), layout)
        nodes |= {top, *(node for node in rest if len(node) >= 32)}
    return sorted(nodes)


def ordered_root(values: list[bytes], layout: int) -> bytes:
    """The root over a list, in which the key of an item is its position as a compact integer."""
    return root({compact(index): value for index, value in enumerate(values)}, layout)
