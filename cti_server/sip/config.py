"""Settings of one user agent: plain data with defaults and named limits. Decides nothing."""

from __future__ import annotations

import msgspec

from cti_server.sip.flow import Address, Transport

US_PER_S = 1_000_000


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """A socket of the shell. `bound` names it in `Flow.local`; `advertised` goes into Via and Contact."""

    transport: Transport
    bound: Address
    advertised: Address


class Timers(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 3261 table 4, in microseconds. B, F and H are 64*T1; D is at least 32 s; I and K are T4; J is 64*T1."""

    t1_us: int = 500_000
    t2_us: int = 4_000_000
    t4_us: int = 5_000_000
    d_us: int = 32 * US_PER_S


class RegistrarConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how many contacts are kept (RFC 3261 10.3)."""

    expires_default_s: int = 3600
    expires_min_s: int = 60
    expires_max_s: int = 7200
    contacts_max: int = 5
    accounts_max: int = 10_000


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a user agent needs to know about itself."""

    listeners: tuple[Listener, ...]
    user_agent: str = "Ieum"
    contact_user: str = ""
    """User part of our Contact; empty gives the bare `<sip:host:port>` that simple phones like best."""
    realm: str = "ieum"
    digest_algorithms: tuple[str, ...] = ("MD5",)
    """Offered to callers, best first: "SHA-256", "MD5". Old phones stumble over two, hence one."""
    nonce_lifetime_s: int = 300
    nonces_max: int = 10_000
    registrar: RegistrarConfig | None = None
    """None: REGISTER is answered 405."""
    timers: Timers = Timers()
    session_expires_s: int = 1800
    """RFC 4028; 0 switches our own session timers off (a peer's are still honoured)."""
    session_expires_min_s: int = 90
    early_s_max: int = 300
    """An unanswered leg, in or out, is given up after this; the embedder's own limits are shorter."""
    legs_max: int = 4000
    """More new calls than this get 503."""
    transactions_max: int = 20_000
    """More server transactions than this: new requests outside dialogs get a stateless 503."""
    retry_after_s: int = 10
    message_bytes_max: int = 65_535
    connections_max: int = 4096
