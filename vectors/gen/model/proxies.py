"""The types of proxies, and the calls that each may make (STA-R16), by pallet and call index."""

from model import scale

TYPES = {"Any": 0, "NonTransfer": 1, "Governance": 2, "Staking": 3, "CancelProxy": 4, "Storage": 5}

SYSTEM, PREIMAGE, STAKING, SESSION, VOTER_LIST, LIVENESS = 0, 4, 21, 23, 27, 29
TREASURY, REFERENDA, VOTING, COMMITTEE, WHITELIST = 40, 41, 42, 43, 44
UTILITY, PROXY, CONTRACT_STORE, TTL_KV = 60, 62, 80, 81

BOND, SET_PAYEE = 0, 7
# Of the destinations of rewards only these two are the stash.
STAKED, STASH = 0, 1
ADD_PROXY, REMOVE_PROXY, REMOVE_ANNOUNCEMENT, REJECT_ANNOUNCEMENT = 1, 2, 7, 8

_STAKING = {STAKING, SESSION, VOTER_LIST, LIVENESS}
_GOVERNANCE = {PREIMAGE, TREASURY, REFERENDA, VOTING, COMMITTEE, WHITELIST}
PALLETS = {
    "NonTransfer": _STAKING | _GOVERNANCE | {SYSTEM, UTILITY},
    "Governance": _GOVERNANCE | {UTILITY},
    "Staking": _STAKING | {UTILITY},
    "CancelProxy": set(),
    "Storage": {CONTRACT_STORE, TTL_KV, UTILITY},
}
PROXY_CALLS = {
    "NonTransfer": {ADD_PROXY, REMOVE_PROXY, REMOVE_ANNOUNCEMENT, REJECT_ANNOUNCEMENT},
    "CancelProxy": {REJECT_ANNOUNCEMENT},
}


def may_call(proxy_type: str, pallet: int, call: int, payee: int | None = None) -> bool:
    """Whether a proxy may make the call. `payee` is the variant of the rewards' destination in it."""
    if proxy_type == "Any":
        return True
    if pallet == PROXY:
        return call in PROXY_CALLS.get(proxy_type, ())
    if pallet == STAKING and call in (BOND, SET_PAYEE) and payee not in (STAKED, STASH):
        return False
    return pallet in PALLETS[proxy_type]


def encoded(pallet: int, call: int, *arguments: bytes) -> bytes:
    return scale.u8(pallet) + scale.u8(call) + b"".join(arguments)
