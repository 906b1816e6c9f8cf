"""Calls that come to us: INVITE as a server (RFC 3261 9.2, 13.3).

Decides how an offered call is answered, refused or cancelled, and what happens if its ACK never comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cti_server.sip.config import US_PER_S
from cti_server.sip.dialog import dialog_of_request
from cti_server.sip.ending import Endings
from cti_server.sip.errors import LocalProtocolError
from cti_server.sip.events import Cause, Confirmed, IncomingCall
from cti_server.sip.flow import Flow
from cti_server.sip.headers import parse_reason
from cti_server.sip.leg import Leg, Phase, SessionTimer
from cti_server.sip.message import CREDENTIALS, Header, Request, header, is_safe, response_to
from cti_server.sip.outbound import checked_headers, sdp_of
from cti_server.sip.policy import Accept
from cti_server.sip.reasons import reason_phrase
from cti_server.sip.sdp import CONTENT_TYPE
from cti_server.sip.session_timer import IntervalTooSmall, agree_as_server
from cti_server.sip.sessions import Sessions
from cti_server.sip.stack import Stack
from cti_server.sip.transactions import ServerTransaction
from cti_server.sip.uri import parse_uri

RING_AGAIN_US = 60 * US_PER_S
"""A proxy on the way gives up after three minutes without a provisional (RFC 3261 13.3.1.1)."""


@dataclass(slots=True)
class Inbound:
    stack: Stack
    endings: Endings
    sessions: Sessions
    new_leg: Callable[[], int]

    def offered(self, request: Request, flow: Flow, accepted: Accept) -> None:
        """A new INVITE, admitted and well formed."""
        stack = self.stack
        back = stack.way_back(request, flow)
        if len(self.endings.legs.by_number) >= stack.config.legs_max:
            busy = [header("Retry-After", str(stack.config.retry_after_s))]
            stack.respond_stateless(request, flow, 503, headers=busy)
            return
        try:
            agree_as_server(stack.config, request)
        except IntervalTooSmall as small:
            stack.respond_stateless(request, flow, 422, headers=[header("Min-SE", str(small.min_se_s))])
            return
        transaction = stack.open_server(request, back)
        transaction.respond(response_to(request, 100, to_tag=""))
        leg = self._make_leg(self.new_leg(), request, flow, transaction)
        stack.emit(
            IncomingCall(
                leg=leg.number,
                flow=flow,
                call_id=request.call_id,
                request_uri=parse_uri(request.uri),
                from_uri=request.from_.uri,
                from_display=request.from_.display,
                to_uri=request.to.uri,
                sdp=leg.remote_sdp,
                identity=accepted.identity,
                trunk=accepted.trunk,
                headers=tuple((name, value) for key, name, value in request.headers if key not in CREDENTIALS),
            )
        )

    def _make_leg(self, number: int, request: Request, flow: Flow, transaction: ServerTransaction) -> Leg:
        stack = self.stack
        dialog = dialog_of_request(request, local_tag=stack.token(), flow=flow, contact=stack.contact_value(flow))
        sdp = sdp_of(request)
        leg = Leg(
            number=number,
            is_outgoing=False,
            dialog=dialog,
            phase=Phase.OFFERED,
            invite=request,
            flow=flow,
            server=transaction,
            remote_sdp=sdp,
            made_offer=sdp is None,
        )
        self.endings.legs.add(leg)
        self.watch(leg)
        return leg

    def watch(self, leg: Leg) -> None:
        """An offered call can be cancelled, and does not stay one for ever."""
        assert leg.server is not None
        leg.server.to_tag = leg.dialog.local_tag
        leg.server.on_cancel = lambda cancel: self.cancelled(leg, cancel)
        limit = self.stack.config.early_s_max * US_PER_S
        leg.early_limit = self.stack.deadlines.after(limit, lambda: self._refuse(leg, 480, Cause.TIMEOUT, []))

    # --- our answers --------------------------------------------------------------------------------------------------

    def ring(self, leg: Leg, status: int, sdp: bytes | None) -> None:
        if not 101 <= status <= 199:
            raise LocalProtocolError(f"{status} is not provisional")
        if leg.ring_again is not None:
            leg.ring_again.cancel()
        leg.ring_again = self.stack.deadlines.after(RING_AGAIN_US, lambda: self.ring(leg, status, sdp))
        self._respond(leg, status, [], sdp)

    def answer(self, leg: Leg, sdp: bytes, extra: list[tuple[str, str]]) -> None:
        timer, headers = agree_as_server(self.stack.config, leg.invite)
        headers = [header("Allow", self.sessions.allow), header("Supported", "timer"), *headers]
        headers += checked_headers(extra)
        leg.phase = Phase.ANSWERED
        leg.local_sdp = sdp
        leg.cancel_deadlines()
        self._respond(leg, 200, headers, sdp)
        assert leg.server is not None
        leg.server.on_no_ack = lambda _: self._on_no_ack(leg)
        self.endings.legs.await_ack(leg, leg.invite.cseq.number)
        leg.session = SessionTimer(interval_s=timer.interval_s, we_refresh=timer.we_refresh)

    def reject(self, leg: Leg, status: int, *, reason: str, retry_after_s: int, extra: list[tuple[str, str]]) -> None:
        if not 300 <= status <= 699:
            raise LocalProtocolError(f"{status} does not reject")
        headers = checked_headers(extra)
        if not is_safe("Reason", reason):
            raise LocalProtocolError("a reason with line breaks")
        if retry_after_s:
            headers.append(header("Retry-After", str(retry_after_s)))
        self._refuse(leg, status, Cause.LOCAL, headers, reason=reason)

    def _refuse(self, leg: Leg, status: int, cause: Cause, headers: list[Header], *, reason: str = "") -> None:
        assert leg.server is not None
        leg.server.respond(response_to(leg.invite, status, to_tag=leg.dialog.local_tag, reason=reason, headers=headers))
        self.endings.fail(leg, status, cause, reason=reason or reason_phrase(status))
        self.endings.legs.forget(leg)

    def _respond(self, leg: Leg, status: int, headers: list[Header], sdp: bytes | None) -> None:
        routes = [header("Record-Route", value) for value in leg.invite.headers_named("record-route")]
        headers = [*routes, header("Contact", leg.dialog.contact), *headers]
        if sdp is not None:
            headers.append(header("Content-Type", CONTENT_TYPE))
        assert leg.server is not None
        leg.server.respond(
            response_to(leg.invite, status, to_tag=leg.dialog.local_tag, headers=headers, body=sdp or b"")
        )

    # --- what the peer does next --------------------------------------------------------------------------------------

    def cancelled(self, leg: Leg, cancel: Request) -> None:
        """CANCEL came while the call was unanswered."""
        assert leg.server is not None
        leg.server.respond(response_to(leg.invite, 487, to_tag=leg.dialog.local_tag))
        self.endings.fail(leg, 487, Cause.PEER, why=parse_reason(cancel.header("reason")))
        self.endings.legs.forget(leg)

    def acknowledged(self, leg: Leg, ack: Request) -> None:
        """The ACK to our 2xx."""
        assert leg.server is not None
        leg.server.acknowledged()
        self.endings.legs.stop_awaiting(leg)
        if leg.is_over:
            if leg.is_bye_due:
                self.endings.bye(leg, leg.bye_reason)
            return
        leg.phase = Phase.ESTABLISHED
        sdp = sdp_of(ack) if leg.made_offer else None
        leg.remote_sdp = sdp or leg.remote_sdp
        self.sessions.start_timer(leg, leg.session)
        self.stack.emit(Confirmed(leg=leg.number, sdp=sdp))
        self.sessions.send_waiting(leg)

    def _on_no_ack(self, leg: Leg) -> None:
        if leg.is_over and not leg.is_bye_due:
            return
        reason = leg.bye_reason
        self.endings.bye(leg, reason)
        self.endings.clear(leg, Cause.TIMEOUT)

    def adopt(self, leg: Leg, *, is_answered: bool) -> None:
        """Goes on with an INVITE that an earlier process took; a 2xx that may not have arrived is said again."""
        leg.server = self.stack.open_server(leg.invite, self.stack.way_back(leg.invite, leg.flow))
        if is_answered and leg.local_sdp is not None:
            self.answer(leg, leg.local_sdp, [])
        else:
            self.watch(leg)
