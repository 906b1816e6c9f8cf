"""The ordered lists that routing looks at: who waits in each queue, and who is free to take a call.

They follow the state (`sync_call`, `sync_callback`, `sync_agent`) and can be rebuilt from it at any time. What waits is
work: a call, or a callback that is due (`callback_turns.py`); one counter gives both their numbers. Work of one queue
that asks for the same skills of its own (`asking.py`; most asks for none) is a *line*: it stands by the stage of its
wait, the line's free agents by the first stage at which they serve (`skills.py`), so that each stands in one list of a
line, and the longest idle is found without looking at everybody. A queue's lines are one queue to those who wait in it:
places and counts are over all of them. A call that rings at everybody keeps its place for as long as it may ring at
more people; places and counts leave it out.

Decides nothing: who gets which call is decided in `routing.py`.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import TypeVar

from cti_server.core.availability import Exclusion, why_not_free
from cti_server.core.entities import Agent, Call, Callback
from cti_server.core.lines import Idle, Line, Order, Person, Served, Waits, order_of, order_of_callback
from cti_server.core.settings import QueueSettings
from cti_server.core.skills import NOTHING, Levels, first_stage
from cti_server.core.strategies import rings_all
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    CallbackId,
    CallbackState,
    CallId,
    CallPhase,
    QueueId,
)

Entry = TypeVar("Entry", Order, Idle)
Asks = tuple[tuple[str, int], ...]
"""(skill, level) that the call asks for by itself, in the order of their names."""
# Looked at on every step (see `deadlines.py`).
LOGGED_OFF, READY, QUEUED = AgentMode.LOGGED_OFF, AgentMode.READY, CallPhase.QUEUED
ASKING_LINES_MAX = 64
"""So many lines of callers who ask for skills of their own are kept; beyond, those where nobody waits are dropped."""


class Index:
    """For each queue: who waits, in order, and who could take a call.

    It follows the state (`sync_call`, `sync_agent`) and can be rebuilt from it at any time.
    """

    __slots__ = (
        *("_asking", "_callbacks", "_excluded", "_named", "_people", "_waits"),
        *("dirty", "dirty_named", "is_weighed", "lines", "unsure"),
    )

    def __init__(
        self,
        queues: Iterable[QueueSettings],
        agents: Iterable[Agent],
        calls: Iterable[Call],
        callbacks: Iterable[Callback] = (),
    ) -> None:
        self.lines: dict[QueueId, Line] = {settings.queue: Line(settings) for settings in queues}
        """Of those who ask for nothing but what the queue asks for."""
        self._asking: dict[QueueId, dict[Asks, Line]] = {}
        """Of those who ask for more: made when somebody does."""
        self.is_weighed = any(line.settings.weight != 1 for line in self.lines.values())
        self._waits: dict[int, Waits] = {}
        """By number, calls and callbacks alike."""
        self._callbacks: dict[QueueId, int] = {}
        """How many of those who wait in a queue are callbacks."""
        self._people: dict[AgentId, Person] = {}
        self._named: dict[AgentId, list[Order]] = {}
        self._excluded: dict[Exclusion | None, int] = {None: 0, **dict.fromkeys(Exclusion, 0)}
        """How many people are not free, by the reason; None: how many are."""
        self.dirty: dict[Line, None] = {}
        """Lines where a match may have become possible since they were last looked at."""
        self.dirty_named: dict[AgentId, None] = {}
        self.unsure: dict[CallId, None] = {}
        """Callers of such lines who came, or whose line somebody came to or left, since they were last looked at."""
        for agent in agents:
            found = [_served_by(agent, line) for line in self.lines.values()]
            self._known(agent).serve(served for served in found if served is not None)
            self.sync_agent(agent.agent, agent)
        for call in calls:
            self.sync_call(call.call, call)
        for callback in callbacks:
            self.sync_callback(callback.callback, callback)

    # --- lines -------------------------------------------------------------------------------------------------------

    def line_for(self, queue: QueueId, asks: Levels = NOTHING) -> Line:
        """The line of those who ask for this, besides what the queue asks for."""
        if not asks:
            line = self.lines.get(queue)
            if line is None:
                line = self.lines[queue] = Line(QueueSettings(queue=queue, title={}))
            return line
        key = tuple(sorted(asks.items()))
        found = self._asking.get(queue, {}).get(key)
        return self._asking_line(queue, key) if found is None else found

    def _asking_line(self, queue: QueueId, asks: Asks) -> Line:
        """A new one; those who are there take their places in it."""
        if sum(map(len, self._asking.values())) >= ASKING_LINES_MAX:
            self._drop_empty_lines()
        line = self._asking.setdefault(queue, {})[asks] = Line(self.line_for(queue).settings, dict(asks))
        for person in self._people.values():
            served = _served_by(person.agent, line)
            if served is None:
                continue
            person.serve((*person.served, served))
            line.logged_on += person.mode is not LOGGED_OFF
            line.at_work += person.mode is READY
            if person.idle_since is not None:
                _, idle, fixed = person.places[-1]
                insort(idle, fixed or (person.idle_since, person.agent.agent))
        return line

    def _drop_empty_lines(self) -> None:
        for queue, asking in self._asking.items():
            self._asking[queue] = {asks: line for asks, line in asking.items() if not line.is_empty()}
        for person in self._people.values():
            person.serve(each for each in person.served if not each[0].asks or not each[0].is_empty())
        self.dirty = {line: None for line in self.dirty if not line.asks or not line.is_empty()}

    def _lines_of(self, queue: QueueId) -> Iterable[Line]:
        if queue in self.lines:
            yield self.lines[queue]
        yield from self._asking.get(queue, {}).values()

    # --- following the state -----------------------------------------------------------------------------------------

    def sync_call(self, call_id: CallId, call: Call | None) -> None:
        entry = None
        if call is not None and call.key is not None and call.queue is not None:
            if call.phase is QUEUED:
                line = None if call.asks else self.lines.get(call.queue)
                entry = (line or self.line_for(call.queue, call.asks), call.stage, call.named, order_of(call), False)
            elif call.parties and self._may_ring_at_more(call, call.queue):
                entry = (self.line_for(call.queue, call.asks), call.stage, None, order_of(call), True)
        before = self._waits.get(call_id)
        if before == entry:
            return
        self._follow(call_id, before, entry)
        if call is None or entry is None or entry[2] is not None:
            return
        if entry[0].must_be_attended or call.unattended is not None:
            self.unsure[call_id] = None

    def sync_callback(self, callback_id: CallbackId, callback: Callback | None) -> None:
        entry = None
        is_waiting = callback is not None and callback.state is CallbackState.WAITING and callback.queued
        if callback is not None and callback.queue is not None and is_waiting:
            line = self.line_for(callback.queue, callback.asks)
            entry = (line, callback.stage, callback.named, order_of_callback(callback), False)
        before = self._waits.get(callback_id)
        if before == entry:
            return
        for place, change in ((before, -1), (entry, 1)):
            if place is not None:
                self._callbacks[place[0].queue] = self.callbacks(place[0].queue) + change
        self._follow(callback_id, before, entry)

    def _follow(self, work: int, before: Waits | None, entry: Waits | None) -> None:
        if before is not None:
            for entries in self._entries(before):
                _remove(entries, before[3])
            del self._waits[work]
        if entry is not None:
            for entries in self._entries(entry):
                insort(entries, entry[3])
            self._waits[work] = entry
            if entry[2] is None:
                self.dirty[entry[0]] = None
            else:
                self.dirty_named[entry[2]] = None

    def _may_ring_at_more(self, call: Call, queue: QueueId) -> bool:
        line = self.lines.get(queue)
        return line is not None and rings_all(call, line.settings) and len(call.parties) < line.settings.ring_all_max

    def _entries(self, entry: Waits) -> tuple[list[Order], ...]:
        line, stage, named, _, is_ringing = entry
        if named is not None:
            return line.named, self._named.setdefault(named, [])
        waiting = line.waiting[stage] if stage < len(line.waiting) else line.waiting[-1]
        return (waiting, line.ringing) if is_ringing else (waiting,)

    def sync_agent(self, agent_id: AgentId, agent: Agent | None) -> None:
        """``agent`` None: nobody of that number is left. Who was not there when this was built serves nothing."""
        person = self._people.get(agent_id)
        if agent is None:
            if person is not None:
                self._follow_person(person, LOGGED_OFF, Exclusion.LOGGED_OFF, None)
                self._excluded[Exclusion.LOGGED_OFF] -= 1
                del self._people[agent_id]
            return
        why = why_not_free(agent)
        self._follow_person(person or self._known(agent), agent.mode, why, agent.idle_since if why is None else None)

    def _known(self, agent: Agent) -> Person:
        person = self._people[agent.agent] = Person(agent)
        self._excluded[person.why] += 1
        return person

    def _follow_person(self, person: Person, mode: AgentMode, why: Exclusion | None, idle_since: int | None) -> None:
        if person.mode is not mode:
            self._count(person, mode)
        if person.why is not why:
            self._excluded[person.why] -= 1
            self._excluded[why] += 1
            person.why = why
        if person.idle_since != idle_since:
            if person.idle_since is not None:
                self._leave(person, person.idle_since)
            person.idle_since = idle_since
            if idle_since is not None:
                self._stand(person, idle_since)

    def _count(self, person: Person, mode: AgentMode) -> None:
        is_on = (mode is not LOGGED_OFF) - (person.mode is not LOGGED_OFF)
        is_at_work = (mode is READY) - (person.mode is READY)
        for line, _, _ in person.served:
            line.logged_on += is_on
            line.at_work += is_at_work
            if line.must_be_attended:
                self.unsure.update((CallId(order[-1]), None) for order in line.all())
        person.mode = mode

    def _stand(self, person: Person, idle_since: int) -> None:
        agent_id, dirty = person.agent.agent, self.dirty
        if agent_id in self._named:
            self.dirty_named[agent_id] = None
        entry = (idle_since, agent_id)
        for line, idle, fixed in person.places:
            insort(idle, fixed or entry)
            dirty[line] = None

    def _leave(self, person: Person, idle_since: int) -> None:
        entry = (idle_since, person.agent.agent)
        for line, idle, fixed in person.places:
            if len(idle) > 1:
                _remove(idle, fixed or entry)
            else:
                idle.clear()
                if len(line.idle) == 1:
                    self.dirty.pop(line, None)

    # --- what may be asked -------------------------------------------------------------------------------------------

    def position(self, call_id: CallId) -> int:
        """The place in the queue, 1 = next; 0: does not wait."""
        entry = self._waits.get(call_id)
        if entry is None or entry[4]:
            return 0
        return 1 + sum(line.before(entry[3]) for line in self._lines_of(entry[0].queue))

    def place_of(self, queue: QueueId, order: Order) -> int:
        """The place of somebody who stands, or would enter, with this order."""
        return 1 + sum(line.before(order) for line in self._lines_of(queue))

    def work(self, queue: QueueId) -> int:
        """How much waits: callers and callbacks."""
        return sum(line.size() for line in self._lines_of(queue))

    def callbacks(self, queue: QueueId) -> int:
        return self._callbacks.get(queue, 0)

    def waiting(self, queue: QueueId) -> int:
        """How many callers wait with the telephone at their ear."""
        return self.work(queue) - self.callbacks(queue)

    def idle(self, queue: QueueId, asks: Levels = NOTHING) -> int:
        """How many people could take a call of this queue, who asks for this besides, at its last stage now."""
        return sum(map(len, self.line_for(queue, asks).idle))

    def logged_on(self, queue: QueueId, asks: Levels = NOTHING) -> int:
        """How many people who serve those who ask for this are there at all."""
        return self.line_for(queue, asks).logged_on

    def staff(self, queue: QueueId, asks: Levels = NOTHING) -> int:
        """How many who serve them are at work: Ready, free or not."""
        return self.line_for(queue, asks).at_work

    def serves(self, agent_id: AgentId) -> tuple[QueueId, ...]:
        return tuple(line.queue for line, _, _ in self.able(agent_id) if not line.asks)

    def first_for(self, agent_id: AgentId, queue: QueueId) -> Order | None:
        """The first work of this queue that this agent may take, by skills."""
        best: Order | None = None
        for line, stage, _ in self.able(agent_id):
            if line.queue == queue:
                found = line.first_for(stage)
                if found is not None and (best is None or found[0] < best):
                    best = found[0]
        return best

    def named_for(self, agent_id: AgentId) -> tuple[int, ...]:
        """The calls and callbacks that wait for this agent alone."""
        orders = self._named.get(agent_id)
        return tuple(order[-1] for order in orders) if orders else ()

    def is_free(self, agent_id: AgentId) -> bool:
        person = self._people.get(agent_id)
        return person is not None and person.why is None

    def person(self, agent_id: AgentId) -> Agent:
        return self._people[agent_id].agent

    def able(self, agent_id: AgentId) -> tuple[Served, ...]:
        """What the agent serves."""
        person = self._people.get(agent_id)
        return () if person is None else person.served

    def first_named(self, agent_id: AgentId) -> tuple[Order, Line] | None:
        orders = self._named.get(agent_id)
        if not orders:
            return None
        return orders[0], self._waits[orders[0][-1]][0]

    def excluded(self, candidates: int, *, by_name: bool = False, rung: int = 0) -> dict[str, int]:
        """How many people are out of the question for a call with so many candidates, by the rule that excludes
        them. ``rung``: of those who are occupied, so many by this call itself."""
        counts: dict[str, int] = {str(why): n for why, n in self._excluded.items() if n and why is not None}
        others = self._excluded[None] - candidates
        if others > 0:
            counts[Exclusion.NAMED if by_name else Exclusion.SKILL] = others
        if rung:
            counts[Exclusion.RUNG] = rung
            counts[Exclusion.OCCUPIED] -= rung
            counts = {why: n for why, n in counts.items() if n > 0}
        return counts


def _served_by(agent: Agent, line: Line) -> Served | None:
    """None: the agent does not serve it at any stage."""
    stage = first_stage(agent.profile.skills, line.stages)
    return None if stage is None else (line, stage, agent.profile.skills.get(line.queue, 0))


def _remove(entries: list[Entry], entry: Entry) -> None:
    """Those who leave mostly stand first."""
    del entries[0 if entries[0] == entry else bisect_left(entries, entry)]
