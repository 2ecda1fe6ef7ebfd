"""Contract code: addresses, storage, calls, prices and queries."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import contract_store as store
from model import errors, scale
from model.accounts import TREASURY, record
from model.calls import Call, batch
from model.hashing import blake2_256
from model.keys import test_key
from model.storage import account_key, value_key

from cases import scenarios
from cases.consensus import arithmetic
from cases.economics import constant_case
from cases.state import key_case, pallet_file, record_case
from cases.transactions import (
    EXISTENTIAL_DEPOSIT,
    TOS,
    call_case,
    module_error_case,
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
            call_case("a byte more: the call fails", deploy(b"\x01" * (store.MAX_CODE_LENGTH + 1))),
            refused_call("salt too short", encoded[:-1]),
            refused_call("salt too long", encoded + b"\x00"),
        ],
    )
    encoded = deploy_hash(blake2_256(WASM)).encode()
    yield VectorFile(
        f"{FOLDER}/call-contract-deploy-hash",
        "call",
        "Encoding of a deployment of code that the chain has",
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
        "Where code, records and the index lie",
        ["CTR-R3"],
        [
            key_case("code", name, "Codes", (identity, code_hash)),
            key_case("a record", name, "Contracts", (identity, address)),
            key_case("an index row", name, "DeployerContracts", (concat, ALICE), (twox, scale.u32(7))),
            key_case("how many rows", name, "DeployerContractCount", (concat, ALICE)),
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
        "Limits and prices that the runtime states in its metadata",
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


class _Run:
    """A scenario under construction: the model runs beside it and says what must come out."""

    def __init__(self, accounts: dict[bytes, int], frozen: dict[bytes, int] | None = None):
        self.accounts = {TREASURY: TOS, **accounts}
        self.free = dict(self.accounts)
        self.frozen = frozen or {}
        self.store = store.Store()
        self.steps: list[dict[str, Any]] = []
        self.block, self.now = BLOCK, NOW

    def _spendable(self, who: bytes) -> int:
        return max(0, self.free[who] - max(EXISTENTIAL_DEPOSIT, self.frozen.get(who, 0)))

    def _charge(self, who: bytes, amount: int) -> None:
        self.free[who] -= amount
        self.free[TREASURY] += amount

    def _after(self) -> None:
        self.steps.append(scenarios.balances(self.free))

    def deploy(self, who: bytes, code: bytes, salt: bytes = SALT) -> bytes:
        spendable = self._spendable(who)
        error, events, cost = self.store.deploy(who, code, salt, self.block, self.now, spendable)
        self._charge(who, cost)
        self.steps.append(scenarios.call(who, deploy(code, salt).encode(), error, events))
        self._after()
        return store.contract_address(who, salt, blake2_256(code))

    def deploy_hash(self, who: bytes, code_hash: bytes, salt: bytes = SALT) -> bytes:
        spendable = self._spendable(who)
        error, events, cost = self.store.deploy_hash(who, code_hash, salt, self.block, self.now, spendable)
        self._charge(who, cost)
        self.steps.append(scenarios.call(who, deploy_hash(code_hash, salt).encode(), error, events))
        self._after()
        return store.contract_address(who, salt, code_hash)

    def step(self, step: dict[str, Any]) -> None:
        self.steps.append(step)

    def advance(self, blocks: int) -> None:
        self.block += blocks
        self.steps.append(scenarios.advance(self.block, False))

    def check_state(self, absent: tuple[bytes, ...] = ()) -> None:
        """Everything that the pallet stores, and what it must not."""
        self.steps.append(scenarios.stored({**self.store.items, **dict.fromkeys(absent)}))

    def case(self, name: str, rules: list[str]) -> dict[str, Any]:
        state = {value_key("Timestamp", "Now"): scale.u64(NOW)}
        for who, frozen in self.frozen.items():
            state[account_key(who)] = record(free=self.accounts[who], frozen=frozen)
        return scenarios.case(name, rules, self.accounts, self.steps, BLOCK, state)


RICH = {ALICE: 1_000 * TOS, BOB: 1_000 * TOS}
INVARIANTS = ["CTR-I1", "CTR-I2", "CTR-I3", "CTR-I4", "CTR-I5"]


def _success() -> Iterator[dict[str, Any]]:
    run = _Run(RICH)
    run.deploy(ALICE, WASM)
    run.check_state()
    yield run.case("new code", ["CTR-R8", "CTR-R9", "CTR-R12", "CTR-R13", "CTR-R4", *INVARIANTS])

    run = _Run(RICH)
    run.deploy(ALICE, WASM)
    run.deploy(BOB, WASM)
    run.deploy_hash(BOB, blake2_256(WASM), OTHER_SALT)
    run.deploy(ALICE, OTHER)
    run.check_state()
    yield run.case(
        "code is stored and paid for once", ["CTR-R7", "CTR-R9", "CTR-R10", "CTR-R12", *INVARIANTS]
    )

    run = _Run(RICH)
    for salt in range(12):
        run.deploy(ALICE, WASM, bytes([salt]) * 32)
    run.check_state()
    yield run.case("twelve of one deployer, in order", ["CTR-R12", *INVARIANTS])


def _failures() -> Iterator[dict[str, Any]]:
    longest, too_long = store.MAX_CODE_LENGTH, store.MAX_CODE_LENGTH + 1
    for name, length in (("one byte", 1), ("a byte below the limit", longest - 1), ("the limit", longest)):
        run = _Run(RICH)
        run.deploy(ALICE, b"\x01" * length)
        yield run.case(f"code of {name}", ["CTR-R6"])
    for name, length in (("no bytes", 0), ("a byte above the limit", too_long)):
        run = _Run(RICH)
        address = run.deploy(ALICE, b"\x01" * length)
        run.check_state((store.contract_key(address), store.count_key(ALICE)))
        yield run.case(f"code of {name}", ["CTR-R6", "CTR-R9"])

    run = _Run(RICH)
    address = run.deploy_hash(ALICE, blake2_256(WASM))
    run.check_state((store.contract_key(address), store.count_key(ALICE)))
    yield run.case("unknown code", ["CTR-R10"])

    for origin in (scenarios.NOBODY, scenarios.ROOT):
        run = _Run(RICH)
        bad = errors.dispatch("BadOrigin")
        run.step(scenarios.call(origin, deploy(b"").encode(), bad, []))
        run.step(scenarios.call(origin, deploy_hash(bytes(32)).encode(), bad, []))
        yield run.case(f"origin: {origin}", ["CTR-R9", "CTR-R10"])

    exact = store.price(len(WASM)) + EXISTENTIAL_DEPOSIT
    for name, free, frozen in (
        ("just enough", exact, 0),
        ("a unit too little", exact - 1, 0),
        ("just enough beside a freeze", store.price(len(WASM)) + 2 * TOS, 2 * TOS),
        ("a unit too little beside a freeze", store.price(len(WASM)) + 2 * TOS - 1, 2 * TOS),
    ):
        run = _Run({ALICE: free, BOB: 1_000 * TOS}, {ALICE: frozen} if frozen else None)
        address = run.deploy(ALICE, WASM)
        is_stored = store.contract_key(address) in run.store.items
        run.check_state(() if is_stored else (store.contract_key(address), store.count_key(ALICE)))
        yield run.case(f"balance: {name}", ["CTR-R8", "CTR-R9"])

    run = _Run({ALICE: store.price(0) + EXISTENTIAL_DEPOSIT - 1, BOB: 1_000 * TOS})
    run.deploy(BOB, WASM)
    run.deploy_hash(ALICE, blake2_256(WASM))
    run.check_state((store.count_key(ALICE),))
    yield run.case("balance: a unit too little for a record", ["CTR-R8", "CTR-R10"])


def _overwrites() -> Iterator[dict[str, Any]]:
    def start() -> _Run:
        run = _Run(RICH)
        run.deploy(ALICE, WASM)
        return run

    rules = ["CTR-R11"]
    run = start()
    run.deploy(ALICE, WASM)
    run.deploy_hash(ALICE, blake2_256(WASM))
    run.check_state()
    yield run.case("again in the same block", rules)

    run = start()
    run.advance(1_000)
    run.deploy(ALICE, WASM)
    run.deploy_hash(ALICE, blake2_256(WASM))
    run.check_state()
    yield run.case("again a thousand blocks later", rules)

    run = start()
    again = deploy(WASM).encode()
    # `Utility.batch_all` fails with the error of the call inside.
    batch_all = b"\x3c\x02" + batch(again)[2:]
    run.step(scenarios.call(ALICE, batch_all, store.error("AlreadyDeployed")))
    run.check_state()
    yield run.case("again in a batch", rules)

    run = start()
    run.deploy(BOB, WASM)
    run.deploy(ALICE, WASM, OTHER_SALT)
    run.deploy(ALICE, OTHER)
    run.check_state()
    yield run.case("another deployer, salt or code is another contract", rules)


def _queries() -> Iterator[dict[str, Any]]:
    def ask(function: str, arguments: bytes, answer: bytes) -> dict[str, Any]:
        return scenarios.query(f"ContractStoreApi_{function}", arguments, answer)

    run = _Run(RICH)
    code_hash = blake2_256(WASM)
    addresses = [run.deploy(ALICE, WASM, bytes([salt]) * 32) for salt in range(5)]
    unknown = bytes(32)
    stored_record = store.record(code_hash, len(WASM), ALICE, BLOCK, NOW)

    def page(start: int, limit: int, items: list[bytes], following: int | None) -> dict[str, Any]:
        next_ = scale.option(None if following is None else scale.u32(following))
        arguments = ALICE + scale.u32(start) + scale.u32(limit)
        return ask("contracts", arguments, scale.sequence(items) + next_)

    def quote(length: int, price: int | None) -> dict[str, Any]:
        answer = scale.option(None if price is None else scale.u128(price))
        return ask("quote", scale.u32(length), answer)

    record_key = store.contract_key
    for step in (
        ask("code", addresses[0], scale.option(scale.data(WASM))),
        ask("code", unknown, scale.option(None)),
        ask("code_by_hash", code_hash, scale.option(scale.data(WASM))),
        ask("code_by_hash", unknown, scale.option(None)),
        ask("metadata", addresses[0], scale.option(stored_record)),
        ask("metadata", unknown, scale.option(None)),
        ask("address", ALICE + bytes(32) + code_hash, addresses[0]),
        page(0, 100, addresses, None),
        page(0, 2, addresses[:2], 2),
        page(2, 3, addresses[2:], None),
        page(4, 1, addresses[4:], None),
        page(5, 1, [], None),
        page(2, 0, [], 2),
        page(5, 0, [], None),
        quote(0, store.price(0)),
        quote(1, store.price(1)),
        quote(store.MAX_CODE_LENGTH, store.price(store.MAX_CODE_LENGTH)),
        quote(store.MAX_CODE_LENGTH + 1, None),
        ask(
            "proof_keys",
            addresses[0],
            scale.sequence(map(scale.data, (record_key(addresses[0]), store.code_key(code_hash)))),
        ),
        ask("proof_keys", unknown, scale.sequence([scale.data(record_key(unknown))])),
    ):
        run.step(step)
    yield run.case("five contracts", ["CTR-R15"])


def _scenarios() -> Iterator[VectorFile]:
    for name, title, cases in (
        ("deployment", "Deployments that succeed", _success()),
        ("failure", "Limits, and deployments that fail", _failures()),
        ("overwrite", "A contract stays what it is", _overwrites()),
        ("query", "Answers of the runtime API", _queries()),
    ):
        yield VectorFile(f"{FOLDER}/{name}", "scenario", title, [], list(cases))


def files() -> Iterator[VectorFile]:
    yield pallet_file(f"{FOLDER}/pallet-index", ["CTR-R3"], {"ContractStore": store.INDEX})
    yield from _calls()
    yield _addresses()
    yield from _storage()
    yield from _prices()
    yield _errors()
    yield from _scenarios()
