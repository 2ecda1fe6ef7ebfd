"""Sessions, eras, votes and the consequences of offences."""

from dataclasses import dataclass, field

from model import scale
from model.headers import VOTES, Header, vote_payload
from model.keys import Key

BILLION = 10**9
# Longest header without its seal that can be reported.
MAX_REPORTED_HEADER_BYTES = 16_384


def quorum(authorities: int) -> int:
    return authorities - (authorities - 1) // 3


def slash_fraction(offenders: int, authorities: int) -> int:
    """The fraction of a slash, in parts of 10^9."""
    part = min(BILLION, 3 * offenders * BILLION // authorities)
    return part * part // BILLION


@dataclass
class Chain:
    """Sessions and eras of a chain, rotation by rotation."""

    session_length: int
    sessions_per_era: int
    validators: int
    minimum_validators: int = 1
    session: int = 0
    active_era: int = 0
    planned_era: int = 0
    planned_start: int = 0
    set_id: int = 0
    failed_elections: int = 0
    # The numbers of the keys that each validator has set, has queued and signs with; None without keys.
    keys: list[int | None] = field(default_factory=list)
    queued_keys: list[int | None] = field(default_factory=list)
    used_keys: list[int | None] = field(default_factory=list)
    is_change_queued: bool = False
    # The fractions of the validators that are disabled.
    disabled: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = [0] * self.validators
        self.queued_keys = list(self.keys)
        self.used_keys = list(self.keys)

    def begin(self, block: int) -> None:
        if block % self.session_length == 0:
            self._rotate()

    def _rotate(self) -> None:
        self.session += 1
        self.used_keys = self.queued_keys
        if self.planned_era == self.active_era + 1 and self.planned_start == self.session:
            self.active_era += 1
            self.disabled = {}
        if self.is_change_queued:
            self.set_id += 1
            self._disable_again()
        is_elected = False
        if self.session + 1 - self.planned_start >= self.sessions_per_era:
            if self.validators >= max(1, self.minimum_validators):
                is_elected = True
                self.planned_era += 1
                self.planned_start = self.session + 1
            else:
                self.failed_elections += 1
        # A validator that has left the set returns only with an election.
        self.queued_keys = [
            number if is_elected or self.used_keys[validator] is not None else None
            for validator, number in enumerate(self.keys)
        ]
        self.is_change_queued = is_elected or self.queued_keys != self.used_keys


    def _disable_again(self) -> None:
        before, self.disabled = self.disabled, {}
        authorities = sum(keys is not None for keys in self.used_keys)
        for validator, fraction in before.items():
            if self.used_keys[validator] is None:
                continue
            disable, enable = disabling(authorities, self.disabled, validator, fraction)
            if enable is not None:
                del self.disabled[enable]
            if disable is not None:
                self.disabled[disable] = fraction


def due_era(offence_era: int, deferral: int) -> int:
    return offence_era + deferral + 1


def offence_era(session: int, active_era: int, starts: dict[int, int]) -> int | None:
    """The era of an offence. `starts` has the first session of the active era and of each bonded era."""
    if session >= starts[active_era]:
        return active_era
    return max((era for era, start in starts.items() if start <= session), default=None)


def disabling(
    authorities: int, disabled: dict[int, int], offender: int, fraction: int
) -> tuple[int | None, int | None]:
    """The validator to disable and the one to enable again. `disabled` has the fractions of those disabled."""
    if offender in disabled:
        return (offender if fraction > disabled[offender] else None), None
    if len(disabled) < (authorities - 1) // 3:
        return offender, None
    lesser = [index for index in sorted(disabled) if disabled[index] <= fraction]
    if not lesser:
        return None, None
    return offender, min(lesser, key=lambda index: disabled[index])


Target = tuple[bytes, int]


def grandpa_equivocation_proof(
    key: Key,
    vote: str,
    set_id: int,
    round_: int,
    first: Target,
    second: Target,
    signed_set_id: int | None = None,
    signed_round: int | None = None,
    second_vote: str | None = None,
    signer: Key | None = None,
) -> bytes:
    """An encoded proof of a GRANDPA equivocation. Any of the last four arguments makes it invalid."""

    def signed_vote(target: Target, kind: str) -> bytes:
        block_hash, number = target
        payload = vote_payload(
            kind,
            block_hash,
            number,
            round_ if signed_round is None else signed_round,
            set_id if signed_set_id is None else signed_set_id,
        )
        return block_hash + scale.u32(number) + (signer or key).sign(payload)

    votes = signed_vote(first, vote) + signed_vote(second, second_vote or vote)
    return scale.u64(set_id) + scale.variant(VOTES[vote], scale.u64(round_), key.public, votes)


def aura_equivocation_proof(offender: Key, slot: int, first: Header, second: Header) -> bytes:
    """An encoded proof of an Aura equivocation."""
    return offender.public + scale.u64(slot) + first.encode() + second.encode()
