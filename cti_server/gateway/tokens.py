"""What a desktop shows instead of the password when it comes back: a signed statement of who signed in, good for 12 h.

It is signed, not stored, so that desktops come back by themselves after the core process was restarted. Whether the
person is still logged on, and whether a newer sign-in took the place, is decided in `sessions.py`.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

import msgspec

from cti_server.ports import CredentialCheck

LIFE_US = 12 * 3600 * 1_000_000
BYTES_MAX = 4096


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """``session`` names one sign-in; times are UTC microseconds."""

    session: str
    since: int
    until: int
    person: CredentialCheck


class Tokens:
    """Makes and reads tokens with one key."""

    def __init__(self, key: bytes, now_us: Callable[[], int]) -> None:
        self._key = key
        self._now_us = now_us
        self._decoder = msgspec.json.Decoder(Claim)

    def issue(self, person: CredentialCheck) -> tuple[str, Claim]:
        """A new sign-in."""
        now = self._now_us()
        claim = Claim(session=secrets.token_hex(8), since=now, until=now + LIFE_US, person=person)
        body = urlsafe_b64encode(msgspec.json.encode(claim))
        return f"{body.decode()}.{self._sign(body)}", claim

    def read(self, token: str) -> Claim | None:
        """The claim; None: not ours, changed, or too old."""
        if len(token) > BYTES_MAX or not token.isascii():
            return None
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(signature, self._sign(body.encode())):
            return None
        claim = self._decoder.decode(urlsafe_b64decode(body))
        return claim if self._now_us() < claim.until else None

    def _sign(self, body: bytes) -> str:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest()
