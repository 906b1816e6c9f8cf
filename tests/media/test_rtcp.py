"""RTCP: what is written is read back, rubbish is dropped, and loss is counted as RFC 3550 says."""

from hypothesis import given
from hypothesis import strategies as st

from cti_server.media import rtcp
from cti_server.media.rtcp import Goodbye, Reception, Report, ReportBlock

BLOCK = ReportBlock(
    ssrc=7, fraction_lost=64, lost=-3, highest_sequence=0x10005, jitter=40, last_report=0x12345678, delay=65536
)


def test_a_sender_report_comes_back_as_it_was_written() -> None:
    ntp = rtcp.ntp_time(1_700_000_000.5)
    data = rtcp.build_report(ssrc=5, cname="ieum", block=BLOCK, ntp=ntp, timestamp=160, packets=10, octets=1600)
    assert len(data) % 4 == 0
    assert rtcp.parse_reports(data) == [Report(ssrc=5, ntp=ntp, blocks=(BLOCK,))]


def test_a_receiver_report_without_blocks_and_a_goodbye_come_back() -> None:
    assert rtcp.parse_reports(rtcp.build_report(ssrc=5, cname="a", block=None)) == [Report(ssrc=5)]
    assert rtcp.parse_reports(rtcp.build_goodbye(ssrc=5, cname="ieum")) == [Report(ssrc=5), Goodbye(ssrcs=(5,))]


def test_ntp_time_counts_from_1900() -> None:
    assert rtcp.ntp_time(0.5) == (2_208_988_800 << 32) + (1 << 31)
    assert Report(ssrc=1, ntp=0x0123456789ABCDEF).middle_ntp == 0x456789AB


def test_every_truncation_is_read_without_an_error() -> None:
    data = rtcp.build_report(ssrc=5, cname="ieum", block=BLOCK, ntp=1) + rtcp.build_goodbye(ssrc=5, cname="ieum")
    for length in range(len(data)):
        rtcp.parse_reports(data[:length])


@given(st.binary(max_size=400))
def test_anything_is_read_without_an_error(data: bytes) -> None:
    rtcp.parse_reports(data)


@given(st.lists(st.tuples(st.integers(0, 31), st.integers(192, 210), st.binary(max_size=80)), max_size=6))
def test_well_framed_rubbish_is_read_without_an_error(packets: list[tuple[int, int, bytes]]) -> None:
    data = b""
    for count, kind, body in packets:
        body += bytes(-len(body) % 4)
        data += bytes([0x80 | count, kind]) + (len(body) // 4).to_bytes(2) + body
    assert len(rtcp.parse_reports(data)) <= len(packets)


def test_loss_is_what_was_expected_and_did_not_come() -> None:
    """50 packets noted, ten of them lost, across the wrap of the sequence."""
    reception = Reception()
    reception.note(65_530, 1)
    assert (reception.lost, reception.take_fraction()) == (0, 0)
    reception.note((65_530 + 49) % 65_536, 40)
    assert reception.lost == 10
    assert reception.highest == 65_530 + 49
    assert reception.take_fraction() == 10 * 256 // 49
    reception.note((65_530 + 59) % 65_536, 50)
    assert reception.take_fraction() == 0


def test_a_late_packet_does_not_turn_the_count_back() -> None:
    reception = Reception()
    reception.note(100, 1)
    reception.note(110, 10)
    reception.note(105, 11)
    assert (reception.highest, reception.lost) == (110, 0)


def test_nothing_received_is_nothing_lost() -> None:
    reception = Reception()
    reception.note(0, 0)
    assert (reception.lost, reception.highest, reception.take_fraction()) == (0, 0, 0)
