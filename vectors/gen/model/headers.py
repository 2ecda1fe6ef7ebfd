"""Block headers, their seal, and the votes that finalise them."""

from dataclasses import dataclass

from model import scale
from model.hashing import blake2_256
from model.keys import Key

AURA = b"aura"
GRANDPA = b"FRNK"


@dataclass(frozen=True)
class DigestItem:
    kind: str
    engine: bytes = b""
    payload: bytes = b""

    def encode(self) -> bytes:
        if self.kind == "other":
            return scale.variant(0, scale.data(self.payload))
        if self.kind == "runtimeEnvironmentUpdated":
            return scale.variant(8)
        index = {"consensus": 4, "seal": 5, "preRuntime": 6}[self.kind]
        return scale.variant(index, self.engine, scale.data(self.payload))


@dataclass(frozen=True)
class Header:
    parent_hash: bytes
    number: int
    state_root: bytes
    extrinsics_root: bytes
    digest: tuple[DigestItem, ...]

    def encode(self) -> bytes:
        return (
            self.parent_hash
            + scale.compact(self.number)
            + self.state_root
            + self.extrinsics_root
            + scale.sequence(item.encode() for item in self.digest)
        )

    def hash(self) -> bytes:
        return blake2_256(self.encode())

    def sealed(self, author: Key) -> "Header":
        """The header with a seal: the author's signature over the hash of the header without it."""
        seal = DigestItem("seal", AURA, author.sign(self.hash()))
        return Header(
            self.parent_hash,
            self.number,
            self.state_root,
            self.extrinsics_root,
            (*self.digest, seal),
        )


def slot_item(slot: int) -> DigestItem:
    return DigestItem("preRuntime", AURA, scale.u64(slot))


VOTES = {"prevote": 0, "precommit": 1, "primaryPropose": 2}


def vote_payload(vote: str, block_hash: bytes, number: int, round_: int, set_id: int) -> bytes:
    """The payload that a GRANDPA authority signs."""
    message = scale.variant(VOTES[vote], block_hash, scale.u32(number))
    return message + scale.u64(round_) + scale.u64(set_id)
