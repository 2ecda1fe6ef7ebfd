"""Code that may follow this runtime: specs/upgrades.md."""

from dataclasses import dataclass, field
from hashlib import blake2b

from model import scale

INDICES = {"Migrations": 5, "Upgrades": 6}

MAX_LENGTH = 2_588_672
SPEC_NAME = "gtos"
SPEC_VERSION = 1

REQUIRED_APIS = {
    "Core": 5,
    "Metadata": 2,
    "BlockBuilder": 6,
    "TaggedTransactionQueue": 3,
    "OffchainWorkerApi": 2,
    "AuraApi": 1,
    "GrandpaApi": 3,
    "SessionKeys": 2,
    "GenesisParametersApi": 1,
    "AuraEquivocationApi": 1,
}

ERRORS = [
    "CodeTooLong",
    "CodeUnreadable",
    "OtherSpecName",
    "SpecVersionNotHigher",
    "MissingRuntimeApi",
    "RuntimeAlreadyReplaced",
]


def api_id(name: str) -> bytes:
    return blake2b(name.encode(), digest_size=8).digest()


@dataclass(frozen=True)
class Version:
    """The version that is embedded in code; `apis` by name."""

    spec_name: str = SPEC_NAME
    spec_version: int = SPEC_VERSION + 1
    apis: dict[str, int] = field(default_factory=lambda: dict(REQUIRED_APIS))

    def encode(self) -> bytes:
        apis = [api_id(name) + scale.u32(version) for name, version in self.apis.items()]
        return b"".join(
            (
                scale.data(self.spec_name.encode()),
                scale.data(b"gtos"),
                scale.u32(1),  # authoring_version
                scale.u32(self.spec_version),
                scale.u32(1),  # impl_version
                scale.sequence(apis),
                scale.u32(1),  # transaction_version
                scale.u8(1),  # system_version
            )
        )


def error(length: int, version: Version | None, is_replaced: bool) -> str | None:
    """The first condition of UPG-R1 that does not hold."""
    if is_replaced:
        return "RuntimeAlreadyReplaced"
    if length > MAX_LENGTH:
        return "CodeTooLong"
    if version is None:
        return "CodeUnreadable"
    if version.spec_name != SPEC_NAME:
        return "OtherSpecName"
    if version.spec_version <= SPEC_VERSION:
        return "SpecVersionNotHigher"
    if any(version.apis.get(name, 0) < least for name, least in REQUIRED_APIS.items()):
        return "MissingRuntimeApi"
    return None
