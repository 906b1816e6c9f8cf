"""The WebSocket client: signs in, keeps the connection alive, comes back when it breaks. Plain asyncio, no Qt.

Decides when to try again and when not (a denial waits for the person). Keeps nothing that was not sent: the store knows
which commands are outstanding, and they are handed in again after the snapshot of a new connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

import websockets
from websockets.asyncio.client import ClientConnection, connect

from agent_app.store import Connection
from cti_server.wire import VERSION
from cti_server.wire.client import ClientFrame, Hello
from cti_server.wire.codec import MAX_SERVER_BYTES, FrameError, decode_server, encode
from cti_server.wire.server import Denied, ServerFrame, Welcome

PING_EVERY_S = 5.0
PING_TIMEOUT_S = 5.0
OPEN_TIMEOUT_S = 5.0
WELCOME_TIMEOUT_S = 10.0
BACKOFF_FIRST_S = 0.2
BACKOFF_MAX_S = 2.0
OUTGOING_MAX = 1000


@dataclass(frozen=True, slots=True)
class Received:
    frame: ServerFrame


@dataclass(frozen=True, slots=True)
class Changed:
    """The condition of the connection; ``latency_ms`` of the last ping."""

    state: Connection
    latency_ms: float | None = None
    detail: str = ""


LinkEvent = Received | Changed


@dataclass(frozen=True, slots=True)
class Batch:
    """What came in while the window was busy, in order: folded as a whole, shown once."""

    events: tuple[LinkEvent, ...]


LinkNews = LinkEvent | Batch


@dataclass(slots=True)
class Target:
    """Where and as whom. The password goes once a token is there; ``fingerprint``: SHA-256 of a pinned certificate."""

    url: str
    user: str
    password: str = field(repr=False)
    language: str = "ko"
    fingerprint: str = ""
    token: str = field(default="", repr=False)

    def hello(self) -> Hello:
        if self.token:
            return Hello(version=VERSION, token=self.token, language=self.language)
        return Hello(version=VERSION, user=self.user, password=self.password, language=self.language)


class WrongCertificate(Exception):
    """The server showed another certificate than the one that is pinned."""


class Client:
    """Runs inside one event loop; ``emit`` is called there for all that happens."""

    def __init__(self, emit: Callable[[LinkEvent], None]) -> None:
        self._emit = emit
        self._outgoing: asyncio.Queue[ClientFrame] = asyncio.Queue(OUTGOING_MAX)
        self._is_welcome = False

    def send(self, frame: ClientFrame) -> None:
        """Sent now or not at all: without a connection the frame is dropped here and stays outstanding in the store."""
        if self._is_welcome:
            with contextlib.suppress(asyncio.QueueFull):
                self._outgoing.put_nowait(frame)

    async def run(self, target: Target) -> None:
        """Until cancelled, or until the server refuses the person."""
        attempt = 0
        self._emit(Changed(Connection.CONNECTING))
        while True:
            detail = ""
            try:
                async with self._open(target) as socket:
                    if not await self._sign_in(socket, target):
                        self._emit(Changed(Connection.OFFLINE, detail="denied"))
                        return
                    attempt = 0
                    if not await self._serve(socket, target):
                        self._emit(Changed(Connection.OFFLINE, detail="denied"))
                        return
            except WrongCertificate:
                self._emit(Changed(Connection.OFFLINE, detail="wrong_certificate"))
                return
            except (OSError, TimeoutError, websockets.WebSocketException, FrameError) as error:
                detail = type(error).__name__
            self._is_welcome = False
            self._emit(Changed(Connection.RECONNECTING if target.token else Connection.CONNECTING, detail=detail))
            attempt += 1
            await asyncio.sleep(backoff_s(attempt, random.random()))

    @contextlib.asynccontextmanager
    async def _open(self, target: Target):  # type: ignore[no-untyped-def]  # an async context manager of a ClientConnection
        options: dict[str, object] = {}
        if target.url.startswith("wss:"):
            options["ssl"] = _tls(target.fingerprint)
        async with connect(
            target.url,
            proxy=None,
            compression=None,
            max_size=MAX_SERVER_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=1.0,
            ping_interval=None,
            **options,  # type: ignore[arg-type]  # only ssl, and only for wss
        ) as socket:
            if target.fingerprint:
                _check_fingerprint(socket, target.fingerprint)
            yield socket

    async def _sign_in(self, socket: ClientConnection, target: Target) -> bool:
        await socket.send(encode(target.hello()).decode())
        async with asyncio.timeout(WELCOME_TIMEOUT_S):
            while True:
                frame = decode_server(await socket.recv())
                if isinstance(frame, Welcome):
                    target.token, target.password = frame.token, ""
                    self._is_welcome = True
                    self._emit(Received(frame))
                    self._emit(Changed(Connection.CONNECTED))
                    return True
                if isinstance(frame, Denied):
                    target.token = target.password = ""
                    self._emit(Received(frame))
                    return False

    async def _serve(self, socket: ClientConnection, target: Target) -> bool:
        """The three tasks of a connection; the first that ends ends all. False: the server sent the person away."""
        while not self._outgoing.empty():
            self._outgoing.get_nowait()
        tasks = [
            asyncio.create_task(work)
            for work in (self._receive(socket, target), self._transmit(socket), self._ping(socket))
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            return bool(target.token)
        finally:
            self._is_welcome = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self, socket: ClientConnection, target: Target) -> None:
        async for data in socket:
            frame = decode_server(data)
            if frame is None:
                continue
            self._emit(Received(frame))
            if isinstance(frame, Denied):
                target.token = ""
                return

    async def _transmit(self, socket: ClientConnection) -> None:
        while True:
            frame = await self._outgoing.get()
            await socket.send(encode(frame).decode())

    async def _ping(self, socket: ClientConnection) -> None:
        while True:
            answered = await socket.ping()
            async with asyncio.timeout(PING_TIMEOUT_S):
                latency_s = await answered
            self._emit(Changed(Connection.CONNECTED, latency_ms=float(latency_s) * 1000))
            await asyncio.sleep(PING_EVERY_S)


def backoff_s(attempt: int, chance: float) -> float:
    """Doubling up to the limit, with ±50 % so that desktops do not come back all at once. ``chance`` 0–1."""
    base = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** (attempt - 1))
    return float(base * (0.5 + chance))


def _tls(fingerprint: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if fingerprint:
        # The pinned certificate is the server's own; it is compared before anything is sent.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _check_fingerprint(socket: ClientConnection, fingerprint: str) -> None:
    secured = socket.transport.get_extra_info("ssl_object")
    shown = secured.getpeercert(binary_form=True) if secured else b""
    if hashlib.sha256(shown or b"").hexdigest() != fingerprint.replace(":", "").lower():
        raise WrongCertificate
