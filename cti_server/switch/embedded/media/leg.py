"""One leg: what is done with what its peer says, and what it is sent.

Its state (partner, hold, mute, conference, recording, prompt) is set from outside; ``refresh`` turns it into one bound
reader for the socket and a place on the ticker. Whom to believe is decided in ``peer``, who is connected with whom in
``call``.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from cti_server.media.dtmf import DigitCollector
from cti_server.media.rtp import HEADER, MARKER, MASK_16, MASK_32, VERSION_2, RtpPacket
from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.buffer import VIEW
from cti_server.switch.embedded.media.outgoing import Outgoing, send_nothing
from cti_server.switch.embedded.media.peer import Peer
from cti_server.switch.embedded.media.ports import PortPair, drain
from cti_server.switch.embedded.media.recording import Channel
from cti_server.switch.embedded.media.relay import Relay, make_reader
from cti_server.switch.embedded.media.speaker import Speaker
from cti_server.switch.embedded.media.ticker import Ticker


class Room(Protocol):
    """Where more than two hear each other: it takes what a member says, until the member leaves."""

    def take(self, leg: "Leg", timestamp: int, payload: memoryview, /) -> None: ...

    def leave(self, leg: "Leg", /) -> None: ...


class Leg:
    """``report`` takes what the controller should know. After setting an attribute, call ``changed``."""

    __slots__ = (
        "_collector",
        "_loop",
        "_report",
        "_ticker",
        "call",
        "conference",
        "is_held",
        "is_lost",
        "is_muted",
        "is_speaker_kept",
        "metadata",
        "number",
        "out",
        "partner",
        "peer",
        "relay",
        "speaker",
        "tap",
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
        self.metadata = metadata
        self.out = out
        self.peer = Peer(pair, self)
        self.speaker = Speaker(call=call, leg=number, peer=self.peer, out=out, report=report, changed=self.changed)
        self.partner: Leg | None = None
        self.conference: Room | None = None
        self.is_held = False
        self.is_muted = False
        self.is_lost = False
        self.relay: Relay | None = None
        """What it says to its partner."""
        self.tap: Channel | None = None
        self.is_speaker_kept = False
        """Recorded whether or not anybody hears: the customer. The agent is kept only while the customer hears them."""
        self._collector = DigitCollector()
        self._loop = loop
        self._ticker = ticker
        self._report = report
        drain(pair.rtp)
        self.refresh()

    # --- what the others decide by ------------------------------------------------------------------------------------

    @property
    def can_send(self) -> bool:
        return self.out.transmit is not send_nothing

    @property
    def needs_care(self) -> bool:
        """Every packet takes the careful way: nothing is known yet, or more is to be done with each."""
        peer = self.peer
        return peer.ssrc is None or not peer.receives or self.conference is not None or peer.measure_left > 0

    @property
    def hears_partner(self) -> bool:
        """Nothing else is sent to it."""
        is_busy = self.is_held or self.speaker.has_something or self.conference is not None
        return not is_busy and self.can_send

    @property
    def is_in_conversation(self) -> bool:
        if self.conference is not None:
            return True
        return self.partner is not None and not self.is_held and not self.partner.is_held

    @property
    def packets_sent(self) -> int:
        relay = None if self.partner is None else self.partner.relay
        return self.out.packets + (0 if relay is None else relay.sent)

    def present_timestamp(self) -> int:
        """What a packet sent to it now would bear."""
        relay = None if self.partner is None else self.partner.relay
        if relay is not None and relay.is_aligned:
            return (relay.source.peer.timestamp + relay.timestamp_offset) & MASK_32
        return self.out.present_timestamp()

    # --- orders -------------------------------------------------------------------------------------------------------

    def set_remote(self, remote: wire.SetRemote) -> str:
        """Take what signalling says; "" or the code of what is wrong with it."""
        problem = self.peer.set_remote(remote)
        if problem:
            return problem
        if self.tap is not None:
            self.tap.speak(remote.codec)
            if not self.peer.is_latched:
                self.tap.forget()
        self.out.transmit = self.peer.transmit()
        self.changed()
        return ""

    def measure_soon(self) -> None:
        """Look at the jitter of the next packets."""
        if self.peer.ssrc is not None:
            self.peer.measure_soon()
            self.refresh()

    def close(self) -> None:
        """Give the sockets back as they were lent."""
        self.partner = None
        self.speaker.forget()
        self._ticker.leave(self.speaker)
        self._end_relay()
        self._loop.remove_reader(self.peer.pair.rtp.fileno())
        self.peer.unlatch()

    # --- wiring -------------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Anything about this leg changed: bind its partner's reader, its own, and its place on the ticker anew."""
        if self.partner is not None:
            self.partner.refresh()
        self.refresh()

    def refresh(self) -> None:
        """Bind anew what depends on this leg and its partner."""
        target = self._relay_target()
        if self.relay is not None and self.relay.target is not target:
            self._end_relay()
        if target is not None:
            if self.relay is None:
                self.relay = Relay(self, target)
            self.relay.retune()
        self._loop.add_reader(self.peer.pair.rtp.fileno(), self._reader())
        self.speaker.attend(self._ticker, can_send=self.can_send)

    def _relay_target(self) -> "Leg | None":
        partner = self.partner
        may_speak = not self.is_muted and not self.is_held and self.conference is None
        return partner if partner is not None and may_speak and partner.hears_partner else None

    def _end_relay(self) -> None:
        if self.relay is not None:
            self.relay.finish(time.monotonic())
            self.relay = None

    def _reader(self) -> Callable[[], None]:
        if self.peer.remote is None:
            return self.peer.read_nothing
        if not self.peer.is_latched:
            return self.peer.read_first
        return make_reader(self, self.relay, self._audible_tap())

    def _audible_tap(self) -> Channel | None:
        """Where what arrives now is to be recorded."""
        may_be_kept = not self.is_muted and (self.is_speaker_kept or self.is_in_conversation)
        return self.tap if may_be_kept else None

    # --- what the peer does (``PeerOwner``) ---------------------------------------------------------------------------

    def latched(self, address: tuple[str, int]) -> None:
        self.out.transmit = self.peer.transmit()
        self._report(wire.LegHeard(call=self.call, leg=self.number, address=address[0], port=address[1]))
        self.changed()

    def source_ends(self) -> None:
        if self.relay is not None:
            self.relay.finish(time.monotonic())
        if self.tap is not None:
            self.tap.forget()

    def source_begins(self) -> None:
        self.refresh()

    def measured(self) -> None:
        self.refresh()

    def take(self, packet: RtpPacket) -> None:
        relay, peer = self.relay, self.peer
        if peer.is_event(packet.payload_type):
            self._take_event(packet, relay)
        elif packet.payload_type == peer.payload_type and peer.receives and packet.end > packet.start:
            self._take_speech(packet, relay)
        elif relay is not None:
            relay.leave_out()

    def _take_speech(self, packet: RtpPacket, relay: Relay | None) -> None:
        payload = VIEW[packet.start : packet.end]
        tap = self._audible_tap()
        if tap is not None:
            tap.arrive(packet.timestamp, payload)
        if self.conference is not None and not self.is_muted:
            self.conference.take(self, packet.timestamp, payload)
        if relay is not None:
            sound = bytes(payload) if relay.table is None else bytes(payload).translate(relay.table)
            self._forward(relay, packet, sound, relay.target.peer.payload_type)

    def _take_event(self, packet: RtpPacket, relay: Relay | None) -> None:
        payload = bytes(VIEW[packet.start : packet.end])
        key = self._collector.feed(payload, packet.timestamp, time.monotonic())
        if relay is not None:
            event_type = relay.target.peer.event_type
            if event_type is None:
                relay.leave_out()
            else:
                self._forward(relay, packet, payload, event_type)
        if key is not None:
            self._report(wire.DigitPressed(call=self.call, leg=self.number, digit=key))
            self.speaker.key_pressed()

    def _forward(self, relay: Relay, packet: RtpPacket, payload: bytes, payload_type: int) -> None:
        is_first = not relay.is_aligned
        if is_first:
            relay.align(packet.sequence, packet.timestamp)
        header = HEADER.pack(
            VERSION_2,
            payload_type | (MARKER if is_first or packet.marker else 0),
            (packet.sequence + relay.sequence_offset) & MASK_16,
            (packet.timestamp + relay.timestamp_offset) & MASK_32,
            relay.target.out.ssrc,
        )
        with contextlib.suppress(OSError):
            relay.target.out.transmit(header + payload)
        if is_first:
            self.refresh()
