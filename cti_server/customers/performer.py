"""Carries out ``LookUpCustomer`` and ``CheckPin`` and brings the answers back as signals.

Decides time limits, and what is answered when the main system or the PIN service does not: nobody found,
or unavailable. Whoever is found has the card warmed, so that it is at hand when the call reaches an agent.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from cti_server.core.effects import CheckPin, Effect, LookUpCustomer
from cti_server.core.errors import Unavailable
from cti_server.core.inputs import Candidate, CustomersFound, PinChecked
from cti_server.core.vocabulary import CustomerRef, PinResult
from cti_server.customers.directory import Directory
from cti_server.ports import Credentials, Submit

UNDER_WAY_MAX = 200
LOOK_UP_TIMEOUT_S = 2.0
PIN_TIMEOUT_S = 4.5


async def keep_cold(_customer: str) -> None:
    """For those who have no card to warm."""


class CustomerPerformer:
    """A ``Performer`` for the two effects about identity; all others are ignored."""

    def __init__(
        self,
        *,
        directory: Directory,
        credentials: Credentials,
        submit: Submit,
        warm: Callable[[str], Awaitable[None]] = keep_cold,
    ) -> None:
        self._directory = directory
        self._credentials = credentials
        self._submit = submit
        self._warm = warm
        self._tasks: set[asyncio.Task[None]] = set()

    def perform(self, effect: Effect) -> None:
        """Start the work; the signal comes later. Over the limit the answer is at once "nobody", or "unavailable"."""
        match effect:
            case LookUpCustomer():
                self._start(self._look_up(effect), lambda: self._found(effect, ()))
            case CheckPin():
                self._start(self._check(effect), lambda: self._checked(effect, PinResult.UNAVAILABLE))
            case _:
                pass

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None], refuse: Callable[[], None]) -> None:
        if len(self._tasks) >= UNDER_WAY_MAX:
            work.close()
            refuse()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_up(self, effect: LookUpCustomer) -> None:
        given = effect.customer_number.reveal() if effect.customer_number else ""
        try:
            async with asyncio.timeout(LOOK_UP_TIMEOUT_S):
                candidates = await self._directory.find(number=effect.number, customer_number=given)
        except (Unavailable, TimeoutError):
            candidates = ()
        self._found(effect, candidates)
        if len(candidates) == 1:
            await self._warm(candidates[0].customer)

    async def _check(self, effect: CheckPin) -> None:
        try:
            async with asyncio.timeout(PIN_TIMEOUT_S):
                result = await self._credentials.check_pin(CustomerRef(effect.customer), effect.pin)
        except (Unavailable, TimeoutError):
            result = PinResult.UNAVAILABLE
        self._checked(effect, result)

    def _found(self, effect: LookUpCustomer, candidates: tuple[Candidate, ...]) -> None:
        self._submit(CustomersFound(call=effect.call, n=effect.n, candidates=candidates))

    def _checked(self, effect: CheckPin, result: PinResult) -> None:
        self._submit(PinChecked(call=effect.call, n=effect.n, result=result))
