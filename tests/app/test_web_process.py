"""The web process ends as a whole when one of its parts has ended by itself, so that the warden starts it again."""

import asyncio
import threading
from typing import Any

import pytest

from cti_server.app import web_process
from cti_server.app.web_process import WebProcess

TIMEOUT_S = 20.0


class Parts:
    """A web process whose HTTP and projector end when told."""

    def __init__(self) -> None:
        self.projector_ends = threading.Event()
        made: Any = WebProcess.__new__(WebProcess)
        self.process = made
        self.process._thread = threading.Thread(target=self.projector_ends.wait, daemon=True)
        self.process._thread.start()
        self.http: Any = asyncio.get_running_loop().create_future()
        made._serving = self.http

    async def ends(self) -> None:
        await asyncio.wait_for(self.process.until_ended(), TIMEOUT_S)

    def close(self) -> None:
        self.projector_ends.set()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_process, "LOOK_EVERY_S", 0.01)


def test_it_ends_when_http_ended() -> None:
    async def run() -> None:
        parts = Parts()
        waiting = asyncio.create_task(parts.ends())
        await asyncio.sleep(0)
        assert not waiting.done()
        parts.http.set_result(None)
        await waiting
        parts.close()

    asyncio.run(run())


def test_it_ends_when_the_projector_ended() -> None:
    async def run() -> None:
        parts = Parts()
        waiting = asyncio.create_task(parts.ends())
        await asyncio.sleep(0)
        assert not waiting.done()
        parts.close()
        await waiting

    asyncio.run(run())
