"""A journal that writes in large batches, for a day that nobody waits for.

The engine appends as ever, and gets its numbers at once; the events reach the file some thousands at a time, and at
the end. What is lost if this program dies is a day that can be made up again, so nothing here is durable: production
never uses it. Decides nothing else.
"""

import asyncio
from collections.abc import Mapping, Sequence

from cti_server.core.events import Event
from cti_server.core.state import State
from cti_server.core.vocabulary import PersonalRef
from cti_server.storage.journal import SqliteJournal

EVENTS_MAX = 2_000


class GatheredJournal:
    """Stands before a ``SqliteJournal``; whoever opened that one closes it, after ``write``."""

    is_degraded = False
    is_full = False
    kept_durably = True

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal
        self._events: list[Event] = []
        self._personal: dict[PersonalRef, str] = {}
        self._turn = asyncio.Lock()
        self.last_seq = journal.last_seq

    async def append(self, events: Sequence[Event], personal: Mapping[PersonalRef, str]) -> int:
        self._events += events
        self._personal.update(personal)
        self.last_seq += len(events)
        if len(self._events) >= EVENTS_MAX:
            await self.write()
        return self.last_seq

    async def write(self) -> None:
        """What has been gathered so far."""
        async with self._turn:  # a snapshot is kept beside the engine's loop
            events, self._events = self._events, []
            personal, self._personal = self._personal, {}
            if events:
                await self._journal.append(events, personal)

    async def restore(self) -> State:
        await self.write()
        return await self._journal.restore()

    async def keep_snapshot(self, seq: int, content: bytes) -> None:
        await self.write()
        await self._journal.keep_snapshot(seq, content)

    async def try_return(self) -> bool:
        return True
