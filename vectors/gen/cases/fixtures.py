"""Accounts, amounts and the transfer that cases of several files share."""

from model.calls import transfer
from model.extrinsics import Payload, signed
from model.keys import test_key

TOS = 10**12
EXISTENTIAL_DEPOSIT = 10**9
MAX_NORMAL_LENGTH = 1_966_080

SENDER = test_key("ed25519", 1)
# Receives transfers and never signs.
RECIPIENT = test_key("sr25519", 9).account
BIRTH_HASH = b"\x22" * 32

NONCE = 5
PAYMENT = Payload(transfer(RECIPIENT, TOS).encode(), nonce=NONCE)
GOOD = signed(PAYMENT, SENDER)
BODY = GOOD[2:]
