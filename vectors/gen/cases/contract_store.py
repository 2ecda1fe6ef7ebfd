"""Contract code: addresses, storage, calls, prices and errors."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import contract_store as store
from model import scale
from model.calls import Call
from model.hashing import blake2_256
from model.keys import test_key

from cases.builders import (
    arithmetic,
    call_case,
    constant_case,
    key_case,
    module_error_case,
    pallet_file,
    record_case,
    refused_call,
    signed_calls,
)

PAGE = "contract-store"
FOLDER = f"conformance/{PAGE}"

ALICE = test_key("ed25519", 1).account
BOB = test_key("sr25519", 2).account
SALT, OTHER_SALT = blake2_256(b"salt"), blake2_256(b"another salt")
WASM = b"\0asm\x01\0\0\0"
OTHER = WASM + b"\x00"
BLOCK, NOW = 77, 1_800_000_000_500


def deploy(code: bytes, salt: bytes = SALT) -> Call:
    return Call("ContractStore", "contract_deploy", {"code": code, "salt": salt})


def deploy_hash(code_hash: bytes, salt: bytes = SALT) -> Call:
    return Call("ContractStore", "contract_deploy_hash", {"code_hash": code_hash, "salt": salt})


def _calls() -> Iterator[VectorFile]:
    encoded = deploy(WASM).encode()
    yield VectorFile(
        f"{FOLDER}/call-contract-deploy",
        "call",
        "Encoding of a deployment with its code",
        ["CTR-R5"],
        [
            call_case("the shortest Wasm module", deploy(WASM)),
            call_case("no code: the call fails", deploy(b"")),
            call_case("the longest code", deploy(b"\x01" * store.MAX_CODE_LENGTH)),
            call_case("one byte too long: the call fails", deploy(b"\x01" * (store.MAX_CODE_LENGTH + 1))),
            refused_call("salt too short", encoded[:-1]),
            refused_call("salt too long", encoded + b"\x00"),
        ],
    )
    encoded = deploy_hash(blake2_256(WASM)).encode()
    yield VectorFile(
        f"{FOLDER}/call-contract-deploy-hash",
        "call",
        "Encoding of a deployment of stored code",
        ["CTR-R5"],
        [
            call_case("by hash", deploy_hash(blake2_256(WASM))),
            refused_call("salt too short", encoded[:-1]),
        ],
    )
    kibibyte = deploy(WASM + bytes(1_016))
    uploads = {"contract_deploy": deploy(WASM), "contract_deploy, 1 KiB of code": kibibyte}
    yield signed_calls(PAGE, "contract-deploy", "CTR-R5", uploads)
    by_hash = {"contract_deploy_hash": deploy_hash(blake2_256(WASM))}
    yield signed_calls(PAGE, "contract-deploy-hash", "CTR-R5", by_hash)


def _addresses() -> VectorFile:
    def case(name: str, deployer: bytes, salt: bytes, code: bytes) -> dict[str, Any]:
        code_hash = blake2_256(code)
        return {
            "name": name,
            "deployer": deployer,
            "salt": salt,
            "code": code,
            "codeHash": code_hash,
            "address": store.contract_address(deployer, salt, code_hash),
        }

    return VectorFile(
        f"{FOLDER}/address",
        "contract-address",
        "Addresses of contracts",
        ["CTR-R1", "CTR-R2"],
        [
            case("a contract", ALICE, SALT, WASM),
            case("another deployer", BOB, SALT, WASM),
            case("another salt", ALICE, OTHER_SALT, WASM),
            case("other code", ALICE, SALT, OTHER),
            case("a salt of zeroes", ALICE, bytes(32), WASM),
            case("the longest code", ALICE, SALT, b"\x01" * store.MAX_CODE_LENGTH),
        ],
    )


def _storage() -> Iterator[VectorFile]:
    code_hash = blake2_256(WASM)
    address = store.contract_address(ALICE, SALT, code_hash)
    concat, twox, identity = "Blake2_128Concat", "Twox64Concat", "Identity"
    name = "ContractStore"
    yield VectorFile(
        f"{FOLDER}/storage-key",
        "storage-key",
        "Storage keys of code, records and the index",
        ["CTR-R3"],
        [
            key_case("code", name, "Codes", (identity, code_hash)),
            key_case("a record", name, "Contracts", (identity, address)),
            key_case("an index row", name, "DeployerContracts", (concat, ALICE), (twox, scale.u32(7))),
            key_case("the number of rows", name, "DeployerContractCount", (concat, ALICE)),
        ],
    )
    yield VectorFile(
        f"{FOLDER}/record",
        "record",
        "Records of contracts",
        ["CTR-R4"],
        [
            record_case(
                "a contract",
                "ContractRecord",
                store.record(code_hash, len(WASM), ALICE, BLOCK, NOW),
                code_hash=("h256", code_hash),
                code_len=("u32", len(WASM)),
                deployer=("h256", ALICE),
                block_number=("u32", BLOCK),
                timestamp=("u64", NOW),
            )
        ],
    )


def _prices() -> Iterator[VectorFile]:
    yield VectorFile(
        f"{FOLDER}/price",
        "arithmetic",
        "Prices of deployments",
        ["CTR-R7"],
        [
            arithmetic(
                f"{length} bytes of new code",
                "contract-price",
                {"storedBytes": length},
                {"price": store.price(length)},
            )
            for length in (0, 1, 8, 1_024, 65_536, 102_400, store.MAX_CODE_LENGTH)
        ],
    )
    yield VectorFile(
        f"{FOLDER}/constant",
        "constant",
        "Limits and prices in the metadata",
        [],
        [
            constant_case("ContractStore", name, type_, value, encode(value)) | {"rules": [rule]}
            for name, type_, value, encode, rule in (
                ("MaxCodeLength", "u32", store.MAX_CODE_LENGTH, scale.u32, "CTR-R6"),
                ("RecordBytes", "u32", store.RECORD_BYTES, scale.u32, "CTR-R7"),
                ("PricePerByte", "u128", store.PRICE_PER_BYTE, scale.u128, "CTR-R7"),
                ("MaxPageSize", "u32", store.MAX_PAGE_SIZE, scale.u32, "CTR-R15"),
            )
        ],
    )


def _errors() -> VectorFile:
    return VectorFile(
        f"{FOLDER}/error",
        "dispatch-error",
        "Errors of the contract store",
        ["CTR-R14"],
        [
            module_error_case("ContractStore", store.INDEX, name, index)
            for index, name in enumerate(store.ERRORS)
        ],
    )


def files() -> Iterator[VectorFile]:
    yield pallet_file(f"{FOLDER}/pallet-index", ["CTR-R3"], {"ContractStore": store.INDEX})
    yield from _calls()
    yield _addresses()
    yield from _storage()
    yield from _prices()
    yield _errors()
