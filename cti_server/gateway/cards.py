"""Fills the card of the agent who is about to get a call: the header first, then the other sections side by side.

Decides the order and the time limit. A section that does not come in time goes out empty, which the desktop says.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

import msgspec

from cti_server.core.effects import Effect, PrepareCard
from cti_server.core.entities import State
from cti_server.core.errors import Unavailable
from cti_server.customers.main_system import MainSystem
from cti_server.gateway.history import History, timeline_row
from cti_server.gateway.watchers import Client
from cti_server.wire.codec import encode
from cti_server.wire.server import (
    CallView,
    CardHeader,
    CardSection,
    CustomerRow,
    ScriptData,
    SectionData,
    Timeline,
)

SECTION_TIMEOUT_S = 3.0
LOOK_UP_GRACE_S = 0.3
TIMELINE_ROWS = 50
NAMES_MAX = 2_000
FAR_FUTURE = 1 << 62
Screen = Literal["call", "opened"]
"""A desktop has two places for a card: its call's, and the one that was opened by hand."""
Section = tuple[str, Callable[[], Awaitable[SectionData | None]]]


class CardDesk:
    """Pushes sections. ``find``: the client of an agent; ``state``: the centre's, for words and times."""

    def __init__(
        self,
        *,
        main: MainSystem,
        history: History,
        find: Callable[[int], Client | None],
        state: Callable[[], State],
        utc_now: Callable[[], int],
    ) -> None:
        self._main = main
        self._history = history
        self._find = find
        self._state = state
        self._utc_now = utc_now
        self._tasks: dict[tuple[Client, Screen], asyncio.Task[None]] = {}
        self._names: dict[str, str] = {}

    # --- when ---------------------------------------------------------------------------------------------------------

    def perform(self, effect: Effect) -> None:
        """``PrepareCard``; everything else is ignored, and so are agents without a desktop."""
        if isinstance(effect, PrepareCard) and (client := self._find(effect.agent)) is not None:
            self.fill(client)

    def fill(self, client: Client) -> None:
        """The card of the call on the client's screen."""
        if client.call_view is not None:
            self._start((client, "call"), self._fill_call(client, client.call_view))

    def open(self, client: Client, customer: str) -> None:
        """The card of a customer without a call."""
        self._start((client, "opened"), self._fill_customer(client, customer))

    def forget(self, client: Client) -> None:
        """The client is gone."""
        self._drop((client, "call"))
        self._drop((client, "opened"))

    def _drop(self, place: tuple[Client, Screen]) -> None:
        if (task := self._tasks.pop(place, None)) is not None:
            task.cancel()

    def _start(self, place: tuple[Client, Screen], work: Coroutine[Any, Any, None]) -> None:
        """What was still on its way for an earlier card in this place is not wanted any more."""
        self._drop(place)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[place] = task
        task.add_done_callback(lambda done: self._done(place, done))

    def _done(self, place: tuple[Client, Screen], task: "asyncio.Task[None]") -> None:
        if self._tasks.get(place) is task:
            del self._tasks[place]

    async def close(self) -> None:
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- what ---------------------------------------------------------------------------------------------------------

    async def _fill_call(self, client: Client, view: CallView) -> None:
        if not view.customer and not view.candidates and view.number:
            view = await self._after_look_up(view)
        self._push(client, view.call, view.customer, "header", await self._header(client, view))
        await self._rest(client, view.call, view.customer)

    async def _after_look_up(self, view: CallView) -> CallView:
        """The call may have been quicker than its look-up: whoever is known is not shown as unknown first.

        When the centre hears who it is, this card is filled anew and this work is dropped. When it does not (the caller
        was asked for a customer number and gave another), whoever has the number is a candidate, and the agent chooses.
        """
        found = await self._or((), self._main.directory.find(number=view.number))
        if not found:
            return view
        await asyncio.sleep(LOOK_UP_GRACE_S)
        return msgspec.structs.replace(view, candidates=tuple(c.customer for c in found))

    async def _fill_customer(self, client: Client, customer: str) -> None:
        person = await self._person(customer)
        header = None
        if person is not None:
            header = CardHeader(
                name=person.name,
                number=person.number,
                tier=person.tier,
                verification="unverified",
                language="",
                customer=customer,
            )
        self._push(client, 0, customer, "header", header)
        await self._rest(client, 0, customer)

    async def _header(self, client: Client, view: CallView) -> CardHeader:
        person = await self._person(view.customer) if view.customer else None
        summary = await self._or("", self._main.cards.summary(view.customer, _language(client))) if person else ""
        return CardHeader(
            name=person.name if person else "",
            number=view.number or (person.number if person else ""),
            tier=view.tier or (person.tier if person else ""),
            verification=view.verification,
            language=view.language,
            customer=view.customer,
            candidates=await self._or((), self._main.cards.people(view.candidates)) if not person else (),
            summary=summary,
        )

    async def _rest(self, client: Client, call: int, customer: str) -> None:
        sections: list[Section] = [("script_data", lambda: self._script_data(client, customer))]
        if customer:
            language, cards = _language(client), self._main.cards
            sections += [
                ("alerts", lambda: cards.alerts(customer)),
                ("profile", lambda: cards.profile(customer, language)),
                ("needs", lambda: cards.needs(customer, language)),
                ("timeline", lambda: self.timeline(customer, language)),
            ]
        async with asyncio.TaskGroup() as group:
            for name, read in sections:
                group.create_task(self._section(client, call, customer, name, read))

    async def _section(
        self, client: Client, call: int, customer: str, name: str, read: Callable[[], Awaitable[SectionData | None]]
    ) -> None:
        self._push(client, call, customer, name, await self._or(None, read()))

    async def timeline(
        self, customer: str, language: str, *, before_at: int = FAR_FUTURE, limit: int = TIMELINE_ROWS
    ) -> Timeline:
        """The main system's contacts and our own calls, newest first. Our own missing is no reason to show nothing."""
        theirs = await self._main.timeline.rows(customer, language, before_at=before_at, limit=limit + 1)
        own = await self._or((), self._history.past(customer, before_at=before_at, limit=limit + 1))
        dispositions = self._state().settings.dispositions
        rows = [*theirs, *(timeline_row(entry, dispositions, language) for entry in own)]
        rows.sort(key=lambda row: row.at, reverse=True)
        return Timeline(rows=tuple(rows[:limit]), has_more=len(rows) > limit)

    async def _script_data(self, client: Client, customer: str) -> ScriptData:
        language, today = _language(client), self._today()
        values = self._main.values.of_centre(agent_name=client.session.person.name, today=today, language=language)
        if customer:
            values |= await self._or({}, self._main.values.of_customer(customer, today=today, language=language))
        return ScriptData(values=values)

    def _today(self) -> date:
        zone = timezone(timedelta(seconds=self._state().settings.time_zone_offset_s))
        return datetime.fromtimestamp(self._utc_now() / 1e6, zone).date()

    # --- names --------------------------------------------------------------------------------------------------------

    def name_of(self, customer: str) -> str:
        """A customer's name if it was read before; empty otherwise."""
        return self._names.get(customer, "")

    async def warm(self, customer: str) -> None:
        """Read what the card will need, so that it is in the connector's cache."""
        await self._person(customer)
        cards = self._main.cards
        for read in (cards.summary, cards.profile, cards.needs):
            await self._or(None, read(customer, "ko"))

    async def learn_names(self, customers: list[str]) -> None:
        """Make ``name_of`` know these."""
        for customer in customers:
            if customer not in self._names:
                await self._person(customer)

    async def _person(self, customer: str) -> CustomerRow | None:
        person: CustomerRow | None = await self._or(None, self._main.cards.person(customer))
        if person is not None:
            self._names[customer] = person.name
            while len(self._names) > NAMES_MAX:
                del self._names[next(iter(self._names))]
        return person

    # --- out ----------------------------------------------------------------------------------------------------------

    async def _or(self, otherwise: Any, read: Awaitable[Any]) -> Any:
        """What was read; ``otherwise`` when the main system does not answer."""
        try:
            async with asyncio.timeout(SECTION_TIMEOUT_S):
                return await read
        except (Unavailable, TimeoutError):
            return otherwise

    def _push(self, client: Client, call: int, customer: str, section: str, data: SectionData | None) -> None:
        frame = CardSection(call=call, customer=customer, section=section, data=data, at=self._utc_now())
        client.outbox.put(encode(frame))


def _language(client: Client) -> str:
    return client.session.language
