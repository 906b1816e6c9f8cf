"""The far end of one leg: whom to believe, and where to send.

Until the first valid packet it sends to the signalled address, and then *latches*: the socket is connected to the
sender and the kernel drops everybody else. The signalled address and port are believed at once; another port of that
address (symmetric RTP through a translator) only when ``may_latch`` allows it and after several packets, because behind
a trunk or a translator many calls share one address, and a former call's last packets may still arrive. The SSRC is
locked; one change is allowed for each ``SetRemote``, because a phone may start anew after a re-INVITE. What is done
with the packets is decided in ``leg``.
"""

import contextlib
import ipaddress
import socket
import time
from typing import Protocol

import msgspec

from cti_server.media import rtp
from cti_server.media.g711 import RATE, Codec
from cti_server.media.rtcp import Reception
from cti_server.media.rtp import RtpPacket
from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.buffer import BUFFER, VIEWS
from cti_server.switch.embedded.media.outgoing import Transmit, send_nothing
from cti_server.switch.embedded.media.ports import PortPair, part, waiting

COMFORT_NOISE = 13
PAYLOAD_TYPE_MAX = 127
PORT_MAX = 65_535
MEASURED_PACKETS = 8
"""Jitter is measured on so many packets at a time; measuring every packet would cost as much as relaying it."""
PACKETS_FROM_ANOTHER_PORT = 5
"""So many in a row (100 ms) from one other port, and none from the signalled one, and the peer is there."""


class PeerOwner(Protocol):
    def latched(self, address: tuple[str, int]) -> None:
        """The first valid packet came from here; it is taken next."""

    def source_ends(self) -> None:
        """Another SSRC is about to be locked; ``sequence`` and ``timestamp`` are still the former one's."""

    def source_begins(self) -> None:
        """Another SSRC is locked: what follows starts anew."""

    def take(self, packet: RtpPacket) -> None:
        """A packet of the agreed source lies in ``BUFFER``."""

    def measured(self) -> None:
        """Enough packets were measured."""


