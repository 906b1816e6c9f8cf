"""RTCP of one leg: a report every five seconds, and what the peer's reports say of us.

Reports are taken from the signalled address only, and go only to it, at the port above the peer's RTP port (RFC 3550
§11).
A BYE changes nothing: calls are ended by signalling or by silence.
"""

import asyncio
import contextlib
import time

from cti_server.media import rtcp
from cti_server.media.g711 import FRAME_SAMPLES, RATE
from cti_server.media.rtp import MASK_32, PACKET_BYTES_MAX
from cti_server.switch.embedded.media.leg import Leg

INTERVAL_S = 5.0


class RtcpSession:
    """Call ``report_if_due`` every second."""

    __slots__ = ("_due", "_last_heard", "_last_report", "_leg", "_loop", "_name", "remote_lost", "round_trip_ms")

    def __init__(self, leg: Leg, loop: asyncio.AbstractEventLoop, name: str) -> None:
        self.remote_lost: int | None = None
        self.round_trip_ms: float | None = None
        self._leg = leg
        self._loop = loop
        self._name = name
        self._due = time.monotonic() + INTERVAL_S
        self._last_report = 0
        self._last_heard = 0.0
        loop.add_reader(leg.peer.pair.rtcp.fileno(), self._read)

    def close(self) -> None:
        self._loop.remove_reader(self._leg.peer.pair.rtcp.fileno())

    def report_if_due(self) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + INTERVAL_S
        address = self._leg.peer.address
        if address is None or not self._leg.can_send:
            return
        with contextlib.suppress(OSError):
            self._leg.peer.pair.rtcp.sendto(self._build(now), (address[0], address[1] + 1))
        self._leg.measure_soon()

    def _build(self, now: float) -> bytes:
        leg = self._leg
        packets = leg.packets_sent
        return rtcp.build_report(
            ssrc=leg.out.ssrc,
            cname=self._name,
            block=self._block(now),
            ntp=rtcp.ntp_time(time.time()) if packets else None,
            timestamp=leg.present_timestamp(),
            packets=packets,
            octets=packets * FRAME_SAMPLES,
        )

    def _block(self, now: float) -> rtcp.ReportBlock | None:
        leg = self._leg
        if leg.peer.ssrc is None or leg.peer.received == 0:
            return None
        delay = int((now - self._last_heard) * 65536) & MASK_32 if self._last_report else 0
        return rtcp.ReportBlock(
            ssrc=leg.peer.ssrc,
            fraction_lost=leg.peer.reception.take_fraction(),
            lost=leg.peer.reception.lost,
            highest_sequence=leg.peer.reception.highest,
            jitter=int(leg.peer.jitter),
            last_report=self._last_report,
            delay=delay,
        )

    def _read(self) -> None:
        try:
            data, sender = self._leg.peer.pair.rtcp.recvfrom(PACKET_BYTES_MAX)
        except OSError:
            return
        remote = self._leg.peer.remote
        if remote is None or sender[0] != remote.address:
            self._leg.peer.strangers += 1
            return
        for report in rtcp.parse_reports(data):
            if isinstance(report, rtcp.Report):
                self._take(report)

    def _take(self, report: rtcp.Report) -> None:
        now = time.monotonic()
        if report.ntp is not None:
            self._last_report, self._last_heard = report.middle_ntp, now
        for block in report.blocks:
            if block.ssrc != self._leg.out.ssrc:
                continue
            self.remote_lost = block.lost
            if block.last_report:
                middle = (rtcp.ntp_time(time.time()) >> 16) & MASK_32
                units = (middle - block.last_report - block.delay) & MASK_32
                if units < 65536 * 10:
                    self.round_trip_ms = round(units * 1000 / 65536, 1)


def jitter_ms(leg: Leg) -> float:
    return round(leg.peer.jitter * 1000 / RATE, 2)
