"""Answers questions about passwords and PINs, one at a time, PINs first.

Callers wait on the telephone for their PIN, so a morning's sign-ins do not stand before it. Decides what is dropped
when too much waits: the answer is then "unavailable".
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from cti_server.core.vocabulary import PinResult, Secret
from cti_server.ports import CredentialCheck
from cti_server.web.credentials import CredentialRules
from cti_server.web.link_messages import (
    CredentialAnswer,
    CredentialQuestion,
    PasswordAnswer,
    PasswordQuestion,
    PinAnswer,
)

WAITING_MAX = 500
log = structlog.get_logger(__name__)
Reply = Callable[[CredentialAnswer], None]


class CredentialService:
    """Asked by people who sign in at this process itself, and by the core process over the link."""

    def __init__(self, rules: CredentialRules) -> None:
        self._rules = rules
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="credentials")
        self._pins: deque[tuple[CredentialQuestion, Reply]] = deque()
        self._passwords: deque[tuple[CredentialQuestion, Reply]] = deque()
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return len(self._pins) + len(self._passwords)

    async def start(self) -> None:
        self._worker = asyncio.create_task(self._work(), name="credentials")

    async def close(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def check_password(self, user: str, password: Secret, address: str) -> CredentialCheck:
        """For people who sign in at this process itself."""
        future: asyncio.Future[CredentialAnswer] = asyncio.get_running_loop().create_future()
        question = PasswordQuestion(id=0, user=user, password=password.reveal(), address=address)
        self.take(question, lambda answer: None if future.done() else future.set_result(answer))
        answer = await future
        assert isinstance(answer, PasswordAnswer)
        return answer.check

    def take(self, question: CredentialQuestion, reply: Reply) -> None:
        """``reply`` is called once, at once when too much waits."""
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

    def _answer(self, question: CredentialQuestion) -> CredentialAnswer:
        try:
            if isinstance(question, PasswordQuestion):
                check = self._rules.check_password(question.user, Secret(question.password), question.address)
                return PasswordAnswer(id=question.id, check=check)
            return PinAnswer(id=question.id, result=self._rules.check_pin(question.customer, Secret(question.pin)))
        except Exception as error:  # the service's edge: one bad check must not end the others
            log.error("credential_check_failed", error=type(error).__name__)
            return _unavailable(question)


def _unavailable(question: CredentialQuestion) -> CredentialAnswer:
    if isinstance(question, PasswordQuestion):
        return PasswordAnswer(id=question.id, check=CredentialCheck(result="unavailable"))
    return PinAnswer(id=question.id, result=PinResult.UNAVAILABLE)
