"""Keys, signatures, accounts and addresses."""

import json
from dataclasses import dataclass
from pathlib import Path

import coincurve
import nacl.signing
import sr25519
from model.hashing import blake2_256, blake2_512, keccak_256
from model.scale import variant

SS58_PREFIX = 42
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(value: bytes) -> str:
    number = int.from_bytes(value, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(value) - len(value.lstrip(b"\0"))) + text


def ss58(account: bytes, prefix: int = SS58_PREFIX) -> str:
    """The address of an account: prefix, account and the first two bytes of their hash."""
    if prefix < 64:
        body = bytes([prefix]) + account
    else:
        low, high = prefix & 0xFF, prefix >> 8
        body = bytes([0x40 | low >> 2, (low & 3) << 6 | high]) + account
    return base58(body + blake2_512(b"SS58PRE" + body)[:2])


class Sr25519Store:
    """Signatures that are made once and stored.

    sr25519 signatures are random, so signing again would change the vectors at every run. A stored
    signature is verified each time it is used; a missing one is made and added.
    """

    def __init__(self, path: Path):
        self._path = path
        self._kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        self._used: dict[str, str] = {}

    def sign(self, pair: tuple[bytes, bytes], message: bytes) -> bytes:
        name = blake2_256(pair[0] + message).hex()
        signature = bytes.fromhex(self._kept.get(name, ""))
        if not signature:
            signature = sr25519.sign(pair, message)
            self._kept[name] = signature.hex()
        if not sr25519.verify(signature, message, pair[0]):
            raise ValueError(f"the stored sr25519 signature {name} does not verify")
        self._used[name] = signature.hex()
        return signature

    def text(self) -> str:
        """The text of the file, without signatures that were not used."""
        return json.dumps(dict(sorted(self._used.items())), indent="\t") + "\n"


SR25519 = Sr25519Store(Path(__file__).parent.parent / "sr25519-signatures.json")


@dataclass(frozen=True)
class Key:
    """A key pair of one of the four schemes, made from a 32-byte seed."""

    scheme: str
    seed: bytes

    @property
    def public(self) -> bytes:
        if self.scheme == "ed25519":
            return bytes(nacl.signing.SigningKey(self.seed).verify_key)
        if self.scheme == "sr25519":
            return sr25519.pair_from_seed(self.seed)[0]
        return coincurve.PrivateKey(self.seed).public_key.format(compressed=True)

    @property
    def account(self) -> bytes:
        if self.scheme == "ecdsa":
            return blake2_256(self.public)
        if self.scheme == "eth":
            return keccak_256(self.public)[12:] + b"\xee" * 12
        return self.public

    @property
    def is_deterministic(self) -> bool:
        return self.scheme != "sr25519"

    def sign(self, message: bytes) -> bytes:
        """The bare signature: 64 bytes, or 65 for the two secp256k1 schemes."""
        if self.scheme == "ed25519":
            return nacl.signing.SigningKey(self.seed).sign(message).signature
        if self.scheme == "sr25519":
            return SR25519.sign(sr25519.pair_from_seed(self.seed), message)
        digest = blake2_256(message) if self.scheme == "ecdsa" else keccak_256(message)
        return coincurve.PrivateKey(self.seed).sign_recoverable(digest, hasher=None)

    def multi_signature(self, message: bytes) -> bytes:
        return variant(SCHEME_INDEX[self.scheme], self.sign(message))


SCHEME_INDEX = {"ed25519": 0, "sr25519": 1, "ecdsa": 2, "eth": 3}


def test_key(scheme: str, number: int) -> Key:
    """A key for vectors only. Its seed is the hash of a fixed prefix, the scheme and a number."""
    return Key(scheme, blake2_256(b"gtos/vectors/" + scheme.encode() + bytes([number])))
