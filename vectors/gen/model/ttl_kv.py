"""Entries that expire: storage, rent, revisions and the four calls."""

from dataclasses import dataclass, field, replace

from model import errors, scale
from model.calls import PALLETS
from model.hashing import blake2_128
from model.storage import map_key, value_key

MIN_TTL = 1
MAX_TTL = 31_536_000
MAX_KEY_LENGTH = 128
MAX_VALUE_LENGTH = 16_384
ENTRY_OVERHEAD_BYTES = 256
RENT_PER_BYTE_BLOCK = 1
MAX_PAGE_SIZE = 100
MAX_PAGE_SCAN = 1_000
LAST_BLOCK = 2**32 - 1

INDEX = PALLETS["TtlKv"]
ERRORS = [
    "EmptyKey",
    "KeyTooLong",
    "EmptyValue",
    "ValueTooLong",
    "TtlOutOfRange",
    "ExpiryOverflow",
    "EntryNotFound",
    "EntryExists",
    "RevisionMismatch",
    "InsufficientBalance",
]

LAST_REVISION_KEY = value_key("TtlKv", "LastRevision")
TOTALS_KEY = value_key("TtlKv", "Totals")


class CallError(Exception):
    """A call fails with the named error of the pallet."""


def error(name: str) -> bytes:
    return errors.module(INDEX, ERRORS.index(name))


def rent(length: int, blocks: int) -> int:
    return length * blocks * RENT_PER_BYTE_BLOCK


def charge(length: int, blocks: int, old_length: int, old_blocks: int) -> int:
    return max(0, rent(length, blocks) - rent(old_length, old_blocks))


def entry_length(key_length: int, value_length: int) -> int:
    return ENTRY_OVERHEAD_BYTES + key_length + value_length


def entry_key(owner: bytes, key: bytes) -> bytes:
    keys = ("Blake2_128Concat", owner), ("Blake2_128Concat", scale.data(key))
    return map_key("TtlKv", "Entries", *keys)


@dataclass(frozen=True)
class Entry:
    value: bytes
    expires_at: int
    created_at: int
    revision: int

    def encode(self) -> bytes:
        head = scale.u32(self.expires_at) + scale.u32(self.created_at) + scale.u64(self.revision)
        return head + scale.data(self.value)


@dataclass(frozen=True)
class Outcome:
    error: bytes | None = None
    event: bytes | None = None
    charge: int = 0


ABSENT = object()


