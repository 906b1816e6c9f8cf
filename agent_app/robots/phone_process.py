"""Starts ``ieum-phone`` as its own process and speaks to it as a window does. For robots without a window."""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from agent_app.softphone import messages as ms

START_TIMEOUT_S = 30.0
POLL_S = 0.1


class PhoneProcess:
    """``on_status`` hears every status. ``start`` returns when the phone is attached."""

    def __init__(
        self, rendezvous: Path, arguments: Sequence[str], *, on_status: Callable[[ms.PhoneStatus], None]
    ) -> None:
        self._rendezvous = rendezvous
        self._arguments = tuple(arguments)
        self._on_status = on_status
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises TimeoutError when the phone does not come up."""
        with contextlib.suppress(FileNotFoundError):
            self._rendezvous.unlink()
        command = ("-m", "agent_app.softphone", "--rendezvous", str(self._rendezvous), *self._arguments)
        # A session of its own: Ctrl+C at the terminal is for whoever started the robots, who then end their calls.
        self._process = await asyncio.create_subprocess_exec(sys.executable, *command, start_new_session=True)
        async with asyncio.timeout(START_TIMEOUT_S):
            while not self._rendezvous.exists():
                await asyncio.sleep(POLL_S)
        place = msgspec.json.decode(self._rendezvous.read_bytes(), type=ms.Rendezvous)
        reader, self._writer = await asyncio.open_connection("127.0.0.1", place.port)
        self._reading = asyncio.create_task(self._read(reader))
        self.send(ms.Attach(token=place.token))

    def send(self, order: ms.WindowMessage) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(ms.encode_line(order))

    async def stop(self) -> None:
        """End the process."""
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                self._on_status(ms.decode_from_phone(line))