class Peer:
    """``received``, ``sequence`` and ``timestamp`` are written by the hot path (``relay``)."""

    __slots__ = (
        "_candidate",
        "_candidate_packets",
        "_latched_to",
        "_may_change_ssrc",
        "_owner",
        "_received_before",
        "_transit",
        "codec",
        "jitter",
        "malformed",
        "measure_left",
        "pair",
        "payload_type",
        "received",
        "reception",
        "remote",
        "sequence",
        "ssrc",
        "strangers",
        "timestamp",
    )

    def __init__(self, pair: PortPair, owner: PeerOwner) -> None:
        self.pair = pair
        self.remote: wire.SetRemote | None = None
        self.codec = Codec.PCMU
        self.payload_type = 0
        self.ssrc: int | None = None
        self.received = 0
        """Packets of the agreed source; also the sign of life."""
        self.sequence = 0
        self.timestamp = 0
        self.strangers = 0
        self.malformed = 0
        self.jitter = 0.0
        self.reception = Reception()
        self.measure_left = 0
        self._owner = owner
        self._candidate: tuple[str, int] | None = None
        self._candidate_packets = 0
        self._latched_to: tuple[str, int] | None = None
        self._may_change_ssrc = False
        self._received_before = 0
        self._transit = 0.0

    # --- what signalling says -----------------------------------------------------------------------------------------

    def set_remote(self, remote: wire.SetRemote) -> str:
        """ "" or the code of what is wrong with it; then nothing has changed."""
        try:
            found = ipaddress.ip_address(remote.address)
        except ValueError:
            return "bad_address"
        is_same_family = (found.version == 6) == (self.pair.rtp.family == socket.AF_INET6)
        if not is_same_family or not 0 <= remote.port <= PORT_MAX:
            return "bad_address"
        types = (remote.payload_type, remote.event_type or 0, remote.event_type_received or 0)
        if not all(0 <= kind <= PAYLOAD_TYPE_MAX for kind in types):
            return "bad_payload_type"
        address = str(found)
        before = self.remote
        self.remote = msgspec.structs.replace(remote, address=address)
        self.codec, self.payload_type = remote.codec, remote.payload_type
        self._may_change_ssrc = True
        if before is None or (before.address, before.port) != (address, remote.port):
            self.unlatch()
        return ""

    def unlatch(self) -> None:
        """Believe nobody until the next valid packet from the signalled address."""
        if self._latched_to is not None:
            part(self.pair.rtp)
            self._latched_to = None
        self._candidate = None
        self.ssrc = None

    @property
    def is_latched(self) -> bool:
        return self._latched_to is not None

    @property
    def receives(self) -> bool:
        return self.remote is not None and self.remote.direction.receives

    @property
    def expects_rtp(self) -> bool:
        """Silence is a fault."""
        return self.remote is not None and self.remote.expect_rtp and self.receives and self.remote.port > 0

    @property
    def event_type(self) -> int | None:
        """The payload type of the telephone events that it takes; None: it takes none."""
        return None if self.remote is None else self.remote.event_type

    @property
    def address(self) -> tuple[str, int] | None:
        """Where its packets come from, or, until they do, where signalling says that it is."""
        if self.remote is None or self.remote.port == 0:
            return None
        return self._latched_to or (self.remote.address, self.remote.port)

    def transmit(self) -> Transmit:
        """How to send to it now."""
        remote = self.remote
        if remote is None or remote.port == 0 or not remote.direction.sends:
            return send_nothing
        if ipaddress.ip_address(remote.address).is_unspecified:
            return send_nothing
        if self.is_latched:
            return self.pair.rtp.send
        sendto, address = self.pair.rtp.sendto, (remote.address, remote.port)
        return lambda data: sendto(data, address)

    # --- what arrives -------------------------------------------------------------------------------------------------

    def read_nothing(self) -> None:
        """Nobody is agreed on yet: whatever comes is from a stranger."""
        with contextlib.suppress(OSError):
            self.pair.rtp.recv_into(BUFFER)
            self.strangers += 1

    def read_first(self) -> None:
        """Wait for the packet to latch to."""
        try:
            length, sender = self.pair.rtp.recvfrom_into(BUFFER)
        except OSError:
            return
        remote = self.remote
        assert remote is not None
        address = (sender[0], sender[1])
        packet = rtp.parse(BUFFER, length)
        if address[0] != remote.address or not (remote.may_latch or address[1] == remote.port):
            self.strangers += 1
        elif packet is None or not self._is_agreed(packet.payload_type):
            self.malformed += 1
        elif address[1] == remote.port or self._is_convincing(address):
            self._latch(address, bytes(VIEWS[length]))

    def _is_convincing(self, address: tuple[str, int]) -> bool:
        """Have enough packets come from this other port?"""
        if address != self._candidate:
            self._candidate, self._candidate_packets = address, 0
        self._candidate_packets += 1
        return self._candidate_packets >= PACKETS_FROM_ANOTHER_PORT

    def _latch(self, address: tuple[str, int], first: bytes) -> None:
        try:
            self.pair.rtp.connect(address)
        except OSError:
            self.strangers += 1
            return
        # The kernel filters from now on; what lies in the buffer already may be anybody's.
        lying = list(waiting(self.pair.rtp))
        self._latched_to = address
        self._owner.latched(address)
        for data, sender in [(first, address), *lying]:
            if sender == address:
                BUFFER[: len(data)] = data
                self.unusual(len(data))
            else:
                self.strangers += 1

    def unusual(self, length: int) -> None:
        """A packet of the latched sender in ``BUFFER``: anything but plain speech with everything known."""
        packet = rtp.parse(BUFFER, length)
        if packet is None:
            self.malformed += 1
            return
        if packet.ssrc != self.ssrc and not self._adopt(packet):
            self.strangers += 1
            return
        self.received += 1
        self.sequence, self.timestamp = packet.sequence, packet.timestamp
        if self.measure_left:
            self._measure(packet.timestamp)
        self._owner.take(packet)

    def _adopt(self, packet: RtpPacket) -> bool:
        """Lock the source of this packet, if it may be locked."""
        is_allowed = self.ssrc is None or self._may_change_ssrc
        if not is_allowed or not self._is_agreed(packet.payload_type):
            return False
        self._may_change_ssrc = False
        self._owner.source_ends()
        self.ssrc = packet.ssrc
        self.reception = Reception()
        self._received_before = self.received
        self._owner.source_begins()
        return True

    def _is_agreed(self, payload_type: int) -> bool:
        return payload_type in (self.payload_type, COMFORT_NOISE) or self.is_event(payload_type)

    def is_event(self, payload_type: int) -> bool:
        """Is this the payload type of the telephone events that it sends?"""
        remote = self.remote
        if remote is None:
            return False
        received = remote.event_type if remote.event_type_received is None else remote.event_type_received
        return payload_type == received

    # --- counters -----------------------------------------------------------------------------------------------------

    def measure_soon(self) -> None:
        """Look at the jitter of the next packets."""
        self.measure_left = MEASURED_PACKETS
        self._transit = 0.0

    def _measure(self, timestamp: int) -> None:
        """RFC 3550 §6.4.1, on a sample of the packets."""
        transit = time.monotonic() * RATE - timestamp
        difference = abs(transit - self._transit)
        if self._transit and difference < RATE:
            self.jitter += (difference - self.jitter) / 16
        self._transit = transit
        self.measure_left -= 1
        if self.measure_left == 0:
            self._owner.measured()

    def note_reception(self) -> None:
        """Once a second: bring the loss counters up to date."""
        self.reception.note(self.sequence, self.received - self._received_before)