@dataclass
class Store:
    """The pallet's part of the state, without the expiry index."""

    entries: dict[tuple[bytes, bytes], Entry] = field(default_factory=dict)
    last_revision: int = 0

    # Reads

    def find(self, owner: bytes, key: bytes, now: int) -> Entry | None:
        entry = self.entries.get((owner, key))
        return entry if entry and now < entry.expires_at else None

    def items(self) -> dict[bytes, bytes]:
        """The storage without the index, by storage key."""
        stored = {entry_key(*at): entry.encode() for at, entry in self.entries.items()}
        if self.last_revision:
            stored[LAST_REVISION_KEY] = scale.u64(self.last_revision)
        if self.entries:
            stored[TOTALS_KEY] = self._totals()
        return stored

    def _totals(self) -> bytes:
        length = sum(len(key) + len(entry.value) for (_, key), entry in self.entries.items())
        return scale.u64(len(self.entries)) + scale.u64(length)

    def statistics(self, now: int) -> bytes:
        backlog = sum(now >= entry.expires_at for entry in self.entries.values())
        return self._totals() + scale.u64(backlog) + scale.u64(self.last_revision)

    def page(
        self, owner: bytes, prefix: bytes, start: bytes | None, limit: int, now: int
    ) -> tuple[list[tuple[bytes, Entry]], bytes | None]:
        """Live entries in the order of their storage keys, and the key that the next page starts from."""

        def place(key: bytes) -> bytes:
            return blake2_128(scale.data(key)) + scale.data(key)

        keys = sorted((key for who, key in self.entries if who == owner), key=place)
        if start is not None:
            keys = [key for key in keys if place(key) > place(start)]
        found: list[tuple[bytes, Entry]] = []
        limit = min(limit, MAX_PAGE_SIZE)
        if limit == 0:
            return [], None
        for looked_at, key in enumerate(keys, start=1):
            entry = self.find(owner, key, now)
            if entry and key.startswith(prefix):
                found.append((key, entry))
            if len(found) == limit or looked_at == MAX_PAGE_SCAN:
                return found, key if looked_at < len(keys) else None
        return found, None

    # Calls

    def put(
        self,
        owner: bytes,
        key: bytes,
        value: bytes,
        ttl: int,
        now: int,
        spendable: int,
        condition: object = None,
    ) -> Outcome:
        """`kv_put_ttl`, and `kv_put_if` with a condition: `ABSENT` or a revision."""

        def attempt() -> Outcome:
            self._check_key(key)
            self._check_value(value)
            end = self._end(ttl, now)
            old = self.find(owner, key, now)
            if condition is ABSENT and old:
                raise CallError("EntryExists")
            if isinstance(condition, int) and (not old or old.revision != condition):
                raise CallError("RevisionMismatch")
            cost = self._pay(key, value, end, old, now, spendable)
            self.last_revision += 1
            created_at = old.created_at if old else now
            self.entries[owner, key] = Entry(value, end, created_at, self.last_revision)
            fields = (
                owner,
                scale.data(key),
                scale.u32(len(value)),
                scale.u64(self.last_revision),
                scale.u32(end),
                scale.u128(cost),
            )
            return Outcome(event=scale.u8(INDEX) + scale.variant(0, *fields), charge=cost)

        return self._run(attempt)

    def extend(self, owner: bytes, key: bytes, ttl: int, now: int, spendable: int) -> Outcome:
        def attempt() -> Outcome:
            self._check_key(key)
            asked = self._end(ttl, now)
            old = self.find(owner, key, now)
            if not old:
                raise CallError("EntryNotFound")
            end = max(old.expires_at, asked)
            cost = self._pay(key, old.value, end, old, now, spendable)
            self.entries[owner, key] = replace(old, expires_at=end)
            revision, ending = scale.u64(old.revision), scale.u32(end)
            fields = owner, scale.data(key), revision, ending, scale.u128(cost)
            return Outcome(event=scale.u8(INDEX) + scale.variant(1, *fields), charge=cost)

        return self._run(attempt)

    def delete(self, owner: bytes, key: bytes, now: int) -> Outcome:
        def attempt() -> Outcome:
            self._check_key(key)
            old = self.find(owner, key, now)
            if not old:
                raise CallError("EntryNotFound")
            del self.entries[owner, key]
            fields = owner, scale.data(key), scale.u64(old.revision)
            return Outcome(event=scale.u8(INDEX) + scale.variant(2, *fields))

        return self._run(attempt)

    def sweep(self, now: int) -> None:
        """The sweep of `on_initialize`, if fewer entries have expired than the quota allows."""
        self.entries = {at: entry for at, entry in self.entries.items() if now < entry.expires_at}

    @staticmethod
    def _run(attempt) -> Outcome:
        try:
            return attempt()
        except CallError as failure:
            return Outcome(error=error(str(failure)))

    @staticmethod
    def _check_key(key: bytes) -> None:
        if not key:
            raise CallError("EmptyKey")
        if len(key) > MAX_KEY_LENGTH:
            raise CallError("KeyTooLong")

    @staticmethod
    def _check_value(value: bytes) -> None:
        if not value:
            raise CallError("EmptyValue")
        if len(value) > MAX_VALUE_LENGTH:
            raise CallError("ValueTooLong")

    @staticmethod
    def _end(ttl: int, now: int) -> int:
        if not MIN_TTL <= ttl <= MAX_TTL:
            raise CallError("TtlOutOfRange")
        if now + ttl > LAST_BLOCK:
            raise CallError("ExpiryOverflow")
        return now + ttl

    @staticmethod
    def _pay(key: bytes, value: bytes, end: int, old: Entry | None, now: int, spendable: int) -> int:
        left = 0, 0
        if old:
            left = entry_length(len(key), len(old.value)), old.expires_at - now
        cost = charge(entry_length(len(key), len(value)), end - now, *left)
        if cost > spendable:
            raise CallError("InsufficientBalance")
        return cost
