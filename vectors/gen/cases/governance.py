"""Agendas, tracks and proxies."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import errors, proxies, scale
from model.calls import multi_address
from model.tracks import ONE, TRACKS, Track, blocks_to_enactment, percent

from cases import scenario
from cases.builders import constant_case
from cases.fixtures import SENDER, TOS

LIVE_HOUR, SHORT_HOUR = 3_600, 20
CALL_FILTERED = errors.module(0, 5)
SUBMISSION_DEPOSIT = 100 * TOS
# Longest call that is scheduled as a preimage.
MAX_CALL_LENGTH = 65_536


def _constants() -> VectorFile:
    constants = (
        ("Scheduler", "MaxScheduledPerBlock", "u32", 128, scale.u32),
        ("Referenda", "AlarmInterval", "u32", 1, scale.u32),
        ("Referenda", "MaxQueued", "u32", 100, scale.u32),
        ("Referenda", "SubmissionDeposit", "u128", SUBMISSION_DEPOSIT, scale.u128),
        ("ConvictionVoting", "MaxVotes", "u32", 12, scale.u32),
    )
    return VectorFile(
        "conformance/state/constant",
        "constant",
        "Limits of referenda in the metadata",
        ["STA-R13"],
        [
            constant_case(pallet, name, type_, value, encode(value))
            for pallet, name, type_, value, encode in constants
        ],
    )


def _proposal_lengths() -> VectorFile:
    account, call_hash = SENDER.account, b"\x77" * 32
    root, next_block = bytes([0, 0]), scale.variant(1, scale.u32(0))

    def submit(proposal: bytes) -> bytes:
        return proxies.encoded(proxies.REFERENDA, 0, root, proposal, next_block)

    def lookup(length: int) -> bytes:
        return submit(scale.variant(2, call_hash, scale.u32(length)))

    remark = proxies.encoded(proxies.SYSTEM, 0, scale.data(b"note"))
    proposals = {
        "a call of a few bytes": (submit(scale.variant(1, scale.data(remark))), True),
        "the longest preimage": (lookup(MAX_CALL_LENGTH), True),
        "a byte too many": (lookup(MAX_CALL_LENGTH + 1), False),
        "the largest number": (lookup(2**32 - 1), False),
        "a hash without a length": (submit(scale.variant(0, call_hash)), False),
    }
    return VectorFile(
        "conformance/state/proposal-length",
        "scenario",
        "Submissions of referenda about calls by the length of the call. No preimage is stored",
        ["STA-R13"],
        [
            scenario.case(
                name,
                [],
                {account: 1_000 * TOS},
                [
                    scenario.call(account, call, None if fits else CALL_FILTERED),
                    scenario.balances({account: 1_000 * TOS - (SUBMISSION_DEPOSIT if fits else 0)}),
                ],
            )
            for name, (call, fits) in proposals.items()
        ],
    )


def _track(name: str, track: Track) -> dict[str, Any]:
    points = {
        "approvalDelays": (track.approval, (49, 50, 70, 75, 80, 90, 100)),
        "supportDelays": (track.support, (0, 10, 20, 30, 40, 50, 100)),
    }
    ends = [track.support.end - 1, track.support.end]
    case: dict[str, Any] = {
        "name": name,
        "track": name,
        "id": track.id,
        "origin": track.origin,
        "maxDeciding": track.max_deciding,
        "decisionDeposit": str(track.deposit),
        "hours": list(track.hours),
        "cap": track.cap and str(track.cap),
    }
    for member, (curve, shares) in points.items():
        all_shares = [percent(share) for share in shares] + (ends if member == "supportDelays" else [])
        case[member] = [
            {"share": share, "delay": curve.delay(share)} for share in sorted(set(all_shares))
        ]
    case["enactments"] = [
        {
            "hourBlocks": hour,
            "ayes": percent(100 - nays),
            "turnout": turnout,
            "blocks": blocks_to_enactment(track, percent(100 - nays), turnout, hour),
        }
        for hour in (LIVE_HOUR, SHORT_HOUR)
        for turnout in (ONE, percent(20))
        for nays in (0, 10, 20, 30)
    ]
    return case | ({"rules": ["STA-R15"]} if name == "whitelisted_caller" else {})


def _tracks() -> VectorFile:
    return VectorFile(
        "conformance/state/track",
        "track",
        "The tracks of referenda: limits, curves, and the blocks until a referendum is enacted",
        ["STA-R14"],
        [_track(name, track) for name, track in TRACKS.items()],
    )


def _proxies() -> VectorFile:
    account = SENDER.account
    to = multi_address(account)
    remark = proxies.encoded(proxies.SYSTEM, 0, scale.data(b""))
    calls: dict[str, tuple[int, int, tuple[bytes, ...], int | None]] = {
        "remark": (proxies.SYSTEM, 0, (scale.data(b""),), None),
        "transfer": (10, 0, (to, scale.compact(1)), None),
        "chill": (proxies.STAKING, 6, (), None),
        "rejoin": (proxies.LIVENESS, 0, (), None),
        "place a decision deposit": (proxies.REFERENDA, 1, (scale.u32(0),), None),
        "batch": (proxies.UTILITY, 0, (scale.sequence([remark]),), None),
        "multisig": (61, 0, (scale.sequence([account]), remark), None),
        "delete an entry": (proxies.TTL_KV, 2, (scale.data(b"k"),), None),
        "act for a third account": (proxies.PROXY, 0, (to, scale.option(None), remark), None),
        "add a proxy": (proxies.PROXY, 1, (to, scale.u8(1), scale.u32(0)), None),
        "remove a proxy": (proxies.PROXY, 2, (to, scale.u8(1), scale.u32(0)), None),
        "remove all proxies": (proxies.PROXY, 3, (), None),
        "create a pure proxy": (proxies.PROXY, 4, (scale.u8(0), scale.u32(0), scale.u16(0)), None),
        "announce for a third account": (proxies.PROXY, 6, (to, b"\x77" * 32), None),
        "remove an announcement": (proxies.PROXY, 7, (to, b"\x77" * 32), None),
        "reject an announcement": (proxies.PROXY, 8, (to, b"\x77" * 32), None),
        "execute an announcement": (proxies.PROXY, 9, (to, to, scale.option(None), remark), None),
    }
    destinations = {"staked": 0, "stash": 1, "controller": 2, "account": 3, "none": 4}
    for name, variant in destinations.items():
        payee = scale.variant(variant, *([account] if name == "account" else []))
        calls[f"rewards to {name}"] = (proxies.STAKING, proxies.SET_PAYEE, (payee,), variant)
        calls[f"bond with rewards to {name}"] = (
            proxies.STAKING,
            proxies.BOND,
            (scale.compact(TOS), payee),
            variant,
        )
    return VectorFile(
        "conformance/state/proxy-filter",
        "proxy-filter",
        "Calls that the types of proxies may make",
        ["STA-R16"],
        [
            {
                "name": f"{proxy_type}: {name}",
                "proxyType": scale.u8(index),
                "call": proxies.encoded(pallet, call, *arguments),
                "isAllowed": proxies.may_call(proxy_type, pallet, call, payee),
            }
            for proxy_type, index in proxies.TYPES.items()
            for name, (pallet, call, arguments, payee) in calls.items()
        ],
    )


def files() -> Iterator[VectorFile]:
    yield _constants()
    yield _proposal_lengths()
    yield _tracks()
    yield _proxies()
