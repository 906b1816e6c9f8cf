"""Requests from the peer inside a dialog (RFC 3261 12.2.2, 14.2, 15.1.2, RFC 3311, RFC 6086).

Decides what BYE, re-INVITE, UPDATE, INFO, OPTIONS and ACK mean in each phase of a leg, and what is out of order.
"""

from __future__ import annotations

from dataclasses import dataclass

from cti_server.sip import dtmf_relay
from cti_server.sip.checks import KNOWN_METHODS, is_body_refused, unsupported_options
from cti_server.sip.config import US_PER_S
from cti_server.sip.ending import Endings
from cti_server.sip.errors import LocalProtocolError, RemoteProtocolError
from cti_server.sip.events import Cause, InfoDigits, Reoffered, SessionChanged
from cti_server.sip.flow import Flow
from cti_server.sip.headers import parse_reason
from cti_server.sip.inbound import Inbound
from cti_server.sip.leg import Leg, Phase, SessionTimer
from cti_server.sip.message import Header, Request, header, response_to
from cti_server.sip.outbound import sdp_of
from cti_server.sip.sdp import CONTENT_TYPE
from cti_server.sip.session_timer import IntervalTooSmall, agree_as_server
from cti_server.sip.sessions import Sessions
from cti_server.sip.stack import Stack
from cti_server.sip.transactions import ServerTransaction

INFO_BODIES = (dtmf_relay.CONTENT_TYPE, "application/dtmf")
ANSWER_LIMIT_US = 20 * US_PER_S
"""The embedder's time to answer a `Reoffered`; then the user agent refuses it."""


