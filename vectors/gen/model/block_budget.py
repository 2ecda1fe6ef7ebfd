"""What a block may cost for a slot and a network, and the shares of the normal class."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

LEAST_LENGTH, GREATEST_LENGTH = 288 * 1_024, 5 * 512 * 1_024
LEAST_WEIGHT_MS = 25
COMMIT_MS = 10
# The slot worker gives the proposer 98 % of its time, and the proposer spends 90 % of that on transactions.
PROPOSING = Fraction(98, 100) * Fraction(90, 100)
# The announcement is half of one; a new stream and the request take one each.
ROUND_TRIPS = Fraction(5, 2)
STREAM_WINDOW = 256 * 1_024
PICOSECONDS = 10**9


@dataclass(frozen=True)
class Network:
    code: int
    hops: int
    round_trip_ms: int
    connection_rate: int
    uplink_rate: int
    fetchers: int
    clock_ms: int

    @property
    def rate(self) -> int:
        return min(self.connection_rate, self.uplink_rate // self.fetchers)


NETWORKS = {
    "wan": Network(0, 1, 100, 2_500, 125_000, 40, 20),
    "lan": Network(1, 1, 2, 125_000, 125_000, 4, 5),
}


@dataclass(frozen=True)
class Budget:
    build_ms: int
    weight_ms: int
    length: int

    @property
    def normal_weight(self) -> int:
        """Picoseconds."""
        return self.weight_ms * PICOSECONDS * 3 // 4

    @property
    def normal_length(self) -> int:
        return self.length * 15 // 16


def _transfer_ms(length: int, network: Network) -> int:
    """Rounds of a cold window that do not fill the line, then the rest at its rate."""
    rounds = 0
    while True:
        sent, window = 14_600 * (2**rounds - 1), 14_600 * 2**rounds
        if window >= network.rate * network.round_trip_ms or sent + window >= length:
            return rounds * network.round_trip_ms + ceil(Fraction(length - sent, network.rate))
        rounds += 1


def _stall_ms(length: int, network: Network) -> int:
    """What the second grant of the stream's window takes longer than the first half window lasts."""
    grant = STREAM_WINDOW // 2
    return max(network.round_trip_ms - grant // network.rate, 0) if length > STREAM_WINDOW + grant else 0


def budget(slot_ms: int, name: str) -> Budget | None:
    """The limits of a block; `None` if no useful block fits the slot."""
    network = NETWORKS[name]
    length = min(max(slot_ms // 16 * network.rate, LEAST_LENGTH), GREATEST_LENGTH)
    hop = floor(ROUND_TRIPS * network.round_trip_ms) + _transfer_ms(length, network) + _stall_ms(length, network)
    execution = slot_ms - network.hops * hop - (network.hops + 1) * COMMIT_MS - network.clock_ms
    weight = floor(execution / (1 / PROPOSING + network.hops))
    if weight < LEAST_WEIGHT_MS:
        return None
    return Budget(execution - network.hops * weight, weight, length)


LIVE = budget(1_000, "wan")
assert LIVE is not None
