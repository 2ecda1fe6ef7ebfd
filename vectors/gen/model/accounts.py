"""Accounts without keys, and the record that every account has in the state."""

from model import scale
from model.hashing import blake2_256

# The highest bit of the flags, which is set in every record of this chain.
NEW_LOGIC = 1 << 127


def pallet_account(pallet_id: bytes) -> bytes:
    return (b"modl" + pallet_id).ljust(32, b"\0")


def multisig_account(signatories: list[bytes], threshold: int) -> bytes:
    members = scale.sequence(sorted(signatories))
    return blake2_256(b"modlpy/utilisuba" + members + scale.u16(threshold))


def derivative_account(account: bytes, index: int) -> bytes:
    return blake2_256(b"modlpy/utilisuba" + account + scale.u16(index))


def record(
    nonce: int = 0,
    consumers: int = 0,
    providers: int = 1,
    sufficients: int = 0,
    free: int = 0,
    reserved: int = 0,
    frozen: int = 0,
) -> bytes:
    """A value of `System.Account`."""
    counters = b"".join(map(scale.u32, (nonce, consumers, providers, sufficients)))
    balances = b"".join(map(scale.u128, (free, reserved, frozen, NEW_LOGIC)))
    return counters + balances


TREASURY = pallet_account(b"py/trsry")
POT = pallet_account(b"gtos/pot")
