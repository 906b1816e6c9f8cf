"""The sound of one call on a phone: RTP to and from the agreed peer, a jitter buffer, G.711, a 20 ms clock.

Decides when a frame is sent and played, and whom to believe: only the address that signalling agreed on. Knows no SIP.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable

import numpy as np

from agent_app.softphone.audio import SILENCE, AudioDevice, level_dbfs
from cti_server.media.dtmf import DigitCollector, DigitSender
from cti_server.media.g711 import FRAME_SAMPLES, Codec, decode, encode
from cti_server.media.jitter import JitterBuffer
from cti_server.media.rtp import MASK_32, RtpSender, parse
from cti_server.sip.offer_answer import Agreed

FRAME_S = 0.02
LATE_FRAMES_MAX = 10
"""After a stall of more than this the clock starts afresh instead of sending a burst."""
CONCEALED_MAX = 3
"""A missing frame is replaced by the one before it, ever softer, so many times; then by silence."""


class Voice(asyncio.DatagramProtocol):
    """Bind with ``open``; ``agree`` when signalling knows the peer; ``close`` at the end. One object a call."""

    def __init__(self, device: AudioDevice, *, on_digit: Callable[[str], None] = lambda digit: None) -> None:
        self.device = device
        self.muted = False
        self.packets_received = 0
        self.packets_sent = 0
        self.microphone_dbfs = -90.0
        self.speaker_dbfs = -90.0
        self._on_digit = on_digit
        self._transport: asyncio.DatagramTransport | None = None
        self._agreed: Agreed | None = None
        self._codec = Codec.PCMU
        self._jitter = JitterBuffer()
        self._digits = DigitCollector()
        self._to_send: DigitSender | None = None
        self._digits_from = 0
        self._last_frame = SILENCE
        self._concealed = 0
        self._ssrc: int | None = None
        self._rtp = RtpSender(ssrc=secrets.randbits(32), sequence=secrets.randbits(16), timestamp=secrets.randbits(32))
        self._next_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def open(self, host: str) -> int:
        """Bind an even port (RTP) and return it. Raises OSError."""
        loop = asyncio.get_running_loop()
        for _ in range(200):
            sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((host, 0))
            port = int(sock.getsockname()[1])
            if port % 2 == 0:
                sock.setblocking(False)
                self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)
                return port
            sock.close()
        raise OSError("no even UDP port is free")

    def agree(self, agreed: Agreed) -> None:
        """Signalling agreed on a peer (again): talk to it and to nobody else."""
        if self._agreed is None or agreed.remote != self._agreed.remote:
            self._ssrc = None
            self._jitter.reset()
        self._agreed = agreed
        self._codec = Codec(agreed.codec)
        if self._timer is None:
            self.device.start()
            self._next_at = asyncio.get_running_loop().time()
            self._tick()

    def send_digits(self, digits: str) -> None:
        """Key presses by RFC 4733, in place of the voice while they last."""
        self._to_send = DigitSender(digits)
        self._digits_from = self._rtp.timestamp

    @property
    def is_sending_digits(self) -> bool:
        return self._to_send is not None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.device.stop()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    # --- from the peer --------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: tuple[str | bytes, int]) -> None:
        agreed = self._agreed
        if agreed is None or addr[0] != agreed.remote.host or addr[1] != agreed.remote.port:
            return
        packet = parse(data)
        if packet is None:
            return
        if packet.ssrc != self._ssrc:
            self._ssrc = packet.ssrc
            self._jitter.reset()
        self.packets_received += 1
        payload = data[packet.start : packet.end]
        if agreed.telephone_event_in and packet.payload_type == agreed.telephone_event_in:
            digit = self._digits.feed(payload, packet.timestamp)
            if digit is not None:
                self._on_digit(digit)
        elif packet.payload_type == agreed.payload_type:
            self._jitter.put(packet.timestamp, payload)

    # --- the 20 ms clock ------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now - self._next_at > LATE_FRAMES_MAX * FRAME_S:
            missed = int((now - self._next_at) / FRAME_S)
            self._rtp.advance(missed * FRAME_SAMPLES)
            self._next_at += missed * FRAME_S
        while self._next_at <= now:
            self._next_at += FRAME_S
            self._one_frame()
        self._timer = loop.call_at(self._next_at, self._tick)

    def _one_frame(self) -> None:
        heard = self._played_frame()
        self.device.write(heard)
        self.speaker_dbfs = level_dbfs(heard)
        said = self.device.read()
        self.microphone_dbfs = level_dbfs(said)
        agreed = self._agreed
        if agreed is not None and self._transport is not None and agreed.may_send:
            self._send_frame(SILENCE if self.muted else said, agreed)
        self._rtp.advance(FRAME_SAMPLES)

    def _played_frame(self) -> bytes:
        coded = self._jitter.get()
        if coded is not None:
            self._concealed = 0
            self._last_frame = decode(coded, self._codec)
        elif self._concealed < CONCEALED_MAX:
            self._concealed += 1
            self._last_frame = _softer(self._last_frame)
        else:
            self._last_frame = SILENCE
        return self._last_frame

    def _send_frame(self, frame: bytes, agreed: Agreed) -> None:
        assert self._transport is not None
        packet = self._digit_packet(agreed)
        if packet is None:
            packet = self._rtp.packet(encode(frame, self._codec), payload_type=agreed.payload_type)
        self._transport.sendto(packet, (agreed.remote.host, agreed.remote.port))
        self.packets_sent += 1

    def _digit_packet(self, agreed: Agreed) -> bytes | None:
        if self._to_send is None:
            return None
        event = self._to_send.next_frame()
        if self._to_send.is_done:
            self._to_send = None
        if event is None or not agreed.telephone_event_out:
            return None
        start = (self._digits_from + event.start) & MASK_32
        return self._rtp.packet_at(start, event.payload, payload_type=agreed.telephone_event_out, marker=event.marker)


def _softer(frame: bytes) -> bytes:
    return (np.frombuffer(frame, dtype="<i2") // 2).astype("<i2").tobytes()
