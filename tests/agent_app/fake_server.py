"""A server that speaks the real wire messages over a real WebSocket, and does what a test tells it.

It runs in its own thread. It is no model of the centre: it keeps what came in, replies, answers from the sample data,
and sends what it is given.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from cti_server.wire.client import (
    AskFrame,
    Body,
    ClientFrame,
    CommandFrame,
    Hello,
    ListCallbacks,
    LoadPicture,
    LoadTimeline,
    LoadView,
    SearchCustomers,
)
from cti_server.wire.codec import decode_client, encode
from cti_server.wire.server import (
    AnswerFrame,
    CallbacksListed,
    CustomerRow,
    CustomersListed,
    Denied,
    FactBody,
    FactFrame,
    PictureLoaded,
    ReplyFrame,
    ServerFrame,
    Snapshot,
    Timeline,
    TimelineLoaded,
)
from tests.agent_app import sample

PASSWORD = "correct horse"
_Kind = TypeVar("_Kind", bound=Body)


class FakeServer:
    """`refuse` maps a command's type to a code; while `is_mute` it replies to no command."""

    def __init__(self) -> None:
        self.received: list[ClientFrame] = []
        self.connections = 0
        self.snapshot: Callable[[int], Snapshot] = lambda seq: sample.snapshot(seq, callbacks=sample.callbacks())
        self.refuse: dict[type[Body], str] = {}
        self.is_mute = False
        self.seq = 0
        self.port = 0
        self._sockets: set[ServerConnection] = set()
        self._loop = asyncio.new_event_loop()
        self._server: Server | None = None
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="fake server", daemon=True)
        self._thread.start()
        assert started.wait(20)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/desktop"

    # --- for the test's thread -------------------------------------------------------------------------------------

    def send(self, frame: ServerFrame) -> None:
        self._loop.call_soon_threadsafe(self._broadcast, frame)

    def fact(self, body: FactBody) -> None:
        self.seq += 1
        self.send(FactFrame(seq=self.seq, at=sample.NOW, body=body))

    def drop(self) -> None:
        """Cut every connection, without a goodbye."""
        self._loop.call_soon_threadsafe(self._abort)

    def bodies(self, kind: type[_Kind]) -> list[_Kind]:
        found = [frame.body for frame in list(self.received) if isinstance(frame, CommandFrame | AskFrame)]
        return [body for body in found if isinstance(body, kind)]

    def ids(self, kind: type[Body]) -> list[str]:
        frames = [frame for frame in list(self.received) if isinstance(frame, CommandFrame)]
        return [frame.id for frame in frames if isinstance(frame.body, kind)]

    def close(self) -> None:
        future = asyncio.run_coroutine_threadsafe(self._stop(), self._loop)
        future.result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)

    # --- in its own thread -----------------------------------------------------------------------------------------

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(self._start())
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        started.set()
        self._loop.run_forever()
        self._loop.close()

    async def _start(self) -> Server:
        return await serve(self._serve, "127.0.0.1", 0, ping_interval=None, close_timeout=0.2)

    async def _stop(self) -> None:
        self._abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _abort(self) -> None:
        for socket in list(self._sockets):
            socket.transport.abort()

    def _broadcast(self, frame: ServerFrame) -> None:
        data = encode(frame).decode()
        for socket in self._sockets:
            self._loop.create_task(_quietly(socket, data))

    async def _serve(self, socket: ServerConnection) -> None:
        hello = decode_client(await socket.recv())
        self.received.append(hello)
        assert isinstance(hello, Hello)
        if not (hello.password == PASSWORD or hello.token == "token"):
            await socket.send(encode(Denied(code="wrong_credentials")).decode())
            return
        await socket.send(encode(sample.welcome()).decode())
        await socket.send(encode(self.snapshot(self.seq)).decode())
        self.connections += 1
        self._sockets.add(socket)
        try:
            async for data in socket:
                frame = decode_client(data)
                self.received.append(frame)
                if (answer := self._answer(frame)) is not None:
                    await socket.send(encode(answer).decode())
        except ConnectionClosed:
            pass
        finally:
            self._sockets.discard(socket)

    def _answer(self, frame: ClientFrame) -> ServerFrame | None:
        match frame:
            case CommandFrame() if self.is_mute:
                return None
            case CommandFrame(id=command, body=body):
                code = self.refuse.get(type(body), "")
                return ReplyFrame(to=command, ok=not code, code=code)
            case AskFrame(id=ask, body=LoadView(view=view, customer=customer)):
                return AnswerFrame(to=ask, body=sample.view(view, customer))
            case AskFrame(id=ask, body=LoadPicture(picture=picture)):
                return AnswerFrame(to=ask, body=PictureLoaded(picture=picture, png=PICTURE))
            case AskFrame(id=ask, body=ListCallbacks()):
                return AnswerFrame(to=ask, body=CallbacksListed(callbacks=sample.callbacks()))
            case AskFrame(id=ask, body=LoadTimeline(customer=customer)):
                return AnswerFrame(to=ask, body=TimelineLoaded(customer=customer, timeline=Timeline(rows=())))
            case AskFrame(id=ask, body=SearchCustomers()):
                row = CustomerRow(customer=sample.CUSTOMER, name="김민지", number="01023456789", tier="vip")
                return AnswerFrame(to=ask, body=CustomersListed(rows=(row,)))
            case AskFrame(id=ask):
                return AnswerFrame(to=ask, code="unavailable")
            case _:
                return None


PICTURE = b""
"""Set by the fixture: a picture is drawn by Qt, and this thread must not draw."""


async def _quietly(socket: ServerConnection, data: str) -> None:
    try:
        await socket.send(data)
    except ConnectionClosed:
        return
