"""What the pool and a block answer to valid and invalid extrinsics."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import decoder, errors, scale
from model.calls import Call, batch, multi_address, remark, transfer
from model.extrinsics import BARE_V4, BARE_V5, GENESIS_HASH, Era, assemble, bare, general, prefixed, signed
from model.hashing import blake2_256
from model.keys import test_key
from model.storage import map_key, value_key

from cases.builders import SCHEME_RULE, decodes
from cases.fixtures import (
    BIRTH_HASH,
    BODY,
    EXISTENTIAL_DEPOSIT,
    GOOD,
    MAX_LENGTH,
    MAX_NORMAL_LENGTH,
    NONCE,
    PAYMENT,
    RECIPIENT,
    SENDER,
    TOS,
)

BLOCK = 1_001


def _context(**changes: Any) -> dict[str, Any]:
    return {
        "block": BLOCK,
        "hashes": [
            {"block": 0, "hash": GENESIS_HASH},
            {"block": BLOCK - 1, "hash": BIRTH_HASH},
        ],
        "accounts": [{"account": SENDER.account, "free": str(1_000 * TOS), "nonce": NONCE}],
        **changes,
    }


def _valid(account: bytes, nonce: int, era: Era = Era(), account_nonce: int = NONCE) -> dict[str, Any]:
    def tag(number: int) -> bytes:
        return account + scale.u32(number)

    death = era.death(BLOCK) if era.period else 2**64 - 1
    requires = [tag(nonce - 1)] if nonce > account_nonce else []
    return {"valid": {"requires": requires, "provides": [tag(nonce)], "longevity": str(death - BLOCK)}}


def _applied(nonce: int, error: bytes | None = None, pays_fee: bool = True) -> dict[str, Any]:
    return {"applied": {"error": error, "nonce": nonce, "paysFee": pays_fee}}


def _refused(family: str, variant: str) -> dict[str, Any]:
    encode = errors.invalid if family == "Invalid" else errors.unknown
    return {"refused": {"error": f"{family}({variant})", "encoded": encode(variant)}}


UNDECODABLE = "undecodable"


def _case(
    name: str,
    extrinsic: bytes,
    pool: Any,
    block: Any = None,
    rules: list[str] | None = None,
    before: list[bytes] | None = None,
    state: dict[bytes, bytes] | None = None,
    **context: Any,
) -> dict[str, Any]:
    """A case with the results of pool and block, which are the same unless `block` is given."""
    if decodes(decoder.check_extrinsic, extrinsic) != (pool != UNDECODABLE):
        raise ValueError(f"{name}: the model's decoder disagrees")
    return {
        "name": name,
        **({"rules": rules} if rules else {}),
        "context": _context(**context)
        | ({"state": [{"key": key, "value": value} for key, value in state.items()]} if state else {}),
        **({"before": before} if before else {}),
        "extrinsic": extrinsic,
        "pool": pool,
        "block": block or pool,
    }


def _broken_bytes() -> Iterator[dict[str, Any]]:
    """Byte strings whose length prefix or end is wrong (TXN-R1)."""
    assert prefixed(BODY) == GOOD
    for name, extrinsic in (
        ("nothing at all", b""),
        ("a length of nothing", b"\x00"),
        ("truncated: the last byte is missing", GOOD[:-1]),
        ("truncated: only the prefix", GOOD[:2]),
        ("truncated, with a prefix that fits", prefixed(BODY[:-1])),
        ("a byte after the end", GOOD + b"\x00"),
        ("a byte too many, counted by the prefix", prefixed(BODY + b"\x00")),
        ("prefix one too small", scale.compact(len(BODY) - 1) + BODY),
        ("prefix one too great", scale.compact(len(BODY) + 1) + BODY),
        ("prefix in a longer form", (len(BODY) << 2 | 2).to_bytes(4, "little") + BODY),
    ):
        yield _case(name, extrinsic, UNDECODABLE, rules=["TXN-R1"])


def _broken_forms() -> Iterator[dict[str, Any]]:
    call = PAYMENT.call
    for byte in (0x83, 0x85, 0x44, 0xC4, 0x06, 0x00):
        name = f"version byte 0x{byte:02x}"
        yield _case(name, prefixed(scale.u8(byte) + BODY[1:]), UNDECODABLE, rules=["TXN-R2"])
    signature = SENDER.multi_signature(PAYMENT.message())
    for name, address in (
        ("sender as an index", b"\x01"),
        ("sender as raw bytes", b"\x02" + scale.data(SENDER.account)),
        ("sender as a 32-byte address", b"\x03" + SENDER.account),
        ("sender as 20 bytes", b"\x04" + SENDER.account[:20]),
    ):
        extrinsic = assemble(address, signature, PAYMENT)
        yield _case(name, extrinsic, _refused("Unknown", "CannotLookup"), rules=["TXN-R4"])
    for version in (BARE_V4, BARE_V5):
        yield _case(
            f"transfer without a sender, version {version}",
            bare(call, version),
            _refused("Unknown", "NoUnsignedValidator"),
            _applied(NONCE, errors.dispatch("BadOrigin"), pays_fee=False),
            ["TXN-R5"],
        )
    yield _case(
        "remark without a sender",
        bare(remark(b"free").encode()),
        _refused("Invalid", "Call"),
        rules=["TXN-R5"],
    )
    upgrade = Call("System", "apply_authorized_upgrade", {"code": b"\x2e" * 64})
    for version in (BARE_V4, BARE_V5):
        yield _case(
            f"upgrade without a sender that nobody has authorised, version {version}",
            bare(upgrade.encode(), version),
            _refused("Invalid", "Call"),
            rules=["TXN-R5"],
        )
    yield _case(
        "general transaction", general(PAYMENT), _refused("Invalid", "UnknownOrigin"), rules=["TXN-R6"]
    )
    yield _case(
        "general transaction of extension version 1", general(PAYMENT, 1), UNDECODABLE, rules=["TXN-R6"]
    )
    for depth, pool, block in (
        (50, _valid(SENDER.account, NONCE), _applied(NONCE + 1)),
        (300, UNDECODABLE, UNDECODABLE),
    ):
        nested = remark(b"").encode()
        for _ in range(depth):
            nested = batch(nested)
        extrinsic = signed(PAYMENT.with_(call=nested), SENDER)
        yield _case(f"{depth} batches in each other", extrinsic, pool, block, ["TXN-R7"])
    mode = GOOD.index(PAYMENT.explicit) + len(PAYMENT.explicit) - 1
    unknown_mode = GOOD[:mode] + b"\x02" + GOOD[mode + 1 :]
    yield _case("metadata hash mode 2", unknown_mode, UNDECODABLE, rules=["TXN-R11"])


def _signatures() -> Iterator[dict[str, Any]]:
    bad = _refused("Invalid", "BadProof")
    for field, value in (
        ("genesis_hash", b"\x12" * 32),
        ("spec_version", 2),
        ("transaction_version", 2),
    ):
        name = f"signed for another {field.replace('_', ' ')}"
        yield _case(name, signed(PAYMENT.with_(**{field: value}), SENDER), bad, rules=["TXN-R10"])
    mortal = PAYMENT.with_(era=Era.mortal(64, BLOCK - 1), birth_hash=b"\x23" * 32)
    yield _case("signed for another era hash", signed(mortal, SENDER), bad, rules=["TXN-R10"])

    for scheme in SCHEME_RULE:
        key, rules = test_key(scheme, 1), [SCHEME_RULE[scheme]]
        accounts = [{"account": key.account, "free": str(1_000 * TOS), "nonce": NONCE}]
        address = multi_address(key.account)
        signature = key.multi_signature(PAYMENT.message())
        good = _valid(key.account, NONCE), _applied(NONCE + 1)
        yield _case(
            f"{scheme}: good",
            assemble(address, signature, PAYMENT),
            *good,
            rules=rules,
            accounts=accounts,
        )
        flipped = signature[:5] + bytes([signature[5] ^ 1]) + signature[6:]
        other = test_key(scheme, 2).multi_signature(PAYMENT.message())
        cases = {
            "one bit off": flipped,
            "of another key": other,
            "over another payload": key.multi_signature(PAYMENT.with_(tip=1).message()),
        }
        if scheme in ("ed25519", "sr25519"):
            cases["labelled as the other scheme"] = bytes([1 - signature[0]]) + signature[1:]
        else:
            cases["labelled as the other scheme"] = bytes([5 - signature[0]]) + signature[1:]
            cases["recovery identifier 4"] = signature[:-1] + b"\x04"
            cases["the other recovery identifier"] = signature[:-1] + bytes([signature[-1] ^ 1])
        for name, signature_ in cases.items():
            yield _case(
                f"{scheme}: {name}",
                assemble(address, signature_, PAYMENT),
                bad,
                rules=rules,
                accounts=accounts,
            )
        if scheme in ("ecdsa", "eth"):
            order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
            high = order - int.from_bytes(signature[33:65], "big")
            variants = {
                "recovery identifier plus 27": signature[:-1] + bytes([signature[-1] + 27]),
                "high s": signature[:33] + high.to_bytes(32, "big") + bytes([signature[-1] ^ 1]),
            }
            for name, signature_ in variants.items():
                extrinsic = assemble(address, signature_, PAYMENT)
                yield _case(f"{scheme}: {name}", extrinsic, *good, rules=rules, accounts=accounts)
    for scheme, size in (("ed25519", 63), ("ecdsa", 64)):
        key = test_key(scheme, 1)
        signature = key.multi_signature(PAYMENT.message())[: 1 + size]
        extrinsic = assemble(multi_address(key.account), signature, PAYMENT)
        name = f"{scheme}: signature a byte short"
        yield _case(name, extrinsic, UNDECODABLE, rules=["HAS-R11"])
    unknown = assemble(multi_address(SENDER.account), b"\x04" + bytes(64), PAYMENT)
    yield _case("fifth signature scheme", unknown, UNDECODABLE, rules=["HAS-R11"])


def _mortality() -> Iterator[dict[str, Any]]:
    era = Era.mortal(64, BLOCK - 1)
    good = signed(PAYMENT.with_(era=era, birth_hash=BIRTH_HASH), SENDER)
    yield _case(
        "mortal, in the second block of its era",
        good,
        _valid(SENDER.account, NONCE, era),
        _applied(NONCE + 1),
        ["TXN-R13"],
    )
    old = Era.mortal(64, BLOCK - 71)
    later = _context()["hashes"] + [{"block": old.birth(BLOCK), "hash": b"\x24" * 32}]
    expired = signed(PAYMENT.with_(era=old, birth_hash=BIRTH_HASH), SENDER)
    yield _case(
        "mortal, the era is over: the same bytes mean the next era",
        expired,
        _refused("Invalid", "BadProof"),
        rules=["TXN-R13"],
        hashes=later,
    )
    ancient = Era.mortal(8_192, BLOCK - 800)
    yield _case(
        "mortal, the hash of the first block is no longer stored",
        signed(PAYMENT.with_(era=ancient, birth_hash=BIRTH_HASH), SENDER),
        _refused("Invalid", "AncientBirthBlock"),
        rules=["TXN-R14"],
    )
    start = GOOD.index(PAYMENT.explicit)
    for name, era_bytes in (("period 2", b"\x10\x00"), ("phase beyond its period", b"\x41\x00")):
        explicit = era_bytes + PAYMENT.explicit[1:]
        body = GOOD[2:start] + explicit + PAYMENT.call
        yield _case(f"era with a {name}", prefixed(body), UNDECODABLE, rules=["TXN-R12"])


def _nonces() -> Iterator[dict[str, Any]]:
    good = _valid(SENDER.account, NONCE)
    stale, future = _refused("Invalid", "Stale"), _refused("Invalid", "Future")
    rules = ["TXN-R15", "TXN-R16", "STA-R8"]
    yield _case("the account's nonce", GOOD, good, _applied(NONCE + 1), rules)
    for nonce, pool, block in (
        (0, stale, stale),
        (NONCE - 1, stale, stale),
        (NONCE + 1, _valid(SENDER.account, NONCE + 1), future),
        (2**32 - 1, _valid(SENDER.account, 2**32 - 1), future),
    ):
        extrinsic = signed(PAYMENT.with_(nonce=nonce), SENDER)
        yield _case(f"nonce {nonce} of an account at {NONCE}", extrinsic, pool, block, rules)
    yield _case("replay in the same block", GOOD, good, stale, ["TXN-R15"], before=[GOOD])
    everything = signed(PAYMENT.with_(call=transfer(RECIPIENT, 990 * TOS).encode()), SENDER)
    yield _case(
        "double spend with the same nonce",
        GOOD,
        good,
        stale,
        ["TXN-R15"],
        before=[everything],
    )
    again = PAYMENT.with_(call=transfer(RECIPIENT, 991 * TOS).encode(), nonce=NONCE + 1)
    yield _case(
        "double spend with the next nonce: it fails and pays its fee",
        signed(again, SENDER),
        _valid(SENDER.account, NONCE + 1),
        _applied(NONCE + 2, errors.dispatch("Token", "FundsUnavailable")),
        ["STA-R8", "STA-R10"],
        before=[everything],
    )
    greatest = [{"account": SENDER.account, "free": str(1_000 * TOS), "nonce": 2**32 - 1}]
    yield _case(
        "the greatest nonce, after which comes 0",
        signed(PAYMENT.with_(nonce=2**32 - 1), SENDER),
        _valid(SENDER.account, 2**32 - 1, account_nonce=2**32 - 1),
        _applied(0),
        ["STA-R8"],
        accounts=greatest,
    )


# Zero bytes are a point of order 4 on the curve of ed25519, for which this signature holds.
ZERO = bytes(32)
ZERO_SIGNATURE = b"\x00" + b"\x01" + bytes(63)


def _payers() -> Iterator[dict[str, Any]]:
    unpaid, signer = _refused("Invalid", "Payment"), _refused("Invalid", "BadSigner")
    fresh = PAYMENT.with_(nonce=0)
    yield _case("no account", signed(fresh, SENDER), unpaid, rules=["TXN-R18"], accounts=[])

    def holding(free: int) -> list[dict[str, Any]]:
        return [{"account": SENDER.account, "free": str(free), "nonce": NONCE}]

    yield _case(
        "the existential deposit and nothing for the fee",
        GOOD,
        unpaid,
        rules=["TXN-R19"],
        accounts=holding(EXISTENTIAL_DEPOSIT),
    )
    tipping = signed(PAYMENT.with_(tip=1_000 * TOS), SENDER)
    yield _case("a tip of the whole balance", tipping, unpaid, rules=["TXN-R19"])
    yield _case(
        "enough for the fee, not for the call",
        signed(PAYMENT.with_(call=transfer(RECIPIENT, TOS).encode()), SENDER),
        _valid(SENDER.account, NONCE),
        _applied(NONCE + 1, errors.dispatch("Token", "FundsUnavailable")),
        ["TXN-R19", "STA-R10", "TXN-R26"],
        accounts=[
            *holding(TOS // 2),
            {"account": RECIPIENT, "free": str(1_000 * TOS), "nonce": 0},
        ],
    )
    zero = assemble(multi_address(ZERO), ZERO_SIGNATURE, PAYMENT)
    yield _case(
        "the zero account, with a valid signature",
        zero,
        signer,
        rules=["TXN-R20"],
        accounts=[{"account": ZERO, "free": str(1_000 * TOS), "nonce": NONCE}],
    )


def _classes() -> Iterator[dict[str, Any]]:
    time = Call("Timestamp", "set", {"now": 1_800_000_000_000})
    mandatory, failed = _refused("Invalid", "MandatoryValidation"), _refused("Invalid", "BadMandatory")
    from_account = signed(PAYMENT.with_(call=time.encode()), SENDER)
    yield _case("an account sets the time", from_account, mandatory, failed, ["TXN-R21"])
    yield {
        key: value
        for key, value in _case("somebody sends an inherent", bare(time.encode()), mandatory).items()
        if key != "block"
    } | {"rules": ["TXN-R5", "TXN-R21"]}
    yield _case(
        "a byte longer than the limit of the normal class",
        _of_length(MAX_NORMAL_LENGTH + 1, NONCE),
        _refused("Invalid", "ExhaustsResources"),
        rules=["TXN-R22"],
    )
    yield _case(
        "an operational call longer than a block, which applies no authorised upgrade",
        _upgrade(MAX_LENGTH + 1, NONCE),
        _refused("Invalid", "ExhaustsResources"),
        rules=["TXN-R28"],
    )


def _fees() -> Iterator[dict[str, Any]]:
    """Calls that waive their fee (ECO-R2)."""
    rules, valid = ["ECO-R2"], _valid(SENDER.account, NONCE)
    preimage = b"a call that governance has asked for"
    note = Call("Preimage", "note_preimage", {"bytes": preimage}).encode()
    key = map_key("Preimage", "RequestStatusFor", ("Identity", blake2_256(preimage)))
    # `Requested`, by nobody with a deposit, once, and not stored yet.
    requested = {key: scale.variant(1, scale.option(None), scale.u32(1), scale.option(None))}
    first, again = (signed(PAYMENT.with_(call=note, nonce=NONCE + later), SENDER) for later in (0, 1))
    yield _case("a preimage that is requested", first, valid, _applied(NONCE + 1), rules, state=requested)
    yield _case(
        "the same preimage once more",
        again,
        _valid(SENDER.account, NONCE + 1),
        _applied(NONCE + 2),
        rules,
        before=[first],
        state=requested,
    )

    motion = b"\x77" * 32
    committee = {
        value_key("TechnicalCommittee", "Members"): scale.sequence([SENDER.account]),
        # Index, ayes that are needed, no ayes and no nays yet, and the end.
        map_key("TechnicalCommittee", "Voting", ("Identity", motion)): scale.u32(3)
        + scale.u32(2)
        + scale.sequence([])
        + scale.sequence([])
        + scale.u32(2 * BLOCK),
    }

    def vote(approve: bool, nonce: int) -> bytes:
        call = Call("TechnicalCommittee", "vote", {"proposal": motion, "index": 3, "approve": approve})
        return signed(PAYMENT.with_(call=call.encode(), nonce=nonce), SENDER)

    free = _applied(NONCE + 1, pays_fee=False)
    yield _case("a member's first vote, which is operational", vote(True, NONCE), valid, free, rules, state=committee)
    yield _case(
        "a member's second vote",
        vote(False, NONCE + 1),
        _valid(SENDER.account, NONCE + 1),
        _applied(NONCE + 2),
        rules,
        before=[vote(True, NONCE)],
        state=committee,
    )


def _of_length(length: int, nonce: int, tip: int = 0) -> bytes:
    """A signed remark of exactly `length` bytes."""
    empty = signed(PAYMENT.with_(call=remark(b"").encode(), nonce=nonce, tip=tip), SENDER)
    for spare in range(16):
        size = length - len(empty) - spare
        payload = PAYMENT.with_(call=remark(b"\x2e" * size).encode(), nonce=nonce, tip=tip)
        extrinsic = signed(payload, SENDER)
        if len(extrinsic) == length:
            return extrinsic
    raise ValueError(f"no remark makes an extrinsic of {length} bytes")


def _upgrade(length: int, nonce: int) -> bytes:
    """A signed upgrade of a little more than `length` bytes."""
    call = Call("System", "apply_authorized_upgrade", {"code": b"\x2e" * length})
    return signed(PAYMENT.with_(call=call.encode(), nonce=nonce), SENDER)


def _orders() -> Iterator[dict[str, Any]]:
    """Two errors at once: the one that is checked first is reported."""
    rules = ["TXN-R17"]
    wrong = SENDER.multi_signature(PAYMENT.with_(tip=1).message())
    ancient = PAYMENT.with_(era=Era.mortal(8_192, BLOCK - 800), birth_hash=BIRTH_HASH)
    time = Call("Timestamp", "set", {"now": 1_800_000_000_000}).encode()
    mandatory = _refused("Invalid", "MandatoryValidation")
    bad_signer = _refused("Invalid", "BadSigner")
    exhausted, payment = _refused("Invalid", "ExhaustsResources"), _refused("Invalid", "Payment")
    zero = multi_address(ZERO)
    for name, extrinsic, pool, block, context in (
        (
            "unknown sender and bad signature",
            assemble(b"\x03" + SENDER.account, wrong, PAYMENT),
            _refused("Unknown", "CannotLookup"),
            None,
            {},
        ),
        (
            "ancient era and bad signature",
            assemble(multi_address(SENDER.account), wrong, ancient),
            _refused("Invalid", "AncientBirthBlock"),
            None,
            {},
        ),
        (
            "bad signature and stale nonce",
            assemble(multi_address(SENDER.account), wrong, PAYMENT.with_(nonce=0)),
            _refused("Invalid", "BadProof"),
            None,
            {},
        ),
        (
            "mandatory call of the zero account",
            assemble(zero, ZERO_SIGNATURE, PAYMENT.with_(call=time)),
            mandatory,
            bad_signer,
            {},
        ),
        (
            "zero account that does not exist",
            assemble(zero, ZERO_SIGNATURE, PAYMENT),
            bad_signer,
            None,
            {},
        ),
        (
            "stale nonce and too long",
            _of_length(MAX_NORMAL_LENGTH + 1, 0),
            _refused("Invalid", "Stale"),
            None,
            {},
        ),
        (
            "too long and tip too high",
            _of_length(MAX_NORMAL_LENGTH + 1, NONCE, 1_000 * TOS),
            exhausted,
            None,
            {},
        ),
        (
            "tip too high and nonce too high",
            signed(PAYMENT.with_(nonce=NONCE + 1, tip=1_000 * TOS), SENDER),
            payment,
            None,
            {},
        ),
    ):
        yield _case(name, extrinsic, pool, block, rules, **context)


def files() -> Iterator[VectorFile]:
    for name, title, cases in (
        ("bytes", "Extrinsics that are truncated, padded or prefixed wrongly", _broken_bytes()),
        ("forms", "Versions, senders and forms that the chain does not accept", _broken_forms()),
        ("signatures", "Good and bad signatures", _signatures()),
        ("mortality", "Eras that are current, over or invalid", _mortality()),
        ("nonces", "Replay, gaps and double spends", _nonces()),
        ("payers", "Accounts that can pay the fee, and accounts that cannot", _payers()),
        (
            "classes",
            "Calls that no account may send, and transactions that do not fit into a block",
            _classes(),
        ),
        ("fees", "Calls that waive their fee, and whether the transaction pays", _fees()),
        ("order", "Two errors at once", _orders()),
    ):
        yield VectorFile(f"conformance/transactions/validity-{name}", "validity", title, [], list(cases))
