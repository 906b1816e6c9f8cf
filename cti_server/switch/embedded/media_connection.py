"""One connection to one media worker, kept up: epoch, numbering, repetition after a break, and when a worker is lost.

What was sent is kept until the worker says that it was carried out; after a broken connection the rest is repeated, and
the worker carries out each number once. A worker counts as lost at once when nobody listens on its socket or another
process answers there, else after ``silence_limit_s``. What the messages mean is decided elsewhere.
"""

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media_protocol import AnyCommand, AnyReport

UNACKNOWLEDGED_MAX = 20_000
RECONNECT_INTERVAL_S = 0.2
PING_INTERVAL_S = 2.0
READ_BYTES = 256 * 1024
ACKNOWLEDGE_AFTER_S = 1.0
"""A durable report is acknowledged when whoever heard it has had time to store it; if this process dies before, the
next one hears it again."""
SEQ_STEP = 64
"""A ping goes along after so many commands, so that the list of unacknowledged ones stays short."""


class MediaUnavailable(Exception):
    """The worker cannot be reached, or lost its connection while something waited for it."""


class EpochRefused(MediaUnavailable):
    """A controller with a higher epoch owns the worker; this core process must not go on."""


def socket_address(path: str | Path) -> tuple[str, int | None]:
    """A name for the socket that fits the 107 bytes of ``sun_path``.

    Second: the folder's descriptor behind that name, to be closed after use; None for a path that is short enough.
    """
    text = str(path)
    if len(os.fsencode(text)) <= 107:
        return text, None
    folder = os.open(Path(text).parent, os.O_PATH | os.O_DIRECTORY)
    return f"/proc/self/fd/{folder}/{Path(text).name}", folder


