"""Deployments of contract code, and queries about it."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import contract_store as store
from model import errors, scale
from model.accounts import record
from model.calls import batch
from model.hashing import blake2_256
from model.storage import account_key, value_key

from cases import scenario
from cases.contract_store import (
    ALICE,
    BLOCK,
    BOB,
    FOLDER,
    NOW,
    OTHER,
    OTHER_SALT,
    SALT,
    WASM,
    deploy,
    deploy_hash,
)
from cases.fixtures import EXISTENTIAL_DEPOSIT, TOS
from cases.scenario.run import Run


class _Run(Run):
    def __init__(self, accounts: dict[bytes, int], frozen: dict[bytes, int] | None = None):
        super().__init__(accounts, BLOCK, frozen)
        self.store = store.Store()
        self.now = NOW

    def deploy(self, who: bytes, code: bytes, salt: bytes = SALT) -> bytes:
        spendable = self.spendable(who)
        error, events, cost = self.store.deploy(who, code, salt, self.block, self.now, spendable)
        self.charge(who, cost)
        self.steps.append(scenario.call(who, deploy(code, salt).encode(), error, events))
        self.check_balances()
        return store.contract_address(who, salt, blake2_256(code))

    def deploy_hash(self, who: bytes, code_hash: bytes, salt: bytes = SALT) -> bytes:
        spendable = self.spendable(who)
        error, events, cost = self.store.deploy_hash(who, code_hash, salt, self.block, self.now, spendable)
        self.charge(who, cost)
        self.steps.append(scenario.call(who, deploy_hash(code_hash, salt).encode(), error, events))
        self.check_balances()
        return store.contract_address(who, salt, code_hash)

    def step(self, step: dict[str, Any]) -> None:
        self.steps.append(step)

    def advance(self, blocks: int) -> None:
        self.block += blocks
        self.steps.append(scenario.advance(self.block, False))

    def check_state(self, absent: tuple[bytes, ...] = ()) -> None:
        """Checks everything that the pallet stores, and that the `absent` keys have no value."""
        self.steps.append(scenario.stored({**self.store.items, **dict.fromkeys(absent)}))

    def case(self, name: str, rules: list[str]) -> dict[str, Any]:
        state = {value_key("Timestamp", "Now"): scale.u64(NOW)}
        for who, frozen in self.frozen.items():
            state[account_key(who)] = record(free=self.accounts[who], frozen=frozen)
        return scenario.case(name, rules, self.accounts, self.steps, self.start, state)


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
    yield run.case("twelve contracts of one deployer, in order", ["CTR-R12", *INVARIANTS])


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

    for origin in (scenario.NOBODY, scenario.ROOT):
        run = _Run(RICH)
        bad = errors.dispatch("BadOrigin")
        run.step(scenario.call(origin, deploy(b"").encode(), bad, []))
        run.step(scenario.call(origin, deploy_hash(bytes(32)).encode(), bad, []))
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
    run.step(scenario.call(ALICE, batch_all, store.error("AlreadyDeployed")))
    run.check_state()
    yield run.case("again in a batch", rules)

    run = start()
    run.deploy(BOB, WASM)
    run.deploy(ALICE, WASM, OTHER_SALT)
    run.deploy(ALICE, OTHER)
    run.check_state()
    yield run.case("another deployer, salt or code gives another contract", rules)


def _queries() -> Iterator[dict[str, Any]]:
    def ask(function: str, arguments: bytes, answer: bytes) -> dict[str, Any]:
        return scenario.query(f"ContractStoreApi_{function}", arguments, answer)

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


def files() -> Iterator[VectorFile]:
    for name, title, cases in (
        ("deployment", "Deployments that succeed", _success()),
        ("failure", "Limits, and deployments that fail", _failures()),
        ("overwrite", "Repeated deployments: a contract never changes", _overwrites()),
        ("query", "Answers of the runtime API", _queries()),
    ):
        yield VectorFile(f"{FOLDER}/{name}", "scenario", title, [], list(cases))
