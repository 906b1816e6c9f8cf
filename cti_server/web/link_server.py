"""Listens for the core process on a local socket, and hands its questions to those who answer them.

Decides who may connect (the centre's own user, by the socket's rights) and what ends a connection; a question that
nobody understands ends that connection only.
"""

import asyncio
import os
from pathlib import Path

import msgspec
import structlog

from cti_server.core.errors import Refused, Unavailable
from cti_server.web.credentials_service import CredentialService
from cti_server.web.link_messages import (
    ANSWER_BYTES_MAX,
    QUESTION_BYTES_MAX,
    Answer,
    PastAnswer,
    PastQuestion,
    line,
    questions,
)
from cti_server.web.past_service import PastService

log = structlog.get_logger(__name__)
_encoder = msgspec.json.Encoder()


class LinkServer:
    """Listens at ``path`` (0600: only the centre's own user)."""

    def __init__(self, path: Path, *, credentials: CredentialService, past: PastService) -> None:
        self._path = path
        self._credentials = credentials
        self._past = past
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._work: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """A socket left by a process that died is replaced."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=QUESTION_BYTES_MAX)
        finally:
            os.umask(before)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in tuple(self._writers):
                writer.close()
            await self._server.wait_closed()
        for task in tuple(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while data := await reader.readline():
                question = questions.decode(data)
                if isinstance(question, PastQuestion):
                    self._begin(question, writer)
                else:
                    self._credentials.take(question, lambda answer: _write(writer, answer))
        except (ValueError, msgspec.DecodeError, ConnectionError) as error:
            log.warning("question_unreadable", error=type(error).__name__)
        finally:
            self._writers.discard(writer)
            writer.close()

    def _begin(self, question: PastQuestion, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._answer_past(question, writer))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _answer_past(self, question: PastQuestion, writer: asyncio.StreamWriter) -> None:
        try:
            body = _encoder.encode(await self._past.answer(question.person, question.ask))
            answer = PastAnswer(id=question.id, body=msgspec.Raw(body))
        except Refused as refusal:
            answer = PastAnswer(id=question.id, code=refusal.code)
        except Unavailable as error:
            log.warning("past_unavailable", error=str(error))
            answer = PastAnswer(id=question.id, code="unavailable")
        except Exception as bug:  # the service's edge: one bad answer must not end the others
            log.exception("past_not_answered", error=type(bug).__name__)
            answer = PastAnswer(id=question.id, code="unavailable")
        if len(answer.body) >= ANSWER_BYTES_MAX // 2:
            log.error("past_answer_too_long", bytes=len(answer.body))
            answer = PastAnswer(id=question.id, code="unavailable")
        _write(writer, answer)


def _write(writer: asyncio.StreamWriter, answer: Answer) -> None:
    if not writer.is_closing():
        writer.write(line(answer))
