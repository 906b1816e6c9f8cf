"""Who gets which work: the routing decision, and the ordered lists that it looks at.

The law (ARCHITECTURE.md, decision 4): an agent serves a queue when the level of the skill named like the queue meets
the queue's minimum. Work goes by its order: class, then returned calls, then due time, then arrival. One waiting
call: the queue's strategy picks the agent (today: longest idle). One free agent: the smallest order among the agent's
queues. Several of both: the smallest order first. Ties of idle time go to the smaller agent number, so that the
outcome is always the same.

Decides who; does not carry it out, and does not know why an agent is free or a call waits.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from cti_server.core.entities import Agent, Call
from cti_server.core.settings import QueueSettings
from cti_server.core.vocabulary import AgentId, AgentMode, CallId, CallPhase, QueueId

Order = tuple[int, int, int, int, int]
"""(class, 0 when returned else 1, due_at, sequence, call): smaller goes first."""
Idle = tuple[int, int]
"""(idle_since, agent): smaller has been idle for longer."""
Entry = TypeVar("Entry", Order, Idle)


class Match(msgspec.Struct, frozen=True):
    """This agent gets this call of this queue."""

    call: CallId
    agent: AgentId
    queue: QueueId


def order_of(call: Call) -> Order:
    assert call.key is not None
    return (call.key.rank, 0 if call.returned else 1, call.key.due_at, call.key.sequence, call.call)


class Index:
    """For each queue: who waits, in order, and who could take a call, longest idle first.

    It follows the state (`sync_call`, `sync_agent`) and can be rebuilt from it at any time.
    """

    __slots__ = ("_free", "_idle", "_logged_on", "_serves", "_waiting", "_waits", "dirty")

    def __init__(self, queues: Iterable[QueueSettings], agents: Iterable[Agent], calls: Iterable[Call]) -> None:
        minimum = {settings.queue: settings.minimum_level for settings in queues}
        self._waiting: dict[QueueId, list[Order]] = {queue: [] for queue in minimum}
        self._idle: dict[QueueId, list[Idle]] = {queue: [] for queue in minimum}
        self._waits: dict[CallId, tuple[QueueId, Order]] = {}
        self._free: dict[AgentId, Idle] = {}
        self._serves: dict[AgentId, tuple[QueueId, ...]] = {}
        self._logged_on: dict[AgentId, None] = {}
        self.dirty: dict[QueueId, None] = {}
        """Queues where a match may have become possible since they were last looked at."""
        for agent in agents:
            skills = agent.profile.skills
            self._serves[agent.agent] = tuple(q for q, level in minimum.items() if skills.get(q, -1) >= level)
            self.sync_agent(agent.agent, agent)
        for call in calls:
            self.sync_call(call.call, call)

    def sync_call(self, call_id: CallId, call: Call | None) -> None:
        waits = call is not None and call.phase is CallPhase.QUEUED and call.key is not None
        entry = (call.queue, order_of(call)) if waits and call is not None and call.queue is not None else None
        before = self._waits.get(call_id)
        if before == entry:
            return
        if before is not None:
            _remove(self._waiting[before[0]], before[1])
            del self._waits[call_id]
        if entry is not None:
            insort(self._waiting.setdefault(entry[0], []), entry[1])
            self._waits[call_id] = entry
            self.dirty[entry[0]] = None

    def sync_agent(self, agent_id: AgentId, agent: Agent | None) -> None:
        if agent is not None and agent.mode is not AgentMode.LOGGED_OFF:
            self._logged_on[agent_id] = None
        else:
            self._logged_on.pop(agent_id, None)
        entry = (agent.idle_since, agent.agent) if agent is not None and agent.is_available else None
        before = self._free.get(agent_id)
        if before == entry:
            return
        serves = self._serves.get(agent_id, ())
        if before is not None:
            for queue in serves:
                _remove(self._idle[queue], before)
            del self._free[agent_id]
        if entry is not None:
            for queue in serves:
                insort(self._idle[queue], entry)
                self.dirty[queue] = None
            self._free[agent_id] = entry

    def position(self, call_id: CallId) -> int:
        """The place in the queue, 1 = next; 0: does not wait."""
        entry = self._waits.get(call_id)
        return 0 if entry is None else bisect_left(self._waiting[entry[0]], entry[1]) + 1

    def waiting(self, queue: QueueId) -> int:
        return len(self._waiting.get(queue, ()))

    def idle(self, queue: QueueId) -> int:
        return len(self._idle.get(queue, ()))

    def logged_on(self, queue: QueueId) -> int:
        """How many people who serve this queue are there at all."""
        return sum(queue in self._serves.get(agent_id, ()) for agent_id in self._logged_on)

    def serves(self, agent_id: AgentId) -> tuple[QueueId, ...]:
        return self._serves.get(agent_id, ())

    def first_waiting(self, queue: QueueId) -> Order | None:
        waiting = self._waiting.get(queue)
        return waiting[0] if waiting else None

    def longest_idle(self, queue: QueueId) -> AgentId | None:
        idle = self._idle.get(queue)
        return AgentId(idle[0][1]) if idle else None


def decide(index: Index) -> Match | None:
    """The next match among the queues that changed; None: nothing more can be matched there."""
    best: tuple[Order, QueueId] | None = None
    for queue in list(index.dirty):
        first = index.first_waiting(queue)
        if first is None or index.longest_idle(queue) is None:
            del index.dirty[queue]
        elif best is None or first < best[0]:
            best = (first, queue)
    if best is None:
        return None
    agent = index.longest_idle(best[1])
    assert agent is not None
    return Match(call=CallId(best[0][-1]), agent=agent, queue=best[1])


def _remove(entries: list[Entry], entry: Entry) -> None:
    del entries[bisect_left(entries, entry)]
