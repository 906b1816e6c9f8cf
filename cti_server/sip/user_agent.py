"""The user agent: five verbs for bytes and time, and the orders an embedder can give.

Decides which part of the package a message or an order belongs to. Contains no rule of SIP itself; see `outbound.py`,
`inbound.py` and `midcall.py` for calls, `transactions.py` for repetition, `registrar.py` and `registration.py`.

Usage, after *every* call of a method that takes `now_us`: send what `outgoing()` returns, take `next_event()` until
None, and sleep no longer than until `next_deadline()`. Times are integer microseconds of one monotonic scale.

Orders for a leg that has ended raise UnknownLeg; but as long as its `Failed` or `Cleared` has not been taken they do
nothing, because then the embedder could not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cti_server.sip.admission import Admission
from cti_server.sip.commands import LegInfo, OutboundCall, Registration
from cti_server.sip.config import US_PER_S, Config
from cti_server.sip.digest import DigestServer
from cti_server.sip.ending import Endings
from cti_server.sip.errors import LocalProtocolError
from cti_server.sip.events import Binding, Cause, Cleared, Event, Failed, Reason
from cti_server.sip.flow import Flow, Outgoing
from cti_server.sip.inbound import Inbound
from cti_server.sip.leg import Leg, Legs, Phase, leg_info
from cti_server.sip.message import is_safe
from cti_server.sip.midcall import Midcall
from cti_server.sip.options import ask
from cti_server.sip.outbound import Outbound
from cti_server.sip.policy import Policy, RandomBits
from cti_server.sip.receiver import Receiver
from cti_server.sip.registrar import Registrar
from cti_server.sip.registration import Registrations
from cti_server.sip.resume import freeze, revive, thaw
from cti_server.sip.sessions import Sessions
from cti_server.sip.stack import Stack

ALLOW = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE")


class UserAgent:
    """`new_leg` numbers incoming legs (the numbers of outgoing ones are the embedder's); it must never repeat one."""

    def __init__(self, config: Config, *, policy: Policy, rng: RandomBits, new_leg: Callable[[], int]) -> None:
        self._stack = stack = Stack(config, rng)
        self._legs = legs = Legs()
        allow = ", ".join(ALLOW if config.registrar is None else (*ALLOW, "REGISTER"))
        self._endings = Endings(stack, legs)
        self._sessions = Sessions(stack, self._endings, allow)
        self._outbound = Outbound(stack, self._endings, self._sessions)
        self._inbound = Inbound(stack, self._endings, self._sessions, new_leg)
        self._midcall = Midcall(stack, self._endings, self._sessions, self._inbound)
        self._registrar = Registrar(stack, config.registrar) if config.registrar is not None else None
        if self._registrar is not None:
            stack.registered_way = self._registrar.way_to
        self._registrations = Registrations(stack)
        digest = DigestServer(
            realm=config.realm,
            algorithms=config.digest_algorithms,
            lifetime_us=config.nonce_lifetime_s * US_PER_S,
            nonces_max=config.nonces_max,
            key=rng.getrandbits(256).to_bytes(32, "big"),
        )
        admission = Admission(stack, policy, digest, self._inbound, self._registrar, allow)
        self._receiver = Receiver(stack, legs, self._endings, self._midcall, admission)

    # --- bytes and time -----------------------------------------------------------------------------------------------

    def receive(self, data: bytes, flow: Flow, now_us: int) -> None:
        """One datagram, or any piece of a stream. Never raises for what a peer sends."""
        self._advance(now_us)
        self._receiver.receive(data, flow)
        self._endings.find_ways()

    def connection_lost(self, flow: Flow, now_us: int) -> None:
        """A stream was closed or could not be opened, or UDP reported the peer unreachable (ICMP)."""
        self._advance(now_us)
        self._receiver.forget_connection(flow)
        if flow.is_stream and flow.connection:
            for leg in self._legs.by_dialog.values():
                leg.dialog.lost(flow)
            if self._registrar is not None:
                self._registrar.connection_lost(flow)
        self._stack.transport_failed(flow)
        self._registrations.connection_lost(flow)

    def connections_in_use(self) -> set[int]:
        """Streams that a call, a transaction or a registered phone needs; of the others the embedder may close any."""
        found = {leg.dialog.flow.connection for leg in self._legs.by_dialog.values()}
        found |= {one.flow.connection for one in self._stack.clients.values()}
        found |= {one.flow.connection for one in self._stack.servers.values()}
        return found | (self._registrar.connections() if self._registrar is not None else set())

    def outgoing(self) -> list[Outgoing]:
        """What has to be sent, in order; the list is emptied."""
        taken, self._stack.out = self._stack.out, []
        return taken

    def next_deadline(self) -> int | None:
        """When `handle_deadline` has to be called at the latest (µs), or None."""
        return self._stack.deadlines.next_us()

    def handle_deadline(self, now_us: int) -> None:
        """Does everything that is due at `now_us`. Calling it early does nothing."""
        self._advance(now_us)
        self._stack.deadlines.run()

    def next_event(self) -> Event | None:
        """The oldest event not yet taken, or None."""
        if not self._stack.events:
            return None
        event = self._stack.events.popleft()
        if isinstance(event, Failed | Cleared):
            self._legs.fading.discard(event.leg)
        return event

    # --- calls --------------------------------------------------------------------------------------------------------

    def place_call(self, leg: int, call: OutboundCall, now_us: int) -> None:
        """Sends an INVITE. Events: Provisional*, then Established or Failed."""
        self._advance(now_us)
        self._outbound.place(leg, call)

    def ring(self, leg: int, now_us: int, *, status: int = 180, sdp: bytes | None = None) -> None:
        """Incoming: sends a provisional response (180, 181, 182, 183)."""
        if (found := self._leg(leg, now_us, Phase.OFFERED)) is not None:
            self._inbound.ring(found, status, sdp)

    def answer(self, leg: int, sdp: bytes, now_us: int, *, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Incoming: 200, repeated until the ACK (`Confirmed`). `sdp`: the answer, or our offer if none came."""
        if (found := self._leg(leg, now_us, Phase.OFFERED)) is not None:
            self._inbound.answer(found, sdp, list(headers))

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
        """Incoming, unanswered: a final 3xx-6xx. Event: Failed (cause local)."""
        if (found := self._leg(leg, now_us, Phase.OFFERED)) is not None:
            self._inbound.reject(found, status, reason=reason, retry_after_s=retry_after_s, extra=list(headers))

    def cancel(self, leg: int, now_us: int, *, reason: Reason | None = None) -> None:
        """Outgoing: CANCEL as soon as RFC 3261 9.1 allows; a 2xx that crosses it or has just come gets ACK and BYE."""
        found = self._leg(leg, now_us, Phase.CALLING, Phase.RINGING, Phase.ESTABLISHED)
        if found is not None and not found.is_outgoing:
            raise LocalProtocolError(f"leg {leg} is incoming")
        if found is not None:
            self._hang_up(found, reason)

    def hang_up(self, leg: int, now_us: int, *, reason: Reason | None = None) -> None:
        """Ends a leg in whatever state: CANCEL, 603, or BYE (held back until the ACK where RFC 3261 15 demands it)."""
        if (found := self._leg(leg, now_us, *Phase)) is not None:
            self._hang_up(found, reason)

    def _hang_up(self, leg: Leg, reason: Reason | None) -> None:
        match leg.phase:
            case Phase.CALLING | Phase.RINGING:
                self._outbound.cancel(leg, reason)
            case Phase.OFFERED:
                self._inbound.reject(leg, 603, reason="", retry_after_s=0, extra=[])
            case Phase.ANSWERED:
                self._endings.clear_before_ack(leg, reason)
            case Phase.ESTABLISHED | Phase.ENDING:
                if leg.is_ack_due:
                    self._outbound.acknowledge(leg, None)
                self._endings.bye(leg, reason)
                self._endings.clear(leg, Cause.LOCAL)

    def acknowledge(self, leg: int, sdp: bytes, now_us: int) -> None:
        """Sends the ACK with our answer after `Established(wants_answer=True)`."""
        found = self._leg(leg, now_us, Phase.ESTABLISHED)
        if found is None:
            return
        if not found.is_ack_due:
            raise LocalProtocolError(f"leg {leg} waits for no answer of ours")
        self._outbound.acknowledge(found, sdp)
        self._sessions.send_waiting(found)

    def reoffer(self, leg: int, sdp: bytes, now_us: int) -> None:
        """Established: re-INVITE with a new offer (hold, resume, other media). Events: SessionChanged or ReofferFailed.
        While another exchange is pending it waits; a second waiting one replaces the first.
        """
        if (found := self._leg(leg, now_us, Phase.ANSWERED, Phase.ESTABLISHED)) is not None:
            self._sessions.reoffer(found, sdp)

    def answer_reoffer(self, leg: int, sdp: bytes, now_us: int) -> None:
        """Answers `Reoffered` with 200 (with our offer if the peer sent none)."""
        if (found := self._leg(leg, now_us, Phase.ESTABLISHED)) is not None:
            self._midcall.answer(found, sdp)

    def reject_reoffer(self, leg: int, now_us: int, *, status: int = 488) -> None:
        """Refuses `Reoffered`; the session stays as it was."""
        if (found := self._leg(leg, now_us, Phase.ESTABLISHED)) is not None:
            self._midcall.reject(found, status)

    def send_info(self, leg: int, content_type: str, body: bytes, now_us: int) -> None:
        """INFO in an established dialog, e.g. `dtmf_relay.digits_body`. Event: InfoAnswered."""
        if not is_safe("Content-Type", content_type):
            raise LocalProtocolError("a content type with line breaks")
        if (found := self._leg(leg, now_us, Phase.ESTABLISHED, Phase.ANSWERED)) is not None:
            self._sessions.send_info(found, content_type, body)

    def _leg(self, number: int, now_us: int, *phases: Phase) -> Leg | None:
        self._advance(now_us)
        return self._legs.expect(number, *phases)

    # --- other requests -----------------------------------------------------------------------------------------------

    def send_options(self, handle: int, target: str, now_us: int, *, flow: Flow | None = None) -> None:
        """Asks whether `target` is alive. Event: OptionsAnswered."""
        self._advance(now_us)
        ask(self._stack, handle, target, flow)

    def register(self, handle: int, registration: Registration, now_us: int) -> None:
        """Registers and keeps the binding fresh. Events: Registered, RegistrationFailed."""
        self._advance(now_us)
        self._registrations.register(handle, registration)

    def unregister(self, handle: int, now_us: int) -> None:
        """Removes the binding. Event: Unregistered."""
        self._advance(now_us)
        self._registrations.unregister(handle)

    # --- the registrar ------------------------------------------------------------------------------------------------

    def bindings(self, account: str) -> tuple[Binding, ...]:
        """Current contacts of an account, most preferred first."""
        return self._registrar.bindings(account) if self._registrar is not None else ()

    def restore_bindings(self, account: str, bindings: Iterable[Binding], now_us: int) -> None:
        """After a restart: what `BindingsChanged` last said. Expired ones are dropped."""
        self._advance(now_us)
        if self._registrar is None:
            raise LocalProtocolError("no registrar")
        self._registrar.restore(account, bindings)

    # --- inventory and resume -----------------------------------------------------------------------------------------

    def legs(self) -> list[LegInfo]:
        """Every leg that has not ended, in the order of their numbers."""
        return [leg_info(self._legs.by_number[number]) for number in sorted(self._legs.by_number)]

    def set_media(self, leg: int, media: bytes) -> None:
        """Attaches opaque bytes of the embedder (media worker, handle, codec) to the resume of a leg."""
        if leg not in self._legs.fading:
            self._legs.get(leg).media = media

    def resume(self, leg: int) -> bytes:
        """All that another user agent needs to take this leg over; never passwords or keys. Ask after each event.
        Empty if the leg has ended and the event that says so is still to be taken.
        """
        return b"" if leg in self._legs.fading else freeze(self._legs.get(leg))

    def adopt(self, leg: int, resume: bytes, now_us: int) -> LegInfo:
        """Takes over a leg of an earlier user agent. CSeq goes on 1000 higher. An unanswered outgoing leg can be
        cancelled or still be answered; an unanswered incoming one can be answered or rejected.
        Raises ResumeError.
        """
        self._advance(now_us)
        found, session_ends_us = thaw(leg, resume)
        self._legs.add(found)
        revive(found, session_ends_us, self._inbound, self._outbound, self._sessions)
        return leg_info(found)

    # ------------------------------------------------------------------------------------------------------------------

    def _advance(self, now_us: int) -> None:
        """Time never goes back, whatever a shell says."""
        deadlines = self._stack.deadlines
        deadlines.now_us = max(deadlines.now_us, now_us)
