"""The questions the user agent asks its embedder, as pure synchronous calls. Decides nothing itself.

Implementations look things up in memory and return at once: who may speak to us (`admit`), what the stored digest
hash of a user is (`ha1`), whether an authenticated user may do this (`authorise`), and which account a REGISTER is for.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from cti_server.sip.flow import Flow
from cti_server.sip.uri import Uri


class RandomBits(Protocol):
    """`random.Random(seed)` in tests, `random.SystemRandom()` in production."""

    def getrandbits(self, k: int, /) -> int: ...


class RequestInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a request outside any dialog before it is admitted. Nothing in it is verified but `flow`."""

    method: str
    uri: Uri
    from_uri: Uri
    to_uri: Uri
    call_id: str
    flow: Flow
    username: str = ""
    """The name claimed in the digest credentials, if there are any."""


class Accept(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Go on without a digest. `identity` and `trunk` are handed back in `IncomingCall`."""

    identity: str = ""
    trunk: str = ""


class Challenge(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask for a digest: 401, or 407 if `proxy`. With a correct one `authorise` is asked next."""

    proxy: bool = False


class Refuse(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Answer with this status. Overload: 503 with `retry_after_s`."""

    status: int = 403
    reason: str = ""
    retry_after_s: int = 0


class Ignore(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Say nothing at all, as to a scanner."""


Verdict = Accept | Challenge | Refuse | Ignore


class Policy(Protocol):
    def admit(self, request: RequestInfo) -> Verdict:
        """Called once for each new request outside a dialog (INVITE, REGISTER, OPTIONS, ...), before any other work."""
        ...

    def ha1(self, username: str, realm: str, algorithm: str) -> str | None:
        """Hex of H(username:realm:password) for "MD5" or "SHA-256"; None if unknown (answered exactly alike)."""
        ...

    def authorise(self, request: RequestInfo, username: str) -> Verdict:
        """After a correct digest: may `username` do this? `Accept` or `Refuse` (e.g. somebody else's address)."""
        ...

    def address_of_record(self, request: RequestInfo) -> str | None:
        """The account key a REGISTER is about; None: 404. Only asked once admitted."""
        ...


class AcceptAll:
    """Admits everything and keeps bindings under user@host. For tests, and for phones only their server can reach."""

    def admit(self, request: RequestInfo) -> Verdict:
        return Accept()

    def ha1(self, username: str, realm: str, algorithm: str) -> str | None:
        return None

    def authorise(self, request: RequestInfo, username: str) -> Verdict:
        return Accept(identity=username)

    def address_of_record(self, request: RequestInfo) -> str | None:
        if request.to_uri.scheme not in ("sip", "sips") or not request.to_uri.user:
            return None
        return f"{request.to_uri.user}@{request.to_uri.host.lower()}"
