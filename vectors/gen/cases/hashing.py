"""Hashes, headers, tries, accounts and addresses."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import trie
from model.accounts import POT, TREASURY, derivative_account, multisig_account
from model.calls import Call, remark, transfer
from model.extrinsics import Payload, bare, signed
from model.hashing import FUNCTIONS, blake2_256, blake2_512
from model.headers import GRANDPA, DigestItem, Header, slot_item
from model.keys import base58, ss58, test_key

from cases.builders import SCHEME_RULE, header_case
from cases.fixtures import SENDER


def _hashes() -> VectorFile:
    messages = {
        "nothing": b"",
        "a name": b"System",
        "one block of BLAKE2b": bytes(range(128)),
        "one byte more": bytes(range(129)),
        "one block of Keccak": bytes(136),
        "a kibibyte": b"\x5a" * 1_024,
    }
    return VectorFile(
        "conformance/hashing-and-signing/hash",
        "hash",
        "The hash functions",
        ["HAS-R1"],
        [
            {"name": f"{name}, {title}", "function": name, "input": message, "output": hash_(message)}
            for name, hash_ in FUNCTIONS.items()
            for title, message in messages.items()
        ],
    )


def _headers() -> VectorFile:
    author = test_key("sr25519", 1)
    empty = trie.root({}, 0)
    genesis = Header(bytes(32), 0, b"\x55" * 32, empty, ())
    extrinsics = [bare(Call("Timestamp", "set", {"now": 1_800_000_000_500}).encode(), 5)]
    first = Header(
        genesis.hash(), 1, b"\x56" * 32, trie.ordered_root(extrinsics, 0), (slot_item(3_600_000_001),)
    )
    every = Header(
        b"\x57" * 32,
        2**32 - 1,
        b"\x58" * 32,
        b"\x59" * 32,
        (
            slot_item(2**64 - 1),
            DigestItem("other", payload=b"anything"),
            DigestItem("consensus", GRANDPA, b"\x01\x00\x00\x00\x00\x00"),
            DigestItem("runtimeEnvironmentUpdated"),
        ),
    )
    form = ["HAS-R3", "HAS-R4"]
    return VectorFile(
        "conformance/hashing-and-signing/header",
        "header",
        "Headers, their hashes and their seals",
        ["HAS-R5"],
        [
            header_case("genesis header", genesis, ["HAS-R3"]),
            header_case("without its seal", first, form),
            header_case("sealed", first.sealed(author), ["HAS-R6", *form], author.public),
            header_case("every kind of digest item", every, form),
            header_case(
                "every kind of digest item, sealed",
                every.sealed(author),
                ["HAS-R6", *form],
                author.public,
            ),
        ],
    )


def _tries() -> VectorFile:
    long, edge, short = b"\x61" * 100, b"\x62" * 33, b"\x63" * 32
    contents = {
        "nothing": {},
        "one short value": {b"\x12\x34": b"v"},
        "an empty value": {b"\x12": b""},
        "under the empty key": {b"": b"v", b"\x01": b"w"},
        "32 bytes": {b"\x12\x34": short},
        "33 bytes": {b"\x12\x34": edge},
        "a branch at the root": {b"\x10": b"a", b"\x20": b"b", b"\xf0": b"c"},
        "a branch with a value": {b"\x12": b"a", b"\x12\x34": b"b"},
        "a branch with a hashed value": {b"\x12": edge, b"\x12\x34": b"b"},
        "odd shared nibbles": {b"\x12\x34": b"a", b"\x12\x35": b"b"},
        "even shared nibbles": {b"\x12\x34": b"a", b"\x12\x54": b"b"},
        "a child of 31 bytes and one of 32": {
            b"\x10" + bytes(2): b"\x64" * 26,
            b"\x20" + bytes(2): b"\x64" * 27,
        },
        "every nibble": {bytes([n << 4 | n]): bytes([n]) * (n * 5) for n in range(16)},
        "a partial key of 62 nibbles": {bytes(31): b"a"},
        "a partial key of 63 nibbles": {b"\x00" + bytes(31): b"a", b"\x10": b"b"},
        "a partial key of 64 nibbles": {bytes(32): long},
        "a partial key of 318 nibbles": {bytes(159): short},
        "a partial key of 320 nibbles": {bytes(160): long},
        "mixed": {blake2_256(bytes([n]))[: n % 7 + 1]: bytes([n]) * n for n in range(60)},
    }
    return VectorFile(
        "conformance/hashing-and-signing/trie",
        "trie",
        "Roots of tries, in both layouts",
        ["HAS-R8", "HAS-R9", "STA-R4"],
        [
            {
                "name": f"{name}, layout {layout}",
                "layout": layout,
                "entries": [{"key": key, "value": value} for key, value in sorted(entries.items())],
                "root": trie.root(entries, layout),
            }
            for name, entries in contents.items()
            for layout in (0, 1)
        ],
    )


def _extrinsics_roots() -> VectorFile:
    inherent = bare(Call("Timestamp", "set", {"now": 1_800_000_000_500}).encode(), 5)
    payment = signed(Payload(transfer(test_key("sr25519", 9).account, 10**12).encode()), SENDER)
    many = [bare(remark(bytes([n])).encode()) for n in range(70)]
    bodies = {
        "an empty body": [],
        "the time": [inherent],
        "the time and a transfer": [inherent, payment],
        "more than 64: keys of two bytes": many,
    }
    return VectorFile(
        "conformance/hashing-and-signing/extrinsics-root",
        "extrinsics-root",
        "Roots of block bodies",
        ["HAS-R7", "HAS-R8"],
        [
            {"name": name, "extrinsics": body, "root": trie.ordered_root(body, 0)}
            for name, body in bodies.items()
        ],
    )


def _accounts() -> VectorFile:
    keys = [test_key(scheme, number) for scheme in SCHEME_RULE for number in (1, 2)]
    return VectorFile(
        "conformance/hashing-and-signing/account",
        "account",
        "From a key to an account and its address",
        ["HAS-R16", "HAS-R17"],
        [
            {
                "name": f"{key.scheme} key {number}",
                "scheme": key.scheme,
                "seed": key.seed,
                "publicKey": key.public,
                "account": key.account,
                "address": ss58(key.account),
            }
            for number, key in enumerate(keys)
        ],
    )


def _addresses() -> VectorFile:
    account = SENDER.account
    good = ss58(account)

    def checked(body: bytes) -> str:
        return base58(body + blake2_512(b"SS58PRE" + body)[:2])

    swapped = good[:-1] + ("2" if good[-1] != "2" else "3")
    return VectorFile(
        "conformance/hashing-and-signing/address",
        "address",
        "Texts that are addresses of this chain, and texts that are not",
        ["HAS-R17"],
        [
            {"name": "an account", "address": good, "account": account},
            {"name": "32 zero bytes", "address": ss58(bytes(32)), "account": bytes(32)},
            {"name": "32 bytes 0xff", "address": ss58(b"\xff" * 32), "account": b"\xff" * 32},
            {"name": "wrong checksum", "address": swapped, "refused": True},
            {"name": "a digit that base 58 lacks", "address": "0" + good[1:], "refused": True},
            {"name": "account of 31 bytes", "address": checked(b"\x2a" + account[:31]), "refused": True},
            {"name": "account of 33 bytes", "address": checked(b"\x2a" + account + b"\0"), "refused": True},
            {"name": "prefix of another chain", "address": ss58(account, 0), "refused": True},
            {"name": "nothing", "address": "", "refused": True},
        ],
    )


def _derived() -> VectorFile:
    members = [test_key(scheme, 1).account for scheme in ("ed25519", "sr25519", "ecdsa")]

    def case(name: str, derivation: dict[str, Any], account: bytes) -> dict[str, Any]:
        return {"name": name, "derivation": derivation, "account": account, "address": ss58(account)}

    def multisig(name: str, signatories: list[bytes], threshold: int) -> dict[str, Any]:
        derivation = {"multisig": {"signatories": signatories, "threshold": threshold}}
        return case(name, derivation, multisig_account(signatories, threshold))

    def derivative(index: int) -> dict[str, Any]:
        derivation = {"derivative": {"account": members[0], "index": index}}
        account = derivative_account(members[0], index)
        return case(f"derivative {index}", derivation, account)

    return VectorFile(
        "conformance/hashing-and-signing/derived-account",
        "derived-account",
        "Accounts without a key",
        ["HAS-R18"],
        [
            multisig("two of three", members, 2),
            multisig("two of three, named in another order", members[::-1], 2),
            multisig("three of three", members, 3),
            derivative(0),
            derivative(65_535),
            case("the treasury", {"pallet": {"id": "py/trsry"}}, TREASURY) | {"rules": ["ECO-R8"]},
            case("the pot of the fees", {"pallet": {"id": "gtos/pot"}}, POT) | {"rules": ["ECO-R11"]},
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _hashes()
    yield _headers()
    yield _tries()
    yield _extrinsics_roots()
    yield _accounts()
    yield _addresses()
    yield _derived()
