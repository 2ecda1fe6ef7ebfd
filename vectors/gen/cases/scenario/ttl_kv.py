"""Puts, extensions, deletions and the expiry of entries, and queries about them."""

from collections.abc import Callable, Iterator
from typing import Any

from emit import VectorFile
from model import errors, scale
from model import ttl_kv as kv
from model.calls import Call

from cases import scenario
from cases.fixtures import EXISTENTIAL_DEPOSIT, TOS
from cases.scenario.run import Run
from cases.ttl_kv import ALICE, BLOCK, BOB, FOLDER, KEY, LONGEST_KEY, VALUE, delete, extend, put, put_if


class _Run(Run):
    def __init__(self, block: int = BLOCK, alice: int = 1_000 * TOS):
        super().__init__({ALICE: alice, BOB: 1_000 * TOS}, block)
        self.store = kv.Store()

    def _call(self, who: bytes, call: Call, outcome: kv.Outcome) -> None:
        self.charge(who, outcome.charge)
        events = [outcome.event] if outcome.event else []
        self.steps.append(scenario.call(who, call.encode(), outcome.error, events))
        if outcome.charge:
            self.check_balances()

    def put(self, key: bytes = KEY, value: bytes = VALUE, ttl: int = 600, who: bytes = ALICE) -> None:
        outcome = self.store.put(who, key, value, ttl, self.block, self.spendable(who))
        self._call(who, put(key, value, ttl), outcome)

    def put_if(self, revision: int | None, key: bytes = KEY, value: bytes = VALUE, ttl: int = 600) -> None:
        condition = kv.ABSENT if revision is None else revision
        spendable = self.spendable(ALICE)
        outcome = self.store.put(ALICE, key, value, ttl, self.block, spendable, condition)
        self._call(ALICE, put_if(key, value, ttl, revision), outcome)

    def extend(self, ttl: int, key: bytes = KEY, who: bytes = ALICE) -> None:
        outcome = self.store.extend(who, key, ttl, self.block, self.spendable(who))
        self._call(who, extend(key, ttl), outcome)

    def delete(self, key: bytes = KEY, who: bytes = ALICE) -> None:
        self._call(who, delete(key), self.store.delete(who, key, self.block))

    def advance(self, to: int, sweep: bool) -> None:
        self.block = to
        self.steps.append(scenario.advance(to, sweep))
        if sweep:
            self.store.sweep(to)

    def check_state(self, *absent: bytes) -> None:
        """Checks entries and counters, and that nothing is stored under Alice's keys `absent`."""
        gone = {kv.entry_key(ALICE, key): None for key in absent}
        self.steps.append(scenario.stored({**self.store.items(), **gone}))

    def ask(self, function: str, arguments: bytes, answer: bytes) -> None:
        self.query(f"TtlKvApi_{function}", arguments, answer)

    def get(self, key: bytes = KEY, who: bytes = ALICE) -> None:
        """Queries `get` and `metadata`, whose answers come from the model."""
        entry = self.store.find(who, key, self.block)
        arguments = who + scale.data(key)
        self.ask("get", arguments, scale.option(scale.data(entry.value) if entry else None))
        metadata = self.metadata(entry) if entry else None
        self.ask("metadata", arguments, scale.option(metadata))

    def metadata(self, entry: kv.Entry) -> bytes:
        return (
            scale.u32(len(entry.value))
            + scale.u32(entry.expires_at)
            + scale.u32(entry.created_at)
            + scale.u64(entry.revision)
            + scale.u32(entry.expires_at - self.block)
        )

    def page(self, prefix: bytes = b"", start: bytes | None = None, limit: int = 100) -> bytes | None:
        found, following = self.store.page(ALICE, prefix, start, limit, self.block)
        items = scale.sequence(scale.data(key) + self.metadata(entry) for key, entry in found)
        next_ = scale.option(None if following is None else scale.data(following))
        start_ = scale.option(None if start is None else scale.data(start))
        self.ask("list", ALICE + scale.data(prefix) + start_ + scale.u32(limit), items + next_)
        return following

    def statistics(self) -> None:
        self.ask("statistics", b"", self.store.statistics(self.block))

    def case(self, name: str, rules: list[str]) -> dict[str, Any]:
        return scenario.case(name, rules, self.accounts, self.steps, self.start)


