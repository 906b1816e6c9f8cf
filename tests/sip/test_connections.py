"""Phones that speak TCP: where a BYE goes when the connection of the call is gone."""

from __future__ import annotations

from cti_server.sip.config import RegistrarConfig
from cti_server.sip.events import IncomingCall
from cti_server.sip.flow import Address, Flow
from cti_server.sip.message import Response
from cti_server.sip.user_agent import UserAgent
from tests.sip.world import S, address, agent, assert_nothing_left, parsed, sdp, summary

CALLEE = 5070


def _phone_in_a_call_by_tcp(*, host: str = "127.0.0.1") -> tuple[UserAgent, int, Flow]:
    """The server, its leg, and the phone's connection 7; the phone's Contact takes no connections."""
    server = agent(CALLEE, transport="tcp", registrar=RegistrarConfig())
    flow = Flow(transport="tcp", remote=address(40001), local=address(CALLEE), connection=7)
    server.receive(_by_hand("INVITE", port=40001, cseq=1, body=sdp(), host=host), flow, 0)
    leg = next(event for event in iter(server.next_event, None) if isinstance(event, IncomingCall)).leg
    server.answer(leg, sdp(6000), 0)
    tag = next(found.to.tag for out in server.outgoing() if isinstance(found := parsed(out.data), Response))
    server.receive(_by_hand("ACK", port=40001, cseq=1, tag=tag), flow, 0)
    server.outgoing()
    return server, leg, flow


def _by_hand(method: str, *, port: int, cseq: int, tag: str = "", body: bytes = b"", host: str = "127.0.0.1") -> bytes:
    lines = [
        f"{method} sip:127.0.0.1:{CALLEE} SIP/2.0",
        f"Via: SIP/2.0/TCP 127.0.0.1:{port};branch=z9hG4bK{method}{port}",
        "Max-Forwards: 70",
        "From: <sip:2001@127.0.0.1>;tag=phone",
        f"To: <sip:2001@127.0.0.1>{f';tag={tag}' if tag else ''}",
        f"Call-ID: {'register' if method == 'REGISTER' else 'call'}",
        f"CSeq: {cseq} {method}",
        f"Contact: <sip:2001@{host}:{port};transport=tcp>",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _byes(server: UserAgent) -> list[Flow]:
    return [out.flow for out in server.outgoing() if summary(out.data) == "BYE"]


def test_a_bye_goes_over_the_connection_by_which_the_phone_came_back() -> None:
    """Its Contact names the port of the new connection, as many phones do it."""
    server, leg, flow = _phone_in_a_call_by_tcp()
    server.connection_lost(flow, S)
    back = Flow(transport="tcp", remote=address(40002), local=address(CALLEE), connection=8)
    server.receive(_by_hand("REGISTER", port=40002, cseq=1), back, 2 * S)
    server.outgoing()
    server.hang_up(leg, 3 * S)
    assert _byes(server) == [back]


def test_a_bye_that_could_not_be_delivered_waits_for_the_phone_to_come_back() -> None:
    server, leg, flow = _phone_in_a_call_by_tcp()
    server.hang_up(leg, S)
    assert _byes(server) == [flow]
    server.connection_lost(flow, S)  # broken already, but nobody knew
    (contact,) = _byes(server)
    assert (contact.remote, contact.connection) == (Address("127.0.0.1", 40001), 0)
    server.connection_lost(contact, 2 * S)
    assert _byes(server) == []
    back = Flow(transport="tcp", remote=address(40002), local=address(CALLEE), connection=8)
    server.receive(_by_hand("REGISTER", port=40002, cseq=1), back, 20 * S)
    assert _byes(server) == [back]


def test_a_bye_goes_over_the_connection_of_the_call_where_the_contact_leads_nowhere() -> None:
    """A phone behind a gateway writes its private address."""
    server, leg, flow = _phone_in_a_call_by_tcp(host="10.0.0.1")
    server.hang_up(leg, S)
    (contact,) = _byes(server)
    assert contact.remote == Address("10.0.0.1", 40001)
    server.connection_lost(contact, 2 * S)
    assert _byes(server) == [flow]


def test_a_bye_is_not_kept_for_ever() -> None:
    server, leg, flow = _phone_in_a_call_by_tcp()
    server.connection_lost(flow, S)
    server.hang_up(leg, S)
    (contact,) = _byes(server)
    server.connection_lost(contact, 2 * S)
    server.handle_deadline(40 * S)
    while server.next_event() is not None:
        pass
    server.handle_deadline(100 * S)
    assert_nothing_left(server)
    assert server.connections_in_use() <= {7}
