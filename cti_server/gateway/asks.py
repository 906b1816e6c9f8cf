"""Answers what desktops ask: reads that change nothing.

Each ask has a time limit; an engine that does not answer is a code, never a wait without end. What is asked about the
past is answered by the web process, and passed on as it comes.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from cti_server.core.entities import State
from cti_server.core.errors import Refused, Unavailable
from cti_server.core.vocabulary import CallbackId
from cti_server.customers.main_system import MainSystem
from cti_server.gateway import translate
from cti_server.gateway.cards import CardDesk
from cti_server.gateway.sounds import Sounds
from cti_server.gateway.watchers import Client
from cti_server.ports import PastReader
from cti_server.wire import client as wire
from cti_server.wire.server import (
    AnswerBody,
    AnswerFrame,
    CallbacksListed,
    CardOpened,
    CustomersListed,
    MessageLoaded,
    PassedAnswer,
    PictureLoaded,
    TimelineLoaded,
    ViewLoaded,
)

ASK_TIMEOUT_S = 4.0
ARGUMENTS_MAX = 20
TIMELINE_ROWS_MAX = 100
CALLBACKS_MAX = 200


class Asks:
    """Reads from the main system, from the centre's state, from its recordings and from its past."""

    def __init__(
        self, *, main: MainSystem, desk: CardDesk, state: Callable[[], State], sounds: Sounds, past: PastReader
    ) -> None:
        self._sounds = sounds
        self._main = main
        self._desk = desk
        self._state = state
        self._past = past

    async def answer(self, client: Client, frame: wire.AskFrame) -> AnswerFrame | PassedAnswer:
        """The answer, or its code: ``unavailable``, ``not_found``, ``unknown_view``, ``not_recorded``, ``too_slow``."""
        try:
            if isinstance(frame.body, wire.PastAsk):
                body = await self._past.answer(client.session.person, frame.body)
                return PassedAnswer(to=frame.id, body=msgspec.Raw(body))
            async with asyncio.timeout(ASK_TIMEOUT_S):
                return AnswerFrame(to=frame.id, body=await self._read(client, frame.body))
        except Refused as refusal:
            return AnswerFrame(to=frame.id, code=refusal.code, parameters=dict(refusal.parameters))
        except (Unavailable, TimeoutError):
            return AnswerFrame(to=frame.id, code="unavailable")

    def _read(self, client: Client, body: wire.PresentAsk) -> Awaitable[AnswerBody]:
        match body:
            case wire.SearchCustomers():
                return self._search(body)
            case wire.OpenCard():
                return self._open_card(client, body)
            case wire.LoadView():
                return self._view(client, body)
            case wire.LoadTimeline():
                return self._timeline(client, body)
            case wire.LoadPicture():
                return self._picture(body)
            case wire.ListCallbacks():
                return self._callbacks(client)
            case wire.LoadMessage():
                return self._message(client, body)

    async def _search(self, ask: wire.SearchCustomers) -> CustomersListed:
        return CustomersListed(rows=await self._main.directory.search(ask.text, ask.limit))

    async def _open_card(self, client: Client, ask: wire.OpenCard) -> CardOpened:
        if await self._main.cards.person(ask.customer) is None:
            raise Refused("not_found")
        self._desk.open(client, ask.customer)
        return CardOpened(customer=ask.customer)

    async def _view(self, client: Client, ask: wire.LoadView) -> ViewLoaded:
        arguments = dict(list(ask.arguments.items())[:ARGUMENTS_MAX])
        return await self._main.views.load(ask.customer, ask.view, arguments, client.session.language)

    async def _timeline(self, client: Client, ask: wire.LoadTimeline) -> TimelineLoaded:
        limit = max(1, min(ask.limit, TIMELINE_ROWS_MAX))
        timeline = await self._desk.timeline(
            ask.customer, client.session.language, before_at=ask.before_at, limit=limit
        )
        return TimelineLoaded(customer=ask.customer, timeline=timeline)

    async def _picture(self, ask: wire.LoadPicture) -> PictureLoaded:
        png = await self._main.cards.picture(ask.picture)
        if png is None:
            raise Refused("not_found")
        return PictureLoaded(picture=ask.picture, png=png)

    async def _callbacks(self, client: Client) -> CallbacksListed:
        state = self._state()
        agent = state.agents.get(client.agent)
        found = translate.waiting_callbacks(state, agent)[:CALLBACKS_MAX] if agent is not None else []
        await self._desk.learn_names([c.customer for c in found if c.customer])
        return CallbacksListed(
            callbacks=tuple(
                translate.callback_view(state, c, self._desk.name_of(c.customer) if c.customer else "") for c in found
            )
        )

    async def _message(self, client: Client, ask: wire.LoadMessage) -> MessageLoaded:
        """Whoever may dial the callback may hear it; to others there is none."""
        state = self._state()
        agent, callback = state.agents.get(client.agent), state.callbacks.get(CallbackId(ask.callback))
        if agent is None or callback is None or not callback.path or ask.start < 0:
            raise Refused("not_found")
        if not translate.may_dial_callback(state, agent, (callback.queue, callback.agent)):
            raise Refused("not_found")
        piece = await self._sounds.piece(callback.path, ask.start)
        return MessageLoaded(callback=ask.callback, **msgspec.structs.asdict(piece))
