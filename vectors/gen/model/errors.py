"""Validity errors and dispatch errors, and the JSON-RPC codes of the former."""

from model import scale

INVALID = [
    "Call",
    "Payment",
    "Future",
    "Stale",
    "BadProof",
    "AncientBirthBlock",
    "ExhaustsResources",
    "Custom",
    "BadMandatory",
    "MandatoryValidation",
    "BadSigner",
    "IndeterminateImplicit",
    "UnknownOrigin",
]
UNKNOWN = ["CannotLookup", "NoUnsignedValidator", "Custom"]

RPC_INVALID = 1_010
RPC_UNKNOWN = 1_011

DISPATCH = [
    "Other",
    "CannotLookup",
    "BadOrigin",
    "Module",
    "ConsumerRemaining",
    "NoProviders",
    "TooManyConsumers",
    "Token",
    "Arithmetic",
    "Transactional",
    "Exhausted",
    "Corruption",
    "Unavailable",
    "RootNotAllowed",
    "Trie",
]
DISPATCH_DETAILS = {
    "Token": [
        "FundsUnavailable",
        "OnlyProvider",
        "BelowMinimum",
        "CannotCreate",
        "UnknownAsset",
        "Frozen",
        "Unsupported",
        "CannotCreateHold",
        "NotExpendable",
        "Blocked",
    ],
    "Arithmetic": ["Underflow", "Overflow", "DivisionByZero"],
    "Transactional": ["LimitReached", "NoLayer"],
}


def invalid(variant: str, code: int = 0) -> bytes:
    custom = scale.u8(code) if variant == "Custom" else b""
    return scale.variant(0, scale.variant(INVALID.index(variant), custom))


def unknown(variant: str, code: int = 0) -> bytes:
    custom = scale.u8(code) if variant == "Custom" else b""
    return scale.variant(1, scale.variant(UNKNOWN.index(variant), custom))


def dispatch(variant: str, detail: str | None = None) -> bytes:
    inner = scale.u8(DISPATCH_DETAILS[variant].index(detail)) if detail else b""
    return scale.variant(DISPATCH.index(variant), inner)


def module(pallet_index: int, error_index: int) -> bytes:
    return scale.variant(3, scale.u8(pallet_index), scale.u8(error_index), bytes(3))
