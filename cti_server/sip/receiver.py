"""From bytes to the part that understands them (RFC 3261 18): framing, form, transaction, dialog, or admission.

Decides what is dropped, what is answered for its form alone, and which transaction or dialog a message belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cti_server.sip.admission import Admission
from cti_server.sip.checks import check_request_form, is_good_response
from cti_server.sip.ending import Endings
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.flow import Flow, Outgoing
from cti_server.sip.leg import Legs
from cti_server.sip.message import Request, Response, header, read_message, response_to
from cti_server.sip.midcall import Midcall
from cti_server.sip.stack import Stack
from cti_server.sip.stream import PING, PONG, Framer


@dataclass(slots=True)
class Receiver:
    stack: Stack
    legs: Legs
    endings: Endings
    midcall: Midcall
    admission: Admission
    _framers: dict[int, Framer] = field(default_factory=dict)

    def receive(self, data: bytes, flow: Flow) -> None:
        if flow.is_stream:
            self._receive_stream(data, flow)
        elif len(data) <= self.stack.config.message_bytes_max and data.strip(b"\r\n\x00 "):
            self._receive_message(data, flow)

    def forget_connection(self, flow: Flow) -> None:
        self._framers.pop(flow.connection, None)

    # --- streams ------------------------------------------------------------------------------------------------------

    def _receive_stream(self, data: bytes, flow: Flow) -> None:
        framer = self._framers.get(flow.connection)
        if framer is None:
            if len(self._framers) >= self.stack.config.connections_max:
                self._close(flow)
                return
            framer = self._framers[flow.connection] = Framer(self.stack.config.message_bytes_max)
        framer.push(data)
        try:
            while (message := framer.next_message()) is not None:
                if message == PING:
                    self.stack.send(PONG, flow)
                else:
                    self._receive_message(message, flow)
        except RemoteProtocolError:
            # What was left may still deserve a 400 before the connection goes (RFC 4475 3.1.2.3).
            self._receive_message(framer.rest(), flow)
            self._close(flow)

    def _close(self, flow: Flow) -> None:
        self._framers.pop(flow.connection, None)
        self.stack.out.append(Outgoing(data=b"", flow=flow, close=True))

    # --- messages -----------------------------------------------------------------------------------------------------

    def _receive_message(self, data: bytes, flow: Flow) -> None:
        try:
            message = read_message(data, is_stream=flow.is_stream)
        except RemoteProtocolError:
            return
        if isinstance(message, Request):
            self._on_request(message, flow)
        elif is_good_response(message):
            self._on_response(message, flow)

    def _on_response(self, response: Response, flow: Flow) -> None:
        transaction = self.stack.client_of(response)
        if transaction is not None:
            transaction.receive(response)
        else:
            self.endings.stray_response(response, flow)

    def _on_request(self, request: Request, flow: Flow) -> None:
        defect = check_request_form(request)
        if defect is not None:
            self._answer_malformed(request, flow, defect)
            return
        if request.method == "ACK":
            self._on_ack(request, flow)
            return
        transaction = self.stack.server_of(request, request.method)
        if transaction is not None:
            transaction.receive_repeat()
        elif request.method == "CANCEL":
            self._on_cancel(request, flow)
        elif request.to.tag:
            self._on_dialog_request(request, flow)
        else:
            self.admission.on_request(request, flow)

    def _on_ack(self, ack: Request, flow: Flow) -> None:
        """To a 2xx: it belongs to a leg, whatever its branch and To tag say. To a failure: to its transaction."""
        leg = self.legs.awaiting_ack.get((ack.call_id, ack.from_.tag, ack.cseq.number))
        if leg is not None:
            self.midcall.on_ack(leg, ack, flow)
            return
        transaction = self.stack.server_of(ack, "ACK")
        if transaction is not None:
            transaction.receive_ack()

    def _answer_malformed(self, request: Request, flow: Flow, defect: RemoteProtocolError) -> None:
        """400 or 505 if there is a Via to send it by; otherwise nothing."""
        try:
            _ = request.via
        except RemoteProtocolError:
            return
        if all(request.header(key) is not None for key in ("from", "to", "call-id", "cseq")):
            self.stack.respond_stateless(request, flow, defect.status, reason=defect.reason)

    def _on_cancel(self, cancel: Request, flow: Flow) -> None:
        transaction = self.stack.server_of(cancel, "INVITE")
        if transaction is None:
            self.stack.respond_stateless(cancel, flow, 481)
            return
        back = self.stack.way_back(cancel, flow)
        answering = self.stack.open_server(cancel, back)
        answering.respond(response_to(cancel, 200, to_tag=transaction.to_tag or self.stack.token()))
        if transaction.is_unanswered and transaction.on_cancel is not None:
            transaction.on_cancel(cancel)

    def _on_dialog_request(self, request: Request, flow: Flow) -> None:
        leg = self.legs.by_dialog.get((request.call_id, request.to.tag))
        if leg is not None and leg.dialog.remote_tag in ("", request.from_.tag):
            self.midcall.on_request(leg, request, flow)
        else:
            self.stack.respond_stateless(request, flow, 481, headers=[header("Server", self.stack.config.user_agent)])
