"""Calls that we place: INVITE as a client (RFC 3261 9.1, 13.2).

Decides what a response means for the leg: ringing, established, once more with credentials or a longer session
interval, failed. Cancelling: the leg is over for the embedder at once, the protocol catches up.
"""

from __future__ import annotations

from dataclasses import dataclass

from cti_server.sip.commands import OutboundCall
from cti_server.sip.config import US_PER_S
from cti_server.sip.dialog import MAX_FORWARDS, Dialog
from cti_server.sip.digest import DigestClient
from cti_server.sip.ending import ACKS_MAX, Endings
from cti_server.sip.errors import LocalProtocolError, RemoteProtocolError
from cti_server.sip.events import Cause, Established, Provisional, Reason
from cti_server.sip.headers import NameAddr, delta_seconds, parse_contacts, parse_name_addr, parse_reason, show_reason
from cti_server.sip.leg import Leg, Phase
from cti_server.sip.message import CREDENTIALS, Header, Request, Response, cancel_for, header, is_safe
from cti_server.sip.sdp import CONTENT_TYPE
from cti_server.sip.session_timer import agree_as_client, offered_headers
from cti_server.sip.sessions import Sessions
from cti_server.sip.stack import Stack
from cti_server.sip.transactions import ClientTransaction, State
from cti_server.sip.uri import Uri, parse_uri

ATTEMPTS_MAX = 4


def parsed_locally(text: str) -> Uri:
    """A URI that the embedder gave."""
    try:
        return parse_uri(text)
    except RemoteProtocolError as error:
        raise LocalProtocolError(f"not a URI: {text!r}") from error