INVARIANTS = ["TTL-I1", "TTL-I2", "TTL-I3", "TTL-I4", "TTL-I5"]
CREATE, REPLACE = ["TTL-R9", "TTL-R16", "TTL-R8"], ["TTL-R9", "TTL-R7", "TTL-R13", "TTL-R14"]


def _puts() -> Iterator[dict[str, Any]]:
    run = _Run()
    run.put()
    run.check_state()
    yield run.case("a new entry", [*CREATE, "TTL-R13", "TTL-R14", *INVARIANTS])

    run = _Run()
    run.put()
    run.advance(BLOCK + 100, True)
    run.put(value=b"a longer value")
    run.check_state()
    run.put(value=b"-", ttl=10)
    run.check_state()
    yield run.case(
        "over a live entry: first with a charge, then shorter and free", [*REPLACE, *INVARIANTS]
    )

    run = _Run()
    run.put()
    run.put(who=BOB, value=b"mine")
    run.check_state()
    run.delete(who=BOB)
    run.extend(9_000, who=BOB)
    run.delete(key=b"not there")
    run.check_state()
    yield run.case("one key of two owners", ["TTL-R1", "TTL-R12", "TTL-R11", *INVARIANTS])

    run = _Run()
    for number in range(5):
        run.put(key=b"k%d" % number)
    run.delete(key=b"k4")
    run.put(key=b"k4")
    run.check_state()
    yield run.case("revisions are never reused", ["TTL-R13", "TTL-R14"])


def _limits() -> Iterator[dict[str, Any]]:
    for length in (0, 1, kv.MAX_KEY_LENGTH - 1, kv.MAX_KEY_LENGTH, kv.MAX_KEY_LENGTH + 1):
        run, key = _Run(), b"k" * length
        run.put(key=key)
        run.put_if(None, key=key)
        run.extend(600, key=key)
        run.delete(key=key)
        yield run.case(f"a key of {length} bytes", ["TTL-R4"])
    for length in (0, 1, kv.MAX_VALUE_LENGTH - 1, kv.MAX_VALUE_LENGTH, kv.MAX_VALUE_LENGTH + 1):
        run, value = _Run(), b"v" * length
        run.put(value=value)
        run.put_if(None, key=b"other", value=value)
        run.check_state()
        yield run.case(f"a value of {length} bytes", ["TTL-R4"])
    for ttl in (0, kv.MIN_TTL, kv.MAX_TTL - 1, kv.MAX_TTL, kv.MAX_TTL + 1, 2**32 - 1):
        run = _Run()
        run.put(ttl=ttl)
        run.put(key=b"other")
        run.extend(ttl, key=b"other")
        yield run.case(f"a ttl of {ttl}", ["TTL-R5"])
    for now in (2**32 - 601, 2**32 - 600):
        run = _Run(block=now)
        run.put()
        yield run.case(f"600 blocks from block {now}", ["TTL-R5"])


