"""A line: work of one queue that asks for the same, in its order, and those who are free for it; and a person, who may
stand in several.

Decides the order of work; what stands in which line is kept in `index.py`, who gets what is decided in `routing.py`.
"""

from bisect import bisect_left
from collections.abc import Iterable
from heapq import merge

from cti_server.core.availability import Exclusion
from cti_server.core.entities import Agent, Call, Callback
from cti_server.core.settings import QueueSettings
from cti_server.core.skills import NOTHING, Levels, stages
from cti_server.core.strategies import IN_ORDER
from cti_server.core.vocabulary import AgentId, AgentMode, OverflowWhen, Strategy

Order = tuple[int, int, int, int, int]
"""(class, 0 when returned else 1, due_at, sequence, call or callback): smaller goes first."""
AT_THE_END: Order = (2**63, 0, 0, 0, 0)
"""After everybody."""
Idle = tuple[int, int]
"""(standing, agent): the part of the rank that is known when an agent becomes free."""
UNATTENDED = (OverflowWhen.NOBODY, OverflowWhen.NOBODY_READY)
"""Rules of overflow that hold because nobody is there."""


def order_of(call: Call) -> Order:
    assert call.key is not None
    return (call.key.rank, 0 if call.returned else 1, call.key.due_at, call.key.sequence, call.call)


def order_of_callback(callback: Callback) -> Order:
    """One that comes back keeps its key, and no caller on the line is passed for it."""
    return (callback.key.rank, 1, callback.key.due_at, callback.key.sequence, callback.callback)


class Line:
    """Callers of one queue who ask for the same: who waits, by the stage of their wait, and who is free, by the first
    stage at which they serve. ``logged_on``, ``at_work``: how many of those who serve are there, and Ready."""

    __slots__ = (
        *("asks", "at_work", "idle", "is_in_order", "is_top_down", "logged_on", "named"),
        *("must_be_attended", "queue", "ringing", "settings", "stages", "waiting"),
    )

    def __init__(self, settings: QueueSettings, asks: Levels = NOTHING) -> None:
        self.settings = settings
        self.queue = settings.queue
        self.asks = asks
        self.is_in_order = settings.strategy in IN_ORDER
        self.is_top_down = settings.strategy is Strategy.TOP_DOWN
        self.stages: tuple[Levels, ...] = stages(settings, asks)
        self.waiting: list[list[Order]] = [[] for _ in self.stages]
        self.idle: list[list[Idle]] = [[] for _ in self.stages]
        self.named: list[Order] = []
        """Those who wait for one agent; they have their place in the queue, and are served from elsewhere."""
        self.ringing: list[Order] = []
        """Those of ``waiting`` who ring at somebody already, and may ring at more."""
        self.logged_on = 0
        self.at_work = 0
        self.must_be_attended = any(rule.when in UNATTENDED for rule in settings.overflow)
        """Its callers go elsewhere when nobody is there for them."""

    def is_empty(self) -> bool:
        return not self.named and not any(self.waiting)

    def size(self) -> int:
        return sum(map(len, self.waiting)) + len(self.named) - len(self.ringing)

    def first_servable(self) -> tuple[Order, int] | None:
        """The first call that some free agent may take, and its stage."""
        if len(self.waiting) == 1:
            return (self.waiting[0][0], 0) if self.waiting[0] and self.idle[0] else None
        best: tuple[Order, int] | None = None
        is_anybody_free = False
        for stage, waiting in enumerate(self.waiting):
            is_anybody_free = is_anybody_free or bool(self.idle[stage])
            if is_anybody_free and waiting and (best is None or waiting[0] < best[0]):
                best = (waiting[0], stage)
        return best

    def first_for(self, able_from: int) -> tuple[Order, int] | None:
        """The first call for somebody who serves from this stage on."""
        heads = [(waiting[0], able_from + n) for n, waiting in enumerate(self.waiting[able_from:]) if waiting]
        return min(heads) if heads else None

    def all(self) -> Iterable[Order]:
        """Who waits for anybody, in order."""
        return merge(*self.waiting)

    def before(self, order: Order) -> int:
        """How many stand before it."""
        before = sum(bisect_left(entries, order) for entries in (*self.waiting, self.named))
        return before - bisect_left(self.ringing, order)


Served = tuple[Line, int, int]
"""A line that somebody serves, the first stage at which they do, and their level of the queue's skill."""
Place = tuple[Line, list[Idle], Idle | None]
"""A list that somebody stands in while free; the entry where it is always the same (top down)."""


class Person:
    """Somebody who may take calls: what they serve, where they stand while they are free, and why they are not."""

    __slots__ = ("agent", "idle_since", "mode", "places", "served", "why")

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.served: tuple[Served, ...] = ()
        self.places: tuple[Place, ...] = ()
        self.mode = AgentMode.LOGGED_OFF
        self.why: Exclusion | None = Exclusion.LOGGED_OFF
        self.idle_since: int | None = None
        """None: stands nowhere, because they are not free."""

    def serve(self, served: Iterable[Served]) -> None:
        self.served = tuple(served)
        self.places = tuple(
            (line, line.idle[stage], (-level, self.agent.agent) if line.is_top_down else None)
            for line, stage, level in self.served
        )


Waits = tuple[Line, int, AgentId | None, Order, bool]
"""Where work stands: its line, stage, the agent it waits for by name, its order, and does it ring already?"""
