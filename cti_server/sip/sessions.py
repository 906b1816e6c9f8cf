"""Established sessions from our side: new offers, refreshes, INFO (RFC 3261 14.1, RFC 3311, RFC 4028, RFC 6086).

Decides when an offer may go out (one exchange at a time), what its answer means, when to try again after glare, and
when a session has expired.
"""

from __future__ import annotations

from dataclasses import dataclass

from cti_server.sip.config import US_PER_S
from cti_server.sip.ending import ACKS_MAX, Endings
from cti_server.sip.events import Cause, InfoAnswered, ReofferFailed, SessionChanged
from cti_server.sip.headers import delta_seconds
from cti_server.sip.leg import Leg, Phase, SessionTimer
from cti_server.sip.message import CREDENTIALS, Request, Response, header
from cti_server.sip.sdp import CONTENT_TYPE
from cti_server.sip.session_timer import agree_as_client, offered_headers
from cti_server.sip.stack import Stack
from cti_server.sip.transactions import ClientTransaction

ATTEMPTS_MAX = 5
REFRESH_AGAIN_US = 5 * US_PER_S
DIALOG_GONE = (408, 481)


@dataclass(slots=True)
class Sessions:
    stack: Stack
    endings: Endings
    allow: str

    # --- offers of ours -----------------------------------------------------------------------------------------------

    def reoffer(self, leg: Leg, sdp: bytes) -> None:
        if self.is_busy(leg):
            leg.waiting_offer = sdp
        else:
            self._send_invite(leg, sdp, is_refresh=False, attempt=1)

    def is_busy(self, leg: Leg) -> bool:
        """Another exchange of offer and answer is not over."""
        if leg.phase is not Phase.ESTABLISHED or leg.exchange is not None or leg.asked is not None:
            return True
        is_retrying = leg.retry is not None and leg.retry.action is not None
        return leg.unacknowledged is not None or is_retrying or leg.is_ack_due

    def send_waiting(self, leg: Leg) -> None:
        """After each exchange: the reoffer that had to wait."""
        sdp = leg.waiting_offer
        if sdp is not None and not self.is_busy(leg):
            leg.waiting_offer = None
            self._send_invite(leg, sdp, is_refresh=False, attempt=1)

    def _send_invite(self, leg: Leg, sdp: bytes, *, is_refresh: bool, attempt: int) -> None:
        request, flow = leg.dialog.request(self.stack, "INVITE")
        request.headers.append(header("Allow", self.allow))
        self._add_session_headers(leg, request)
        self._add_credentials(leg, request)
        request.headers.append(header("Content-Type", CONTENT_TYPE))
        request.body = sdp
        leg.exchange = self.stack.request(
            request,
            flow,
            on_response=lambda _, response: self._on_answer(leg, response, sdp, is_refresh, attempt),
            on_silence=lambda _, is_transport: self._on_silence(leg, is_transport),
        )

    def _on_answer(self, leg: Leg, response: Response, sdp: bytes, is_refresh: bool, attempt: int) -> None:
        if response.status < 200:
            return
        if response.status < 300:
            self._on_accepted(leg, response, sdp, is_refresh)
            return
        leg.exchange = None
        if leg.is_over or self._goes_on(leg, response, sdp, is_refresh, attempt):
            return
        if response.status in DIALOG_GONE:
            self.lose(leg, Cause.DIALOG_GONE)
            return
        if not is_refresh:
            self.stack.emit(ReofferFailed(leg=leg.number, status=response.status, reason=response.reason))
        self.send_waiting(leg)

    def _on_accepted(self, leg: Leg, response: Response, sdp: bytes, is_refresh: bool) -> None:
        key = (response.cseq.number, response.to.tag)
        known = leg.acks.get(key)
        if known is not None:
            self.stack.send(*known)
            return
        leg.dialog.refresh_target(response)
        ack, flow = leg.dialog.request(self.stack, "ACK", cseq=response.cseq.number)
        if leg.exchange is not None:
            ack.headers += [entry for entry in leg.exchange.request.headers if entry[0] in CREDENTIALS]
        leg.acks[key] = (self.stack.send_ack(ack, flow), flow)
        while len(leg.acks) > ACKS_MAX:
            del leg.acks[next(iter(leg.acks))]
        leg.exchange = None
        if leg.is_over:
            return
        leg.local_sdp = sdp
        said_before = leg.remote_sdp
        if response.body and response.content_type == CONTENT_TYPE:
            leg.remote_sdp = response.body
        self.start_timer(leg, agree_as_client(response))
        if not is_refresh or leg.remote_sdp != said_before:
            self.stack.emit(SessionChanged(leg=leg.number, sdp=leg.remote_sdp))
        self.send_waiting(leg)

    def _goes_on(self, leg: Leg, response: Response, sdp: bytes, is_refresh: bool, attempt: int) -> bool:
        if attempt >= ATTEMPTS_MAX:
            return False
        delay_us = 0
        if response.status == 491:
            # Who made the Call-ID waits longer, so that the two do not meet again (RFC 3261 14.1).
            delay_us = (
                210 + self.stack.random_below(190) if leg.is_outgoing else self.stack.random_below(200)
            ) * 10_000
        elif response.status == 500 and response.header("retry-after") is not None:
            delay_us = min(delta_seconds(response.header("retry-after") or "") or 0, 10) * US_PER_S
        elif self.endings.may_retry(leg, response, attempt):
            pass
        elif response.status == 422:
            leg.min_se_s = max(leg.min_se_s, delta_seconds(response.header("min-se") or "") or 0)
        else:
            return False

        def again() -> None:
            leg.retry = None
            newest = leg.waiting_offer or sdp
            leg.waiting_offer = None
            if self.is_busy(leg):
                leg.waiting_offer = newest
            else:
                self._send_invite(leg, newest, is_refresh=is_refresh and newest is sdp, attempt=attempt + 1)

        leg.retry = self.stack.deadlines.after(delay_us, again)
        return True

    def _on_silence(self, leg: Leg, is_transport: bool) -> None:
        leg.exchange = None
        if not leg.is_over:
            self.endings.bye(leg, None)
            self.endings.clear(leg, Cause.TRANSPORT if is_transport else Cause.TIMEOUT)

    def lose(self, leg: Leg, cause: Cause) -> None:
        """The peer says that it knows no such dialog: there is nobody to send a BYE to."""
        self.endings.clear(leg, cause)
        self.endings.legs.forget(leg)

    # --- session timer ------------------------------------------------------------------------------------------------

    def start_timer(self, leg: Leg, timer: SessionTimer, *, ends_us: int = 0) -> None:
        """Starts, restarts or (interval 0) ends the session timer of a leg. `ends_us`: it has been running already."""
        for deadline in (leg.session.refresh, leg.session.expiry):
            if deadline is not None:
                deadline.cancel()
        leg.session = timer
        if not timer.interval_s or leg.is_over:
            return
        interval_us = timer.interval_s * US_PER_S
        grace_us = 0 if timer.we_refresh else min(32 * US_PER_S, interval_us // 3)
        left_us = interval_us - grace_us
        if ends_us:
            left_us = max(0, min(left_us, ends_us - self.stack.deadlines.now_us))
        timer.expiry = self.stack.deadlines.after(left_us, lambda: self._on_expiry(leg))
        if timer.we_refresh:
            refresh_us = min(interval_us // 2, left_us // 2)
            timer.refresh = self.stack.deadlines.after(refresh_us, lambda: self._on_refresh(leg))

    def _on_expiry(self, leg: Leg) -> None:
        self.endings.bye(leg, None)
        self.endings.clear(leg, Cause.SESSION_EXPIRED)

    def _on_refresh(self, leg: Leg) -> None:
        # Whatever becomes of it: once more soon, until the session is refreshed or expires.
        leg.session.refresh = self.stack.deadlines.after(REFRESH_AGAIN_US, lambda: self._on_refresh(leg))
        if self.is_busy(leg):
            return
        if leg.dialog.peer_takes_update:
            self._send_update(leg)
        elif leg.local_sdp is not None:
            self._send_invite(leg, leg.local_sdp, is_refresh=True, attempt=1)

    def _send_update(self, leg: Leg) -> None:
        request, flow = leg.dialog.request(self.stack, "UPDATE")
        self._add_session_headers(leg, request)
        self._add_credentials(leg, request)

        def on_response(_: ClientTransaction, response: Response) -> None:
            if response.status < 200:
                return
            leg.exchange = None
            if leg.is_over:
                return
            if response.status < 300:
                leg.dialog.refresh_target(response)
                self.start_timer(leg, agree_as_client(response))
            elif response.status in DIALOG_GONE:
                self.lose(leg, Cause.DIALOG_GONE)
            elif response.status in (405, 501):
                leg.dialog.peer_takes_update = False
            elif response.status in (401, 407) and leg.digest is not None:
                leg.digest.learn(response, is_retry=False)
            self.send_waiting(leg)

        leg.exchange = self.stack.request(
            request,
            flow,
            on_response=on_response,
            on_silence=lambda _, is_transport: self._on_silence(leg, is_transport),
        )

    # --- INFO ---------------------------------------------------------------------------------------------------------

    def send_info(self, leg: Leg, content_type: str, body: bytes, *, attempt: int = 1) -> None:
        request, flow = leg.dialog.request(self.stack, "INFO")
        self._add_credentials(leg, request)
        request.headers.append(header("Content-Type", content_type))
        request.body = body

        def on_response(_: ClientTransaction, response: Response) -> None:
            if response.status < 200 or leg.is_over:
                return
            if self.endings.may_retry(leg, response, attempt):
                self.send_info(leg, content_type, body, attempt=attempt + 1)
                return
            self.stack.emit(InfoAnswered(leg=leg.number, status=response.status))
            if response.status == 481:
                self.lose(leg, Cause.DIALOG_GONE)

        def on_silence(_: ClientTransaction, is_transport: bool) -> None:
            if not leg.is_over:
                self.stack.emit(InfoAnswered(leg=leg.number, status=503 if is_transport else 408))

        self.stack.request(request, flow, on_response=on_response, on_silence=on_silence)

    # --- headers ------------------------------------------------------------------------------------------------------

    def _add_session_headers(self, leg: Leg, request: Request) -> None:
        if leg.session.interval_s:
            request.headers += offered_headers(self.stack.config, leg.session, min_se_s=leg.min_se_s)

    def _add_credentials(self, leg: Leg, request: Request) -> None:
        if leg.digest is not None:
            pairs = leg.digest.headers(request.method, request.uri, self.stack.token())
            request.headers += [header(*pair) for pair in pairs]