def _order() -> Iterator[dict[str, Any]]:
    too_long = kv.MAX_VALUE_LENGTH + 1
    run = _Run(alice=EXISTENTIAL_DEPOSIT)
    run.put(key=b"", value=b"", ttl=0)
    run.put(key=LONGEST_KEY + b"k", value=b"", ttl=0)
    run.put(value=b"", ttl=0)
    run.put_if(5, value=b"", ttl=0)
    run.put(value=b"v" * too_long, ttl=0)
    run.put(ttl=0)
    run.put_if(5, ttl=0)
    run.put_if(5)
    run.put_if(None)
    run.extend(0)
    run.extend(1)
    run.delete()
    yield run.case("several errors at once", ["TTL-R9", "TTL-R10", "TTL-R11", "TTL-R12"])

    for origin in (scenario.NOBODY, scenario.ROOT):
        run = _Run()
        for call in (put(b"", b"", 0), put_if(b"", b"", 0, None), extend(b"", 0), delete(b"")):
            bad = errors.dispatch("BadOrigin")
            run.steps.append(scenario.call(origin, call.encode(), bad, []))
        yield run.case(f"origin: {origin}", ["TTL-R9", "TTL-R10", "TTL-R11", "TTL-R12"])

    exact = kv.rent(kv.entry_length(len(KEY), len(VALUE)), 600) + EXISTENTIAL_DEPOSIT
    for name, free in (("just enough", exact), ("a unit too little", exact - 1)):
        run = _Run(alice=free)
        run.put()
        run.check_state()
        yield run.case(f"balance: {name}", ["TTL-R8", "TTL-R6"])

    run = _Run(alice=exact)
    run.put()
    run.put()
    run.extend(600)
    run.extend(601)
    yield run.case("balance: nothing left, and nothing to pay", ["TTL-R7", "TTL-R8"])


def _conditions() -> Iterator[dict[str, Any]]:
    run = _Run()
    run.put_if(1)
    run.put_if(None)
    run.put_if(None)
    run.put_if(2)
    run.put_if(1, value=b"next")
    run.put_if(1)
    run.put_if(2, value=b"after")
    run.check_state()
    yield run.case("a chain of revisions", ["TTL-R10", "TTL-R13"])

    run = _Run()
    run.put(ttl=10)
    run.advance(BLOCK + 10, False)
    run.put_if(1)
    run.put_if(None)
    run.check_state()
    yield run.case("an expired entry is absent", ["TTL-R10", "TTL-R3", "TTL-R14"])


def _extensions() -> Iterator[dict[str, Any]]:
    run = _Run()
    run.put()
    run.advance(BLOCK + 100, True)
    run.extend(100)
    run.extend(500)
    run.extend(501)
    run.extend(501)
    run.check_state()
    yield run.case("shorter, equal, longer, and again", ["TTL-R11", "TTL-R7", "TTL-R16", *INVARIANTS])

    run = _Run()
    run.put(ttl=10)
    run.extend(20)
    run.advance(BLOCK + 10, True)
    run.get()
    run.advance(BLOCK + 19, True)
    run.get()
    run.advance(BLOCK + 20, True)
    run.get()
    run.check_state(KEY)
    yield run.case("an extended entry lives until its new expiry", ["TTL-R11", "TTL-R18", "TTL-R3"])


def _expiries() -> Iterator[dict[str, Any]]:
    end = BLOCK + 10
    for block in (end - 1, end, end + 1):
        for sweep in (False, True):
            run = _Run()
            run.put(ttl=10)
            run.advance(block, sweep)
            run.get()
            run.page()
            run.delete()
            run.check_state(*([] if (ALICE, KEY) in run.store.entries else [KEY]))
            state = "swept" if sweep else "not swept"
            name = f"expires at {end}, block {block}, {state}"
            yield run.case(name, ["TTL-R3", "TTL-R12", "TTL-R18", *INVARIANTS])

    run = _Run()
    run.put(ttl=10)
    run.advance(end, False)
    run.extend(100)
    run.put()
    run.check_state()
    yield run.case(
        "a put over an expired entry is a new entry, without credit", ["TTL-R14", "TTL-R7", "TTL-R11"]
    )

    run = _Run()
    for number in range(12):
        run.put(key=b"k%02d" % number, ttl=10 + number % 4)
    run.check_state()
    for block in (end - 1, end, end + 1, end + 2, end + 3, end + 4):
        run.advance(block, True)
        run.statistics()
    run.check_state(*(b"k%02d" % number for number in range(12)))
    yield run.case("twelve entries expire within four blocks", ["TTL-R18", "TTL-R19", *INVARIANTS])

    run = _Run()
    for number in range(12):
        run.put(key=b"k%02d" % number, ttl=10 + number % 4)
    run.advance(end + 100, True)
    run.statistics()
    run.check_state(*(b"k%02d" % number for number in range(12)))
    yield run.case("the sweep also finds entries of skipped heights", ["TTL-R18", "TTL-R19", *INVARIANTS])


