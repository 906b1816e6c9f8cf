"""RTP headers: golden bytes, every truncation, anything at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_server.media import rtp
from cti_server.media.rtp import RtpPacket, RtpSender

GOLDEN = bytes.fromhex("80e00102000000a0deadbeef") + b"\x55" * 160
FULL = bytes.fromhex("b2080007 00000010 00000001 0000000a 0000000b bede0001 aabbccdd") + b"voice" + b"\x00\x00\x03"


def test_a_plain_header_is_read_and_written_to_the_same_bytes() -> None:
    packet = rtp.parse(GOLDEN)
    assert packet == RtpPacket(96, True, 0x0102, 160, 0xDEADBEEF, 12, 172)
    sender = RtpSender(ssrc=0xDEADBEEF, sequence=0x0102, timestamp=160)
    assert sender.packet(GOLDEN[12:], payload_type=96, marker=True) == GOLDEN


def test_contributors_extension_and_padding_are_stepped_over() -> None:
    packet = rtp.parse(bytes.fromhex("b2080007000000100000000100000002") + FULL[16:])
    assert packet is not None
    assert (packet.payload_type, packet.marker, packet.sequence) == (8, False, 7)
    full = rtp.parse(FULL)
    assert full is not None
    assert FULL[full.start : full.end] == b"voice"


def test_every_truncation_is_refused_or_shorter() -> None:
    for length in range(len(FULL)):
        packet = rtp.parse(FULL[:length])
        assert packet is None or packet.end <= length
    assert rtp.parse(GOLDEN[:11]) is None


@pytest.mark.parametrize("first", ["00", "40", "c0"])
def test_other_versions_are_not_rtp(first: str) -> None:
    assert rtp.parse(bytes.fromhex(first) + GOLDEN[1:]) is None


@pytest.mark.parametrize("kind", [200, 201, 202, 203, 204, 205, 206])
def test_rtcp_is_not_rtp(kind: int) -> None:
    assert rtp.parse(bytes([0x80, kind]) + GOLDEN[2:]) is None


@given(st.binary(max_size=300))
def test_anything_yields_nothing_or_a_payload_inside_the_datagram(data: bytes) -> None:
    packet = rtp.parse(data)
    assert packet is None or 12 <= packet.start <= packet.end <= len(data)


@given(st.integers(0, 65535), st.integers(-32768, 32767))
def test_the_distance_of_sequences_holds_across_the_wrap(start: int, step: int) -> None:
    assert rtp.sequence_distance(start, (start + step) % 65536) == step


@given(st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1))
def test_the_distance_of_timestamps_holds_across_the_wrap(start: int, step: int) -> None:
    assert rtp.timestamp_distance(start, (start + step) % 2**32) == step


def test_a_stream_goes_on_across_both_wraps() -> None:
    sender = RtpSender(ssrc=1, sequence=65535, timestamp=2**32 - 160)
    seen = []
    for _ in range(3):
        packet = rtp.parse(sender.packet(b"x", payload_type=0))
        assert packet is not None
        seen.append((packet.sequence, packet.timestamp))
        sender.advance(160)
    assert seen == [(65535, 2**32 - 160), (0, 0), (1, 160)]
