"""Contract code that cannot change: addresses, records, prices and the two calls."""

from dataclasses import dataclass, field

from model import errors, scale
from model.calls import PALLETS
from model.hashing import blake2_256
from model.storage import map_key

MAX_CODE_LENGTH = 262_144
RECORD_BYTES = 512
PRICE_PER_BYTE = 10**8
MAX_PAGE_SIZE = 100

INDEX = PALLETS["ContractStore"]
ERRORS = ["EmptyCode", "CodeTooLong", "UnknownCode", "AlreadyDeployed", "InsufficientBalance"]


def error(name: str) -> bytes:
    return errors.module(INDEX, ERRORS.index(name))


def contract_address(deployer: bytes, salt: bytes, code_hash: bytes) -> bytes:
    return blake2_256(b"gtos/contract/1" + deployer + salt + code_hash)


def price(stored: int) -> int:
    """The price of a deployment that stores this many bytes of new code."""
    return (RECORD_BYTES + stored) * PRICE_PER_BYTE


def record(code_hash: bytes, code_len: int, deployer: bytes, block: int, timestamp: int) -> bytes:
    return code_hash + scale.u32(code_len) + deployer + scale.u32(block) + scale.u64(timestamp)


def code_key(code_hash: bytes) -> bytes:
    return map_key("ContractStore", "Codes", ("Identity", code_hash))


def contract_key(address: bytes) -> bytes:
    return map_key("ContractStore", "Contracts", ("Identity", address))


def deployer_key(deployer: bytes, index: int) -> bytes:
    keys = ("Blake2_128Concat", deployer), ("Twox64Concat", scale.u32(index))
    return map_key("ContractStore", "DeployerContracts", *keys)


def count_key(deployer: bytes) -> bytes:
    return map_key("ContractStore", "DeployerContractCount", ("Blake2_128Concat", deployer))


@dataclass
class Store:
    """The pallet's part of the state, by storage key."""

    items: dict[bytes, bytes] = field(default_factory=dict)
    codes: dict[bytes, bytes] = field(default_factory=dict)
    counts: dict[bytes, int] = field(default_factory=dict)

    def deploy(
        self, deployer: bytes, code: bytes, salt: bytes, block: int, timestamp: int, spendable: int
    ) -> tuple[bytes | None, list[bytes], int]:
        """Error, events and price of `contract_deploy`."""
        if not code:
            return error("EmptyCode"), [], 0
        if len(code) > MAX_CODE_LENGTH:
            return error("CodeTooLong"), [], 0
        return self._put(deployer, blake2_256(code), code, salt, block, timestamp, spendable)

    def deploy_hash(
        self, deployer: bytes, code_hash: bytes, salt: bytes, block: int, timestamp: int, spendable: int
    ) -> tuple[bytes | None, list[bytes], int]:
        """Error, events and price of `contract_deploy_hash`."""
        if code_hash not in self.codes:
            return error("UnknownCode"), [], 0
        code = self.codes[code_hash]
        return self._put(deployer, code_hash, code, salt, block, timestamp, spendable)

    def _put(
        self,
        deployer: bytes,
        code_hash: bytes,
        code: bytes,
        salt: bytes,
        block: int,
        timestamp: int,
        spendable: int,
    ) -> tuple[bytes | None, list[bytes], int]:
        address = contract_address(deployer, salt, code_hash)
        if contract_key(address) in self.items:
            return error("AlreadyDeployed"), [], 0
        is_new = code_hash not in self.codes
        cost = price(len(code) if is_new else 0)
        if cost > spendable:
            return error("InsufficientBalance"), [], 0
        length = scale.u32(len(code))
        events = []
        if is_new:
            self.codes[code_hash] = code
            self.items[code_key(code_hash)] = scale.data(code)
            events.append(scale.u8(INDEX) + scale.variant(1, code_hash, length))
        self.items[contract_key(address)] = record(code_hash, len(code), deployer, block, timestamp)
        index = self.counts.get(deployer, 0)
        self.items[deployer_key(deployer, index)] = address
        self.counts[deployer] = index + 1
        self.items[count_key(deployer)] = scale.u32(index + 1)
        fields = address, deployer, code_hash, salt, length, scale.u128(cost)
        events.append(scale.u8(INDEX) + scale.variant(0, *fields))
        return None, events, cost
