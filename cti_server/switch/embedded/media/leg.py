"""One leg: the agreed peer, what arrives from it, and what is sent to it.

It decides whom to believe. Until the first valid packet it takes packets from the signalled address (from any port of
it, when ``may_latch``), sends to the signalled address, and then *latches*: the socket is connected to that sender and
the kernel drops everybody else. The SSRC is locked; one change is allowed for each ``SetRemote``, because a phone may
start anew after a re-INVITE. Who is connected with whom is decided in ``call``.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from cti_server.media import rtp
from cti_server.media.dtmf import DigitCollector, DigitSender
from cti_server.media.g711 import FRAME_SAMPLES, RATE, Codec
from cti_server.media.rtcp import Reception
from cti_server.media.rtp import HEADER, MARKER, MASK_16, MASK_32, VERSION_2, RtpPacket
from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.outgoing import Outgoing, send_nothing
from cti_server.switch.embedded.media.player import Player
from cti_server.switch.embedded.media.ports import PortPair, drain, part, waiting
from cti_server.switch.embedded.media.recording import Channel
from cti_server.switch.embedded.media.relay import BUFFER, VIEW, VIEWS, Relay, make_reader
from cti_server.switch.embedded.media.ticker import Ticker

if TYPE_CHECKING:
    from cti_server.switch.embedded.media.conference import Conference

COMFORT_NOISE = 13
MEASURED_PACKETS = 8
"""Jitter is measured on so many packets after each report; measuring every packet would cost as much as relaying it."""
KEYS_WAITING_MAX = 32


class Leg:
    """``report`` takes what the controller should know. Attributes without underscore are read by ``relay`` and
    ``call``."""

    __slots__ = (
        "_keys",
        "_keys_start",
        "_latched_to",
        "_loop",
        "_received_before",
        "_streaming",
        "_ticker",
        "_transit",
        "call",
        "codec",
        "collector",
        "conference",
        "is_held",
        "is_lost",
        "is_muted",
        "is_speaker_kept",
        "jitter",
        "malformed",
        "may_change_ssrc",
        "measure_left",
        "metadata",
        "number",
        "out",
        "pair",
        "partner",
        "payload_type",
        "player",
        "received",
        "reception",
        "relay",
        "remote",
        "report",
        "sequence",
        "ssrc",
        "strangers",
        "tap",
        "timestamp",
    )

    def __init__(
        self,
        *,
        call: int,
        number: int,
        pair: PortPair,
        metadata: bytes,
        out: Outgoing,
        loop: asyncio.AbstractEventLoop,
        ticker: Ticker,
        report: Callable[[wire.AnyReport], None],
    ) -> None:
        self.call = call
        self.number = number
        self.pair = pair
        self.metadata = metadata
        self.out = out
        self.report = report
        self.remote: wire.SetRemote | None = None
        self.codec = Codec.PCMU
        self.payload_type = 0
        self._latched_to: tuple[str, int] | None = None
        self.ssrc: int | None = None
        self.may_change_ssrc = True
        self.received = 0
        """Packets of the agreed peer; also the sign of life."""
        self.sequence = 0
        self.timestamp = 0
        self.strangers = 0
        self.malformed = 0
        self.jitter = 0.0
        self.reception = Reception()
        self.measure_left = 0
        self.collector = DigitCollector()
        self.partner: Leg | None = None
        self.conference: Conference | None = None
        self.is_held = False
        self.is_muted = False
        self.is_lost = False
        self.player: Player | None = None
        self.relay: Relay | None = None
        self.tap: Channel | None = None
        self.is_speaker_kept = False
        """Recorded whether or not anybody hears: the customer. The agent is kept only while the customer hears them."""
        self._loop = loop
        self._ticker = ticker
        self._transit = 0.0
        self._received_before = 0
        self._streaming = False
        self._keys: deque[tuple[int, DigitSender]] = deque()
        self._keys_start: int | None = None
        drain(pair.rtp)
        self.refresh()

    # --- what the others decide by ----------------------------------------------------------------------------------

    @property
    def can_send(self) -> bool:
        return self.out.transmit is not send_nothing

    @property
    def is_latched(self) -> bool:
        return self._latched_to is not None

    @property
    def needs_care(self) -> bool:
        """Every packet takes the careful way: nothing is known yet, or more is to be done with each."""
        remote = self.remote
        receives = remote is not None and remote.direction.receives
        return self.ssrc is None or not receives or self.conference is not None or self.measure_left > 0

    @property
    def hears_partner(self) -> bool:
        """Nothing else is played to it."""
        busy = self.is_held or self.is_sending_frames or self.conference is not None
        return not busy and self.can_send

    @property
    def is_sending_frames(self) -> bool:
        """The ticker sends prompts or keys to it."""
        return self.player is not None or bool(self._keys)

    @property
    def peer_address(self) -> tuple[str, int] | None:
        """Where its packets come from, or, until they do, where signalling says that it is."""
        if self.remote is None or self.remote.port == 0:
            return None
        return self._latched_to or (self.remote.address, self.remote.port)

    def present_timestamp(self) -> int:
        """What a packet sent to it now would bear."""
        relay = None if self.partner is None else self.partner.relay
        if relay is not None and relay.is_aligned:
            return (relay.source.timestamp + relay.timestamp_offset) & MASK_32
        return self.out.present_timestamp()

    @property
    def is_in_conversation(self) -> bool:
        if self.conference is not None:
            return True
        return self.partner is not None and not self.is_held and not self.partner.is_held

    @property
    def expects_rtp(self) -> bool:
        remote = self.remote
        return remote is not None and remote.expect_rtp and remote.direction.receives and remote.port > 0

    # --- signalling -------------------------------------------------------------------------------------------------

    def set_remote(self, remote: wire.SetRemote) -> bool:
        """Take what signalling says; False: not an address."""
        try:
            address = str(ipaddress.ip_address(remote.address))
        except ValueError:
            return False
        before = self.remote
        has_moved = before is None or (before.address, before.port) != (address, remote.port)
        self.remote = msgspec.structs.replace(remote, address=address)
        self.may_change_ssrc = True
        if self.tap is not None:
            self.tap.speak(remote.codec)
        self.codec, self.payload_type = remote.codec, remote.payload_type
        if has_moved:
            self._unlatch()
        self._choose_transmit()
        self.changed()
        return True

    def _unlatch(self) -> None:
        if self.is_latched:
            part(self.pair.rtp)
            self._latched_to = None
        self.ssrc = None
        if self.tap is not None:
            self.tap.forget()

    def _choose_transmit(self) -> None:
        remote = self.remote
        may_send = remote is not None and remote.direction.sends and remote.port > 0
        if remote is None or not may_send or ipaddress.ip_address(remote.address).is_unspecified:
            self.out.transmit = send_nothing
        elif self.is_latched:
            self.out.transmit = self.pair.rtp.send
        else:
            sendto, address = self.pair.rtp.sendto, (remote.address, remote.port)
            self.out.transmit = lambda data: sendto(data, address)

    # --- wiring -----------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Anything about this leg changed: bind its reader, its partner's reader and its ticking anew."""
        if self.partner is not None:
            self.partner.refresh()
        self.refresh()

    def refresh(self) -> None:
        target = self._relay_target()
        if self.relay is not None and (self.relay.target is not target or target is None):
            self.relay.finish(time.monotonic())
            self.relay = None
        if target is not None:
            if self.relay is None:
                self.relay = Relay(self, target)
            self.relay.retune()
        self._loop.add_reader(self.pair.rtp.fileno(), self._reader())
        if self.can_send and (self.player is not None or self._keys):
            self._ticker.join(self)
        else:
            self._ticker.leave(self)
            self._streaming = False

    def _relay_target(self) -> Leg | None:
        partner = self.partner
        may_speak = not self.is_muted and not self.is_held and self.conference is None
        return partner if partner is not None and may_speak and partner.hears_partner else None

    def _reader(self) -> Callable[[], None]:
        if self.remote is None:
            return self._read_nothing
        if not self.is_latched:
            return self._read_first
        return make_reader(self, self.relay, self.audible_tap())

    def audible_tap(self) -> Channel | None:
        """Where what arrives now is to be recorded."""
        may_be_kept = not self.is_muted and (self.is_speaker_kept or self.is_in_conversation)
        return self.tap if may_be_kept else None

    def close(self) -> None:
        """Give the sockets back as they were lent."""
        self.partner = None
        self.player = None
        self._keys.clear()
        if self.relay is not None:
            self.relay.finish(time.monotonic())
            self.relay = None
        self._ticker.leave(self)
        self._loop.remove_reader(self.pair.rtp.fileno())
        if self.is_latched:
            part(self.pair.rtp)
            self._latched_to = None

    # --- receiving: the careful way ---------------------------------------------------------------------------------

    def _read_nothing(self) -> None:
        """Nobody is agreed on yet: whatever comes is from a stranger."""
        with contextlib.suppress(OSError):
            self.pair.rtp.recv_into(BUFFER)
            self.strangers += 1

    def _read_first(self) -> None:
        try:
            length, sender = self.pair.rtp.recvfrom_into(BUFFER)
        except OSError:
            return
        remote = self.remote
        assert remote is not None
        address = (sender[0], sender[1])
        is_peer = address[0] == remote.address and (remote.may_latch or address[1] == remote.port)
        packet = rtp.parse(BUFFER, length)
        if not is_peer:
            self.strangers += 1
        elif packet is None or packet.payload_type not in self._agreed_types():
            self.malformed += 1
        else:
            self._latch(address, bytes(VIEWS[length]))

    def _agreed_types(self) -> tuple[int, ...]:
        return (self.payload_type, COMFORT_NOISE, self._event_type_in())

    def _event_type_in(self) -> int:
        remote = self.remote
        if remote is None or remote.event_type is None:
            return -1 if remote is None or remote.event_type_received is None else remote.event_type_received
        return remote.event_type if remote.event_type_received is None else remote.event_type_received

    def _latch(self, address: tuple[str, int], first: bytes) -> None:
        try:
            self.pair.rtp.connect(address)
        except OSError:
            self.strangers += 1
            return
        # The kernel filters from now on; what lies in the buffer already may be anybody's.
        lying = list(waiting(self.pair.rtp))
        self._latched_to = address
        self._choose_transmit()
        self.report(wire.LegHeard(call=self.call, leg=self.number, address=address[0], port=address[1]))
        self.changed()
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
        if packet.payload_type == self._event_type_in():
            self._take_event(packet)
        elif packet.payload_type == self.payload_type:
            self._take_speech(packet)
        elif self.relay is not None:
            self.relay.started += 1

    def _adopt(self, packet: RtpPacket) -> bool:
        """Lock the source of this packet, if it may be locked."""
        is_allowed = self.ssrc is None or self.may_change_ssrc
        if not is_allowed or packet.payload_type not in self._agreed_types():
            return False
        self.may_change_ssrc = False
        self.ssrc = packet.ssrc
        self.reception = Reception()
        self._received_before = self.received
        if self.relay is not None:
            self.relay.finish(time.monotonic())
        if self.tap is not None:
            self.tap.forget()
        self.refresh()
        return True

    def _take_speech(self, packet: RtpPacket) -> None:
        relay = self.relay
        remote = self.remote
        if packet.start == packet.end or remote is None or not remote.direction.receives:
            if relay is not None:
                relay.started += 1
            return
        payload = VIEW[packet.start : packet.end]
        tap = self.audible_tap()
        if tap is not None:
            tap.arrive(packet.timestamp, payload)
        if self.conference is not None and not self.is_muted:
            self.conference.take(self, packet.timestamp, payload)
        if relay is not None:
            self._forward(relay, packet, payload, relay.target.payload_type)

    def _take_event(self, packet: RtpPacket) -> None:
        payload = VIEW[packet.start : packet.end]
        key = self.collector.feed(payload, packet.timestamp)
        relay = self.relay
        target_type = None if relay is None or relay.target.remote is None else relay.target.remote.event_type
        if relay is not None and target_type is not None:
            self._forward(relay, packet, payload, target_type, is_event=True)
        elif relay is not None:
            relay.started += 1
        if key is not None:
            self.press(key)

    def press(self, key: str) -> None:
        """A key of this leg was pressed."""
        player = self.player
        self.report(wire.DigitPressed(call=self.call, leg=self.number, digit=key))
        if player is not None and player.stop_on_digit:
            self.stop_playing(wire.PlayEnd.DIGIT)

    def _forward(
        self, relay: Relay, packet: RtpPacket, payload: memoryview, payload_type: int, *, is_event: bool = False
    ) -> None:
        is_first = not relay.is_aligned
        if is_first:
            relay.align(packet.sequence, packet.timestamp)
        sound: bytes | memoryview = payload
        if relay.table is not None and not is_event:
            sound = bytes(payload).translate(relay.table)
        header = HEADER.pack(
            VERSION_2,
            payload_type | (MARKER if is_first or packet.marker else 0),
            (packet.sequence + relay.sequence_offset) & MASK_16,
            (packet.timestamp + relay.timestamp_offset) & MASK_32,
            relay.target.out.ssrc,
        )
        with contextlib.suppress(OSError):
            relay.target.out.transmit(header + bytes(sound))
        if is_first:
            self.refresh()

    # --- sending: prompts and keys ------------------------------------------------------------------------------------

    def start_playing(self, player: Player) -> None:
        """In place of whatever is played now."""
        self._end_player(wire.PlayEnd.REPLACED)
        self.player = player
        self.changed()

    def stop_playing(self, end: wire.PlayEnd = wire.PlayEnd.STOPPED) -> None:
        if self.player is not None:
            self._end_player(end)
            self.changed()

    def _end_player(self, end: wire.PlayEnd) -> None:
        player, self.player = self.player, None
        if player is None:
            return
        if player.digits is not None:
            self.report(wire.DigitsSent(call=self.call, leg=self.number, number=player.digits))
        elif player.play is not None:
            self.report(wire.PlayFinished(call=self.call, leg=self.number, play=player.play, end=end))

    def send_keys(self, number: int, digits: str) -> bool:
        """Queue keys as telephone events; False: too many wait."""
        if len(self._keys) >= KEYS_WAITING_MAX:
            return False
        self._keys.append((number, DigitSender(digits)))
        self.changed()
        return True

    def tick(self) -> None:
        """20 ms are due."""
        is_first = not self._streaming
        if is_first:
            self.out.restart()
            self._streaming = True
        if self._keys:
            self._tick_keys()
        elif self.player is not None:
            frame = self.player.next_frame(self.codec)
            if frame is None:
                self.stop_playing(wire.PlayEnd.DONE)
            else:
                self.out.send_frame(frame, self.payload_type | (MARKER if is_first else 0))

    def skip(self, frames: int) -> None:
        self.out.skip(frames)

    def _tick_keys(self) -> None:
        number, sender = self._keys[0]
        out, remote = self.out, self.remote
        if self._keys_start is None:
            self._keys_start = out.timestamp + FRAME_SAMPLES
        out.skip(1)
        packet = sender.next_frame()
        if packet is not None and remote is not None and remote.event_type is not None:
            out.send_event(packet.payload, remote.event_type, self._keys_start + packet.start, marker=packet.marker)
        if sender.is_done:
            self._keys.popleft()
            self._keys_start = None
            self.report(wire.DigitsSent(call=self.call, leg=self.number, number=number))
            if not self._keys:
                self._streaming = False
                self.changed()

    # --- counters -----------------------------------------------------------------------------------------------------

    def measure_soon(self) -> None:
        """Look at the next packets' jitter."""
        if self.is_latched and self.ssrc is not None:
            self.measure_left = MEASURED_PACKETS
            self._transit = 0.0
            self.refresh()

    def _measure(self, timestamp: int) -> None:
        """RFC 3550 §6.4.1, on a sample of the packets."""
        transit = time.monotonic() * RATE - timestamp
        if self._transit:
            difference = abs(transit - self._transit)
            if difference < RATE:
                self.jitter += (difference - self.jitter) / 16
        self._transit = transit
        self.measure_left -= 1
        if self.measure_left == 0:
            self.refresh()

    def note_reception(self) -> None:
        """Once a second: bring the loss counters up to date."""
        self.reception.note(self.sequence, self.received - self._received_before)

    @property
    def packets_sent(self) -> int:
        partner = self.partner
        relayed = partner.relay.sent if partner is not None and partner.relay is not None else 0
        return self.out.packets + relayed
