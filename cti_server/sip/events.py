"""What a user agent tells its embedder. Each docstring says exactly when the event happens. Decides nothing.

The law of legs: a leg is known from `place_call`, `adopt` or `IncomingCall` on, and ends with exactly one `Failed` (it
was never established) or `Cleared` (it was), also when the embedder itself ended it. Then its number means nothing.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cti_server.sip.flow import Flow
from cti_server.sip.uri import Uri


class Cause(StrEnum):
    """Why a leg ended."""

    PEER = "peer"  # the other side refused, cancelled or hung up
    LOCAL = "local"  # an order of the embedder
    TIMEOUT = "timeout"  # no answer to our request, or no ACK
    TRANSPORT = "transport"  # the way to the peer is broken
    SESSION_EXPIRED = "session_expired"  # RFC 4028: no refresh came
    DIALOG_GONE = "dialog_gone"  # the peer answered 481 or 408 to a request of ours


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 3326, e.g. protocol "SIP", cause 200, text "Call completed elsewhere"; or "Q.850", 16."""

    protocol: str = "SIP"
    cause: int = 0
    text: str = ""


class IncomingCall(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A new INVITE was admitted; 100 has been sent. Follow with ring, answer or reject."""

    leg: int
    flow: Flow
    call_id: str
    request_uri: Uri
    from_uri: Uri
    from_display: str
    to_uri: Uri
    sdp: bytes | None
    """The offer; None if the caller leaves it to us: then `answer` offers and `Confirmed` brings the answer."""
    identity: str = ""
    trunk: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """All headers as received but credentials (P-Asserted-Identity, Diversion, ...); trust them as far as the peer."""


class Provisional(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A 180, 181, 182, 183 or 199 came for our call; `sdp` if it carries early media. Repeats are not suppressed."""

    leg: int
    status: int
    reason: str
    sdp: bytes | None = None


class Established(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Outgoing: the first 2xx came. ACK has been sent, unless `wants_answer`: then `sdp` is the peer's offer and
    `acknowledge(leg, sdp)` must follow.
    """

    leg: int
    status: int
    sdp: bytes | None
    wants_answer: bool = False
    headers: tuple[tuple[str, str], ...] = ()


class Confirmed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Incoming: the ACK for our 2xx came; `sdp` if it carries the answer to our offer."""

    leg: int
    sdp: bytes | None = None


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The leg ended and was never established. `status`: the final response (also 3xx), 487 if cancelled, 408 on a
    timeout, 503 if the way is broken; on our own reject, that status.
    """

    leg: int
    status: int
    reason: str
    cause: Cause
    contacts: tuple[str, ...] = ()
    """URIs of the Contact headers of a 3xx."""
    retry_after_s: int = 0
    why: Reason | None = None


class Cleared(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The leg ended after it was established. On our own `hang_up` at once, not when the BYE is answered."""

    leg: int
    cause: Cause
    why: Reason | None = None


class Reoffered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The peer wants to change the session (re-INVITE, or UPDATE with a body): answer_reoffer or reject_reoffer must
    follow, at once for an UPDATE. `sdp` None: we are asked for an offer, and its answer comes as SessionChanged.
    Plain refreshes (no change) are answered by the user agent and not reported.
    """

    leg: int
    sdp: bytes | None
    method: str = "INVITE"


class SessionChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The exchange of offer and answer after establishment is complete: `sdp` is the peer's answer to our offer. Also
    when the peer used a refresh of the session to change its side.
    """

    leg: int
    sdp: bytes | None


class ReofferFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Our `reoffer` was refused or lost; the session goes on as before. 491 is retried by the user agent itself and
    reported only when that did not help.
    """

    leg: int
    status: int
    reason: str


class InfoDigits(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A digit came by SIP INFO (application/dtmf-relay or application/dtmf)."""

    leg: int
    digit: str
    duration_ms: int = 0

    def __repr__(self) -> str:
        return f"InfoDigits(leg={self.leg}, digit=<hidden>)"  # digits may be a PIN: never into a log

    __str__ = __repr__


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """One registered contact: where to reach a phone. Call it with `OutboundCall(target=contact, flow=flow)`."""

    contact: str
    flow: Flow
    expires_at_us: int
    q: float = 1.0
    call_id: str = ""
    cseq: int = 0
    parameters: str = ""
    """Unknown Contact parameters, echoed back."""
    user_agent: str = ""


class BindingsChanged(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Registrar: a REGISTER added, refreshed or removed a contact of `account`, or one expired. `bindings` is the new
    complete list, empty when the phone is gone. `refreshed_only` when nothing but times has changed.
    """

    account: str
    bindings: tuple[Binding, ...]
    refreshed_only: bool = False


class AuthenticationFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A digest was wrong, or its user unknown. Stale nonces do not count. For the embedder's guessing limits."""

    username: str
    method: str
    flow: Flow


class Registered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Client: the registrar accepted `handle`, first or again; a refresh follows by itself before `expires_s`."""

    handle: int
    expires_s: int
    service_route: tuple[str, ...] = ()


class Unregistered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Client: the binding was removed on our request (also when the registrar did not answer that)."""

    handle: int


class RegistrationFailed(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Client: refused (`status`), 408 without an answer, 503 without a way. The user agent retries after `retry_in_s`;
    0: it has given up (wrong password, forbidden) until `register` is called again.
    """

    handle: int
    status: int
    reason: str
    retry_in_s: int = 0


class OptionsAnswered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The final answer to `send_options`; 408 when none came in 32 s."""

    handle: int
    status: int


class InfoAnswered(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The final answer to `send_info`."""

    leg: int
    status: int


Event = (
    IncomingCall
    | Provisional
    | Established
    | Confirmed
    | Failed
    | Cleared
    | Reoffered
    | SessionChanged
    | ReofferFailed
    | InfoDigits
    | BindingsChanged
    | AuthenticationFailed
    | Registered
    | Unregistered
    | RegistrationFailed
    | OptionsAnswered
    | InfoAnswered
)
