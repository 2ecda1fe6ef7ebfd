"""Calls, signed extrinsics, eras and errors."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import errors, scale
from model.calls import Call, remark, transfer
from model.extrinsics import BARE_V4, BARE_V5, GENERAL_V5, SIGNED_V4, Era, Payload
from model.keys import test_key

from cases.builders import (
    COMMON,
    SCHEME_RULE,
    SIGNED_RULES,
    call_case,
    extrinsic_case,
    module_error_case,
    refused_call,
)
from cases.fixtures import BIRTH_HASH, BODY, PAYMENT, RECIPIENT, SENDER, TOS


def _transfers() -> VectorFile:
    encoded = transfer(RECIPIENT, TOS).encode()
    everything = {"dest": RECIPIENT, "keep_alive": False}
    return VectorFile(
        "conformance/transactions/call-transfer",
        "call",
        "Encoding of the three transfers",
        ["TXN-R25"],
        [
            call_case("one TOS, keeping the sender alive", transfer(RECIPIENT, TOS)),
            call_case("one TOS, allowing the sender to die", transfer(RECIPIENT, TOS, False)),
            call_case("nothing", transfer(RECIPIENT, 0)),
            call_case("the most a balance can hold", transfer(RECIPIENT, 2**128 - 1)),
            call_case("everything", Call("Balances", "transfer_all", everything)),
            call_case(
                "everything but the existential deposit",
                Call("Balances", "transfer_all", {**everything, "keep_alive": True}),
            ),
            refused_call("no value", encoded[: 2 + 33]),
            refused_call("value in a longer form", encoded[: 2 + 33] + b"\x05\x00"),
            refused_call("value above u128", encoded[: 2 + 33] + b"\x37" + b"\xff" * 17),
            refused_call("unknown kind of address", encoded[:2] + b"\x05" + encoded[3:], ["TXN-R4"]),
            refused_call("keep_alive that is neither true nor false", b"\x0a\x04" + encoded[2:35] + b"\x02"),
            refused_call("no such call of Balances", b"\x0a\xc8" + encoded[2:]),
            refused_call("no such pallet", b"\xfa\x00" + encoded[2:]),
        ],
    )


def _remark_payload(length: int) -> Payload:
    """A payload of exactly `length` bytes."""
    for size in range(length):
        payload = Payload(remark(b"\x2e" * size).encode())
        if len(payload.encode()) == length:
            return payload
    raise ValueError(f"no remark makes a payload of {length} bytes")


def _signed_transfers() -> VectorFile:
    keys = [test_key(scheme, 1) for scheme in SCHEME_RULE]
    payment = transfer(RECIPIENT, TOS).encode()
    mortal = Payload(
        transfer(RECIPIENT, 2 * TOS, False).encode(),
        era=Era.mortal(64, 1_000),
        nonce=5,
        tip=TOS // 10,
        birth_hash=BIRTH_HASH,
    )
    long_lived = Payload(payment, era=Era.mortal(65_536, 70_001), birth_hash=BIRTH_HASH)
    extremes = Payload(payment, nonce=2**32 - 1, tip=2**128 - 1)
    metadata = Payload(payment, metadata_hash=b"\x33" * 32)
    cases = [
        *(
            extrinsic_case(f"transfer, {key.scheme}", key, Payload(payment), rules=[SCHEME_RULE[key.scheme]])
            for key in keys
        ),
        *(
            extrinsic_case(
                f"mortal transfer with nonce and tip, {key.scheme}",
                key,
                mortal,
                block=1_001,
                birth=1_000,
                rules=["TXN-R12", "TXN-R13"],
            )
            for key in keys
        ),
        extrinsic_case(
            "the longest era",
            SENDER,
            long_lived,
            block=70_002,
            birth=long_lived.era.birth(70_002),
            rules=["TXN-R12", "TXN-R13"],
        ),
        extrinsic_case("the greatest nonce and tip", SENDER, extremes),
        extrinsic_case("with a metadata hash", SENDER, metadata, rules=["TXN-R11"]),
        *(
            extrinsic_case(f"payload of {length} bytes, {key.scheme}", key, _remark_payload(length))
            for key in keys
            for length in (256, 257)
        ),
    ]
    return VectorFile(
        "conformance/transactions/signed-transfer",
        "extrinsic",
        "Signed extrinsics: transfers of every signature scheme, and payloads around 256 bytes",
        SIGNED_RULES,
        cases,
        common=COMMON,
    )


def _eras() -> VectorFile:
    def mortal(period: int, current: int, *blocks: int) -> dict[str, Any]:
        era = Era.mortal(period, current)
        return {
            "name": f"period {period} from block {current}",
            "from": {"period": period, "block": current},
            "era": {"period": era.period, "phase": era.phase},
            "encoded": era.encode(),
            "at": [
                {"block": block, "birth": era.birth(block), "death": str(era.death(block))}
                for block in (current, *blocks)
            ],
        }

    def refused(name: str, encoded: bytes) -> dict[str, Any]:
        return {"name": name, "encoded": encoded, "refused": True}

    return VectorFile(
        "conformance/transactions/era",
        "era",
        "Eras: their bytes, first and last blocks",
        ["TXN-R12", "TXN-R13"],
        [
            {
                "name": "immortal",
                "era": "immortal",
                "encoded": Era().encode(),
                "at": [{"block": 1_000, "birth": 0, "death": str(2**64 - 1)}],
            },
            mortal(4, 0, 3, 4),
            mortal(4, 7, 8, 10, 11),
            mortal(64, 1_000, 1_001, 1_063, 1_064),
            mortal(100, 1_000),
            mortal(2, 5),
            mortal(4_096, 10_000, 14_095, 14_096),
            mortal(8_192, 10_001),
            mortal(65_536, 70_001),
            mortal(1_000_000, 70_001),
            refused("period 2", b"\x10\x00"),
            refused("phase equal to the period", b"\x41\x00"),
            refused("phase beyond the period", b"\xf1\xff"),
            refused("without its second byte", b"\x85"),
        ],
    )


def _preamble() -> VectorFile:
    return VectorFile(
        "conformance/transactions/first-byte",
        "first-byte",
        "The first bytes of an extrinsic's body that decode; all others do not",
        ["TXN-R2"],
        [
            {"name": "bare, version 4", "byte": scale.u8(BARE_V4), "form": "bare"},
            {"name": "bare, version 5", "byte": scale.u8(BARE_V5), "form": "bare"},
            {"name": "signed, version 4", "byte": scale.u8(SIGNED_V4), "form": "signed"},
            {"name": "general, version 5", "byte": scale.u8(GENERAL_V5), "form": "general"},
        ],
        # What follows the first byte in each form.
        common={
            "bare": PAYMENT.call,
            "signed": BODY[1:],
            "general": b"\x00" + PAYMENT.explicit + PAYMENT.call,
        },
    )


def _validity_errors() -> VectorFile:
    def case(family: str, variant: str, custom: int | None = None) -> dict[str, Any]:
        encode = errors.invalid if family == "Invalid" else errors.unknown
        code = errors.RPC_INVALID if family == "Invalid" else errors.RPC_UNKNOWN
        shown = variant if custom is None else f"{variant}({custom})"
        return {
            "name": f"{family}({shown})",
            "family": family,
            "variant": variant,
            **({} if custom is None else {"custom": custom}),
            "encoded": encode(variant, custom or 0),
            "rpcCode": code,
        }

    return VectorFile(
        "conformance/transactions/validity-error",
        "validity-error",
        "Every validity error: its bytes and the code that JSON-RPC gives it",
        ["TXN-R23"],
        [
            *(case("Invalid", v, 7 if v == "Custom" else None) for v in errors.INVALID),
            *(case("Unknown", v, 7 if v == "Custom" else None) for v in errors.UNKNOWN),
        ],
    )


def _dispatch_errors() -> VectorFile:
    cases: list[dict[str, Any]] = []
    for variant in errors.DISPATCH:
        if variant in errors.DISPATCH_DETAILS:
            for detail in errors.DISPATCH_DETAILS[variant]:
                cases.append(
                    {
                        "name": f"{variant}({detail})",
                        "variant": variant,
                        "detail": detail,
                        "encoded": errors.dispatch(variant, detail),
                    }
                )
        elif variant not in ("Module", "Trie"):
            cases.append({"name": variant, "variant": variant, "encoded": errors.dispatch(variant)})
    cases += [
        module_error_case("Balances", 10, "InsufficientBalance", 2),
        module_error_case("Balances", 10, "DeltaZero", 11),
    ]
    return VectorFile(
        "conformance/transactions/dispatch-error",
        "dispatch-error",
        "Dispatch errors and their bytes",
        ["TXN-R24"],
        cases,
    )


def files() -> Iterator[VectorFile]:
    yield _transfers()
    yield _signed_transfers()
    yield _eras()
    yield _preamble()
    yield _validity_errors()
    yield _dispatch_errors()
