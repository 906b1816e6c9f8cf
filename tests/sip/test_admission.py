"""Requests outside dialogs: the order of the questions, and what needs no memory."""

from __future__ import annotations

import pytest

from cti_server.sip.config import RegistrarConfig
from cti_server.sip.errors import LocalProtocolError
from cti_server.sip.events import AuthenticationFailed, IncomingCall
from cti_server.sip.flow import Address, Flow
from cti_server.sip.message import Response, parse_message
from cti_server.sip.policy import Accept, AcceptAll, Challenge, Ignore, Policy, Refuse, RequestInfo, Verdict
from cti_server.sip.user_agent import UserAgent
from tests.sip.world import address, agent, sdp, udp

TRUNK = Address("192.0.2.100", 5060)


def raw(method: str = "INVITE", uri: str = "sip:1001@127.0.0.1", *, body: bytes = b"", **headers: str) -> bytes:
    fields = {
        "Via": "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKone;rport",
        "From": "<sip:kim@x>;tag=1",
        "To": "<sip:1001@x>",
        "Call-ID": "c",
        "CSeq": f"1 {method}",
        "Contact": "<sip:kim@192.0.2.9>",
    }
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {uri} SIP/2.0", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def told(one: UserAgent, data: bytes, flow: Flow | None = None) -> list[Response]:
    one.receive(data, flow or udp(source=5060, to=5070), 0)
    return [message for out in one.outgoing() if isinstance(message := parse_message(out.data), Response)]


def statuses(one: UserAgent, data: bytes) -> list[int]:
    return [response.status for response in told(one, data)]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (raw("BYE"), 481),
        (raw("UPDATE"), 481),
        (raw("INFO"), 481),
        (raw("PRACK"), 481),
        (raw("CANCEL"), 481),
        (raw("INVITE", To="<sip:1001@x>;tag=unknown"), 481),
        (raw("SUBSCRIBE"), 405),
        (raw("MESSAGE"), 405),
        (raw("REGISTER"), 405),
        (raw("BREW"), 501),
        (raw("OPTIONS", "tel:+8225550100"), 416),
        (raw("OPTIONS", Require="100rel, timer"), 420),
        (raw("INVITE", Content_Type="text/html", body=b"<p>"), 415),
        (raw("INVITE", Content_Type="application/sdp", Content_Encoding="gzip", body=b"x"), 415),
        (raw("INVITE", Accept="text/plain"), 406),
        (raw("INVITE", Accept=""), 406),
        (raw("INVITE", Session_Expires="20", Supported="timer"), 422),
        (raw("INVITE", Session_Expires="often"), 400),
        (raw("OPTIONS", "sip:a@b?Subject=x"), 400),
        (raw("OPTIONS", Max_Forwards="many"), 400),
        (raw("OPTIONS", CSeq="1 INVITE"), 400),
        (raw("OPTIONS", Call_ID=""), 400),
        (raw("INVITE", Contact="<tel:+8225550100>"), 400),
        (raw("OPTIONS"), 200),
        (raw("INVITE", Accept="application/*;q=0.5, text/plain"), 100),
        (raw("INVITE", Content_Type="image/png", Content_Disposition="icon;handling=optional", body=b"x"), 100),
    ],
)
def test_each_request_gets_the_status_it_deserves(data: bytes, status: int) -> None:
    assert statuses(agent(5070), data) == [status]


def test_refusals_say_what_would_have_been_right() -> None:
    one = agent(5070, registrar=RegistrarConfig())
    assert "REGISTER" in (told(one, raw("SUBSCRIBE"))[0].header("allow") or "")
    assert told(one, raw("OPTIONS", Require="100rel, timer"))[0].header("unsupported") == "100rel"
    assert told(one, raw("INVITE", Session_Expires="20", Supported="timer"))[0].header("min-se") == "90"
    assert told(one, raw("OPTIONS"))[0].header("accept") == "application/sdp"


def test_an_ack_is_never_answered() -> None:
    one = agent(5070)
    for data in (raw("ACK"), raw("ACK", To="<sip:1001@x>;tag=9"), raw("ACK", CSeq="x"), raw("ACK", Require="magic")):
        assert told(one, data) == []


def test_no_refusal_costs_memory_and_repeats_get_the_same_tag() -> None:
    one = agent(5070)
    for data in (raw("BYE"), raw("BREW"), raw("INVITE", Accept="text/plain"), raw("OPTIONS")):
        first, second = told(one, data)[0], told(one, data)[0]
        assert first.to.tag == second.to.tag != ""
    assert not one._stack.servers


def test_what_is_too_long_or_empty_is_dropped() -> None:
    one = agent(5070, message_bytes_max=2000)
    for data in (b"", b"\r\n\r\n", b"\x00\x00\x00\x00", raw("OPTIONS", X="y" * 2000)):
        assert told(one, data) == []


def test_more_transactions_than_allowed_get_503() -> None:
    one = agent(5070, transactions_max=1)
    assert statuses(one, raw("INVITE")) == [100]
    (busy,) = told(one, raw("INVITE", Via="SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKtwo;rport", Call_ID="d"))
    assert (busy.status, busy.header("retry-after")) == (503, "10")


class Trunks(AcceptAll):
    """Calls come from one address; scanners hear nothing; everybody else is asked for a digest."""

    def admit(self, request: RequestInfo) -> Verdict:
        if request.flow.remote == TRUNK:
            return Accept(trunk="seoul")
        if request.from_uri.user == "sipvicious":
            return Ignore()
        if request.from_uri.user == "burst":
            return Refuse(status=503, retry_after_s=3, reason="Slow Down")
        return Challenge()


def test_a_trunk_is_known_by_its_address() -> None:
    one = agent(5070, policy=Trunks())
    flow = Flow(transport="udp", remote=TRUNK, local=address(5070))
    assert [response.status for response in told(one, raw(body=sdp(), Content_Type="application/sdp"), flow)] == [100]
    event = one.next_event()
    assert isinstance(event, IncomingCall)
    assert (event.trunk, event.identity) == ("seoul", "")


def test_others_are_challenged_ignored_or_shed() -> None:
    one = agent(5070, policy=Trunks(), digest_algorithms=("SHA-256", "MD5"))
    (challenge,) = told(one, raw())
    assert challenge.status == 401
    assert len(challenge.headers_named("www-authenticate")) == 2
    assert told(one, raw(From="<sip:sipvicious@x>;tag=1")) == []
    (shed,) = told(one, raw(From="<sip:burst@x>;tag=1"))
    assert (shed.status, shed.reason, shed.header("retry-after")) == (503, "Slow Down", "3")
    assert one.next_event() is None


def test_garbage_credentials_are_a_failed_try() -> None:
    one = agent(5070, policy=Trunks())
    assert statuses(one, raw(Authorization='Digest username="kim", realm="ieum", x')) == [401]
    assert isinstance(one.next_event(), AuthenticationFailed)
    assert statuses(one, raw(Authorization='Digest username="kim", realm="other", nonce="1"')) == [401]
    assert one.next_event() is None


class Confused(AcceptAll):
    def admit(self, request: RequestInfo) -> Verdict:
        return Challenge()

    def ha1(self, username: str, realm: str, algorithm: str) -> str | None:
        return "0" * 32

    def authorise(self, request: RequestInfo, username: str) -> Verdict:
        return Challenge()


def test_policies_are_pure_protocols() -> None:
    for policy in (AcceptAll(), Trunks(), Confused()):
        typed: Policy = policy
        assert typed.ha1("nobody", "ieum", "MD5") in (None, "0" * 32)
    with pytest.raises(LocalProtocolError):
        agent(5070, listeners=())