class MediaConnection:
    """Numbered commands out, reports in. ``on_welcome(welcome, is_new)`` comes before anything is repeated."""

    def __init__(
        self,
        *,
        socket_path: str | Path,
        epoch: int,
        on_welcome: Callable[[wire.Welcome, bool], None],
        on_report: Callable[[AnyReport], None],
        on_lost: Callable[[str], None],
        on_superseded: Callable[[], None],
        silence_limit_s: float,
    ) -> None:
        self.worker = ""
        self._socket_path = socket_path
        self._epoch = epoch
        self._on_welcome = on_welcome
        self._on_report = on_report
        self._on_lost = on_lost
        self._on_superseded = on_superseded
        self._silence_limit_s = silence_limit_s
        self._seq = 0
        self._unacknowledged: deque[AnyCommand] = deque()
        self._writer: asyncio.StreamWriter | None = None
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._barriers: dict[int, asyncio.Future[None]] = {}
        self._answers: dict[int, asyncio.Future[AnyReport]] = {}
        self._last_heard = 0.0
        self._refused = ""
        self._heard = 0
        self._acknowledging: asyncio.TimerHandle | None = None

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self, *, timeout_s: float) -> None:
        """Connect; afterwards reconnect by itself until ``close``. Raises EpochRefused, MediaUnavailable."""
        self._task = asyncio.create_task(self._run(), name=f"media link {self._socket_path}")
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({ready, self._task}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if not self._ready.is_set():
            await self.close()
            if self._refused:
                raise EpochRefused(self._refused)
            raise MediaUnavailable(f"no media worker at {self._socket_path}")

    async def close(self) -> None:
        """Acknowledge what was heard and leave the worker alone."""
        if self._acknowledging is not None:
            self._acknowledge()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._give_up_waiting(MediaUnavailable("the link was closed"))

    @property
    def is_connected(self) -> bool:
        return self._writer is not None

    # --- sending --------------------------------------------------------------------------------------------------

    def send(self, command: AnyCommand) -> int:
        """Number the command, keep it until it is carried out, send it. :raises MediaUnavailable: too many wait."""
        if len(self._unacknowledged) >= UNACKNOWLEDGED_MAX:
            raise MediaUnavailable("too many commands wait for the media worker")
        self._seq += 1
        numbered: AnyCommand = msgspec.structs.replace(command, seq=self._seq)
        self._unacknowledged.append(numbered)
        self._write(numbered)
        if self._seq % SEQ_STEP == 0:
            self._write(wire.Ping(token=0))
        return self._seq

    async def barrier(self, *, timeout_s: float) -> None:
        """Wait until everything sent so far was carried out. :raises MediaUnavailable: not in time, or lost."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        token = self.send(wire.Ping(token=0))
        self._barriers[token] = future
        try:
            await asyncio.wait_for(future, timeout_s)
        except TimeoutError as error:
            raise MediaUnavailable("the media worker does not answer") from error
        finally:
            self._barriers.pop(token, None)

    async def ask(self, command: wire.GetInventory | wire.GetStatistics, *, timeout_s: float) -> AnyReport:
        """Send a question and wait for the report with its token. :raises MediaUnavailable: no answer."""
        future: asyncio.Future[AnyReport] = asyncio.get_running_loop().create_future()
        token = self._seq + 1
        self._answers[token] = future
        self.send(msgspec.structs.replace(command, token=token))
        try:
            return await asyncio.wait_for(future, timeout_s)
        except TimeoutError as error:
            raise MediaUnavailable("the media worker does not answer") from error
        finally:
            self._answers.pop(token, None)

    def _write(self, command: AnyCommand) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(wire.encode(command))

    # --- the connection -------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        silent_since = time.monotonic()
        while True:
            outcome = await self._one_connection()
            if self._refused:
                break
            if outcome == "connected":
                silent_since = time.monotonic()
            elif self.worker and (outcome == "nobody" or time.monotonic() - silent_since > self._silence_limit_s):
                self._lose_worker()
            await asyncio.sleep(0 if outcome == "connected" else RECONNECT_INTERVAL_S)
        if self._ready.is_set():
            self._on_superseded()

    async def _one_connection(self) -> str:
        """Connect and serve until it breaks. ``connected``, ``nobody`` (no process listens there) or ``silent``."""
        folder: int | None = None
        try:
            name, folder = socket_address(self._socket_path)
            async with asyncio.timeout(self._silence_limit_s):
                reader, writer = await asyncio.open_unix_connection(name)
        except (ConnectionRefusedError, FileNotFoundError, NotADirectoryError):
            return "nobody"
        except (OSError, TimeoutError):
            return "silent"
        finally:
            if folder is not None:
                os.close(folder)
        try:
            writer.write(wire.encode(wire.Hello(epoch=self._epoch)))
            return "connected" if await self._serve(reader, writer) else "silent"
        finally:
            self._writer = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read reports until the connection ends; True when the worker welcomed us."""
        frames = wire.FrameReader()
        pinger: asyncio.Task[None] | None = None
        try:
            while True:
                try:
                    async with asyncio.timeout(None if pinger else self._silence_limit_s):
                        data = await reader.read(READ_BYTES)
                    reports = [wire.decode_report(payload) for payload in frames.feed(data)]
                except (OSError, TimeoutError, wire.FrameTooLong, msgspec.MsgspecError):
                    return pinger is not None
                if not data:
                    return pinger is not None
                self._last_heard = time.monotonic()
                for report in reports:
                    if isinstance(report, wire.Welcome):
                        self._greet(report, writer)
                        pinger = pinger or asyncio.create_task(self._ping(writer))
                    elif isinstance(report, wire.Refused):
                        self._refused = report.code
                        return True
                    else:
                        self._receive(report)
        finally:
            if pinger is not None:
                pinger.cancel()

    async def _ping(self, writer: asyncio.StreamWriter) -> None:
        while time.monotonic() - self._last_heard <= self._silence_limit_s:
            self._write(wire.Ping(token=0))
            await asyncio.sleep(PING_INTERVAL_S)
        writer.transport.abort()

    def _greet(self, welcome: wire.Welcome, writer: asyncio.StreamWriter) -> None:
        is_new = self.worker != welcome.worker
        if is_new and self.worker:
            self._lose_worker()
        self.worker = welcome.worker
        self._on_welcome(welcome, is_new)
        self._writer = writer
        self._forget_up_to(welcome.carried_out)
        for command in self._unacknowledged:
            self._write(command)
        self._ready.set()

    def _lose_worker(self) -> None:
        lost, self.worker = self.worker, ""
        self._heard = 0
        self._unacknowledged.clear()
        self._give_up_waiting(MediaUnavailable("the media worker was lost"))
        self._on_lost(lost)

    def _give_up_waiting(self, error: MediaUnavailable) -> None:
        for barrier in self._barriers.values():
            if not barrier.done():
                barrier.set_exception(error)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(error)
        self._barriers.clear()
        self._answers.clear()

    # --- receiving ------------------------------------------------------------------------------------------------

    def _forget_up_to(self, carried_out: int) -> None:
        while self._unacknowledged and self._unacknowledged[0].seq <= carried_out:
            self._unacknowledged.popleft()
        for token in [token for token in self._barriers if token <= carried_out]:
            future = self._barriers.pop(token)
            if not future.done():
                future.set_result(None)

    def _receive(self, report: AnyReport) -> None:
        match report:
            case wire.Pong():
                self._forget_up_to(report.carried_out)
            case wire.InventoryReport() | wire.StatisticsReport():
                future = self._answers.pop(report.token, None)
                if future is not None and not future.done():
                    future.set_result(report)
            case wire.DurableReport():
                self._hear(report)
            case _:
                self._on_report(report)

    def _hear(self, report: wire.AnyDurable) -> None:
        """Once each: the worker repeats them to every new connection."""
        if report.number > self._heard:
            self._heard = report.number
            self._on_report(report)
        if self._acknowledging is None:
            loop = asyncio.get_running_loop()
            self._acknowledging = loop.call_later(ACKNOWLEDGE_AFTER_S, self._acknowledge, self._heard)

    def _acknowledge(self, number: int | None = None) -> None:
        """What came after the timer was set gets a timer of its own."""
        if self._acknowledging is not None:
            self._acknowledging.cancel()
            self._acknowledging = None
        known = self._heard if number is None else number
        self._write(wire.AcknowledgeReports(number=known))
        if known < self._heard:
            loop = asyncio.get_running_loop()
            self._acknowledging = loop.call_later(ACKNOWLEDGE_AFTER_S, self._acknowledge, self._heard)
