"""JSON-RPC about validators: a set of three, its sessions and eras."""

from collections.abc import Iterator
from typing import Any

from emit import VectorFile
from model import economics
from model.hashing import blake2_256
from model.keys import ss58

from cases.fixtures import RECIPIENT, SENDER, TOS
from cases.rpc.exchange import BLOCK_HASH, Answer, error, exchange_of

SESSION_LENGTH, SESSIONS_PER_ERA = 20, 3
STAKE = 1_000_000 * TOS
COMMISSION = 100_000_000


def _ask(rule: int, method: str, name: str, params: list[Any], **answer: Any) -> Answer:
    return exchange_of("dpos", rule, method, name, params, **answer)


def _keys(name: str) -> Answer:
    return {role: blake2_256(f"gtos/vectors/{name}/{role}".encode()) for role in ("aura", "grandpa")}


def _validator(account: bytes, **changes: Any) -> Answer:
    return {
        "account": ss58(account),
        "status": "active",
        "isCandidate": True,
        "ownStake": str(STAKE),
        "totalStake": str(STAKE),
        "commission": 0,
        "keys": _keys(account.hex()),
        "produced": 0,
        "missed": 0,
        "eraPoints": 0,
    } | changes


ACCOUNTS = [blake2_256(f"gtos/vectors/validator {number}".encode()) for number in range(3)]
BACKED = _validator(
    ACCOUNTS[0],
    totalStake=str(STAKE + STAKE // 2),
    commission=COMMISSION,
    produced=4,
    eraPoints=220,
)
LEAVING = _validator(ACCOUNTS[1], isCandidate=False, produced=3, missed=1, eraPoints=200)
DISABLED = _validator(ACCOUNTS[2], status="disabled", missed=4, eraPoints=140)
SET = [BACKED, LEAVING, DISABLED]


def _sets() -> Iterator[Answer]:
    rotated = [validator | {"produced": 0, "missed": 0, "eraPoints": 0} for validator in SET[:2]]
    yield _ask(26, "getValidators", "a past block", [BLOCK_HASH], result=SET)
    yield _ask(26, "getValidators", "at the best block", [None], result=SET)
    yield _ask(26, "getValidators", "after a block that rotates into an era", [BLOCK_HASH], result=rotated)
    unread, unknown = error(10_001, "at"), bytes(32)
    yield _ask(26, "getValidators", "a block that is no hash", [130], error=unread)
    nobody = error(10_003, unknown)
    yield _ask(26, "getValidators", "an unknown block", [unknown], error=nobody)


def _one() -> Iterator[Answer]:
    def ask(name: str, validator: Answer, *, earned: int, claimed: int) -> Answer:
        rewards = {"fromEra": 0, "earned": str(earned), "claimed": str(claimed)}
        result = validator | {"rewards": rewards}
        return _ask(27, "getValidator", name, [validator["account"]], result=result)

    # In each of two eras the validator authored a third of the blocks. One era has been paid out.
    own, _ = economics.rewards(30 * TOS, 400, 1_200, COMMISSION, STAKE, [STAKE // 2])
    yield ask("backed by nominators", BACKED, earned=2 * own, claimed=own)
    yield ask("leaving with the next era", LEAVING, earned=0, claimed=0)
    yield ask("disabled", DISABLED, earned=0, claimed=0)
    outside = blake2_256(b"gtos/vectors/validator 3")
    waiting = _validator(outside, status="waiting", commission=COMMISSION)
    yield ask("waiting for an election", waiting, earned=own, claimed=own)
    yield ask("waiting without keys", waiting | {"keys": None}, earned=0, claimed=0)
    chilled = waiting | {"status": "chilled", "isCandidate": False, "commission": None}
    yield ask("chilled", chilled, earned=own, claimed=0)
    unbonding = chilled | {"ownStake": "0", "totalStake": "0"}
    yield ask("chilled and unbonding", unbonding, earned=own, claimed=own)
    yield _ask(27, "getValidator", "no validator", [ss58(RECIPIENT)], result=None)
    digits = "0x" + SENDER.account.hex()
    yield _ask(27, "getValidator", "no validator, in hexadecimal", [digits, None], result=None)
    unread = error(10_001, "account")
    foreign = ss58(ACCOUNTS[0], 0)
    yield _ask(27, "getValidator", "an address of another chain", [foreign], error=unread)


def _epoch(block: int) -> Answer:
    """The epoch information if every election succeeds and governance forces no era (CON-R7)."""
    session, progress = divmod(block, SESSION_LENGTH)
    era = session // SESSIONS_PER_ERA
    next_era_session = (era + 1) * SESSIONS_PER_ERA
    return {
        "session": session,
        "sessionProgress": progress,
        "sessionLength": SESSION_LENGTH,
        "era": era,
        "eraProgress": session % SESSIONS_PER_ERA,
        "sessionsPerEra": SESSIONS_PER_ERA,
        "nextSessionBlock": (session + 1) * SESSION_LENGTH,
        "nextEraSession": next_era_session,
        "nextEraBlock": next_era_session * SESSION_LENGTH,
    }


def _epochs() -> Iterator[Answer]:
    for name, block in (
        ("genesis", 0),
        ("the first block", 1),
        ("the last block of a session", 19),
        ("a block that rotates", 20),
        ("a block that holds an election", 40),
        ("the last block of an era", 59),
        ("a block that changes the era", 60),
        ("in the middle", 152),
    ):
        yield _ask(28, "getEpochInfo", name, [BLOCK_HASH], result=_epoch(block))
    late = _epoch(152)
    # The elections in blocks 160 and 180 failed. The next one can be in block 200, for the session after.
    failed = late | {
        "session": 9,
        "eraProgress": 3,
        "sessionProgress": 5,
        "nextSessionBlock": 200,
        "nextEraSession": 11,
        "nextEraBlock": 220,
    }
    yield _ask(28, "getEpochInfo", "elections have failed", [BLOCK_HASH], result=failed)
    forced_none = late | {"nextEraSession": None, "nextEraBlock": None}
    yield _ask(28, "getEpochInfo", "governance forces no new era", [None], result=forced_none)


def _snapshots() -> Iterator[Answer]:
    snapshot = {
        "blockHash": BLOCK_HASH,
        "blockNumber": 152,
        "session": 7,
        "era": 2,
        "setId": 2,
        "validators": SET,
    }
    yield _ask(29, "getSnapshot", "a past block", [BLOCK_HASH], result=snapshot)


def files() -> Iterator[VectorFile]:
    cases = [*_sets(), *_one(), *_epochs(), *_snapshots()]
    yield VectorFile("conformance/rpc/dpos", "rpc-exchange", "Queries of validators", [], cases)