@dataclass(slots=True)
class Midcall:
    stack: Stack
    endings: Endings
    sessions: Sessions
    inbound: Inbound

    def on_request(self, leg: Leg, request: Request, flow: Flow) -> None:
        """`request` carries the tags of this leg's dialog, and is no ACK."""
        dialog = leg.dialog
        if not dialog.is_in_order(request):
            self.stack.respond_stateless(request, flow, 500)
            return
        if leg.is_over and request.method != "BYE":
            self.stack.respond_stateless(request, flow, 481)
            return
        missing = unsupported_options(request)
        if missing:
            headers = [header("Unsupported", ", ".join(missing))]
            self.stack.respond_stateless(request, flow, 420, headers=headers)
            return
        dialog.remote_cseq = request.cseq.number
        dialog.heard_from(flow)
        transaction = self.stack.open_server(request, self.stack.way_back(request, flow))
        self._dispatch(leg, transaction)

    def _dispatch(self, leg: Leg, transaction: ServerTransaction) -> None:
        match transaction.request.method:
            case "BYE":
                self._on_bye(leg, transaction)
            case "INVITE":
                self._on_reinvite(leg, transaction)
            case "UPDATE":
                self._on_update(leg, transaction)
            case "INFO":
                self._on_info(leg, transaction)
            case "OPTIONS":
                self._reply(leg, transaction, 200, [header("Accept", CONTENT_TYPE)])
            case method:
                self._reply(leg, transaction, 405 if method in KNOWN_METHODS else 501, [])

    def _reply(
        self, leg: Leg, transaction: ServerTransaction, status: int, headers: list[Header], body: bytes = b""
    ) -> None:
        if status in (200, 405, 501):
            headers = [header("Allow", self.sessions.allow), *headers]
        if status in (500, 491):
            headers = [*headers, header("Retry-After", str(self.stack.random_below(10)))]
        request = transaction.request
        transaction.respond(response_to(request, status, to_tag=leg.dialog.local_tag, headers=headers, body=body))

    # --- ACK, BYE, INFO -----------------------------------------------------------------------------------------------

    def on_ack(self, leg: Leg, ack: Request, flow: Flow) -> None:
        number = ack.cseq.number
        pending = leg.unacknowledged
        if leg.server is not None and number == leg.invite.cseq.number:
            is_first = leg.phase is Phase.ANSWERED or (leg.is_over and leg.is_bye_due)
            if is_first:
                leg.dialog.heard_from(flow)
                self.inbound.acknowledged(leg, ack)
        elif pending is not None and number == pending.request.cseq.number:
            pending.acknowledged()
            self.endings.legs.stop_awaiting(leg)
            leg.unacknowledged = None
            sdp = sdp_of(ack)
            if leg.is_over:
                return
            if sdp_of(pending.request) is None and sdp is not None:
                leg.remote_sdp = sdp
                self.stack.emit(SessionChanged(leg=leg.number, sdp=sdp))
            self.sessions.send_waiting(leg)

    def _on_bye(self, leg: Leg, transaction: ServerTransaction) -> None:
        self._reply(leg, transaction, 200, [])
        why = parse_reason(transaction.request.header("reason"))
        if leg.phase is Phase.OFFERED:
            self.inbound.cancelled(leg, transaction.request)
            return
        if leg.phase in (Phase.CALLING, Phase.RINGING):
            # All repeats of its 2xx were lost, and it has given up.
            assert leg.client is not None
            leg.client.terminate()
            self.endings.fail(leg, 487, Cause.PEER, why=why)
            self.endings.legs.forget(leg)
            return
        for server in (leg.server, leg.unacknowledged):
            if server is not None:
                server.acknowledged()
        leg.is_bye_due = False
        self.endings.clear(leg, Cause.PEER, why=why)
        self.endings.legs.forget(leg)

    def _on_info(self, leg: Leg, transaction: ServerTransaction) -> None:
        request = transaction.request
        if is_body_refused(request, INFO_BODIES):
            self._reply(leg, transaction, 415, [header("Accept", ", ".join(INFO_BODIES))])
            return
        self._reply(leg, transaction, 200, [])
        found = dtmf_relay.parse_digit(request.content_type, request.body) if request.body else None
        if found is not None:
            self.stack.emit(InfoDigits(leg=leg.number, digit=found[0], duration_ms=found[1]))

    # --- re-INVITE and UPDATE -----------------------------------------------------------------------------------------

    def _on_reinvite(self, leg: Leg, transaction: ServerTransaction) -> None:
        status = self._why_not_now(leg)
        if status:
            self._reply(leg, transaction, status, [])
            return
        if not self._is_acceptable(leg, transaction):
            return
        request = transaction.request
        leg.dialog.refresh_target(request)
        sdp = sdp_of(request)
        if sdp is not None and sdp == leg.remote_sdp and leg.local_sdp is not None:
            leg.asked = transaction
            self.answer(leg, leg.local_sdp)
            return
        transaction.respond(response_to(request, 100, to_tag=""))
        self._ask(leg, transaction, sdp)

    def _on_update(self, leg: Leg, transaction: ServerTransaction) -> None:
        if not self._is_acceptable(leg, transaction):
            return
        request = transaction.request
        sdp = sdp_of(request)
        if sdp is None:
            leg.dialog.refresh_target(request)
            self._accept_update(leg, transaction, None)
            return
        status = self._why_not_now(leg)
        if status:
            self._reply(leg, transaction, status, [])
            return
        leg.dialog.refresh_target(request)
        if sdp == leg.remote_sdp and leg.local_sdp is not None:
            self._accept_update(leg, transaction, leg.local_sdp)
        else:
            self._ask(leg, transaction, sdp)

    def _why_not_now(self, leg: Leg) -> int:
        """0, or the status that says why no offer can be taken at this moment (RFC 3261 14.2, RFC 3311 5.2)."""
        if leg.phase is Phase.ANSWERED or leg.exchange is not None:
            return 491
        if leg.phase is not Phase.ESTABLISHED or leg.asked is not None or leg.unacknowledged is not None:
            return 500
        return 0

    def _is_acceptable(self, leg: Leg, transaction: ServerTransaction) -> bool:
        """Answers 415, 422 or 400 where the request deserves it."""
        request = transaction.request
        if is_body_refused(request, (CONTENT_TYPE,)):
            self._reply(leg, transaction, 415, [header("Accept", CONTENT_TYPE)])
            return False
        try:
            agree_as_server(self.stack.config, request)
        except IntervalTooSmall as small:
            self._reply(leg, transaction, 422, [header("Min-SE", str(small.min_se_s))])
            return False
        except RemoteProtocolError:
            self._reply(leg, transaction, 400, [])
            return False
        return True

    def _ask(self, leg: Leg, transaction: ServerTransaction, sdp: bytes | None) -> None:
        leg.asked = transaction
        transaction.to_tag = leg.dialog.local_tag
        transaction.on_cancel = lambda _: self._withdraw(leg, transaction)
        self.stack.deadlines.after(ANSWER_LIMIT_US, lambda: self._on_unanswered(leg, transaction))
        self.stack.emit(Reoffered(leg=leg.number, sdp=sdp, method=transaction.request.method))

    def _on_unanswered(self, leg: Leg, transaction: ServerTransaction) -> None:
        if leg.asked is transaction:
            self.reject(leg, 500)

    def answer(self, leg: Leg, sdp: bytes) -> None:
        """Our 200 to what the peer asked; nothing if it has been withdrawn by CANCEL."""
        transaction, leg.asked = leg.asked, None
        if transaction is None:
            raise LocalProtocolError(f"leg {leg.number} was asked nothing")
        if not transaction.is_unanswered:
            self.sessions.send_waiting(leg)
            return
        request = transaction.request
        if request.method == "UPDATE":
            self._accept_update(leg, transaction, sdp)
            self.sessions.send_waiting(leg)
            return
        timer, headers = agree_as_server(self.stack.config, request)
        leg.local_sdp = sdp
        leg.remote_sdp = sdp_of(request) or leg.remote_sdp
        leg.unacknowledged = transaction
        transaction.on_no_ack = lambda _: self._on_no_ack(leg, transaction)
        self.endings.legs.await_ack(leg, request.cseq.number)
        headers += [header("Contact", leg.dialog.contact), header("Supported", "timer")]
        self._reply(leg, transaction, 200, [*headers, header("Content-Type", CONTENT_TYPE)], sdp)
        self.sessions.start_timer(leg, timer)

    def reject(self, leg: Leg, status: int) -> None:
        transaction, leg.asked = leg.asked, None
        if transaction is None:
            raise LocalProtocolError(f"leg {leg.number} was asked nothing")
        self._reply(leg, transaction, status, [])
        self.sessions.send_waiting(leg)

    def _withdraw(self, leg: Leg, transaction: ServerTransaction) -> None:
        """CANCEL of a re-INVITE that we have not answered: the session stays; the embedder's answer is ignored."""
        self._reply(leg, transaction, 487, [])

    def _accept_update(self, leg: Leg, transaction: ServerTransaction, sdp: bytes | None) -> None:
        timer, headers = agree_as_server(self.stack.config, transaction.request)
        headers += [header("Contact", leg.dialog.contact), header("Supported", "timer")]
        if sdp is not None:
            leg.local_sdp = sdp
            leg.remote_sdp = sdp_of(transaction.request) or leg.remote_sdp
            headers.append(header("Content-Type", CONTENT_TYPE))
        self._reply(leg, transaction, 200, headers, sdp or b"")
        if leg.phase is Phase.ESTABLISHED:
            self.sessions.start_timer(leg, SessionTimer(interval_s=timer.interval_s, we_refresh=timer.we_refresh))

    def _on_no_ack(self, leg: Leg, transaction: ServerTransaction) -> None:
        if leg.unacknowledged is transaction and not leg.is_over:
            leg.unacknowledged = None
            self.endings.bye(leg, None)
            self.endings.clear(leg, Cause.TIMEOUT)
