"""Data of the orders an embedder gives: outgoing calls and registrations, and what it can ask back. Decides nothing."""

from __future__ import annotations

from typing import Literal

import msgspec

from cti_server.sip.flow import Flow


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """For a 401 or 407. `realm` empty: any. Kept in memory only, never part of a resume, never printed."""

    username: str
    password: str
    realm: str = ""

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, password=<hidden>)"

    __str__ = __repr__


class OutboundCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call to place.

    `target` becomes the Request-URI. Without `flow` the message goes where the URI (or `route`) says, from the first
    listener of that transport. `flow` sends it there instead: a registered contact's flow, an outbound proxy, a trunk.
    """

    target: str
    from_uri: str
    from_display: str = ""
    to_uri: str = ""
    """To header if it has to differ from `target`."""
    sdp: bytes | None = None
    """The offer; None leaves it to the peer (see `Established.wants_answer`)."""
    flow: Flow | None = None
    pin_flow: bool = False
    """Send all later requests of the dialog over `flow` too: for phones behind NAT, whose Contact cannot be reached."""
    route: tuple[str, ...] = ()
    """URIs of preset Route headers."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers, e.g. ("P-Asserted-Identity", "<sip:...>") or ("Alert-Info", "...")."""
    credentials: Credentials | None = None
    session_timer: bool = True
    media: bytes = b""
    """Opaque; travels in the resume."""


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """A binding to hold with a registrar (softphone)."""

    registrar: str
    """Request-URI, e.g. "sip:127.0.0.1:5060"."""
    account: str
    """Address of record, e.g. "sip:1001@127.0.0.1"."""
    display: str = ""
    credentials: Credentials | None = None
    expires_s: int = 300
    flow: Flow | None = None


LegState = Literal["calling", "ringing", "offered", "answered", "established"]


class LegInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the inventory. States: `calling` (out, nothing heard), `ringing` (out, provisional heard), `offered`
    (in, unanswered), `answered` (in, 2xx sent, no ACK yet), `established`.
    """

    leg: int
    state: LegState
    is_outgoing: bool
    call_id: str
    remote_uri: str
    local_sdp: bytes | None
    remote_sdp: bytes | None
    media: bytes
    flow: Flow
