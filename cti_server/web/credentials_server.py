"""Answers the core process's questions about passwords and PINs on a local socket, one at a time, PINs first.

Callers wait on the telephone for their PIN, so a morning's sign-ins do not stand before it. Decides what is dropped
when too much waits: the answer is then "unavailable".
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import structlog

from cti_server.core.vocabulary import PinResult, Secret
from cti_server.ports import CredentialCheck
from cti_server.web.credentials import CredentialRules
from cti_server.web.credentials_messages import (
    LINE_BYTES_MAX,
    Answer,
    PasswordAnswer,
    PasswordQuestion,
    PinAnswer,
    Question,
    line,
    questions,
)

WAITING_MAX = 500
log = structlog.get_logger(__name__)
Reply = Callable[[Answer], None]


class CredentialService:
    """Listens at ``path`` (0600: only the centre's own user)."""

    def __init__(self, path: Path, rules: CredentialRules) -> None:
        self._path = path
        self._rules = rules
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="credentials")
        self._pins: deque[tuple[Question, Reply]] = deque()
        self._passwords: deque[tuple[Question, Reply]] = deque()
        self._wake = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._worker: asyncio.Task[None] | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def waiting(self) -> int:
        return len(self._pins) + len(self._passwords)

    async def start(self) -> None:
        """A socket left by a process that died is replaced."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LINE_BYTES_MAX)
        finally:
            os.umask(before)
        self._worker = asyncio.create_task(self._work(), name="credentials")

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._writers):
                writer.close()
            await self._server.wait_closed()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._path.unlink(missing_ok=True)

    async def check_password(self, user: str, password: Secret, address: str) -> CredentialCheck:
        """The same check for people who sign in at this process itself."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        question = PasswordQuestion(id=0, user=user, password=password.reveal(), address=address)
        self._take(question, lambda answer: None if future.done() else future.set_result(answer))
        answer = await future
        assert isinstance(answer, PasswordAnswer)
        return answer.check

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while data := await reader.readline():
                self._take(questions.decode(data), lambda answer: writer.write(line(answer)))
        except (ValueError, msgspec.DecodeError, ConnectionError) as error:
            log.warning("credential_question_unreadable", error=type(error).__name__)
        finally:
            self._writers.discard(writer)
            writer.close()

    def _take(self, question: Question, reply: Reply) -> None:
        if self.waiting >= WAITING_MAX:
            reply(_unavailable(question))
            return
        (self._passwords if isinstance(question, PasswordQuestion) else self._pins).append((question, reply))
        self._wake.set()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self.waiting:
                self._wake.clear()
                await self._wake.wait()
            question, reply = (self._pins or self._passwords).popleft()
            reply(await loop.run_in_executor(self._thread, self._answer, question))

    def _answer(self, question: Question) -> Answer:
        try:
            if isinstance(question, PasswordQuestion):
                check = self._rules.check_password(question.user, Secret(question.password), question.address)
                return PasswordAnswer(id=question.id, check=check)
            return PinAnswer(id=question.id, result=self._rules.check_pin(question.customer, Secret(question.pin)))
        except Exception as error:  # the service's edge: one bad check must not end the others
            log.error("credential_check_failed", error=type(error).__name__)
            return _unavailable(question)


def _unavailable(question: Question) -> Answer:
    if isinstance(question, PasswordQuestion):
        return PasswordAnswer(id=question.id, check=CredentialCheck(result="unavailable"))
    return PinAnswer(id=question.id, result=PinResult.UNAVAILABLE)
