"""Hash functions and the storage hashers built from them."""

import hashlib

import xxhash


def blake2_128(message: bytes) -> bytes:
    return hashlib.blake2b(message, digest_size=16).digest()


def blake2_256(message: bytes) -> bytes:
    return hashlib.blake2b(message, digest_size=32).digest()


def blake2_512(message: bytes) -> bytes:
    return hashlib.blake2b(message, digest_size=64).digest()


def _twox(message: bytes, words: int) -> bytes:
    return b"".join(xxhash.xxh64_intdigest(message, seed).to_bytes(8, "little") for seed in range(words))


def twox_64(message: bytes) -> bytes:
    return _twox(message, 1)


def twox_128(message: bytes) -> bytes:
    return _twox(message, 2)


def _keccak_constants() -> tuple[list[int], list[list[int]]]:
    rounds, state = [], 1
    for _ in range(24):
        constant = 0
        for bit in range(7):
            if state & 1:
                constant |= 1 << ((1 << bit) - 1)
            state = state << 1 ^ (0x171 if state & 0x80 else 0)
        rounds.append(constant)
    rotations = [[0] * 5 for _ in range(5)]
    x, y = 1, 0
    for step in range(24):
        rotations[x][y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return rounds, rotations


_ROUNDS, _ROTATIONS = _keccak_constants()


def _rotate(word: int, by: int) -> int:
    return (word << by | word >> (64 - by)) & (1 << 64) - 1 if by else word


def _keccak_f(a: list[list[int]]) -> list[list[int]]:
    for constant in _ROUNDS:
        parity = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        mixed = [parity[(x - 1) % 5] ^ _rotate(parity[(x + 1) % 5], 1) for x in range(5)]
        b = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                b[y][(2 * x + 3 * y) % 5] = _rotate(a[x][y] ^ mixed[x], _ROTATIONS[x][y])
        a = [[b[x][y] ^ (~b[(x + 1) % 5][y] & b[(x + 2) % 5][y]) for y in range(5)] for x in range(5)]
        a[0][0] ^= constant
    return a


def keccak_256(message: bytes) -> bytes:
    """Keccak with its original padding, not that of SHA-3. hashlib does not have it."""
    rate = 136
    padded = bytearray(message + b"\x01" + b"\x00" * (-(len(message) + 1) % rate))
    padded[-1] |= 0x80
    a = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for word in range(rate // 8):
            at = start + 8 * word
            a[word % 5][word // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        a = _keccak_f(a)
    return b"".join(a[word % 5][word // 5].to_bytes(8, "little") for word in range(4))


FUNCTIONS = {
    "blake2_128": blake2_128,
    "blake2_256": blake2_256,
    "keccak_256": keccak_256,
    "twox_64": twox_64,
    "twox_128": twox_128,
}

STORAGE_HASHERS = {
    "Blake2_128Concat": lambda key: blake2_128(key) + key,
    "Blake2_256": blake2_256,
    "Twox64Concat": lambda key: twox_64(key) + key,
    "Twox128": twox_128,
    "Identity": lambda key: key,
}
