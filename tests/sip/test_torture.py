"""The torture messages of RFC 4475 and RFC 5118 at a user agent that admits everybody, by what their manifest says.

The manifest's `expect` is prose, so the table here says for each name what it comes to; a message that the table does
not know fails. Afterwards the user agent still answers OPTIONS.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cti_server.sip.config import RegistrarConfig
from cti_server.sip.events import BindingsChanged, Event, IncomingCall
from cti_server.sip.flow import Address, Flow, Outgoing, Transport
from cti_server.sip.message import Request, Response, parse_message, read_message
from cti_server.sip.policy import Challenge, RequestInfo, Verdict
from cti_server.sip.user_agent import UserAgent
from tests.shared_data import find_shared
from tests.sip.test_message import GOLDEN
from tests.sip.world import AcceptAll, address, agent

DROP = 0
CALL = 100
"""100 and an offered call."""

EXPECTED: dict[str, set[int]] = {
    "badaspec": {400},
    "badbranch": {200, 400},
    "baddate": {400, CALL},
    "baddn": {400, 200},
    "badinv01": {400, DROP},
    "badvers": {505},
    "bcast": {DROP},
    "bext01": {420},
    "bigcode": {DROP},
    "clerr": {400},
    "cparam01": {200},
    "cparam02": {200},
    "dblreq": {200},
    "esc01": {CALL},
    "esc02": {405, 501},
    "escnull": {200},
    "escruri": {400},
    "insuf": {400, DROP},
    "intmeth": {405, 501},
    "inv2543": {CALL},
    "invut": {415},
    "longreq": {CALL},
    "ltgtruri": {400},
    "lwsdisp": {200},
    "lwsruri": {400},
    "lwsstart": {400},
    "mcl01": {400},
    "mismatch01": {400},
    "mismatch02": {501, 400},
    "mpart01": {405},
    "multi01": {400},
    "ncl": {400},
    "noreason": {DROP},
    "novelsc": {416, 404},
    "quotbal": {400},
    "regaut01": {200},  # nobody asks for a digest here; with one it is 401, see below
    "regbadct": {400},
    "regescrt": {200},
    "scalar02": {400},
    "scalarlg": {DROP},
    "sdp01": {406},
    "semiuri": {200},
    "transports": {200},
    "trws": {400, 200},
    "unkscm": {416},
    "unksm2": {400, 404},
    "unreason": {DROP},
    "wsinv": {481},  # it parses, and belongs to a dialog that nobody knows
    "zeromf": {200, 483},
}
# RFC 5118: valid ones are served (481: they belong to a dialog), invalid ones refused, tolerable ones either.
BY_CLASS = {"valid": {200, CALL, 481}, "invalid": {400}, "invalid-tolerable": {400, 200}}


def manifest() -> list[dict[str, Any]]:
    shared = find_shared()
    path = shared / "corpora" / "manifest.json" if shared is not None else None
    if path is None or not path.is_file():
        return []
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


ENTRIES = manifest()
needs_corpora = pytest.mark.skipif(not ENTRIES, reason="torture messages not found in ../shared or $IEUM_SHARED")
each_message = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])


def load(entry: dict[str, Any]) -> bytes:
    shared = find_shared()
    assert shared is not None
    return (shared / "corpora" / entry["file"]).read_bytes()


def torture_flow(transport: Transport) -> Flow:
    connection = 1 if transport == "tcp" else 0
    return Flow(transport=transport, remote=Address("192.0.2.200", 5099), local=address(5060), connection=connection)


def victim(transport: Transport, policy: AcceptAll | None = None) -> UserAgent:
    return agent(5060, transport=transport, policy=policy, registrar=RegistrarConfig())


def fed(one: UserAgent, data: bytes, transport: Transport) -> tuple[list[Outgoing], list[Event]]:
    one.receive(data, torture_flow(transport), 0)
    events = []
    while (event := one.next_event()) is not None:
        events.append(event)
    return one.outgoing(), events


def assert_alive(one: UserAgent, transport: Transport) -> None:
    options = next(path for path in GOLDEN if path.stem == "options").read_bytes()
    flow = Flow(transport=transport, remote=address(5080), local=address(5060), connection=2 * (transport == "tcp"))
    one.receive(options, flow, 0)
    (answer,) = one.outgoing()
    assert answer.data.startswith(b"SIP/2.0 200 ")


@needs_corpora
def test_the_manifest_is_complete() -> None:
    assert len([entry for entry in ENTRIES if entry["file"].startswith("rfc4475")]) == 49
    assert len([entry for entry in ENTRIES if entry["file"].startswith("rfc5118")]) == 12
    assert {entry["name"] for entry in ENTRIES if entry["file"].startswith("rfc4475")} == set(EXPECTED)


@needs_corpora
@each_message
def test_a_torture_message_gets_what_it_deserves(entry: dict[str, Any]) -> None:
    one = victim("udp")
    outgoing, events = fed(one, load(entry), "udp")
    statuses = [int(one_out.data.split(b" ")[1]) for one_out in outgoing]
    expected = EXPECTED.get(entry["name"]) or BY_CLASS[entry["cls"]]
    assert (statuses[0] if statuses else DROP) in expected, statuses
    assert len(statuses) <= 1
    assert any(isinstance(event, IncomingCall) for event in events) == (statuses == [CALL])
    for one_out in outgoing:
        assert one_out.flow.remote.host == "192.0.2.200"  # never to an address that only the message names
        assert isinstance(parse_message(one_out.data), Response)
    assert_alive(one, "udp")


@needs_corpora
@each_message
def test_a_torture_message_on_a_stream_is_answered_or_dropped(entry: dict[str, Any]) -> None:
    one = victim("tcp")
    outgoing, _ = fed(one, load(entry), "tcp")
    for one_out in outgoing:
        assert one_out.close or isinstance(parse_message(one_out.data), Response)
    if entry["name"] in ("ncl", "mcl01"):
        assert outgoing[0].data.startswith(b"SIP/2.0 400")
        assert outgoing[-1].close
    if entry["name"] == "clerr":
        assert outgoing == []  # the rest may still come
    assert_alive(one, "tcp")


@needs_corpora
@each_message
def test_a_valid_torture_message_survives_being_written_and_read(entry: dict[str, Any]) -> None:
    if entry["cls"] != "valid":
        return
    first = parse_message(load(entry))
    again = parse_message(first.to_bytes())
    kept = [item for item in first.headers if item[0] != "content-length"]
    assert [item for item in again.headers if item[0] != "content-length"] == kept
    assert again.body == first.body


@needs_corpora
@each_message
def test_every_truncation_of_a_torture_message_is_survived(entry: dict[str, Any]) -> None:
    data = load(entry)
    one = victim("udp")
    for length in range(0, len(data), 1 if len(data) < 1200 else 7):
        fed(one, data[:length], "udp")
    assert_alive(one, "udp")


def by_name(name: str) -> dict[str, Any]:
    return next(entry for entry in ENTRIES if entry["name"] == name)


class AskForDigest(AcceptAll):
    def admit(self, request: RequestInfo) -> Verdict:
        return Challenge()


@needs_corpora
def test_an_unknown_scheme_of_credentials_counts_as_none() -> None:
    outgoing, events = fed(victim("udp", AskForDigest()), load(by_name("regaut01")), "udp")
    assert outgoing[0].data.startswith(b"SIP/2.0 401 ")
    assert b"WWW-Authenticate: Digest" in outgoing[0].data
    assert events == []


@needs_corpora
def test_a_body_of_binary_parts_keeps_its_octets() -> None:
    message = parse_message(load(by_name("mpart01")))
    assert len(message.body) == 553
    assert b"\x00" in message.body


@needs_corpora
def test_the_odd_but_valid_invite_is_understood() -> None:
    message = parse_message(load(by_name("wsinv")))
    assert isinstance(message, Request)
    assert message.header("max-forwards") == "0068"
    assert (message.cseq.number, message.cseq.method) == (9, "INVITE")
    assert len(message.listed("via")) == 3
    assert message.header("subject") == ""
    assert message.header("unknownheaderwithunusualvalue") == ";;,,;;,;"


@needs_corpora
def test_unknown_parameters_of_a_contact_stay_where_they_were() -> None:
    inside, outside = (fed(victim("udp"), load(by_name(name)), "udp")[0][0].data for name in ("cparam02", "cparam01"))
    assert b"<sip:+19725552222@gw1.example.net;unknownparam>;expires=" in inside
    assert b"<sip:+19725552222@gw1.example.net>;unknownparam;expires=" in outside


@needs_corpora
def test_headers_in_a_contact_are_stored_and_never_obeyed() -> None:
    outgoing, events = fed(victim("udp"), load(by_name("regescrt")), "udp")
    (changed,) = [event for event in events if isinstance(event, BindingsChanged)]
    assert changed.bindings[0].contact == "sip:user@example.com?Route=%3Csip:sip.example.com%3E"
    assert b"\r\nRoute:" not in outgoing[0].data


@needs_corpora
def test_two_users_of_escaped_zeros_are_two() -> None:
    _, events = fed(victim("udp"), load(by_name("escnull")), "udp")
    (changed,) = [event for event in events if isinstance(event, BindingsChanged)]
    assert {binding.contact for binding in changed.bindings} == {
        "sip:%00@host5.example.com",
        "sip:%00%00@host5.example.com",
    }


@needs_corpora
def test_the_second_request_of_a_stream_is_its_own() -> None:
    outgoing, events = fed(victim("tcp"), load(by_name("dblreq")), "tcp")
    assert [read_message(one.data).cseq.method for one in outgoing if one.data] == ["REGISTER", "INVITE"]
    assert any(isinstance(event, IncomingCall) for event in events)


@needs_corpora
def test_the_unsupported_extensions_are_named() -> None:
    outgoing, _ = fed(victim("udp"), load(by_name("bext01")), "udp")
    assert b"Unsupported: nothingSupportsThis, nothingSupportsThisEither\r\n" in outgoing[0].data
    outgoing, _ = fed(victim("udp"), load(by_name("invut")), "udp")
    assert b"Accept: application/sdp\r\n" in outgoing[0].data
