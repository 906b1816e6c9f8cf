"""Offer and answer of one G.711 stream (RFC 3264)."""

from __future__ import annotations

import pytest

from cti_server.sip.errors import LocalProtocolError, RemoteProtocolError
from cti_server.sip.flow import Address
from cti_server.sip.offer_answer import LocalMedia, Negotiator, narrowed
from cti_server.sip.sdp import DIRECTIONS, Direction, parse_sdp
from tests.sip.test_sdp import PHONE


def negotiator(port: int = 40000, **more: object) -> Negotiator:
    return Negotiator(media=LocalMedia(address="192.0.2.1", port=port, **more), session_id=7)  # type: ignore[arg-type]


def offer(
    *, formats: str = "0 8 101", port: int = 5000, direction: str = "sendrecv", address: str = "192.0.2.9"
) -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio {port} RTP/AVP {formats}\r\n"
        f"a=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
    ).encode()


def test_two_of_us_agree() -> None:
    caller, callee = negotiator(40000), negotiator(41000, telephone_event=97)
    answer, at_callee = callee.answer(caller.offer())
    at_caller = caller.accept(answer)
    assert at_caller.remote == Address("192.0.2.1", 41000)
    assert at_callee.remote == Address("192.0.2.1", 40000)
    for agreed in (at_caller, at_callee):
        assert (agreed.codec, agreed.payload_type, agreed.direction) == ("PCMU", 0, "sendrecv")
        assert (agreed.telephone_event_in, agreed.telephone_event_out) == (101, 101)
        assert agreed.may_send
        assert agreed.may_receive


@pytest.mark.parametrize(
    ("formats", "codecs", "codec"),
    [("8 0", ("PCMU", "PCMA"), "PCMA"), ("0 8", ("PCMA",), "PCMA"), ("18 3 0", ("PCMU", "PCMA"), "PCMU")],
)
def test_the_offerers_first_codec_that_we_speak_is_taken(formats: str, codecs: tuple[str, ...], codec: str) -> None:
    answer, agreed = negotiator(codecs=codecs).answer(offer(formats=formats))
    assert agreed.codec == codec
    assert [one.name for one in parse_sdp(answer).streams[0].codecs] == [codec]
    assert (agreed.telephone_event_in, agreed.telephone_event_out) == (0, 0)


def test_unwanted_streams_are_refused_in_their_places() -> None:
    answer, agreed = negotiator().answer(PHONE)
    streams = parse_sdp(answer).streams
    assert [(one.kind, bool(one.port)) for one in streams] == [("audio", True), ("video", False), ("image", False)]
    assert b"m=video 0 RTP/SAVP 99\r\n" in answer
    assert (agreed.codec, agreed.direction, agreed.ptime_ms, agreed.rtcp_port) == ("PCMA", "recvonly", 30, 49999)


def test_a_second_audio_stream_is_refused() -> None:
    two = offer() + b"m=audio 6000 RTP/AVP 0\r\n"
    assert [one.port for one in parse_sdp(negotiator().answer(two)[0]).streams] == [40000, 0]


@pytest.mark.parametrize(
    "bad",
    [
        offer(formats="18"),
        offer(port=0),
        offer().replace(b"RTP/AVP", b"RTP/SAVP"),
        offer().replace(b"m=audio", b"m=video"),
        b"v=0\r\no=- 1 1 IN IP4 x\r\n",
    ],
)
def test_nothing_in_common_is_488(bad: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        negotiator().answer(bad)
    assert caught.value.status == 488
    one = negotiator()
    one.offer()
    with pytest.raises(RemoteProtocolError):
        one.accept(bad)


def test_an_answer_needs_an_offer() -> None:
    with pytest.raises(LocalProtocolError):
        negotiator().accept(offer())


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendrecv", "sendonly", "recvonly"),
        ("sendrecv", "recvonly", "sendonly"),
        ("sendrecv", "inactive", "inactive"),
        ("sendonly", "sendrecv", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("recvonly", "recvonly", "inactive"),
        ("inactive", "sendrecv", "inactive"),
    ],
)
def test_an_answer_never_gives_more_than_was_offered(
    wanted: Direction, offered: Direction, expected: Direction
) -> None:
    assert narrowed(wanted, offered) == expected
    answer, agreed = negotiator().answer(offer(direction=offered), direction=wanted)
    assert agreed.direction == parse_sdp(answer).streams[0].direction == expected


@pytest.mark.parametrize("wanted", DIRECTIONS)
@pytest.mark.parametrize("other", DIRECTIONS)
def test_both_sides_understand_the_same(wanted: Direction, other: Direction) -> None:
    caller, callee = negotiator(40000), negotiator(41000)
    answer, at_callee = callee.answer(caller.offer(direction=wanted), direction=other)
    at_caller = caller.accept(answer)
    assert at_caller.may_send == at_callee.may_receive
    assert at_caller.may_receive == at_callee.may_send


def test_an_address_of_zeros_is_the_old_way_to_hold() -> None:
    _, agreed = negotiator().answer(offer(address="0.0.0.0"))
    assert agreed.direction == "recvonly"
    assert not agreed.may_send


def test_the_version_grows_with_each_change_only() -> None:
    one = negotiator()
    first = one.offer()
    assert one.offer() == first
    held = one.offer(direction="sendonly")
    again = one.offer(direction="sendonly")
    assert held == again
    versions = [parse_sdp(said).origin.version for said in (first, held, one.offer())]
    assert versions == [1, 2, 3]
    assert {parse_sdp(said).origin.session_id for said in (first, held)} == {7}


def test_a_later_offer_keeps_refused_streams_in_their_places() -> None:
    one = negotiator()
    one.answer(PHONE)
    assert [(one.kind, bool(one.port)) for one in parse_sdp(one.offer(direction="inactive")).streams] == [
        ("audio", True),
        ("video", False),
        ("image", False),
    ]
    assert len(parse_sdp(one.offer()).streams[0].codecs) == 3


def test_after_a_restart_the_session_and_its_version_go_on() -> None:
    one = negotiator()
    said = one.offer(direction="sendonly")
    two = Negotiator.resumed(one.media, said)
    assert two.offer(direction="sendonly") == said
    assert parse_sdp(two.offer()).origin.version == 2
    assert parse_sdp(two.offer()).origin.session_id == 7


def test_ipv6_is_named_as_such() -> None:
    one = Negotiator(media=LocalMedia(address="2001:db8::1", port=40000), session_id=1)
    assert b"c=IN IP6 2001:db8::1\r\n" in one.offer()
