"""Storage keys."""

from model.hashing import STORAGE_HASHERS, twox_128


def value_key(pallet: str, item: str) -> bytes:
    return twox_128(pallet.encode()) + twox_128(item.encode())


def map_key(pallet: str, item: str, *keys: tuple[str, bytes]) -> bytes:
    """The storage key of a map entry. Each key is a pair of the hasher's name and the encoded key."""
    return value_key(pallet, item) + b"".join(STORAGE_HASHERS[name](key) for name, key in keys)


def account_key(account: bytes) -> bytes:
    return map_key("System", "Account", ("Blake2_128Concat", account))
