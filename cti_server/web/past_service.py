"""Who may ask about the past, and how much at once: one thread reads, few may wait, nobody may ask twice at once.

Everything is refused rather than queued without end. What is asked comes from a route or from a desktop (by the core
process); both give the same answers.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cti_server.core.errors import Refused
from cti_server.past.answers import PastAnswers
from cti_server.ports import CredentialCheck
from cti_server.wire.client import AskFairness, ExplainCall, ListIdleRuns, PastAsk
from cti_server.wire.explained import CallExplained, FairnessTold, IdleRunsTold

WAITING_MAX = 30
PER_PERSON_MAX = 3
"""The desktop's page asks for the day and for the runs of time beside it, and a call may be explained meanwhile."""

Answer = CallExplained | FairnessTold | IdleRunsTold
_Found = TypeVar("_Found")


class PastService:
    """Raises Refused (``not_found``, ``not_recorded``, ``too_slow``, ``too_many_requests``), Unavailable."""

    def __init__(self, answers: PastAnswers) -> None:
        self._answers = answers
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="past")
        self._waiting: Counter[str] = Counter()

    async def answer(self, person: CredentialCheck, ask: PastAsk) -> Answer:
        """What a desktop asked."""
        match ask:
            case ExplainCall():
                return await self.why(person, ask.call)
            case AskFairness():
                return await self.fairness(person, ask.at or None)
            case ListIdleRuns():
                agent = ask.agent or person.agent or 0
                return await self.idle_runs(person, agent, ask.at or None)

    async def why(self, person: CredentialCheck, call: int) -> CallExplained:
        return await self._one_of(person, lambda: self._answers.why(person, call))

    async def fairness(self, person: CredentialCheck, at: int | None) -> FairnessTold:
        return await self._one_of(person, lambda: self._answers.fairness(person, at))

    async def idle_runs(self, person: CredentialCheck, agent: int, at: int | None) -> IdleRunsTold:
        return await self._one_of(person, lambda: self._answers.idle_runs(person, agent, at))

    async def _one_of(self, person: CredentialCheck, work: Callable[[], _Found]) -> _Found:
        if self._waiting[person.user] >= PER_PERSON_MAX or self._waiting.total() >= WAITING_MAX:
            raise Refused("too_many_requests")
        self._waiting[person.user] += 1
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        # Counted until the thread is through with it, also where nobody waits for the answer any more.
        future.add_done_callback(lambda _: self._done(person.user))
        return await asyncio.shield(future)

    def _done(self, user: str) -> None:
        self._waiting[user] -= 1
        self._waiting += Counter()  # forgets people who are at nought

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
