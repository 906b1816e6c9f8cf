"""The phone's end of the local socket to its window. Decides who may attach: whoever read the rendezvous file's token.

The socket is on loopback; the file is readable by its user only. A later window replaces an earlier one, so that a
window that was killed and started again finds the call still up.
"""

import asyncio
import contextlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent_app.softphone import messages as ms

LINE_BYTES_MAX = 64 * 1024
ATTACH_TIMEOUT_S = 5.0
HELD_BYTES_MAX = 256 * 1024


class WindowLink:
    """``publish`` reaches the attached window, if there is one."""

    def __init__(self, rendezvous: Path, *, obey: Callable[[ms.WindowMessage], None]) -> None:
        self._rendezvous = rendezvous
        self._obey = obey
        self._token = secrets.token_urlsafe(32)
        self._window: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen, then say where. Raises OSError."""
        self._server = await asyncio.start_server(self._received, "127.0.0.1", 0, limit=LINE_BYTES_MAX)
        port = int(self._server.sockets[0].getsockname()[1])
        content = msgspec.json.encode(ms.Rendezvous(port=port, token=self._token, pid=os.getpid()))
        self._rendezvous.parent.mkdir(parents=True, exist_ok=True)
        draft = self._rendezvous.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        draft.replace(self._rendezvous)

    async def close(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._rendezvous.unlink()
        if self._window is not None:
            self._window.close()
        if self._server is not None:
            self._server.close()
        for visit in tuple(self._visits):
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    @property
    def has_window(self) -> bool:
        return self._window is not None

    def publish(self, status: ms.PhoneStatus) -> None:
        window = self._window
        if window is None or window.is_closing():
            return
        if window.transport.get_write_buffer_size() > HELD_BYTES_MAX:
            window.transport.abort()
            return
        window.write(ms.encode_line(status))

    def _received(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.get_running_loop().create_task(self._attached(reader, writer))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _attached(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ATTACH_TIMEOUT_S):
                first = ms.decode_from_window(await reader.readline())
            if not isinstance(first, ms.Attach) or not hmac.compare_digest(first.token, self._token):
                return
            if self._window is not None:
                self._window.close()
            self._window = writer
            self._obey(first)
            while line := await reader.readline():
                self._obey(ms.decode_from_window(line))
        except (msgspec.DecodeError, TimeoutError, OSError, ValueError):
            pass  # not our window, or a window that went away: the call goes on without it
        finally:
            if self._window is writer:
                self._window = None
            writer.close()
