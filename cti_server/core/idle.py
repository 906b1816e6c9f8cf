"""When was somebody free while callers waited, and which rule kept them apart? A day's runs of time, event by event.

    runs = IdleRuns(state)
    for event in events:
        apply(state, event)
        runs.follow(event)

A run is a stretch of time in which one person was Ready and free, at least one call waited, and the same rule kept the
person from it. Which call is looked at: the first of the queues that the person serves, else the first of all; when
that call goes and the same rule keeps the next one, the run goes on (``calls`` counts them). What lasts no time at all
(a call that is queued and offered in one step) is no run.

The rules themselves are those of `explain.py`; what is done about a run is nobody's business here.
"""

from dataclasses import dataclass

import msgspec

from cti_server.core import events as e
from cti_server.core.availability import Exclusion, why_not_free
from cti_server.core.entities import Agent, Call, State
from cti_server.core.explain import Reason, reason_of
from cti_server.core.lines import Order, order_of
from cti_server.core.skills import first_stage, stages
from cti_server.core.vocabulary import AgentId, CallId, CallPhase, QueueId

RUNS_MAX = 2_000
"""Of one person and day; of a person with more the earliest are forgotten (and ``forgotten`` counts them)."""


class IdleRun(msgspec.Struct, frozen=True, kw_only=True):
    """``call``: the first that waited; ``calls``: how many did, one after the other. ``ended_by``: an event's name;
    empty: it lasts, and ``until_at`` is when it was last looked at. Times are engine microseconds."""

    agent: AgentId
    from_at: int
    until_at: int
    call: CallId
    queue: QueueId
    calls: int
    reason: Reason
    ended_by: str = ""


@dataclass(slots=True)
class _Open:
    """A run that lasts."""

    from_at: int
    first: CallId
    queue: QueueId
    current: CallId
    calls: int
    reason: Reason


class IdleRuns:
    """Follows a state: call ``follow`` after each event was applied to it."""

    def __init__(self, state: State) -> None:
        self.forgotten: dict[AgentId, int] = {}
        self._state = state
        self._waiting: dict[QueueId, dict[CallId, Order]] = {}
        self._heads: dict[QueueId, Order] = {}
        self._where: dict[CallId, QueueId] = {}
        self._serves: dict[AgentId, frozenset[QueueId]] = {}
        self._free: dict[AgentId, None] = {}
        self._open: dict[AgentId, _Open] = {}
        self._ended: dict[AgentId, list[IdleRun]] = {}
        self._begin(state.last_at, "")

    def follow(self, event: e.Event) -> None:
        if isinstance(event, e.SettingsLoaded | e.AgentsEnrolled):
            self._begin(event.at, type(event).__name__)
            return
        call, agent = getattr(event, "call", None), getattr(event, "agent", None)
        has_moved = call is not None and self._sync_call(call)
        if agent is not None:
            self._sync_agent(agent)
        if has_moved:
            for one in list(self._free):
                self._look_at(one, event.at, type(event).__name__)
        if agent is not None and (not has_moved or agent not in self._free):
            self._look_at(agent, event.at, type(event).__name__)

    def of(self, agent: AgentId) -> tuple[IdleRun, ...]:
        """In order of time, the one that lasts as the last of them."""
        ended = tuple(self._ended.get(agent, ()))
        lasting = self._open.get(agent)
        if lasting is None or lasting.from_at >= self._state.last_at:
            return ended
        return (*ended, _run(agent, lasting, self._state.last_at, ""))

    # --- following ---------------------------------------------------------------------------------------------------

    def _begin(self, at: int, why: str) -> None:
        """Look at everything anew: other rules hold, or other people are there."""
        state = self._state
        asked = [(settings.queue, stages(settings)) for settings in state.settings.queues]
        self._serves = {
            agent.agent: frozenset(
                queue for queue, levels in asked if first_stage(agent.profile.skills, levels) is not None
            )
            for agent in state.agents.values()
        }
        for call in list({**self._where, **state.calls}):
            self._sync_call(call)
        for agent_id in list({**self._open, **state.agents}):
            self._sync_agent(agent_id)
            self._look_at(agent_id, at, why)

    def _sync_call(self, call_id: CallId) -> bool:
        """True: another call stands first in a queue."""
        call = self._state.calls.get(call_id)
        waits = call is not None and call.phase is CallPhase.QUEUED and call.key is not None
        before, now = self._where.pop(call_id, None), call.queue if call is not None and waits else None
        if before is not None:
            del self._waiting[before][call_id]
        if call is not None and now is not None:
            self._where[call_id] = now
            self._waiting.setdefault(now, {})[call_id] = order_of(call)
        # A call that stands first and asks for less now is another call to those who wait for one.
        has_moved = now is not None and self._heads.get(now, (0,))[-1] == call_id
        for queue in {before: None, now: None}:
            if queue is not None:
                has_moved = self._find_head(queue) or has_moved
        return has_moved

    def _find_head(self, queue: QueueId) -> bool:
        head = min(self._waiting[queue].values(), default=None)
        if head == self._heads.get(queue):
            return False
        if head is None:
            del self._heads[queue]
        else:
            self._heads[queue] = head
        return True

    def _sync_agent(self, agent_id: AgentId) -> None:
        agent = self._state.agents.get(agent_id)
        if agent is not None and why_not_free(agent) is None:
            self._free[agent_id] = None
        else:
            self._free.pop(agent_id, None)

    def _look_at(self, agent_id: AgentId, at: int, why: str) -> None:
        agent = self._state.agents.get(agent_id)
        call = None
        if agent is not None and agent_id in self._free and why_not_free(agent) is None:
            call = self._first_for(agent)
        before = self._open.get(agent_id)
        reason = None
        if agent is not None and call is not None:
            reason = reason_of(self._state, call, agent) or Reason(rule=Exclusion.ORDER)
        if before is not None and before.reason == reason and call is not None:
            before.calls += before.current != call.call
            before.current = call.call
            return
        if before is not None:
            del self._open[agent_id]
            if before.from_at < at:
                self._end(_run(agent_id, before, at, why))
        if reason is not None and call is not None:
            queue = call.queue or QueueId("")
            self._open[agent_id] = _Open(at, call.call, queue, call.call, 1, reason)

    def _first_for(self, agent: Agent) -> Call | None:
        """The first call of the person's own queues, else the first of all."""
        serves = self._serves.get(agent.agent, frozenset())
        found = min(((queue not in serves, order) for queue, order in self._heads.items()), default=None)
        return None if found is None else self._state.calls.get(CallId(found[1][-1]))

    def _end(self, run: IdleRun) -> None:
        runs = self._ended.setdefault(run.agent, [])
        runs.append(run)
        if len(runs) > RUNS_MAX:
            del runs[0]
            self.forgotten[run.agent] = self.forgotten.get(run.agent, 0) + 1


def _run(agent: AgentId, lasting: _Open, until_at: int, ended_by: str) -> IdleRun:
    return IdleRun(
        agent=agent,
        from_at=lasting.from_at,
        until_at=until_at,
        call=lasting.first,
        queue=lasting.queue,
        calls=lasting.calls,
        reason=lasting.reason,
        ended_by=ended_by,
    )
