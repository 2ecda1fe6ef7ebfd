"""Runtime upgrades: the code that may follow, and the calls that a migration closes."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import errors, runtime_code, scale
from model.calls import Call, remark, transfer
from model.hashing import twox_128
from model.keys import test_key
from model.runtime_code import REQUIRED_APIS, SPEC_VERSION, Version
from model.storage import value_key

from cases import scenario
from cases.builders import module_error_case, pallet_file
from cases.fixtures import TOS

FOLDER = "conformance/upgrades"

ALICE = test_key("ed25519", 1).account
BOB = test_key("sr25519", 2).account
CALL_FILTERED = errors.module(0, 5)
CLOSED = value_key("Upgrades", "ClosedPallets")


def _code() -> VectorFile:
    def case(
        name: str, version: Version | None, length: int = 1_000_000, is_replaced: bool = False
    ) -> dict[str, Any]:
        found = {
            "name": name,
            "length": length,
            "version": version and version.encode(),
            "isReplaced": is_replaced,
            "error": runtime_code.error(length, version, is_replaced),
        }
        return {**found, "rules": ["UPG-R2"]} if is_replaced else found

    def lacking(name: str) -> Version:
        return Version(apis={api: version for api, version in REQUIRED_APIS.items() if api != name})

    good = Version()
    cases = [
        case("the next version", good),
        case("a version far ahead", Version(spec_version=2**32 - 1)),
        case("the longest code", good, runtime_code.MAX_LENGTH),
        case("a byte too many", good, runtime_code.MAX_LENGTH + 1),
        case("no version in the code", None),
        case("the runtime of another chain", Version(spec_name="other")),
        case("the name in capitals", Version(spec_name="GTOS")),
        case("the running version", Version(spec_version=SPEC_VERSION)),
        case("a lower version", Version(spec_version=0)),
        case("newer and further APIs", Version(apis={"More": 1} | {api: v + 1 for api, v in REQUIRED_APIS.items()})),
        case("no APIs", Version(apis={})),
        *(case(f"without {api}", lacking(api)) for api in REQUIRED_APIS),
        *(
            case(f"{api} of the version before", Version(apis=REQUIRED_APIS | {api: version - 1}))
            for api, version in REQUIRED_APIS.items()
        ),
        case("too long and of another chain", Version(spec_name="other"), runtime_code.MAX_LENGTH + 1),
        case("another name and a lower version", Version(spec_name="other", spec_version=0)),
        case("a lower version without APIs", Version(spec_version=0, apis={})),
        case("the second in a block", good, is_replaced=True),
        case("the second in a block, too long", good, runtime_code.MAX_LENGTH + 1, is_replaced=True),
    ]
    return VectorFile(
        f"{FOLDER}/code",
        "runtime-code",
        "Code that may follow this runtime, by its length and the version that is embedded in it",
        ["UPG-R1"],
        cases,
    )


def _closed_pallets() -> VectorFile:
    put = Call("TtlKv", "kv_put_ttl", {"key": b"key", "value": b"value", "ttl": 10}).encode()
    pay, note = transfer(BOB, TOS).encode(), remark(b"note").encode()
    accounts = {ALICE: 1_000 * TOS, BOB: TOS}

    def closed(*pallets: str) -> dict[bytes, bytes]:
        return {CLOSED: scale.sequence(twox_128(name.encode()) for name in pallets)}

    def case(name: str, state: dict[bytes, bytes], *steps: dict[str, Any]) -> dict[str, Any]:
        return scenario.case(name, [], accounts, list(steps), state=state)

    return VectorFile(
        f"{FOLDER}/closed-pallets",
        "scenario",
        "Calls while pallets are closed",
        ["UPG-R3"],
        [
            case("nothing is closed", {}, scenario.call(ALICE, put), scenario.call(ALICE, pay)),
            case(
                "a closed pallet refuses calls, others do not",
                closed("TtlKv"),
                scenario.call(ALICE, put, CALL_FILTERED),
                scenario.call(ALICE, pay),
                scenario.call(ALICE, note),
            ),
            case(
                "governance's pallets stay open",
                closed("System", "Balances", "TtlKv"),
                scenario.call(ALICE, pay, CALL_FILTERED),
                scenario.call(ALICE, put, CALL_FILTERED),
                scenario.call(ALICE, note),
            ),
            case(
                "root's calls are not filtered",
                closed("TtlKv"),
                scenario.call(scenario.ROOT, put, errors.dispatch("BadOrigin")),
            ),
        ],
    )


def _errors() -> VectorFile:
    index = runtime_code.INDICES["Upgrades"]
    return VectorFile(
        f"{FOLDER}/error",
        "dispatch-error",
        "Errors of the pallet Upgrades",
        ["UPG-R1"],
        [module_error_case("Upgrades", index, name, number) for number, name in enumerate(runtime_code.ERRORS)],
    )


def files() -> Iterator[VectorFile]:
    yield _code()
    yield _closed_pallets()
    yield _errors()
    yield pallet_file(f"{FOLDER}/pallet-index", ["STA-R1"], runtime_code.INDICES)
