"""The bridge between the asyncio thread and the Qt thread: the only file of the desktop that crosses threads.

Into Qt: one queued signal. Out of Qt: `call_soon_threadsafe`. Nobody else may touch the loop or emit from it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading

from PySide6.QtCore import QObject, Qt, Signal

from agent_app.link.client import Batch, Client, LinkEvent, Target
from cti_server.wire.client import ClientFrame

STOP_TIMEOUT_S = 3.0


class Bridge(QObject):
    """`happened` carries LinkNews and is delivered in the thread that owns this object."""

    happened = Signal(object)
    _woken = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._waiting: list[LinkEvent] = []
        self._woken.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._is_closing = False

    def open(self, target: Target) -> None:
        """Connect and stay connected. A second call (another sign-in) ends the first connection."""
        if self._thread is None:
            started = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(started,), name="link", daemon=True)
            self._thread.start()
            started.wait()
        self._soon(self._start, target)

    def send(self, frame: ClientFrame) -> None:
        if self._client is not None:
            self._soon(self._client.send, frame)

    def close(self) -> None:
        """Ends the connection and the thread."""
        self._is_closing = True
        if self._thread is not None and self._loop is not None:
            self._soon(self._stop)
            self._thread.join(STOP_TIMEOUT_S)
            self._thread = None

    def _deliver(self) -> None:
        """In the Qt thread."""
        with self._lock:
            events, self._waiting = tuple(self._waiting), []
        if not self._is_closing:
            self.happened.emit(events[0] if len(events) == 1 else Batch(events))

    # --- in the asyncio thread -------------------------------------------------------------------------------------

    def _run(self, started: threading.Event) -> None:
        asyncio.run(self._main(started))

    async def _main(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._client = Client(self._emit)
        self._stopped = asyncio.Event()
        started.set()
        await self._stopped.wait()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _start(self, target: Target) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._client is not None:
            self._task = asyncio.get_running_loop().create_task(self._client.run(target))

    def _stop(self) -> None:
        self._stopped.set()

    def _emit(self, event: LinkEvent) -> None:
        """One wake-up of the window for all that waits: an offer is a dozen messages, and one picture."""
        if self._is_closing:
            return
        with self._lock:
            self._waiting.append(event)
            is_first = len(self._waiting) == 1
        if is_first:
            self._woken.emit()

    def _soon(self, work: object, *arguments: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(work, *arguments)  # type: ignore[arg-type]  # a plain callable
