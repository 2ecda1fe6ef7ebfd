"""Builders of cases and files that several modules use."""

from collections.abc import Callable
from typing import Any

from emit import VectorFile
from model import decoder, errors
from model.calls import Call
from model.extrinsics import GENESIS_HASH, Payload, extrinsic_hash, signed
from model.hashing import STORAGE_HASHERS
from model.headers import DigestItem, Header
from model.keys import Key, test_key
from model.storage import map_key


def arithmetic(name: str, function: str, inputs: dict[str, int], outputs: dict[str, int]) -> dict[str, Any]:
    return {
        "name": name,
        "function": function,
        "inputs": {key: str(value) for key, value in inputs.items()},
        "outputs": {key: str(value) for key, value in outputs.items()},
    }


def constant_case(pallet: str, name: str, type_: str, value: int, encoded: bytes) -> dict[str, Any]:
    return {
        "name": f"{pallet}.{name}",
        "pallet": pallet,
        "constant": name,
        "type": type_,
        "value": str(value),
        "encoded": encoded,
    }


def pallet_file(path: str, rules: list[str], indices: dict[str, int]) -> VectorFile:
    return VectorFile(
        path,
        "pallet-index",
        "Indices of pallets",
        rules,
        [{"name": name, "pallet": name, "index": index} for name, index in indices.items()],
    )


def key_case(name: str, pallet: str, item: str, *keys: tuple[str, bytes]) -> dict[str, Any]:
    return {
        "name": name,
        "pallet": pallet,
        "item": item,
        "keys": [
            {"hasher": hasher, "key": key, "hashed": STORAGE_HASHERS[hasher](key)} for hasher, key in keys
        ],
        "storageKey": map_key(pallet, item, *keys),
    }


def record_case(name: str, type_: str, encoded: bytes, **fields: tuple[str, Any]) -> dict[str, Any]:
    """A stored value, field by field. Integers of 64 bits and more are written as text."""
    shown = [
        {"name": field, "type": kind, "value": str(value) if kind in ("u64", "u128") else value}
        for field, (kind, value) in fields.items()
    ]
    return {"name": name, "type": type_, "fields": shown, "encoded": encoded}


def _arguments(call: Call) -> list[dict[str, Any]]:
    def shown(type_: str, value: Any) -> Any:
        if type_.startswith("compact"):
            return str(value)
        if type_ == "condition":
            return "absent" if value is None else {"revision": str(value)}
        return value

    return [
        {"name": name, "type": type_, "value": shown(type_, call.arguments[name])}
        for name, type_ in call.types.items()
    ]


def call_case(name: str, call: Call) -> dict[str, Any]:
    return {
        "name": name,
        "pallet": call.pallet,
        "call": call.name,
        "arguments": _arguments(call),
        "encoded": call.encode(),
    }


def decodes(check: Callable[[bytes], None], encoded: bytes) -> bool:
    try:
        check(encoded)
    except decoder.Undecodable:
        return False
    return True


def refused_call(name: str, encoded: bytes, rules: list[str] | None = None) -> dict[str, Any]:
    if decodes(decoder.check_call, encoded):
        raise ValueError(f"{name}: the model's decoder disagrees")
    case = {"name": name, "encoded": encoded, "refused": True}
    return {**case, "rules": rules} if rules else case


def extrinsic_case(
    name: str,
    key: Key,
    payload: Payload,
    block: int = 1,
    birth: int = 0,
    rules: list[str] | None = None,
) -> dict[str, Any]:
    """A whole signed extrinsic. `block` executes it and `birth` is the first block of its era."""
    extrinsic = signed(payload, key)
    case = {
        "name": name,
        "rules": rules or [],
        "scheme": key.scheme,
        "seed": key.seed,
        "publicKey": key.public,
        "account": key.account,
        "block": block,
        "birthBlock": birth,
        "birthHash": payload.birth_hash,
        "call": payload.call,
        "era": payload.era.encode(),
        "nonce": payload.nonce,
        "tip": str(payload.tip),
        "metadataHash": payload.metadata_hash,
        "explicit": payload.explicit,
        "implicit": payload.implicit,
        "payload": payload.encode(),
        "message": payload.message(),
        "signature": key.multi_signature(payload.message()),
        "isDeterministic": key.is_deterministic,
        "extrinsic": extrinsic,
        "hash": extrinsic_hash(extrinsic),
    }
    return case if rules else {k: v for k, v in case.items() if k != "rules"}


COMMON = {"genesisHash": GENESIS_HASH, "specVersion": 1, "transactionVersion": 1}
SIGNED_RULES = ["TXN-R3", "TXN-R8", "TXN-R9", "HAS-R2", "HAS-R10", "HAS-R11"]
SCHEME_RULE = {"ed25519": "HAS-R12", "sr25519": "HAS-R13", "ecdsa": "HAS-R14", "eth": "HAS-R15"}


def signed_calls(page: str, name: str, rule: str, calls: dict[str, Call]) -> VectorFile:
    """Signed extrinsics of a storage pallet's calls, one for each scheme that wallets use."""
    keys = [test_key(scheme, 1) for scheme in ("ed25519", "sr25519", "ecdsa")]
    return VectorFile(
        f"conformance/{page}/signed-{name}",
        "extrinsic",
        f"Signed extrinsics of {name.replace('-', '_')}",
        [rule, *SIGNED_RULES],
        [
            extrinsic_case(f"{title}, {key.scheme}", key, Payload(call.encode()))
            for title, call in calls.items()
            for key in keys
        ],
        common=COMMON,
    )


def module_error_case(
    pallet: str, pallet_index: int, error: str, index: int, rules: list[str] | None = None
) -> dict[str, Any]:
    return {
        "name": f"Module({pallet}.{error})",
        **({"rules": rules} if rules else {}),
        "variant": "Module",
        "pallet": pallet,
        "detail": error,
        "encoded": errors.module(pallet_index, index),
    }


def _item(item: DigestItem) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": item.kind}
    if item.engine:
        shown["engine"] = item.engine.decode()
    if item.kind != "runtimeEnvironmentUpdated":
        shown["payload"] = item.payload
    return shown


def header_case(name: str, header: Header, rules: list[str], author: bytes | None = None) -> dict[str, Any]:
    """A header. With `author`, also the hash that the seal signs."""
    case = {
        "name": name,
        "rules": rules,
        "parentHash": header.parent_hash,
        "number": header.number,
        "stateRoot": header.state_root,
        "extrinsicsRoot": header.extrinsics_root,
        "digest": [_item(item) for item in header.digest],
        "encoded": header.encode(),
        "hash": header.hash(),
    }
    if author:
        unsealed = Header(
            header.parent_hash,
            header.number,
            header.state_root,
            header.extrinsics_root,
            header.digest[:-1],
        )
        case |= {"author": author, "unsealedHash": unsealed.hash()}
    return case
