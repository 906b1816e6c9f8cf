"""Phones made of one UDP socket, and a media worker in a process of its own, for the tests of the media path."""

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cti_server.media import detect, g711, rtp
from cti_server.media.dtmf import DigitSender
from cti_server.media.g711 import Codec, Samples
from cti_server.switch.embedded.media_link import LinkState, MediaLink, MediaUnavailable
from cti_server.switch.embedded.media_protocol import AnyReport

PATIENCE_S = 30.0
ROOT = Path(__file__).resolve().parents[2]
PORTS = 40
_bases = itertools.cycle(range(os.getpid() % 20 * 500, os.getpid() % 20 * 500 + 9_500, PORTS))


def free_ports() -> int:
    """The first of ``PORTS`` free ports in a row, below the ephemeral ones, above those of whole systems (`tests/e2e`),
    apart for processes side by side."""
    for base in itertools.islice(_bases, 500):
        first = 20_000 + base % 10_000
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + PORTS):
                bound = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                bound.bind(("127.0.0.1", port))
            return first
    raise AssertionError("no free ports")


async def until(condition: Callable[[], bool], what: str = "") -> None:
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        await asyncio.sleep(0.01)


class Worker:
    """One media worker process; always ended with the test."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = folder / "run" / "media-1.sock"
        base = free_ports()
        self.arguments = ["--socket", str(self.socket), "--ports", f"{base}-{base + PORTS - 1}", *options]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "cti_server.switch.embedded.media_worker", *self.arguments]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)

    def restart(self) -> None:
        self.end()
        self.process = self._start()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)


class Controller:
    """A link that keeps what it was told."""

    def __init__(self, worker: Worker, *, epoch: int = 1) -> None:
        self.reports: list[AnyReport] = []
        self.states: list[LinkState] = []
        self.link = MediaLink(
            socket_path=worker.socket, epoch=epoch, on_report=self.reports.append, on_state=self.states.append
        )

    async def start(self) -> None:
        await self.link.start(timeout_s=PATIENCE_S)

    def of(self, kind: type[Any]) -> list[Any]:
        return [report for report in self.reports if isinstance(report, kind)]

    async def told(self, kind: type[Any], count: int = 1) -> Any:
        """The newest report of a kind, once there are ``count``."""
        await until(lambda: len(self.of(kind)) >= count, f"{count} {kind.__name__} among {self.reports}")
        return self.of(kind)[-1]


class Phone:
    """Talks a sine and keeps what it hears. ``port``: the worker's, to which it talks."""

    def __init__(self, *, codec: Codec = Codec.PCMU, address: str = "127.0.0.1", ssrc: int = 0x1234) -> None:
        self.codec = codec
        self.port = 0
        self.heard: list[tuple[rtp.RtpPacket, bytes, tuple[str, int]]] = []
        self.sender = rtp.RtpSender(ssrc=ssrc, sequence=65_500, timestamp=(1 << 32) - 4_000)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.setblocking(False)
        self.own_port = int(self.socket.getsockname()[1])
        self._talking: asyncio.Task[None] | None = None
        asyncio.get_running_loop().add_reader(self.socket, self._read)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            data, sender = self.socket.recvfrom(2048)
            packet = rtp.parse(data)
            assert packet is not None
            self.heard.append((packet, data[packet.start : packet.end], sender))

    def send(self, data: bytes, port: int | None = None) -> None:
        with contextlib.suppress(OSError):
            self.socket.sendto(data, ("127.0.0.1", port or self.port))

    def talk(self, frequency_hz: float) -> None:
        """Talk from now on, in time, until ``hush``."""
        self.hush()
        self._talking = asyncio.create_task(self._talk(frequency_hz))

    async def _talk(self, frequency_hz: float) -> None:
        start = time.monotonic()
        for number in itertools.count():
            angle = 2 * np.pi * frequency_hz / 8000 * (np.arange(160) + 160 * number)
            frame = np.round(8000 * np.sin(angle)).astype(np.int16)
            payload = g711.encode_samples(frame, self.codec)
            self.send(self.sender.packet(payload, payload_type=self.codec.payload_type, marker=number == 0))
            self.sender.advance(160)
            await asyncio.sleep(max(0.0, start + 0.02 * (number + 1) - time.monotonic()))

    def hush(self) -> None:
        if self._talking is not None:
            self._talking.cancel()
            self._talking = None

    def sound(self, *, last: int | None = None) -> Samples:
        """What was heard as speech, in order of arrival; the ``last`` packets of it."""
        speech = [payload for packet, payload, _ in self.heard if packet.payload_type == self.codec.payload_type]
        return g711.decode_samples(b"".join(speech if last is None else speech[-last:]), self.codec)

    async def hears(self, packets: int) -> Samples:
        """The next so many packets of speech."""
        before = len(self.sound()) // 160
        await until(lambda: len(self.sound()) // 160 >= before + packets, f"{packets} more packets")
        return self.sound(last=packets)

    def close(self) -> None:
        self.hush()
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()


class Studio:
    """A worker, its controller and phones, all ended together."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.worker = Worker(folder, *options)
        self.controller = Controller(self.worker)
        self.phones: list[Phone] = []
        self._others: list[Controller] = []

    async def __aenter__(self) -> "Studio":
        try:
            await self.controller.start()
        except MediaUnavailable:
            self.worker.end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for phone in self.phones:
            phone.close()
        for controller in (self.controller, *self._others):
            await controller.link.close()
        self.worker.end()

    @property
    def link(self) -> MediaLink:
        return self.controller.link

    async def take_over(self, *, epoch: int) -> Controller:
        controller = Controller(self.worker, epoch=epoch)
        self._others.append(controller)
        await controller.start()
        return controller

    def phone(self, **options: Any) -> Phone:
        phone = Phone(**options)
        self.phones.append(phone)
        return phone

    async def leg(self, number: int, *, call: int = 1, codec: Codec = Codec.PCMU, **remote: Any) -> Phone:
        """A leg of the call, with its phone at the other end."""
        phone = self.phone(codec=codec, ssrc=0x1000 + number)
        phone.port = self.link.allocate_port()
        self.link.open_leg(call=call, leg=number, port=phone.port, metadata=b"leg %d" % number)
        self.set_remote(number, phone, call=call, **remote)
        await self.link.barrier(timeout_s=PATIENCE_S)
        return phone

    def set_remote(self, number: int, phone: Phone, *, call: int = 1, **remote: Any) -> None:
        remote = {"address": "127.0.0.1", "port": phone.own_port} | remote
        self.link.set_remote(call=call, leg=number, codec=phone.codec, payload_type=phone.codec.payload_type, **remote)


def is_tone(samples: np.ndarray, frequency_hz: float) -> bool:
    return detect.share_of(samples, frequency_hz) > 0.8


async def two_legs(studio: Studio, **codecs: Codec) -> tuple[Phone, Phone]:
    caller = await studio.leg(1, codec=codecs.get("caller", Codec.PCMU))
    agent = await studio.leg(2, codec=codecs.get("agent", Codec.PCMU))
    caller.talk(440)
    agent.talk(1000)
    studio.link.connect_legs(call=1, leg=1, other=2)
    return caller, agent


async def press(phone: Phone, digits: str, *, lose: str = "") -> None:
    """Send keys as a phone does; ``lose`` drops the ``first`` or ``last`` packets of each key."""
    sender, base = DigitSender(digits, tone_ms=80, gap_ms=60), phone.sender.timestamp
    while not sender.is_done:
        packet = sender.next_frame()
        if packet is not None:
            is_end = bool(packet.payload[1] & 0x80)
            is_lost = (lose == "first" and packet.marker) or (lose == "last" and is_end)
            data = phone.sender.packet_at(base + packet.start, packet.payload, payload_type=101, marker=packet.marker)
            if not is_lost:
                phone.send(data)
        phone.sender.advance(160)
        await asyncio.sleep(0.002)