def _queries() -> Iterator[dict[str, Any]]:
    run = _Run()
    run.put()
    run.put(key=b"flag", value=b"\x01")
    run.put(key=b"short", ttl=5)
    for key in (KEY, b"flag", b"short", b"other", b"", LONGEST_KEY + b"k"):
        run.get(key)
    run.get(who=BOB)
    run.statistics()
    run.advance(BLOCK + 5, False)
    run.get(b"short")
    run.statistics()
    yield run.case("value, metadata and statistics", ["TTL-R19", "TTL-R20", "TTL-R3"])

    run = _Run()
    for number in range(12):
        run.put(key=b"%s/%d" % (b"ab"[number % 2 : number % 2 + 1], number), ttl=5 if number < 3 else 600)
    run.advance(BLOCK + 5, False)
    run.page()
    run.page(prefix=b"a/")
    run.page(prefix=b"none")
    run.page(limit=0)
    following = run.page(limit=4)
    while following is not None:
        following = run.page(start=following, limit=4)
    run.page(start=b"never stored", limit=100)
    yield run.case("pages, prefixes and expired entries", ["TTL-R20"])

    run = _Run()

    def quote(key: int, value: int, ttl: int) -> None:
        is_good = (
            1 <= key <= kv.MAX_KEY_LENGTH
            and 1 <= value <= kv.MAX_VALUE_LENGTH
            and kv.MIN_TTL <= ttl <= kv.MAX_TTL
        )
        rent = scale.u128(kv.rent(kv.entry_length(key, value), ttl)) if is_good else None
        run.ask("quote", scale.u32(key) + scale.u32(value) + scale.u32(ttl), scale.option(rent))

    for arguments in (
        (1, 1, 1),
        (kv.MAX_KEY_LENGTH, kv.MAX_VALUE_LENGTH, kv.MAX_TTL),
        (0, 1, 1),
        (kv.MAX_KEY_LENGTH + 1, 1, 1),
        (1, 0, 1),
        (1, kv.MAX_VALUE_LENGTH + 1, 1),
        (1, 1, 0),
        (1, 1, kv.MAX_TTL + 1),
    ):
        quote(*arguments)
    for key in (KEY, b"", LONGEST_KEY, LONGEST_KEY + b"k"):
        answer = kv.entry_key(ALICE, key) if 1 <= len(key) <= kv.MAX_KEY_LENGTH else None
        encoded = None if answer is None else scale.data(answer)
        run.ask("proof_key", ALICE + scale.data(key), scale.option(encoded))
    yield run.case("quotes and proof keys", ["TTL-R20"])


def files() -> Iterator[VectorFile]:
    groups: tuple[tuple[str, str, Callable[[], Iterator[dict[str, Any]]]], ...] = (
        ("put", "Puts: state, charge, revision", _puts),
        ("limit", "Limits of keys, values and lifetimes", _limits),
        ("order", "Order of checks, origins and balances", _order),
        ("condition", "Conditional puts", _conditions),
        ("extension", "Extensions", _extensions),
        ("expiry", "Expiry and the sweep", _expiries),
        ("query", "Answers of the runtime API", _queries),
    )
    for name, title, cases in groups:
        yield VectorFile(f"{FOLDER}/{name}", "scenario", title, [], list(cases()))
