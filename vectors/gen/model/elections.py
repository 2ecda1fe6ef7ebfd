"""Elections of validators by stake: sequential Phragmen in the chain's integer arithmetic."""

from dataclasses import dataclass, field

from model.economics import BILLION, of
from model.hashing import twox_64
from model.liveness import MIN_ELECTABLE

# The denominator of loads and scores, which are never greater than 1.
ONE = 2**128 - 1
MAX_VOTES = 2**64 - 1
# How many candidates a nominator may name.
MAX_NOMINATIONS = 4
MAX_VOTERS = 4_000
VOTERS_PER_SLOT_MS = 5


@dataclass(frozen=True)
class Staker:
    """A candidate, which votes for itself, or a nominator with its targets."""

    account: bytes
    stake: int
    targets: tuple[bytes, ...] | None = None
    has_session_keys: bool = False
    is_suspended: bool = False

    @property
    def approved(self) -> tuple[bytes, ...]:
        return (self.account,) if self.targets is None else self.targets


@dataclass
class _Edge:
    candidate: bytes
    load: int = 0
    votes: int = 0


@dataclass
class _Voter:
    account: bytes
    budget: int
    edges: list[_Edge]
    load: int = 0


@dataclass
class Exposure:
    own: int = 0
    others: dict[bytes, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.own + sum(self.others.values())


def max_voters(slot_ms: int) -> int:
    """How many voters an election considers on a chain with slots of this length."""
    return min(VOTERS_PER_SLOT_MS * slot_ms, MAX_VOTERS)


def vote_unit(issuance: int) -> int:
    return max(issuance // MAX_VOTES, 1)


def normalised(values: list[int], target: int) -> list[int]:
    """Integers near `values` whose sum is `target`. `values` exceed it by less than their number."""
    if not values:
        return []
    count, missing = len(values), target - sum(values)
    result = list(values)
    order = sorted(range(count), key=lambda index: values[index])
    if missing > 0:
        step, rest = divmod(missing, count)
        at, enough = 0, target // count
        for amount in [step] * (count if step else 0) + [1] * rest:
            result[order[at]] += amount
            if result[order[at]] >= enough:
                at = (at + 1) % count
    else:
        at, least = count - 1, min(values)
        for _ in range(-missing):
            result[order[at]] -= 1
            if result[order[at]] <= least:
                at = (at - 1) % count
    return result


def _voters(stakers: list[Staker], candidates: list[bytes], unit: int) -> list[_Voter]:
    voters = []
    for staker in stakers:
        budget = min(staker.stake // unit, MAX_VOTES)
        approved = [target for target in dict.fromkeys(staker.approved) if target in candidates]
        if budget and approved:
            voters.append(_Voter(staker.account, budget, [_Edge(target) for target in approved]))
    return voters


def _phragmen(seats: int, candidates: list[bytes], voters: list[_Voter]) -> set[bytes]:
    """Elects candidates, and sets in each voter the part of its load that belongs to each of them."""
    approval = dict.fromkeys(candidates, 0)
    for voter in voters:
        for edge in voter.edges:
            approval[edge.candidate] += voter.budget
    # Candidates without voters cannot be elected.
    left = [candidate for candidate in candidates if approval[candidate]]
    elected: set[bytes] = set()
    for _ in range(min(seats, len(left))):
        scores = {candidate: ONE // approval[candidate] for candidate in left}
        for voter in voters:
            for edge in voter.edges:
                if edge.candidate in scores:
                    share = min(voter.load * voter.budget // approval[edge.candidate], ONE)
                    scores[edge.candidate] = min(scores[edge.candidate] + share, ONE)
        # Of several candidates with the lowest score, the first one wins.
        winner = min(left, key=lambda candidate: scores[candidate])
        left.remove(winner)
        elected.add(winner)
        for voter in voters:
            for edge in voter.edges:
                if edge.candidate == winner:
                    edge.load = max(scores[winner] - voter.load, 0)
                    voter.load = scores[winner]
    return elected


def _spread(voter: _Voter, elected: set[bytes]) -> list[tuple[bytes, int]]:
    """The elected candidates that a voter backs, and its votes for each."""
    backed = [edge for edge in voter.edges if edge.candidate in elected]
    for edge in backed:
        edge.votes = voter.budget * edge.load // voter.load
    backed = [edge for edge in backed if edge.votes]
    votes = normalised([edge.votes for edge in backed], voter.budget)

    parts = [(edge.candidate, amount * BILLION // voter.budget) for edge, amount in zip(backed, votes)]
    parts = [(candidate, part) for candidate, part in parts if part]
    ratios = normalised([part for _, part in parts], BILLION)

    stakes = normalised([of(ratio, voter.budget) for ratio in ratios], voter.budget)
    return [(candidate, stake) for (candidate, _), stake in zip(parts, stakes)]


def candidate_order(account: bytes) -> bytes:
    """Sort key that gives the order of accounts in the state's trie."""
    return twox_64(account) + account


def elect(seats: int, minimum: int, issuance: int, stakers: list[Staker]) -> dict[bytes, Exposure] | None:
    """The elected validators in the order of the set with their exposures; None if the election fails."""
    unit = vote_unit(issuance)
    able = [staker for staker in stakers if staker.targets is None and staker.has_session_keys]
    others = [staker for staker in able if not staker.is_suspended]
    # Suspended candidates stand too if too few others do.
    standing = others if len(others) >= max(minimum, MIN_ELECTABLE) else able
    candidates = sorted((staker.account for staker in standing), key=candidate_order)
    voters = _voters(stakers, candidates, unit)
    elected = _phragmen(seats, candidates, voters)
    exposures: dict[bytes, Exposure] = {}
    for voter in voters:
        for candidate, votes in _spread(voter, elected):
            exposure = exposures.setdefault(candidate, Exposure())
            if candidate == voter.account:
                exposure.own += votes * unit
            else:
                exposure.others[voter.account] = votes * unit
    if len(exposures) < max(minimum, 1):
        return None
    return dict(sorted(exposures.items()))
