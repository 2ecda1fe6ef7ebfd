"""Calls: their indices, their arguments and the encoding of both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from model import scale

# The index of each pallet that a vector names.
PALLETS = {
    "System": 0,
    "Timestamp": 1,
    "Preimage": 4,
    "Balances": 10,
    "TechnicalCommittee": 43,
    "Utility": 60,
    "ContractStore": 80,
    "TtlKv": 81,
}


def multi_address(account: bytes) -> bytes:
    return scale.variant(0, account)


def condition(revision: int | None) -> bytes:
    """The condition of `kv_put_if`: no live entry, or a live entry of exactly this revision."""
    return scale.variant(0) if revision is None else scale.variant(1, scale.u64(revision))


ENCODERS: dict[str, Callable[[Any], bytes]] = {
    "account": multi_address,
    "boolean": scale.boolean,
    "bytes": scale.data,
    "compactBalance": scale.compact,
    "compactMoment": scale.compact,
    "compactU32": scale.compact,
    "condition": condition,
    "h256": lambda value: value,
    "u32": scale.u32,
}

# The index of each call and the types of its arguments, in order.
CALLS: dict[tuple[str, str], tuple[int, dict[str, str]]] = {
    ("System", "remark"): (0, {"remark": "bytes"}),
    ("System", "apply_authorized_upgrade"): (11, {"code": "bytes"}),
    ("Timestamp", "set"): (0, {"now": "compactMoment"}),
    ("Preimage", "note_preimage"): (0, {"bytes": "bytes"}),
    ("Balances", "transfer_allow_death"): (0, {"dest": "account", "value": "compactBalance"}),
    ("Balances", "transfer_keep_alive"): (3, {"dest": "account", "value": "compactBalance"}),
    ("Balances", "transfer_all"): (4, {"dest": "account", "keep_alive": "boolean"}),
    ("TechnicalCommittee", "vote"): (3, {"proposal": "h256", "index": "compactU32", "approve": "boolean"}),
    ("ContractStore", "contract_deploy"): (0, {"code": "bytes", "salt": "h256"}),
    ("ContractStore", "contract_deploy_hash"): (1, {"code_hash": "h256", "salt": "h256"}),
    ("TtlKv", "kv_put_ttl"): (0, {"key": "bytes", "value": "bytes", "ttl": "u32"}),
    ("TtlKv", "kv_extend"): (1, {"key": "bytes", "ttl": "u32"}),
    ("TtlKv", "kv_delete"): (2, {"key": "bytes"}),
    ("TtlKv", "kv_put_if"): (
        3,
        {"key": "bytes", "value": "bytes", "ttl": "u32", "condition": "condition"},
    ),
}


@dataclass(frozen=True)
class Call:
    pallet: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def index(self) -> int:
        return CALLS[self.pallet, self.name][0]

    @property
    def types(self) -> dict[str, str]:
        return CALLS[self.pallet, self.name][1]

    def encode(self) -> bytes:
        if list(self.arguments) != list(self.types):
            raise ValueError(f"{self.pallet}.{self.name} takes {list(self.types)}")
        encoded = [ENCODERS[self.types[name]](value) for name, value in self.arguments.items()]
        return scale.u8(PALLETS[self.pallet]) + scale.u8(self.index) + b"".join(encoded)


def remark(text: bytes) -> Call:
    return Call("System", "remark", {"remark": text})


def transfer(dest: bytes, value: int, keep_alive: bool = True) -> Call:
    name = "transfer_keep_alive" if keep_alive else "transfer_allow_death"
    return Call("Balances", name, {"dest": dest, "value": value})


def batch(*encoded: bytes) -> bytes:
    """`Utility.batch` of encoded calls."""
    return scale.u8(PALLETS["Utility"]) + scale.u8(0) + scale.sequence(encoded)
