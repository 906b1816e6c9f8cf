"""RTCP (RFC 3550 §6): sender and receiver reports, SDES CNAME and BYE, written and safely read; reception statistics.

Unknown packet types are stepped over. What is malformed yields nothing, never an exception. Times are passed in.
"""

import struct

import msgspec

from cti_server.media.rtp import MASK_16, MASK_32, sequence_distance

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
GOODBYE = 203
PACKETS_PER_DATAGRAM_MAX = 32
NTP_OF_UNIX_S = 2_208_988_800

_HEAD = struct.Struct("!BBHI")
_SENDER = struct.Struct("!IIIII")
_BLOCK = struct.Struct("!IIIIII")


class ReportBlock(msgspec.Struct, frozen=True, kw_only=True):
    """What one side says about the packets it received from ``ssrc`` (RFC 3550 §6.4.1)."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A sender report (``ntp`` is not None) or receiver report."""

    ssrc: int
    ntp: int | None = None
    blocks: tuple[ReportBlock, ...] = ()

    @property
    def middle_ntp(self) -> int:
        """The middle 32 bits of the NTP time: what the other side quotes as ``last_report``."""
        return ((self.ntp or 0) >> 16) & MASK_32


class Goodbye(msgspec.Struct, frozen=True, kw_only=True):
    ssrcs: tuple[int, ...]


def ntp_time(unix_s: float) -> int:
    """Unix seconds to the 64-bit NTP format."""
    return int((unix_s + NTP_OF_UNIX_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def build_report(
    *,
    ssrc: int,
    cname: str,
    block: ReportBlock | None,
    ntp: int | None = None,
    timestamp: int = 0,
    packets: int = 0,
    octets: int = 0,
) -> bytes:
    """A compound datagram: SR (when ``ntp`` is given) or RR, then SDES with the CNAME."""
    body = b"" if block is None else _pack_block(block)
    count = 0x80 | (block is not None)
    if ntp is None:
        report = _HEAD.pack(count, RECEIVER_REPORT, 1 + len(body) // 4, ssrc)
    else:
        report = _HEAD.pack(count, SENDER_REPORT, 6 + len(body) // 4, ssrc)
        report += _SENDER.pack(ntp >> 32, ntp & MASK_32, timestamp, packets & MASK_32, octets & MASK_32)
    return report + body + _source_description(ssrc, cname)


def build_goodbye(*, ssrc: int, cname: str) -> bytes:
    """An empty RR, SDES and BYE."""
    report = build_report(ssrc=ssrc, cname=cname, block=None)
    return report + _HEAD.pack(0x81, GOODBYE, 1, ssrc)


def _pack_block(block: ReportBlock) -> bytes:
    lost = max(-0x800000, min(block.lost, 0x7FFFFF)) & 0xFFFFFF
    return _BLOCK.pack(
        block.ssrc,
        (block.fraction_lost & 0xFF) << 24 | lost,
        block.highest_sequence & MASK_32,
        block.jitter & MASK_32,
        block.last_report & MASK_32,
        block.delay & MASK_32,
    )


def _source_description(ssrc: int, cname: str) -> bytes:
    name = cname.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name + b"\0"
    chunk += b"\0" * (-len(chunk) % 4)
    return struct.pack("!BBH", 0x81, SOURCE_DESCRIPTION, len(chunk) // 4) + chunk


def parse_reports(data: bytes | memoryview) -> list[Report | Goodbye]:
    """The reports of a compound datagram, up to the first thing that is malformed."""
    found: list[Report | Goodbye] = []
    start = 0
    for _ in range(PACKETS_PER_DATAGRAM_MAX):
        if len(data) - start < 4:
            break
        first, kind, words = struct.unpack_from("!BBH", data, start)
        end = start + 4 + 4 * words
        if first & 0xC0 != 0x80 or end > len(data):
            break
        report = _parse_one(first & 0x1F, kind, data[start + 4 : end])
        if report is not None:
            found.append(report)
        start = end
    return found


def _parse_one(count: int, kind: int, body: bytes | memoryview) -> Report | Goodbye | None:
    if kind == GOODBYE:
        return Goodbye(ssrcs=struct.unpack_from(f"!{count}I", body)) if len(body) >= 4 * count else None
    if kind not in (SENDER_REPORT, RECEIVER_REPORT):
        return None
    start = 24 if kind == SENDER_REPORT else 4
    if len(body) < start + 24 * count:
        return None
    (ssrc,) = struct.unpack_from("!I", body)
    ntp = struct.unpack_from("!Q", body, 4)[0] if kind == SENDER_REPORT else None
    blocks = tuple(_parse_block(body, start + 24 * number) for number in range(count))
    return Report(ssrc=ssrc, ntp=ntp, blocks=blocks)


def _parse_block(body: bytes | memoryview, start: int) -> ReportBlock:
    ssrc, loss, highest, jitter, last_report, delay = _BLOCK.unpack_from(body, start)
    lost = loss & 0xFFFFFF
    return ReportBlock(
        ssrc=ssrc,
        fraction_lost=loss >> 24,
        lost=lost - 0x1000000 if lost & 0x800000 else lost,
        highest_sequence=highest,
        jitter=jitter,
        last_report=last_report,
        delay=delay,
    )


class Reception:
    """Counts of one received stream (RFC 3550 appendix A), fed now and then with totals instead of packet by packet.

    ``note(sequence, received)`` must come at least once in 32,000 packets: at 50 a second, every ten minutes.
    """

    __slots__ = ("_expected_before", "_first", "_highest", "_received", "_received_before")

    def __init__(self) -> None:
        self._first: int | None = None
        self._highest = 0
        self._received = 0
        self._expected_before = 0
        self._received_before = 0

    def note(self, sequence: int, received: int) -> None:
        """``sequence``: of a packet received just now; ``received``: packets of this stream so far."""
        if received == 0:
            return
        if self._first is None:
            # The caller may come late: what was received before was in order as far as anyone knows.
            self._first = self._highest = sequence
            self._first -= received - 1
        ahead = sequence_distance(self._highest & MASK_16, sequence)
        self._highest = max(self._highest, self._highest + ahead)
        self._received = received

    @property
    def highest(self) -> int:
        """Extended highest sequence number."""
        return self._highest & MASK_32

    @property
    def lost(self) -> int:
        """Expected minus received; duplicates may make it negative."""
        return 0 if self._first is None else self._highest - self._first + 1 - self._received

    def take_fraction(self) -> int:
        """Share lost since the last call, in 1/256."""
        if self._first is None:
            return 0
        expected = self._highest - self._first + 1
        expected_now, received_now = expected - self._expected_before, self._received - self._received_before
        self._expected_before, self._received_before = expected, self._received
        lost_now = expected_now - received_now
        return 0 if expected_now <= 0 or lost_now <= 0 else min(255, (lost_now << 8) // expected_now)
