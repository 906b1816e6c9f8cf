"""The ordered lists that routing looks at: who waits in each queue, and who is free to take a call.

They follow the state (`sync_call`, `sync_agent`) and can be rebuilt from it at any time. A queue's callers stand by the
stage of their wait, its free agents by the first stage at which they serve (`skills.py`), so that each stands in one
list of a queue, and the longest idle is found without looking at everybody.

Decides nothing: who gets which call is decided in `routing.py`.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import TypeVar

from cti_server.core.availability import Exclusion, why_not_free
from cti_server.core.entities import Agent, Call
from cti_server.core.events import OrderKey
from cti_server.core.settings import QueueSettings
from cti_server.core.skills import Levels, first_stage, stages
from cti_server.core.strategies import IN_ORDER
from cti_server.core.vocabulary import AgentId, AgentMode, CallId, CallPhase, QueueId, Strategy

Order = tuple[int, int, int, int, int]
"""(class, 0 when returned else 1, due_at, sequence, call): smaller goes first."""
Idle = tuple[int, int]
"""(standing, agent): the part of the rank that is known when an agent becomes free."""
Entry = TypeVar("Entry", Order, Idle)


def order_of(call: Call) -> Order:
    assert call.key is not None
    return (call.key.rank, 0 if call.returned else 1, call.key.due_at, call.key.sequence, call.call)


class Line:
    """One queue: who waits, by the stage of their wait, and who is free, by the first stage at which they serve."""

    __slots__ = ("idle", "is_in_order", "is_top_down", "named", "queue", "settings", "stages", "waiting")

    def __init__(self, settings: QueueSettings) -> None:
        self.settings = settings
        self.queue = settings.queue
        self.is_in_order = settings.strategy in IN_ORDER
        self.is_top_down = settings.strategy is Strategy.TOP_DOWN
        self.stages: tuple[Levels, ...] = stages(settings)
        self.waiting: list[list[Order]] = [[] for _ in self.stages]
        self.idle: list[list[Idle]] = [[] for _ in self.stages]
        self.named: list[Order] = []
        """Those who wait for one agent; they have their place in the queue, and are served from elsewhere."""

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

    def place(self, order: Order) -> int:
        return 1 + sum(bisect_left(entries, order) for entries in (*self.waiting, self.named))


class Index:
    """For each queue: who waits, in order, and who could take a call.

    It follows the state (`sync_call`, `sync_agent`) and can be rebuilt from it at any time.
    """

    __slots__ = (
        "_excluded",
        "_free",
        "_modes",
        "_named",
        "_on",
        "_people",
        "_places",
        "_served",
        "_staff",
        "_waits",
        "_why",
        "dirty",
        "dirty_named",
        "is_weighed",
        "lines",
    )

    def __init__(self, queues: Iterable[QueueSettings], agents: Iterable[Agent], calls: Iterable[Call]) -> None:
        self.lines: dict[QueueId, Line] = {settings.queue: Line(settings) for settings in queues}
        self.is_weighed = any(line.settings.weight != 1 for line in self.lines.values())
        self._waits: dict[CallId, tuple[QueueId, int, AgentId | None, Order]] = {}
        self._free: dict[AgentId, int] = {}
        self._people: dict[AgentId, Agent] = {}
        self._served: dict[AgentId, tuple[tuple[Line, int, int], ...]] = {}
        self._places: dict[AgentId, tuple[tuple[QueueId, list[Idle], Idle | None], ...]] = {}
        """Where each agent stands while free; the entry where it is always the same (top down)."""
        self._modes: dict[AgentId, AgentMode] = {}
        self._named: dict[AgentId, list[Order]] = {}
        self._on: dict[QueueId, int] = dict.fromkeys(self.lines, 0)
        self._staff: dict[QueueId, int] = dict.fromkeys(self.lines, 0)
        self._why: dict[AgentId, Exclusion | None] = {}
        self._excluded: dict[Exclusion | None, int] = {None: 0, **dict.fromkeys(Exclusion, 0)}
        self.dirty: dict[QueueId, None] = {}
        """Queues where a match may have become possible since they were last looked at."""
        self.dirty_named: dict[AgentId, None] = {}
        for agent in agents:
            self._served[agent.agent] = tuple(self._able(agent))
            self._places[agent.agent] = tuple(
                (line.queue, line.idle[stage], (-level, agent.agent) if line.is_top_down else None)
                for line, stage, level in self._served[agent.agent]
            )
            self.sync_agent(agent.agent, agent)
        for call in calls:
            self.sync_call(call.call, call)

    def _able(self, agent: Agent) -> Iterable[tuple[Line, int, int]]:
        """(queue, first stage, level of the queue's skill) of each queue that the agent serves."""
        for queue, line in self.lines.items():
            stage = first_stage(agent.profile.skills, line.stages)
            if stage is not None:
                yield line, stage, agent.profile.skills.get(queue, 0)

    # --- following the state -----------------------------------------------------------------------------------------

    def sync_call(self, call_id: CallId, call: Call | None) -> None:
        entry = None
        if call is not None and call.phase is CallPhase.QUEUED and call.key is not None and call.queue is not None:
            entry = (call.queue, call.stage, call.named, order_of(call))
        before = self._waits.get(call_id)
        if before == entry:
            return
        if before is not None:
            for entries in self._entries(before):
                _remove(entries, before[3])
            del self._waits[call_id]
        if entry is not None:
            for entries in self._entries(entry):
                insort(entries, entry[3])
            self._waits[call_id] = entry
            if entry[2] is None:
                self.dirty[entry[0]] = None
            else:
                self.dirty_named[entry[2]] = None

    def _entries(self, entry: tuple[QueueId, int, AgentId | None, Order]) -> tuple[list[Order], ...]:
        queue, stage, named, _ = entry
        line = self.lines.get(queue)
        if line is None:
            line = self.lines[queue] = Line(QueueSettings(queue=queue, title={}))
        if named is not None:
            return line.named, self._named.setdefault(named, [])
        return (line.waiting[min(stage, len(line.waiting) - 1)],)

    def sync_agent(self, agent_id: AgentId, agent: Agent | None) -> None:
        why = Exclusion.LOGGED_OFF if agent is None else why_not_free(agent)
        if agent is None or agent_id not in self._why or self._why[agent_id] is not why:
            self._count(agent_id, agent, why)
        idle_since = agent.idle_since if agent is not None and why is None else None
        before = self._free.get(agent_id)
        if before == idle_since:
            return
        if before is not None:
            gone = (before, agent_id)
            for queue, idle, fixed in self._places.get(agent_id, ()):
                if len(idle) == 1:
                    idle.clear()
                    if len(self.lines[queue].idle) == 1:
                        self.dirty.pop(queue, None)
                else:
                    _remove(idle, fixed or gone)
            del self._free[agent_id]
        if idle_since is not None:
            self._free[agent_id] = idle_since
            if agent_id in self._named:
                self.dirty_named[agent_id] = None
            entry = (idle_since, agent_id)
            for queue, idle, fixed in self._places.get(agent_id, ()):
                insort(idle, fixed or entry)
                self.dirty[queue] = None

    def _count(self, agent_id: AgentId, agent: Agent | None, why: Exclusion | None) -> None:
        if agent_id in self._why:
            self._excluded[self._why[agent_id]] -= 1
        mode = AgentMode.LOGGED_OFF if agent is None else agent.mode
        before = self._modes.get(agent_id, AgentMode.LOGGED_OFF)
        if before is not mode:
            is_on = (mode is not AgentMode.LOGGED_OFF) - (before is not AgentMode.LOGGED_OFF)
            is_at_work = (mode is AgentMode.READY) - (before is AgentMode.READY)
            for line, _, _ in self._served.get(agent_id, ()):
                self._on[line.queue] += is_on
                self._staff[line.queue] += is_at_work
            self._modes[agent_id] = mode
        if agent is None:
            self._why.pop(agent_id, None)
            self._people.pop(agent_id, None)
            return
        self._excluded[why] += 1
        self._why[agent_id] = why
        self._people[agent_id] = agent

    # --- what may be asked -------------------------------------------------------------------------------------------

    def position(self, call_id: CallId) -> int:
        """The place in the queue, 1 = next; 0: does not wait."""
        entry = self._waits.get(call_id)
        return 0 if entry is None else self.lines[entry[0]].place(entry[3])

    def place_of(self, queue: QueueId, key: OrderKey) -> int:
        """The place of somebody who would enter with this key now."""
        line = self.lines.get(queue)
        return 1 if line is None else line.place((key.rank, 1, key.due_at, key.sequence, 0))

    def waiting(self, queue: QueueId) -> int:
        line = self.lines.get(queue)
        return 0 if line is None else sum(map(len, line.waiting)) + len(line.named)

    def idle(self, queue: QueueId) -> int:
        """How many people could take a call of this queue now, at its last stage."""
        line = self.lines.get(queue)
        return 0 if line is None else sum(map(len, line.idle))

    def logged_on(self, queue: QueueId) -> int:
        """How many people who serve this queue are there at all."""
        return self._on.get(queue, 0)

    def staff(self, queue: QueueId) -> int:
        """How many who serve this queue are at work: Ready, free or not."""
        return self._staff.get(queue, 0)

    def serves(self, agent_id: AgentId) -> tuple[QueueId, ...]:
        return tuple(line.queue for line, _, _ in self._served.get(agent_id, ()))

    def first_for(self, agent_id: AgentId, queue: QueueId) -> Order | None:
        """The first call of this queue that this agent may take, by skills."""
        for line, stage, _ in self._served.get(agent_id, ()):
            if line.queue == queue:
                found = line.first_for(stage)
                return None if found is None else found[0]
        return None

    def named_for(self, agent_id: AgentId) -> tuple[CallId, ...]:
        """The calls that wait for this agent alone."""
        return tuple(CallId(order[-1]) for order in self._named.get(agent_id, ()))

    def is_free(self, agent_id: AgentId) -> bool:
        return agent_id in self._free

    def person(self, agent_id: AgentId) -> Agent:
        return self._people[agent_id]

    def able(self, agent_id: AgentId) -> tuple[tuple[Line, int, int], ...]:
        """(queue, first stage, level) of each queue that the agent serves."""
        return self._served.get(agent_id, ())

    def first_named(self, agent_id: AgentId) -> tuple[Order, Line] | None:
        orders = self._named.get(agent_id)
        if not orders:
            return None
        return orders[0], self.lines[self._waits[CallId(orders[0][-1])][0]]

    def excluded(self, candidates: int, *, by_name: bool = False) -> dict[str, int]:
        """How many people are out of the question for a call with so many candidates, by the rule that excludes
        them."""
        counts: dict[str, int] = {str(why): n for why, n in self._excluded.items() if n and why is not None}
        others = len(self._free) - candidates
        if others > 0:
            counts[Exclusion.NAMED if by_name else Exclusion.SKILL] = others
        return counts


def _remove(entries: list[Entry], entry: Entry) -> None:
    """Those who leave mostly stand first."""
    del entries[0 if entries[0] == entry else bisect_left(entries, entry)]
