"""The core process's side of the link to the web process: asks, waits a while, and never fails but by "unavailable".

One connection for everything that is asked; answers come in any order.
"""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from cti_server.core.errors import Refused, Unavailable
from cti_server.core.vocabulary import CustomerRef, PinResult, Secret
from cti_server.ports import CredentialCheck
from cti_server.web.link_messages import (
    ANSWER_BYTES_MAX,
    Answer,
    PasswordAnswer,
    PasswordQuestion,
    PastAnswer,
    PastQuestion,
    PinAnswer,
    PinQuestion,
    Question,
    answers,
    line,
)
from cti_server.wire.client import PastAsk

PASSWORD_TIMEOUT_S = 8.0
PIN_TIMEOUT_S = 4.0
PAST_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 2.0
WAITING_MAX = 500


class LinkClient:
    """``ports.Credentials`` and ``ports.PastReader``. Connects when first asked, and again after the web process was
    restarted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._count = 0
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    async def check_password(self, user: str, password: Secret, address: str) -> CredentialCheck:
        """Never raises: ``unavailable`` when no answer comes in time."""
        answer = await self._ask(
            lambda n: PasswordQuestion(id=n, user=user, password=password.reveal(), address=address),
            PASSWORD_TIMEOUT_S,
        )
        return answer.check if isinstance(answer, PasswordAnswer) else CredentialCheck(result="unavailable")

    async def check_pin(self, customer: CustomerRef, pin: Secret) -> PinResult:
        """Never raises: ``UNAVAILABLE`` when no answer comes in time."""
        answer = await self._ask(lambda n: PinQuestion(id=n, customer=customer, pin=pin.reveal()), PIN_TIMEOUT_S)
        return PinResult(answer.result) if isinstance(answer, PinAnswer) else PinResult.UNAVAILABLE

    async def answer(self, person: CredentialCheck, ask: PastAsk) -> bytes:
        """The answer's body as it goes to the desktop. Raises Refused, Unavailable."""
        answer = await self._ask(lambda n: PastQuestion(id=n, person=person, ask=ask), PAST_TIMEOUT_S)
        if not isinstance(answer, PastAnswer):
            raise Unavailable("the web process does not answer")
        if answer.code:
            raise Refused(answer.code)
        return bytes(answer.body)

    async def close(self) -> None:
        self._hang_up()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _ask(self, make: Callable[[int], Question], timeout_s: float) -> Answer | None:
        if len(self._waiting) >= WAITING_MAX:
            return None
        self._count += 1
        number = self._count
        try:
            async with asyncio.timeout(timeout_s):
                writer = await self._connected()
                future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
                self._waiting[number] = future
                writer.write(line(make(number)))
                await writer.drain()
                return await future
        except (TimeoutError, OSError):
            return None
        finally:
            self._waiting.pop(number, None)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None or self._writer.is_closing():
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    reader, writer = await asyncio.open_unix_connection(str(self._path), limit=ANSWER_BYTES_MAX)
                self._writer = writer
                self._reader = asyncio.create_task(self._listen(reader, writer), name="web-link")
            return self._writer

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ValueError, msgspec.DecodeError, OSError):
            while data := await reader.readline():
                answer = answers.decode(data)
                future = self._waiting.get(answer.id)
                if future is not None and not future.done():
                    future.set_result(answer)
        writer.close()
        if self._writer is writer:
            self._hang_up()

    def _hang_up(self) -> None:
        """Whoever waits learns at once that no answer will come."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError("the web process is gone"))
