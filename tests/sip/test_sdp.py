"""Session descriptions: what is read, what is refused, and that pieces do no harm."""

from __future__ import annotations

import pytest

from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.sdp import Codec, parse_sdp, serialise_sdp
from tests.sip.world import sdp

PHONE = (
    b"v=0\r\n"
    b"o=phone 2890844526 2890842807 IN IP4 192.0.2.20\r\n"
    b"s=call\r\n"
    b"c=IN IP4 192.0.2.20\r\n"
    b"t=0 0\r\n"
    b"a=sendonly\r\n"
    b"m=audio 49170/2 RTP/AVP 96 8 0 101 13\r\n"
    b"a=rtpmap:96 opus/48000/2\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\n"
    b"a=fmtp:101 0-15\r\n"
    b"a=ptime:30\r\n"
    b"a=rtcp:49999 IN IP4 192.0.2.20\r\n"
    b"m=video 51372 RTP/SAVP 99\r\n"
    b"c=IN IP6 2001:db8::1\r\n"
    b"a=rtpmap:99 h263-1998/90000\r\n"
    b"a=inactive\r\n"
    b"m=image 0 udptl t38\r\n"
)


def test_a_phones_description_is_read() -> None:
    found = parse_sdp(PHONE)
    assert (found.origin.session_id, found.origin.version) == (2890844526, 2890842807)
    audio, video, image = found.streams
    assert (audio.kind, audio.port, audio.address, audio.direction) == ("audio", 49170, "192.0.2.20", "sendonly")
    assert (audio.ptime_ms, audio.rtcp_port) == (30, 49999)
    assert audio.codecs == (
        Codec(payload_type=96, name="OPUS", clock_hz=48000),
        Codec(payload_type=8, name="PCMA", clock_hz=8000),
        Codec(payload_type=0, name="PCMU", clock_hz=8000),
        Codec(payload_type=101, name="TELEPHONE-EVENT", clock_hz=8000, fmtp="0-15"),
        Codec(payload_type=13, name="", clock_hz=0),
    )
    assert (video.address, video.direction) == ("2001:db8::1", "inactive")
    assert (image.port, image.codecs, image.formats) == (0, (), ("t38",))


def test_a_description_of_ours_comes_back() -> None:
    found = parse_sdp(serialise_sdp(parse_sdp(sdp())))
    assert found == parse_sdp(sdp())


def test_line_ends_without_carriage_return_are_forgiven() -> None:
    assert parse_sdp(PHONE.replace(b"\r\n", b"\n")) == parse_sdp(PHONE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"v=0", b"v=1"),
        (b"v=0\r\n", b""),
        (b"o=phone", b"x=phone"),
        (b"2890842807", b"-1"),
        (b"2890842807", b"9" * 30),
        (b"c=IN IP4 192.0.2.20", b"c=IN IP4"),
        (b"c=IN IP4 192.0.2.20", b"c=ATM NSAP x"),
        (b"m=audio 49170/2", b"m=audio 99999"),
        (b"m=audio 49170/2", b"m=audio x"),
        (b"m=image 0 udptl t38", b"m=image"),
        (b"RTP/AVP 96 8", b"RTP/AVP 196 8"),
        (b"RTP/AVP 96 8", b"RTP/AVP x 8"),
        (b"opus/48000/2", b"opus"),
        (b"s=call", b"call"),
        (b"s=call", b"s=" + b"x" * 20_000),
        (b"a=sendonly\r\n", b"a=x\r\n" * 500),
        (b"m=image 0 udptl t38\r\n", b"m=image 0 udptl t38\r\n" * 20),
    ],
)
def test_a_malformed_description_is_refused(old: bytes, new: bytes) -> None:
    assert old in PHONE
    with pytest.raises(RemoteProtocolError):
        parse_sdp(PHONE.replace(old, new))


def test_every_truncation_is_read_or_refused() -> None:
    for length in range(len(PHONE)):
        try:
            parse_sdp(PHONE[:length])
        except RemoteProtocolError:
            continue


def test_nonsense_in_optional_attributes_is_ignored() -> None:
    odd = PHONE.replace(b"a=ptime:30", b"a=ptime:soon").replace(b"a=rtcp:49999", b"a=rtcp:999999")
    audio = parse_sdp(odd).streams[0]
    assert (audio.ptime_ms, audio.rtcp_port) == (0, 0)
