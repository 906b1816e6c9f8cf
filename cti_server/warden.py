"""Starts the processes of a centre and starts them again when they end. No logic beyond that.

::

    warden ── media-0 … media-N    sound; outlive everything else
           ├─ core                 SIP, the engine, the desktops' gateway
           └─ web                  pages, password and PIN hashing, the projector

A process that ends is started again: at once, then after 1, 2, 4 … at most 15 s while it keeps dying within 10 s.
Each child leads a session of its own, so that a key typed at the terminal reaches the warden alone. Children that
are to end with a warden that is killed inherit the reading end of a pipe; its number stands in ``LIFELINE``.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

QUICK_DEATH_S = 10.0
PAUSE_MAX_S = 15.0
STOP_TIMEOUT_S = 10.0
LIFELINE = "IEUM_LIFELINE"
"""The environment variable with the pipe's number: at its end the warden is gone."""


@dataclass(slots=True)
class Child:
    """``command``: arguments after the interpreter. ``is_served``: someone already does this work (left by a warden
    that died): then nothing is started until that one ends. ``is_tied``: ends with the warden (by itself)."""

    name: str
    command: Sequence[str]
    is_served: Callable[[], bool] = lambda: False
    environment: dict[str, str] = field(default_factory=dict)
    is_tied: bool = False
    process: asyncio.subprocess.Process | None = None


class Warden:
    """``run`` returns after SIGTERM or SIGINT, when every child has ended. Children stop in reverse order."""

    def __init__(self, children: Sequence[Child], *, report: Callable[[str], None]) -> None:
        self._children = list(children)
        self._report = report
        self._stopping = asyncio.Event()
        self._lifeline = -1

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        self._lifeline, held = os.pipe()
        keepers = [asyncio.create_task(self._keep(child)) for child in self._children]
        await self._stopping.wait()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        for child in reversed(self._children):
            await self._end(child)
        os.close(held)
        os.close(self._lifeline)

    async def _keep(self, child: Child) -> None:
        pause_s = 0.0
        while True:
            if child.is_served():
                await asyncio.sleep(1.0)
                continue
            started = time.monotonic()
            try:
                child.process = await self._start(child)
                what = f"ended ({_meaning(await child.process.wait())})"
            except OSError as error:  # no memory or no process number left for the moment: the next try may succeed
                what = f"could not be started ({error.strerror})"
            quick = time.monotonic() - started < QUICK_DEATH_S
            pause_s = min(max(1.0, pause_s * 2), PAUSE_MAX_S) if quick else 0.0
            self._report(f"{child.name} {what}; started again in {pause_s:.0f} s")
            await asyncio.sleep(pause_s)

    async def _start(self, child: Child) -> asyncio.subprocess.Process:
        tie = {LIFELINE: str(self._lifeline)} if child.is_tied else {}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *child.command,
            env={**os.environ, **child.environment, **tie},
            pass_fds=(self._lifeline,) if child.is_tied else (),
            start_new_session=True,
        )

    async def _end(self, child: Child) -> None:
        process = child.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                self._report(f"{child.name} did not stop within {STOP_TIMEOUT_S:.0f} s and was killed")
                process.kill()
                await process.wait()


def _meaning(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"
