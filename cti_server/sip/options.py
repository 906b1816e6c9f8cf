"""Asking a peer whether it is alive: OPTIONS outside dialogs (RFC 3261 11.1). Decides nothing."""

from __future__ import annotations

from cti_server.sip.dialog import MAX_FORWARDS
from cti_server.sip.events import OptionsAnswered
from cti_server.sip.flow import Flow
from cti_server.sip.headers import NameAddr, parse_name_addr
from cti_server.sip.message import Request, Response, header
from cti_server.sip.outbound import parsed_locally
from cti_server.sip.sdp import CONTENT_TYPE
from cti_server.sip.stack import Stack
from cti_server.sip.transactions import ClientTransaction


def ask(stack: Stack, handle: int, target: str, flow: Flow | None) -> None:
    """Sends OPTIONS; `OptionsAnswered` follows."""
    uri = parsed_locally(target)
    way = flow if flow is not None else stack.flow_to(uri)
    contact = stack.contact_value(way)
    from_ = NameAddr(uri=parse_name_addr(contact).uri, parameters=(("tag", stack.token()),))
    headers = [
        MAX_FORWARDS,
        header("From", str(from_)),
        header("To", str(NameAddr(uri=uri))),
        header("Call-ID", stack.token() + stack.token()),
        header("CSeq", "1 OPTIONS"),
        header("Contact", contact),
        header("Accept", CONTENT_TYPE),
        header("User-Agent", stack.config.user_agent),
    ]

    def on_response(_: ClientTransaction, response: Response) -> None:
        if response.status >= 200:
            stack.emit(OptionsAnswered(handle=handle, status=response.status))

    def on_silence(_: ClientTransaction, is_transport: bool) -> None:
        stack.emit(OptionsAnswered(handle=handle, status=503 if is_transport else 408))

    request = Request(headers=headers, method="OPTIONS", uri=target)
    stack.request(request, way, on_response=on_response, on_silence=on_silence)
