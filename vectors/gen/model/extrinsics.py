"""Extrinsics: their signed payload and their encoding."""

from dataclasses import dataclass, replace

from model import scale
from model.calls import multi_address
from model.hashing import blake2_256
from model.keys import Key

SPEC_VERSION = 1
TRANSACTION_VERSION = 1
# No real chain has this genesis hash. Tests that run the vectors use it for their own chain.
GENESIS_HASH = b"\x11" * 32

SIGNED_V4 = 0x84
BARE_V4 = 0x04
BARE_V5 = 0x05
GENERAL_V5 = 0x45

# A payload of more bytes than this is hashed before it is signed.
MAX_PLAIN_PAYLOAD_BYTES = 256


@dataclass(frozen=True)
class Era:
    """Blocks in which a transaction is valid. A period of 0 means an immortal transaction."""

    period: int = 0
    phase: int = 0

    @staticmethod
    def mortal(period: int, current: int) -> "Era":
        rounded = 4
        while rounded < min(period, 1 << 16):
            rounded *= 2
        quantum = max(rounded >> 12, 1)
        return Era(rounded, current % rounded // quantum * quantum)

    def encode(self) -> bytes:
        if not self.period:
            return b"\x00"
        quantum = max(self.period >> 12, 1)
        exponent = self.period.bit_length() - 1
        return scale.u16(min(max(exponent - 1, 1), 15) | self.phase // quantum << 4)

    def birth(self, current: int) -> int:
        """The first block of the era that `current` lies in."""
        if not self.period:
            return 0
        return (max(current, self.phase) - self.phase) // self.period * self.period + self.phase

    def death(self, current: int) -> int | None:
        """The first block after the era."""
        return self.birth(current) + self.period if self.period else None


@dataclass(frozen=True)
class Payload:
    """Everything that a signature covers."""

    call: bytes
    era: Era = Era()
    nonce: int = 0
    tip: int = 0
    metadata_hash: bytes | None = None
    spec_version: int = SPEC_VERSION
    transaction_version: int = TRANSACTION_VERSION
    genesis_hash: bytes = GENESIS_HASH
    # Hash of the first block of the era.
    birth_hash: bytes = GENESIS_HASH

    @property
    def explicit(self) -> bytes:
        """The bytes of the extensions in the extrinsic."""
        mode = scale.boolean(self.metadata_hash is not None)
        return self.era.encode() + scale.compact(self.nonce) + scale.compact(self.tip) + mode

    @property
    def implicit(self) -> bytes:
        """The bytes of the extensions that are signed but not sent, because both sides know them."""
        return (
            scale.u32(self.spec_version)
            + scale.u32(self.transaction_version)
            + self.genesis_hash
            + self.birth_hash
            + scale.option(self.metadata_hash)
        )

    def encode(self) -> bytes:
        return self.call + self.explicit + self.implicit

    def message(self) -> bytes:
        """The message that is signed: the payload or its hash."""
        encoded = self.encode()
        return blake2_256(encoded) if len(encoded) > MAX_PLAIN_PAYLOAD_BYTES else encoded

    def with_(self, **changes) -> "Payload":
        return replace(self, **changes)


def prefixed(body: bytes) -> bytes:
    return scale.data(body)


def signed(payload: Payload, key: Key) -> bytes:
    """The extrinsic that carries `payload` and the signature of `key` over it."""
    signature = key.multi_signature(payload.message())
    return assemble(multi_address(key.account), signature, payload)


def assemble(address: bytes, signature: bytes, payload: Payload) -> bytes:
    body = scale.u8(SIGNED_V4) + address + signature + payload.explicit + payload.call
    return prefixed(body)


def bare(call: bytes, version: int = BARE_V4) -> bytes:
    return prefixed(scale.u8(version) + call)


def general(payload: Payload, extension_version: int = 0) -> bytes:
    head = scale.u8(GENERAL_V5) + scale.u8(extension_version)
    return prefixed(head + payload.explicit + payload.call)


def extrinsic_hash(extrinsic: bytes) -> bytes:
    return blake2_256(extrinsic)
