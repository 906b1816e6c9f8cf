"""Who calls an HTTP route: sessions of people who signed in, by cookie or bearer token; and the monitor's key.

Sessions live in memory, by the hash of their token, for 8 h. Decides nothing about what a role may do (`rules.py`).
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from cti_server.core.vocabulary import Secret
from cti_server.ports import CredentialCheck
from cti_server.web.rules import MONITOR

COOKIE = "ieum_session"
LIFE_S = 8 * 3600.0
SESSIONS_MAX = 2_000
TOKEN_CHARACTERS_MAX = 128
MONITOR_CHECK = CredentialCheck(result="ok", user="monitor", roles=(MONITOR,))


@dataclass(frozen=True, slots=True)
class _Session:
    person: CredentialCheck
    until_s: float


class WebSessions:
    """``now_s``: monotonic seconds. The oldest sign-in goes when there are too many."""

    def __init__(self, now_s: Callable[[], float], *, monitor_key: Secret | None = None) -> None:
        self._now_s = now_s
        self._monitor_key = monitor_key
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    def open(self, person: CredentialCheck) -> str:
        """A new session's token."""
        token = secrets.token_urlsafe(32)
        self._sessions[_hash(token)] = _Session(person, self._now_s() + LIFE_S)
        while len(self._sessions) > SESSIONS_MAX:
            self._sessions.popitem(last=False)
        return token

    def close(self, request: Request) -> None:
        self._sessions.pop(_hash(_token(request)), None)

    def person(self, request: Request) -> CredentialCheck | None:
        """Who asks; None: nobody signed in, or too long ago."""
        token = _token(request)
        if not token or len(token) > TOKEN_CHARACTERS_MAX:
            return None
        if self._monitor_key is not None and hmac.compare_digest(token.encode(), self._monitor_key.reveal().encode()):
            return MONITOR_CHECK
        session = self._sessions.get(_hash(token))
        if session is None or session.until_s <= self._now_s():
            return None
        return session.person


def is_from_elsewhere(request: Request) -> bool:
    """Was this sent by a page of another site? Browsers say so themselves; programs say nothing."""
    origin = request.headers.get("origin")
    if origin is not None:
        return origin.partition("://")[2] != request.headers.get("host", "")
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def _token(request: Request) -> str:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    return request.cookies.get(COOKIE, "")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
