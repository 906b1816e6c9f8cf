"""What a request deserves by its form and its demands alone (RFC 3261 8.2, RFC 4475). Asks no policy, knows no call.

Each check returns None if all is well, or the error with the status to answer.
"""

from __future__ import annotations

from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.grammar import number
from cti_server.sip.headers import parse_contacts, parse_name_addr, parse_session_expires
from cti_server.sip.message import Message, Request, Response
from cti_server.sip.sdp import CONTENT_TYPE
from cti_server.sip.uri import parse_uri

KNOWN_METHODS = frozenset(
    {
        "INVITE",
        "ACK",
        "BYE",
        "CANCEL",
        "OPTIONS",
        "REGISTER",
        "INFO",
        "UPDATE",
        "PRACK",
        "SUBSCRIBE",
        "NOTIFY",
        "PUBLISH",
        "REFER",
        "MESSAGE",
    }
)
SUPPORTED_OPTIONS = frozenset({"timer"})
ONLY_ONCE = ("from", "to", "call-id", "cseq", "max-forwards")


def check_request_form(request: Request) -> RemoteProtocolError | None:
    """Malformed: 400, other version: 505. Parses all that the core relies on, so that nothing later can raise."""
    try:
        if request.defect is not None:
            raise request.defect
        _check_shared_form(request)
        if request.cseq.method != request.method:
            raise RemoteProtocolError("CSeq has another method")
        hops = request.header("max-forwards")
        if hops is not None:
            number(hops, largest=255 * 255)
        # A URI of another scheme is well formed; one with headers is not allowed here (RFC 3261 19.1.1 table).
        if parse_uri(request.uri).headers:
            raise RemoteProtocolError("headers in the Request-URI")
        if request.method != "REGISTER":
            parse_contacts(request.headers_named("contact"))
        for value in request.listed("record-route"):
            parse_name_addr(value)
        if request.method in ("INVITE", "UPDATE"):
            _check_target(request)
        parse_session_expires(request.header("session-expires"))
        for key in ("require", "supported", "allow", "accept"):
            request.listed(key)
    except RemoteProtocolError as defect:
        return defect
    return None


def _check_target(request: Request) -> None:
    """What makes a dialog must say where later requests go (RFC 3261 8.1.1.8); of old the From URI did."""
    contact = request.contact
    if not (contact.uri if contact is not None else request.from_.uri).is_sip:
        raise RemoteProtocolError("no SIP URI as Contact")


def _check_shared_form(message: Message) -> None:
    keys = [entry[0] for entry in message.headers]
    for key in ONLY_ONCE:
        if keys.count(key) > 1:
            raise RemoteProtocolError(f"more than one {key}")
    _ = message.via, message.cseq, message.from_, message.to
    if not message.call_id.strip() or len(message.call_id) > 512:
        raise RemoteProtocolError("bad Call-ID")


def is_good_response(response: Response) -> bool:
    """Responses that are not good, or have passed by another's Via, are dropped (RFC 3261 8.1.3.3)."""
    try:
        if response.defect is not None:
            return False
        _check_shared_form(response)
        if len(response.listed("via")) != 1:
            return False
        for value in response.listed("record-route"):
            parse_name_addr(value)
        if response.status < 300:
            _ = response.contact
        for key in ("require", "supported", "allow"):
            response.listed(key)
    except RemoteProtocolError:
        return False
    return True


def unsupported_options(request: Request) -> list[str]:
    """Extensions that Require asks for and we lack (420). Never a reason to refuse ACK or CANCEL."""
    if request.method in ("ACK", "CANCEL"):
        return []
    return [option for option in request.listed("require") if option.lower() not in SUPPORTED_OPTIONS]


def is_body_refused(request: Request, accepted: tuple[str, ...]) -> bool:
    """415: a body of a kind that we cannot read, or that is packed."""
    if not request.body:
        return False
    encoding = (request.header("content-encoding") or "identity").strip().lower()
    disposition = (request.header("content-disposition") or "session").partition(";")
    is_optional = "handling=optional" in disposition[2].replace(" ", "").lower()
    return not is_optional and (request.content_type not in accepted or encoding != "identity")


def accepts_sdp(request: Request) -> bool:
    """False (406): the caller takes answers, but no session description."""
    kinds = request.listed("accept")
    if not request.headers_named("accept"):
        return True
    allowed = {kind.partition(";")[0].replace(" ", "").lower() for kind in kinds}
    return bool(allowed & {CONTENT_TYPE, "application/*", "*/*"})
