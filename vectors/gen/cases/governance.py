"""Agendas, tracks, proxies, motions, and records that nobody pays for."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import errors, proxies, scale
from model.calls import multi_address
from model.hashing import blake2_256
from model.keys import test_key
from model.storage import map_key, value_key
from model.tracks import ONE, TRACKS, Track, blocks_to_enactment, percent

from cases import scenario
from cases.builders import constant_case
from cases.fixtures import EXISTENTIAL_DEPOSIT, SENDER, TOS

LIVE_HOUR, SHORT_HOUR = 3_600, 20
CALL_FILTERED = errors.module(0, 5)
RESTRICTED = errors.module(proxies.STAKING, 33)
SUBMISSION_DEPOSIT = 100 * TOS
# Longest call that is scheduled as a preimage.
MAX_CALL_LENGTH = 65_536


def _constants() -> VectorFile:
    constants = (
        ("Scheduler", "MaxScheduledPerBlock", "u32", 128, scale.u32),
        ("Referenda", "AlarmInterval", "u32", 1, scale.u32),
        ("Referenda", "MaxQueued", "u32", 100, scale.u32),
        ("Referenda", "SubmissionDeposit", "u128", SUBMISSION_DEPOSIT, scale.u128),
        ("ConvictionVoting", "MaxVotes", "u32", 8, scale.u32),
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


def _unpaid_state() -> VectorFile:
    account, other, track = SENDER.account, b"\x77" * 32, 11
    vote, delegate, unlock = 0, 1, 3
    twox = "Twox64Concat"

    def record(who: bytes) -> bytes:
        return map_key("ConvictionVoting", "VotingFor", (twox, who), (twox, scale.u16(track)))

    def locks(who: bytes) -> bytes:
        return map_key("ConvictionVoting", "ClassLocksFor", (twox, who))

    def voting(call: int, *arguments: bytes) -> bytes:
        return proxies.encoded(proxies.VOTING, call, *arguments)

    def bond(value: int) -> bytes:
        return proxies.encoded(
            proxies.STAKING, proxies.BOND, scale.compact(value), scale.variant(proxies.STAKED)
        )

    # Votes of its own, none of them; delegations to it, votes and capital; the lock of earlier votes, end and amount.
    empty = scale.variant(0, scale.sequence([]), scale.u128(0), scale.u128(0), scale.u32(0), scale.u128(0))
    known = {record(other): empty}
    unlocking = voting(unlock, scale.u16(track), multi_address(other))
    nothing = {record(other): None, locks(other): None, record(account): None, locks(account): None}
    unlocked = {record(other): empty, locks(other): scale.sequence([])}

    def delegating(balance: int) -> bytes:
        return voting(delegate, scale.u16(track), multi_address(other), scale.u8(0), scale.u128(balance))

    def ballot(*balances: int) -> bytes:
        """A vote on referendum 0: standard, split or split with an abstention, by the number of balances."""
        aye = scale.u8(0x80) if len(balances) == 1 else b""
        kind = scale.variant(len(balances) - 1, aye + b"".join(map(scale.u128, balances)))
        return voting(vote, scale.compact(0), kind)

    not_ongoing = errors.module(proxies.VOTING, 0)
    steps: dict[str, tuple[bytes, bytes | None, dict[bytes, bytes | None], dict[bytes, bytes]]] = {
        "unlock an account without a record": (unlocking, CALL_FILTERED, nothing, {}),
        "unlock an account with a record": (unlocking, None, unlocked, known),
        "unlock an account on another track": (
            voting(unlock, scale.u16(track + 1), multi_address(other)),
            CALL_FILTERED,
            {locks(other): None},
            known,
        ),
        "unlock what is no account": (
            voting(unlock, scale.u16(track), scale.variant(1)),
            errors.dispatch("CannotLookup"),
            {},
            {},
        ),
        "unlock in a batch": (
            proxies.encoded(proxies.UTILITY, 2, scale.sequence([unlocking])),
            CALL_FILTERED,
            nothing,
            {},
        ),
        "delegate nothing": (delegating(0), CALL_FILTERED, nothing, {}),
        "delegate a unit": (delegating(1), None, {}, {}),
        "vote with nothing": (ballot(0), CALL_FILTERED, nothing, {}),
        "split nothing": (ballot(0, 0), CALL_FILTERED, nothing, {}),
        "split nothing with an abstention": (ballot(0, 0, 0), CALL_FILTERED, nothing, {}),
        "vote with a unit": (ballot(1), not_ongoing, nothing, {}),
        "split a unit": (ballot(0, 1), not_ongoing, nothing, {}),
        "abstain with a unit": (ballot(0, 0, 1), not_ongoing, nothing, {}),
    }
    cases = [
        scenario.case(
            name,
            [],
            {account: TOS},
            [scenario.call(account, call, error), *([scenario.stored(stored)] if stored else [])],
            state=state,
        )
        for name, (call, error, stored, state) in steps.items()
    ]
    ed, bonded = EXISTENTIAL_DEPOSIT, map_key("Staking", "Bonded", (twox, account))
    for free, value, error in (
        (ed, ed, RESTRICTED),
        (2 * ed - 1, TOS, RESTRICTED),
        (2 * ed, TOS, None),
        (2 * ed, ed - 1, errors.module(proxies.STAKING, 7)),
    ):
        cases.append(
            scenario.case(
                f"bond {value:,} of {free:,}",
                [],
                {account: free},
                [
                    scenario.call(account, bond(value), error),
                    scenario.balances({account: free if error else ed}),
                    scenario.stored({bonded: None if error else account}),
                ],
            )
        )
    return VectorFile(
        "conformance/state/unpaid-state",
        "scenario",
        "Calls that would store records of votes and stakes for nothing",
        ["STA-R17"],
        cases,
    )


def _motions() -> VectorFile:
    account, other, stranger = (test_key("ed25519", number).account for number in (1, 2, 3))
    propose, vote, close, release = 2, 3, 6, 8
    not_member, too_early, too_many, active = (
        errors.module(proxies.COMMITTEE, index) for index in (0, 6, 7, 11)
    )

    count = value_key("TechnicalCommittee", "ProposalCount")

    def committee(size: int) -> dict[bytes, bytes]:
        members = [account, other, *(bytes([number]) * 32 for number in range(size))][:size]
        return {value_key("TechnicalCommittee", "Members"): scale.sequence(members)}

    def motion(number: int) -> bytes:
        return proxies.encoded(proxies.SYSTEM, 0, scale.data(bytes([number])))

    def proposing(ayes: int, number: int = 1) -> bytes:
        call = motion(number)
        return proxies.encoded(
            proxies.COMMITTEE, propose, scale.compact(ayes), call, scale.compact(len(call))
        )

    def voting(number: int, index: int) -> bytes:
        aye = scale.boolean(True)
        return proxies.encoded(
            proxies.COMMITTEE, vote, blake2_256(motion(number)), scale.compact(index), aye
        )

    def closing(number: int, index: int) -> bytes:
        # Bounds of a call that is not made: weight and length.
        bounds = scale.compact(0), scale.compact(0), scale.compact(0)
        return proxies.encoded(
            proxies.COMMITTEE, close, blake2_256(motion(number)), scale.compact(index), *bounds
        )

    def releasing(number: int) -> bytes:
        return proxies.encoded(proxies.COMMITTEE, release, blake2_256(motion(number)))

    def thresholds(size: int) -> dict[str, Any]:
        least = -(-2 * size // 3)
        refused = [ayes for ayes in (0, 1, least - 1, least + 1, size + 1) if ayes != least]
        return scenario.case(
            f"ayes of {size} members",
            [],
            {account: TOS},
            [
                *(scenario.call(account, proposing(ayes), CALL_FILTERED) for ayes in sorted(set(refused))),
                scenario.call(account, proposing(least)),
                # The only member makes the call at once.
                scenario.stored({count: scale.u32(1) if size > 1 else None}),
            ],
            state=committee(size),
        )

    end = 1 + 72 * LIVE_HOUR
    life = scenario.case(
        "one motion of each member",
        [],
        {account: TOS, other: TOS, stranger: TOS},
        [
            scenario.call(stranger, proposing(2), not_member),
            scenario.call(account, proposing(2)),
            scenario.call(account, proposing(2, 2), too_many),
            scenario.call(other, proposing(2, 2)),
            scenario.call(stranger, releasing(1), active),
            scenario.advance(end, sweep=False),
            scenario.call(stranger, closing(1, 0)),
            # The pallet still has the ticket of the first motion.
            scenario.call(account, proposing(2, 3)),
            scenario.call(account, proposing(2, 1), too_many),
            scenario.call(stranger, closing(2, 1)),
            # The call of a motion that has ended, by another member.
            scenario.call(other, proposing(2, 1)),
            scenario.call(other, proposing(2, 4), too_many),
            scenario.call(stranger, releasing(2)),
        ],
        state=committee(3),
    )
    # Three of five are a majority. If the others counted as ayes, closing would fail: its bounds are too low.
    abstentions = scenario.case(
        "members that do not vote",
        [],
        {account: TOS, other: TOS, stranger: TOS},
        [
            scenario.call(account, proposing(4)),
            *(scenario.call(member, voting(1, 0)) for member in (account, other, bytes(32))),
            scenario.call(stranger, closing(1, 0), too_early),
            scenario.advance(end, sweep=False),
            scenario.call(stranger, closing(1, 0)),
        ],
        state=committee(5),
    )
    return VectorFile(
        "conformance/state/motion",
        "scenario",
        "Motions of the technical committee: the ayes that they need, and how many a member can have",
        ["STA-R18"],
        [*(thresholds(size) for size in (1, 2, 3, 4, 5, 6, 24, 25)), life, abstentions],
    )


def _late_whitelisting() -> VectorFile:
    account = SENDER.account
    whitelist, make, remove = 0, 3, 4
    not_found, already, expired = (errors.module(proxies.WHITELIST, index) for index in (5, 7, 8))
    call = proxies.encoded(proxies.SYSTEM, 0, scale.data(b"urgent"))
    call_hash = blake2_256(call)

    def key(item: str) -> bytes:
        return map_key("Whitelist", item, ("Twox64Concat", call_hash))

    making = proxies.encoded(proxies.WHITELIST, make, call)
    whitelisting = proxies.encoded(proxies.WHITELIST, whitelist, call_hash)
    removing = proxies.encoded(proxies.WHITELIST, remove, call_hash)
    root, start = scenario.ROOT, 7
    return VectorFile(
        "conformance/state/late-whitelisting",
        "scenario",
        "A call that is whitelisted after the referendum that should have made it; root stands for the track's origin",
        ["STA-R15"],
        [
            scenario.case(
                "no account makes the call",
                [],
                {account: TOS},
                [
                    scenario.call(account, making, not_found),
                    scenario.call(root, making),
                    scenario.stored({key("DeferredDispatch"): scale.u32(start)}),
                    scenario.call(root, making, already),
                    scenario.call(root, whitelisting),
                    scenario.call(account, making, expired),
                    scenario.advance(start + 1, sweep=False),
                    scenario.call(account, making, expired),
                    scenario.call(account, removing),
                    scenario.stored({key("DeferredDispatch"): None, key("WhitelistedCall"): b""}),
                    scenario.call(account, making, not_found),
                    scenario.call(root, making),
                    scenario.stored({key("WhitelistedCall"): None}),
                ],
                block=start,
            ),
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
    yield _unpaid_state()
    yield _motions()
    yield _late_whitelisting()
    yield _tracks()
    yield _proxies()
