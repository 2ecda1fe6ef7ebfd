"""Pallets, storage keys, records and the state root."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import scale, trie
from model import block_budget
from model.accounts import NEW_LOGIC, TREASURY, record
from model.extrinsics import GENESIS_HASH
from model.storage import account_key, map_key, value_key

from cases.builders import key_case, pallet_file, record_case
from cases.fixtures import SENDER, TOS

INDICES = {
    "System": 0,
    "Timestamp": 1,
    "GenesisParameters": 2,
    "Scheduler": 3,
    "Preimage": 4,
    "Balances": 10,
    "TransactionPayment": 11,
    "FeePot": 12,
    "Authorship": 20,
    "Staking": 21,
    "Historical": 22,
    "Session": 23,
    "Aura": 24,
    "Grandpa": 25,
    "Offences": 26,
    "VoterList": 27,
    "AuraEquivocation": 28,
    "Liveness": 29,
    "Treasury": 40,
    "Referenda": 41,
    "ConvictionVoting": 42,
    "TechnicalCommittee": 43,
    "Whitelist": 44,
    "Origins": 45,
    "Utility": 60,
    "Multisig": 61,
    "Proxy": 62,
}


def _keys() -> VectorFile:
    account, era = SENDER.account, scale.u32(7)
    concat, twox, identity = "Blake2_128Concat", "Twox64Concat", "Identity"
    return VectorFile(
        "conformance/state/storage-key",
        "storage-key",
        "Keys of values and of map entries",
        ["STA-R2", "STA-R3"],
        [
            key_case("the block's number", "System", "Number"),
            key_case("slots of the current session", "Liveness", "CurrentCounts"),
            key_case("slots of the previous session", "Liveness", "LastSession"),
            key_case("the total issuance", "Balances", "TotalIssuance"),
            key_case("the time", "Timestamp", "Now"),
            key_case("the chain's timing", "GenesisParameters", "Timing"),
            key_case("the chain's network", "GenesisParameters", "Network"),
            key_case("the fee multiplier", "TransactionPayment", "NextFeeMultiplier"),
            key_case("an account", "System", "Account", (concat, account)),
            key_case("the treasury", "System", "Account", (concat, TREASURY)),
            key_case("a block's hash", "System", "BlockHash", (twox, scale.u32(4_095))),
            key_case("a preference of an era", "Staking", "ErasValidatorPrefs", (twox, era), (twox, account)),
            key_case("a preimage's status", "Preimage", "RequestStatusFor", (identity, b"\x66" * 32)),
        ],
    )


def _root() -> VectorFile:
    few = {
        value_key("System", "Number"): scale.u32(1),
        value_key("Balances", "TotalIssuance"): scale.u128(1_010 * TOS),
        map_key("System", "BlockHash", ("Twox64Concat", scale.u32(0))): GENESIS_HASH,
        account_key(SENDER.account): record(nonce=5, free=1_000 * TOS),
        account_key(TREASURY): record(free=10 * TOS),
    }
    grown = few | {b":code": bytes(range(256)) * 4}
    reaped = {key: value for key, value in few.items() if key != account_key(SENDER.account)}
    return VectorFile(
        "conformance/state/state-root",
        "trie",
        "Roots of small states",
        ["STA-R4"],
        [
            {
                "name": name,
                "layout": 1,
                "entries": [{"key": key, "value": value} for key, value in sorted(entries.items())],
                "root": trie.root(entries, 1),
            }
            for name, entries in (
                ("two accounts", few),
                ("with a runtime", grown),
                ("one account reaped", reaped),
            )
        ],
    )


def _account_records() -> VectorFile:
    def case(name: str, **values: int) -> dict[str, Any]:
        counters = ("nonce", "consumers", "providers", "sufficients")
        amounts = ("free", "reserved", "frozen")
        defaults = {"providers": 1} | values
        fields = {field: ("u32", defaults.get(field, 0)) for field in counters}
        fields |= {field: ("u128", defaults.get(field, 0)) for field in amounts}
        fields["flags"] = ("u128", NEW_LOGIC)
        return record_case(name, "AccountInfo", record(**values), **fields)

    return VectorFile(
        "conformance/state/account-record",
        "record",
        "Records of accounts",
        ["STA-R5"],
        [
            case("account with the existential deposit", free=10**9),
            case(
                "account with every field set",
                nonce=7,
                consumers=2,
                providers=3,
                free=TOS,
                reserved=5,
                frozen=6,
            ),
        ],
    )


def _timing() -> VectorFile:
    live = {
        "slotDurationMs": 1_000,
        "sessionLengthBlocks": 600,
        "sessionsPerEra": 6,
        "bondingDurationEras": 168,
        "slashDeferDurationEras": 144,
        "hourBlocks": 3_600,
    }
    dev = dict(zip(live, (500, 20, 3, 3, 1, 20)))

    def case(
        name: str, is_accepted: bool = True, base: dict[str, int] = live, **changes: int
    ) -> dict[str, Any]:
        timing = base | changes
        first, *rest = timing.values()
        encoded = scale.u64(first) + b"".join(map(scale.u32, rest))
        return {"name": name, "timing": timing, "encoded": encoded, "isAccepted": is_accepted}

    bounds = {
        "slotDurationMs": (100, 60_000),
        "sessionLengthBlocks": (5, 604_800),
        "sessionsPerEra": (2, 1_000),
        "hourBlocks": (1, 36_000),
    }
    cases = [case("live"), case("dev and local", base=dev)]
    for field, (least, most) in bounds.items():
        short = {"bondingDurationEras": 50, "slashDeferDurationEras": 1}
        for value in (least - 1, least, most, most + 1):
            cases.append(case(f"{field} {value}", least <= value <= most, **{**short, field: value}))
    cases += [
        case("bonding of 0 eras", False, bondingDurationEras=0, slashDeferDurationEras=0),
        case("bonding of 1 era", False, bondingDurationEras=1, slashDeferDurationEras=0),
        case("bonding of 2 eras", bondingDurationEras=2, slashDeferDurationEras=1),
        case("bonding of 336 eras", bondingDurationEras=336),
        case("bonding of 337 eras", False, bondingDurationEras=337),
        case("bonding of 50,000 sessions", sessionsPerEra=250, bondingDurationEras=200),
        case("bonding of 50,200 sessions", False, sessionsPerEra=251, bondingDurationEras=200),
        case("no deferral", False, slashDeferDurationEras=0),
        case("deferral of 1 era", slashDeferDurationEras=1),
        case("deferral one era shorter than bonding", slashDeferDurationEras=167),
        case("deferral as long as bonding", False, slashDeferDurationEras=168),
    ]
    return VectorFile(
        "conformance/state/chain-timing",
        "chain-timing",
        "Timing that is valid in a genesis, and timing that is not",
        ["STA-R9"],
        cases,
    )


def _budgets() -> VectorFile:
    def case(slot: int, network: str) -> dict[str, Any]:
        found = block_budget.budget(slot, network)
        return {
            "name": f"slots of {slot:,} ms on a {network}",
            "slotDurationMs": slot,
            "network": network,
            "encodedNetwork": scale.u8(block_budget.NETWORKS[network].code),
            "budget": found
            and {
                "buildMs": found.build_ms,
                "weightMs": found.weight_ms,
                "lengthBytes": found.length,
                "normalWeight": str(found.normal_weight),
                "normalLengthBytes": found.normal_length,
            },
        }

    # Beside round slots the ends of what is allowed, and slots between which a round of the window, the wait for the
    # stream, the least length or the greatest length begins or ends.
    slots = {
        "wan": (100, 500, 774, 775, 1_000, 1_500, 1_903, 1_904, 2_000, 2_527, 2_528, 2_911, 2_912, 3_000, 6_000)
        + (16_784, 60_000),
        "lan": (100, 159, 160, 200, 250, 500, 750, 1_000, 1_343, 1_344, 1_500, 2_000, 6_000, 60_000),
    }
    return VectorFile(
        "conformance/state/block-budget",
        "block-budget",
        "What a block may cost for a slot and a network; no budget means that genesis refuses them",
        ["STA-R11", "STA-R12"],
        [case(slot, network) for network, all_slots in slots.items() for slot in all_slots],
    )


def files() -> Iterator[VectorFile]:
    yield _budgets()
    yield pallet_file("conformance/state/pallet-index", ["STA-R1"], INDICES)
    yield _keys()
    yield _root()
    yield _account_records()
    yield _timing()