def checked_headers(headers: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> list[Header]:
    """Headers that the embedder gave."""
    for name, value in headers:
        if not is_safe(name, value):
            raise LocalProtocolError(f"not a header: {name!r}")
    return [header(name, value) for name, value in headers]


def sdp_of(message: Request | Response) -> bytes | None:
    return message.body if message.body and message.content_type == CONTENT_TYPE else None


@dataclass(slots=True)
class Outbound:
    stack: Stack
    endings: Endings
    sessions: Sessions

    def place(self, number: int, call: OutboundCall) -> None:
        target = parsed_locally(call.target)
        parsed_locally(call.from_uri)
        to_uri = parsed_locally(call.to_uri or call.target)
        extra = checked_headers(call.headers)
        for route in call.route:
            parsed_locally(route)
        if not is_safe("From", call.from_display):
            raise LocalProtocolError("a display name with line breaks")
        stack = self.stack
        first_hop = parsed_locally(call.route[0]) if call.route else target
        flow = call.flow if call.flow is not None else stack.flow_to(first_hop)
        tag = stack.token()
        from_ = NameAddr(uri=parse_uri(call.from_uri), display=call.from_display, parameters=(("tag", tag),))
        dialog = Dialog(
            call_id=stack.token() + stack.token(),
            local=str(from_),
            remote=str(NameAddr(uri=to_uri)),
            local_tag=tag,
            remote_tag="",
            remote_target=call.target,
            route_set=tuple(f"<{route}>" for route in call.route),
            local_cseq=0,
            remote_cseq=-1,
            flow=flow,
            is_pinned=call.pin_flow,
            contact=stack.contact_value(flow),
        )
        leg = Leg(
            number=number,
            is_outgoing=True,
            dialog=dialog,
            phase=Phase.CALLING,
            invite=Request(headers=[]),
            flow=flow,
            call=call,
            digest=DigestClient(call.credentials) if call.credentials is not None else None,
            local_sdp=call.sdp,
            made_offer=call.sdp is not None,
            media=call.media,
        )
        self.endings.legs.add(leg)
        limit = stack.config.early_s_max * US_PER_S
        leg.early_limit = stack.deadlines.after(limit, lambda: self._too_long(leg))
        self._send(leg, extra, attempt=1)

    # --- sending ------------------------------------------------------------------------------------------------------

    def _send(self, leg: Leg, extra: list[Header], *, attempt: int) -> None:
        stack, dialog, call = self.stack, leg.dialog, leg.call
        assert call is not None
        dialog.local_cseq += 1
        headers = [MAX_FORWARDS]
        headers += [header("Route", _loose(route)) for route in dialog.route_set]
        headers += [
            header("From", dialog.local),
            header("To", dialog.remote),
            header("Call-ID", dialog.call_id),
            header("CSeq", f"{dialog.local_cseq} INVITE"),
            header("Contact", dialog.contact),
            header("Allow", self.sessions.allow),
        ]
        if call.session_timer:
            headers += offered_headers(stack.config, None, min_se_s=leg.min_se_s)
        headers.append(header("User-Agent", stack.config.user_agent))
        if leg.digest is not None:
            headers += [header(*pair) for pair in leg.digest.headers("INVITE", dialog.remote_target, stack.token())]
        headers += extra
        if call.sdp is not None:
            headers.append(header("Content-Type", CONTENT_TYPE))
        leg.invite = Request(headers=headers, method="INVITE", uri=dialog.remote_target, body=call.sdp or b"")
        leg.client = stack.request(
            leg.invite,
            leg.flow,
            on_response=lambda transaction, response: self.on_response(leg, transaction, response, attempt, extra),
            on_silence=lambda transaction, is_transport: self.on_silence(leg, is_transport),
        )

    # --- receiving ----------------------------------------------------------------------------------------------------

    def on_response(
        self, leg: Leg, transaction: ClientTransaction, response: Response, attempt: int, extra: list[Header]
    ) -> None:
        if response.status < 200:
            self._on_provisional(leg, response)
        elif response.status < 300:
            self._on_success(leg, transaction, response)
        elif leg.is_over:
            self.endings.legs.forget(leg)
        elif not self._goes_on(leg, response, attempt, extra):
            self._on_failure(leg, response)

    def on_silence(self, leg: Leg, is_transport: bool) -> None:
        cause = Cause.TRANSPORT if is_transport else Cause.TIMEOUT
        self.endings.fail(leg, 503 if is_transport else 408, cause)
        self.endings.legs.forget(leg)

    def _on_provisional(self, leg: Leg, response: Response) -> None:
        if leg.is_over:
            if leg.is_cancel_due:
                self._send_cancel(leg)
            return
        if response.status == 100:
            return
        if leg.phase is Phase.CALLING:
            leg.phase = Phase.RINGING
        sdp = sdp_of(response)
        if sdp is not None:
            leg.remote_sdp = sdp
        self.stack.emit(Provisional(leg=leg.number, status=response.status, reason=response.reason, sdp=sdp))

    def _on_success(self, leg: Leg, transaction: ClientTransaction, response: Response) -> None:
        key = (response.cseq.number, response.to.tag)
        known = leg.acks.get(key)
        if known is not None:
            self.stack.send(*known)  # the peer repeats its 2xx: our ACK was lost
        elif leg.phase in (Phase.CALLING, Phase.RINGING):
            self._establish(leg, response)
        elif leg.dialog.remote_tag != response.to.tag or leg.is_over:
            # Another branch of a fork, or it crossed our CANCEL (RFC 3261 9.1).
            self.endings.ack_and_bye(response, transaction.flow, is_pinned=leg.dialog.is_pinned)
            if leg.is_over:
                self.endings.legs.forget(leg)

    def _establish(self, leg: Leg, response: Response) -> None:
        dialog = leg.dialog
        dialog.confirm_from_response(response)
        leg.phase = Phase.ESTABLISHED
        leg.cancel_deadlines()
        sdp = sdp_of(response)
        wants_answer = not leg.made_offer and sdp is not None
        leg.remote_sdp = sdp or leg.remote_sdp
        self.sessions.start_timer(leg, agree_as_client(response))
        leg.is_ack_due = wants_answer
        if not wants_answer:
            self.acknowledge(leg, None)
        headers = tuple((name, value) for _, name, value in response.headers)
        self.stack.emit(
            Established(
                leg=leg.number,
                status=response.status,
                sdp=leg.remote_sdp,
                wants_answer=wants_answer,
                headers=headers,
            )
        )

    def acknowledge(self, leg: Leg, sdp: bytes | None) -> None:
        """ACK to the 2xx, with our answer if the peer made the offer; carries the INVITE's credentials (22.1)."""
        leg.is_ack_due = False
        cseq = leg.invite.cseq.number
        request, flow = leg.dialog.request(self.stack, "ACK", cseq=cseq)
        request.headers += [entry for entry in leg.invite.headers if entry[0] in CREDENTIALS]
        if sdp is not None:
            leg.local_sdp = sdp
            request.headers.append(header("Content-Type", CONTENT_TYPE))
            request.body = sdp
        data = self.stack.send_ack(request, flow)
        leg.acks[(cseq, leg.dialog.remote_tag)] = (data, flow)
        while len(leg.acks) > ACKS_MAX:
            del leg.acks[next(iter(leg.acks))]

    def _goes_on(self, leg: Leg, response: Response, attempt: int, extra: list[Header]) -> bool:
        """Tries again where the peer said how; False if it did not."""
        if attempt >= ATTEMPTS_MAX:
            return False
        if response.status in (401, 407) and leg.digest is not None:
            if not leg.digest.learn(response, is_retry=attempt > 1):
                return False
        elif response.status == 422:
            wanted = delta_seconds(response.header("min-se") or "") or 0
            if wanted <= leg.min_se_s:
                return False
            leg.min_se_s = wanted
        else:
            return False
        self._send(leg, extra, attempt=attempt + 1)
        return True

    def _on_failure(self, leg: Leg, response: Response) -> None:
        contacts: tuple[str, ...] = ()
        if response.status < 400:
            try:
                contacts = tuple(str(one.uri) for one in parse_contacts(response.headers_named("contact")))
            except RemoteProtocolError:
                contacts = ()
        retry_after = (response.header("retry-after") or "").partition(";")[0].partition("(")[0]
        self.endings.fail(
            leg,
            response.status,
            Cause.PEER,
            reason=response.reason,
            contacts=contacts,
            retry_after_s=delta_seconds(retry_after) or 0,
            why=parse_reason(response.header("reason")),
        )
        self.endings.legs.forget(leg)

    # --- cancelling ---------------------------------------------------------------------------------------------------

    def cancel(self, leg: Leg, reason: Reason | None) -> None:
        self._cancel(leg, reason, status=487, cause=Cause.LOCAL)

    def _too_long(self, leg: Leg) -> None:
        self._cancel(leg, None, status=408, cause=Cause.TIMEOUT)

    def _cancel(self, leg: Leg, reason: Reason | None, *, status: int, cause: Cause) -> None:
        leg.cancel_reason = reason
        leg.is_cancel_due = True
        self.endings.fail(leg, status, cause)
        if leg.client is None:
            self.endings.legs.forget(leg)
        elif leg.client.state is State.PROCEEDING:
            self._send_cancel(leg)

    def _send_cancel(self, leg: Leg) -> None:
        leg.is_cancel_due = False
        client = leg.client
        assert client is not None
        extra = [header("Reason", show_reason(leg.cancel_reason))] if leg.cancel_reason is not None else []
        self.stack.start_client(
            cancel_for(leg.invite, extra),
            client.flow,
            client.key[0],
            on_response=lambda _, __: None,
            on_silence=lambda _, __: None,
        )
        client.give_up_after(64 * self.stack.timers.t1_us)

    def adopt(self, leg: Leg, branch: str) -> None:
        """Goes on with an INVITE that an earlier process sent."""
        leg.client = self.stack.known_client(
            leg.invite,
            leg.flow,
            branch,
            on_response=lambda transaction, response: self.on_response(leg, transaction, response, ATTEMPTS_MAX, []),
            on_silence=lambda transaction, is_transport: self.on_silence(leg, is_transport),
        )
        leg.client.adopt_proceeding()
        limit = self.stack.config.early_s_max * US_PER_S
        leg.early_limit = self.stack.deadlines.after(limit, lambda: self._too_long(leg))


def _loose(route: str) -> str:
    """A preset route is a loose one unless the embedder says otherwise with parameters of its own."""
    value = parse_name_addr(route)
    return route if value.uri.parameters else f"<{value.uri};lr>"
