"""The user agent: five verbs for bytes and time, and the orders an embedder can give.

Decides which part of the package a message or an order belongs to. Contains no rule of SIP itself; see `calls.py` for
legs, `transactions.py` for repetition and timers, `registrar.py` and `registration.py`.

Usage, after *every* call of a method that takes `now_us`: send what `outgoing()` returns, take `next_event()` until
None, and sleep no longer than until `next_deadline()`. Times are integer microseconds of one monotonic scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cti_server.sip.commands import LegInfo, OutboundCall, Registration
from cti_server.sip.config import Config
from cti_server.sip.events import Binding, Event, Reason
from cti_server.sip.flow import Flow, Outgoing
from cti_server.sip.policy import Policy, RandomBits


class UserAgent:
    """`new_leg` numbers incoming legs (the numbers of outgoing ones are the embedder's); it must never repeat one."""

    def __init__(self, config: Config, *, policy: Policy, rng: RandomBits, new_leg: Callable[[], int]) -> None:
        raise NotImplementedError

    # --- bytes and time -----------------------------------------------------------------------------------------------

    def receive(self, data: bytes, flow: Flow, now_us: int) -> None:
        """One datagram, or any piece of a stream. Never raises for what a peer sends."""
        raise NotImplementedError

    def connection_lost(self, flow: Flow, now_us: int) -> None:
        """A stream was closed or could not be opened, or UDP reported the peer unreachable (ICMP)."""
        raise NotImplementedError

    def outgoing(self) -> list[Outgoing]:
        """What has to be sent, in order; the list is emptied."""
        raise NotImplementedError

    def next_deadline(self) -> int | None:
        """When `handle_deadline` has to be called at the latest (µs), or None."""
        raise NotImplementedError

    def handle_deadline(self, now_us: int) -> None:
        """Does everything that is due at `now_us`. Calling it early does nothing."""
        raise NotImplementedError

    def next_event(self) -> Event | None:
        """The oldest event not yet taken, or None."""
        raise NotImplementedError

    # --- calls --------------------------------------------------------------------------------------------------------

    def place_call(self, leg: int, call: OutboundCall, now_us: int) -> None:
        """Sends an INVITE. Events: Provisional*, then Established or Failed."""
        raise NotImplementedError

    def ring(self, leg: int, now_us: int, *, status: int = 180, sdp: bytes | None = None) -> None:
        """Incoming: sends a provisional response (180, 181, 182, 183)."""
        raise NotImplementedError

    def answer(self, leg: int, sdp: bytes, now_us: int, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Incoming: 200, repeated until the ACK (`Confirmed`). `sdp`: the answer, or our offer if none came."""
        raise NotImplementedError

    def reject(
        self,
        leg: int,
        status: int,
        now_us: int,
        *,
        reason: str = "",
        retry_after_s: int = 0,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Incoming, unanswered: a final 3xx–6xx. Event: Failed (cause local)."""
        raise NotImplementedError

    def cancel(self, leg: int, now_us: int, *, reason: Reason | None = None) -> None:
        """Outgoing, unanswered: CANCEL as soon as RFC 3261 9.1 allows; a 2xx that crosses it gets ACK and BYE."""
        raise NotImplementedError

    def hang_up(self, leg: int, now_us: int, *, reason: Reason | None = None) -> None:
        """Ends a leg in whatever state: CANCEL, 603, or BYE (held back until the ACK where RFC 3261 15 demands it)."""
        raise NotImplementedError

    def acknowledge(self, leg: int, sdp: bytes, now_us: int) -> None:
        """Sends the ACK with our answer after `Established(wants_answer=True)`."""
        raise NotImplementedError

    def reoffer(self, leg: int, sdp: bytes, now_us: int) -> None:
        """Established: re-INVITE with a new offer (hold, resume, other media). Events: SessionChanged or ReofferFailed.
        While another exchange is pending it waits; a second waiting one replaces the first.
        """
        raise NotImplementedError

    def answer_reoffer(self, leg: int, sdp: bytes, now_us: int) -> None:
        """Answers `Reoffered` with 200 (with our offer if the peer sent none)."""
        raise NotImplementedError

    def reject_reoffer(self, leg: int, now_us: int, *, status: int = 488) -> None:
        """Refuses `Reoffered`; the session stays as it was."""
        raise NotImplementedError

    def send_info(self, leg: int, content_type: str, body: bytes, now_us: int) -> None:
        """INFO in an established dialog, e.g. `dtmf_relay.digits_body`. Event: InfoAnswered."""
        raise NotImplementedError

    # --- other requests -----------------------------------------------------------------------------------------------

    def send_options(self, handle: int, target: str, now_us: int, *, flow: Flow | None = None) -> None:
        """Asks whether `target` is alive. Event: OptionsAnswered."""
        raise NotImplementedError

    def register(self, handle: int, registration: Registration, now_us: int) -> None:
        """Registers and keeps the binding fresh. Events: Registered, RegistrationFailed."""
        raise NotImplementedError

    def unregister(self, handle: int, now_us: int) -> None:
        """Removes the binding. Event: Unregistered."""
        raise NotImplementedError

    # --- the registrar ------------------------------------------------------------------------------------------------

    def bindings(self, account: str) -> tuple[Binding, ...]:
        """Current contacts of an account, most preferred first."""
        raise NotImplementedError

    def restore_bindings(self, account: str, bindings: Iterable[Binding], now_us: int) -> None:
        """After a restart: what `BindingsChanged` last said. Expired ones are dropped."""
        raise NotImplementedError

    # --- inventory and resume -----------------------------------------------------------------------------------------

    def legs(self) -> list[LegInfo]:
        """Every leg that has not ended, in the order of their numbers."""
        raise NotImplementedError

    def set_media(self, leg: int, media: bytes) -> None:
        """Attaches opaque bytes of the embedder (media worker, handle, codec) to the resume of a leg."""
        raise NotImplementedError

    def resume(self, leg: int) -> bytes:
        """All that another user agent needs to take this leg over; never passwords or keys. Ask after each event."""
        raise NotImplementedError

    def adopt(self, leg: int, resume: bytes, now_us: int) -> LegInfo:
        """Takes over a leg of an earlier user agent. CSeq goes on 1000 higher. An unanswered outgoing leg can be
        cancelled or still be answered; an unanswered incoming one can be answered or rejected.
        Raises ResumeError.
        """
        raise NotImplementedError
