"""Messages: golden ones come back octet by octet, and any piece of them does no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.message import (
    Request,
    Response,
    cancel_for,
    failure_ack,
    header,
    is_safe,
    parse_message,
    read_message,
    response_to,
)
from tests.shared_data import ROOT
from tests.sip.world import address, agent, udp

GOLDEN = sorted((ROOT / "tests" / "golden" / "sip").glob("*.sip"))


def names(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", GOLDEN, ids=names)
def test_a_golden_message_is_parsed_and_serialised_back(path: Path) -> None:
    data = path.read_bytes()
    message = parse_message(data)
    assert message.to_bytes() == data
    assert message.via.branch.startswith("z9hG4bK")
    assert message.cseq.number
    assert message.from_.tag
    assert str(message.to.uri).startswith("sip:")


@pytest.mark.parametrize("path", GOLDEN, ids=names)
def test_every_truncation_is_answered_or_dropped(path: Path) -> None:
    data = path.read_bytes()
    one = agent(5060)
    for length in range(len(data)):
        piece = data[:length]
        try:
            parse_message(piece)
            assert not piece.strip() or length > data.index(b"Content-Length")
        except RemoteProtocolError:
            pass
        one.receive(piece, udp(source=5070, to=5060), 0)
        for outgoing in one.outgoing():
            answer = parse_message(outgoing.data)
            assert isinstance(answer, Response)
            assert outgoing.flow.remote.host == address(5070).host
        while one.next_event() is not None:
            pass


def test_the_golden_messages_are_of_all_kinds() -> None:
    kinds = {type(parse_message(path.read_bytes())) for path in GOLDEN}
    methods = {message.method for path in GOLDEN if isinstance(message := parse_message(path.read_bytes()), Request)}
    assert kinds == {Request, Response}
    assert methods >= {"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "UPDATE", "INFO"}


FOLDED = (
    b"INVITE sip:a@x SIP/2.0\r\n"
    b"v: SIP/2.0/UDP x;branch=z9hG4bKa\r\n"
    b"TO :\r\n sip:a@x ;   tag    = 1\r\n"
    b"f: sip:b@x;tag=2\r\n"
    b"i:c\r\n"
    b"cseq: 0009\r\n\tINVITE\r\n"
    b"s :\r\n"
    b"NewFangled:  one\r\n two\r\n"
    b"l: 0\r\n\r\n"
)


def test_compact_forms_folding_and_odd_spaces_are_understood() -> None:
    message = parse_message(FOLDED)
    assert message.to.tag == "1"
    assert (message.cseq.number, message.call_id) == (9, "c")
    assert message.header("subject") == ""
    assert message.header("newfangled") == "one two"
    assert parse_message(message.to_bytes()).header("newfangled") == "one two"


def test_bare_line_feeds_are_forgiven_and_bare_carriage_returns_are_not() -> None:
    assert parse_message(FOLDED.replace(b"\r\n", b"\n")).call_id == "c"
    with pytest.raises(RemoteProtocolError):
        parse_message(FOLDED.replace(b"one", b"one\rVia: evil"))


def test_octets_that_are_no_text_survive() -> None:
    data = FOLDED.replace(b"one\r\n two", b"\xff\xfe\x00\x7f")
    assert b"\xff\xfe\x00\x7f" in parse_message(data).to_bytes()


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"INVITE  sip:a@x  SIP/2.0", 400),
        (b"INVITE sip:a@x; lr SIP/2.0", 400),
        (b"INVITE sip:a@x SIP/7.0", 505),
        (b"INVITE sip:a@x SIP/x", 400),
        (b"INVITE sip:a@x SIP/2.0 ", 400),
    ],
)
def test_a_bad_request_line_is_a_defect_with_its_status(start: bytes, status: int) -> None:
    message = read_message(start + FOLDED[FOLDED.index(b"\r\n") :])
    assert message.defect is not None
    assert message.defect.status == status


@pytest.mark.parametrize(
    "start",
    [b"", b"GET / HTTP/1.1", b"SIP/2.0 20 OK", b"SIP/2.0 4294967301 x", b"SIP/2.0 700 x", b"\x00\x01", b"a b c"],
)
def test_what_is_not_sip_is_not_even_answered(start: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_message(start + b"\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKa\r\n\r\n")


@pytest.mark.parametrize(
    "lines", [b"l: 1\r\nl: 2\r\n", b"l: -1\r\n", b"l: 9\r\n", b"l: x\r\n", b": x\r\n", b"a b: x\r\n"]
)
def test_a_bad_length_or_header_line_is_a_defect(lines: bytes) -> None:
    message = read_message(FOLDED.replace(b"l: 0\r\n", lines))
    assert message.defect is not None
    assert message.call_id == "c"


def test_what_follows_the_content_length_is_dropped() -> None:
    assert parse_message(FOLDED.replace(b"l: 0", b"l: 2") + b"abcdef").body == b"ab"


def test_a_response_copies_what_it_must_and_tags_once() -> None:
    request = parse_message(FOLDED)
    assert isinstance(request, Request)
    response = response_to(request, 486, to_tag="mine")
    assert response.required("to") == request.required("to")
    untagged = parse_message(FOLDED.replace(b" sip:a@x ;   tag    = 1", b' "a;tag=b" <sip:a@x>'))
    assert isinstance(untagged, Request)
    assert response_to(untagged, 486, to_tag="mine").to.tag == "mine"
    assert response_to(untagged, 100, to_tag="mine").to.tag == ""
    assert [key for key, _, _ in response.headers] == ["via", "to", "from", "call-id", "cseq"]


def test_the_ack_of_a_failure_and_the_cancel_belong_to_their_invite() -> None:
    invite = parse_message(next(path for path in GOLDEN if path.stem == "invite").read_bytes())
    assert isinstance(invite, Request)
    invite.headers.append(header("Route", "<sip:p;lr>"))
    ack = failure_ack(invite, response_to(invite, 486, to_tag="t"))
    cancel = cancel_for(invite)
    for message, method in ((ack, "ACK"), (cancel, "CANCEL")):
        assert message.via == invite.via
        assert message.uri == invite.uri
        assert message.header("route") == "<sip:p;lr>"
        assert (message.cseq.number, message.cseq.method) == (314159, method)
    assert ack.to.tag == "t"
    assert cancel.to.tag == ""


def test_an_embedder_cannot_break_out_of_a_header() -> None:
    assert is_safe("X-Queue", "orders")
    for name, value in (("X", "a\r\nVia: x"), ("X\r\nY", "a"), ("X", "a\nb"), ("X", "a\x00"), ("", "a"), ("a b", "c")):
        assert not is_safe(name, value)
