"""Who gets which work: the routing decision. The ordered lists that it looks at are kept in `index.py`.

The law (ARCHITECTURE.md, decision 4). An agent may take a call when the skills suffice for what its queue, and the call
itself, ask for after its wait (`skills.py`, `asking.py`); a call that waits for a named agent is served by nobody else.
Work goes by its order: class, then returned calls, then due time, then arrival; a callback that is due is work like a
call, with the key that it kept. One waiting call: the queue's strategy picks the agent (`strategies.py`). One free
agent: the smallest order among the agent's queues, the wait of each weighed by its queue; with ``level_first`` the
queue that the agent is best at, within the same class. Several of both: the smallest order first. Every rank ends in
the agent's number, so that the outcome is always the same.

Decides who; does not carry it out, and does not know why an agent is free or a call waits.
"""

from collections.abc import Iterable

import msgspec

from cti_server.core.entities import State
from cti_server.core.figures import beginning
from cti_server.core.index import Index
from cti_server.core.lines import Idle, Line, Order, order_of, order_of_callback
from cti_server.core.strategies import Rank, rank
from cti_server.core.vocabulary import AgentId, CallId, QueueId, Strategy, WorkOrder

__all__ = [
    "LEVEL_FIRST",
    "NAMED",
    "Index",
    "Match",
    "Order",
    "Weighing",
    "decide",
    "order_of",
    "order_of_callback",
    "weighed",
]

Weighed = tuple[int, int, int, int, int]
"""An order among several queues: the due time has become minus the wait times the queue's weight."""
NAMED = "named"
LEVEL_FIRST = "level_first"
BY_LEVEL = WorkOrder.LEVEL_FIRST


class Match(msgspec.Struct, frozen=True):
    """This agent gets this call or callback of this queue, by ``rule``: the strategy's name, ``named`` or
    ``level_first``.

    ``rank`` and that of the ``runner_up`` tell why this agent; ``candidates``: how many could have been chosen."""

    call: CallId
    agent: AgentId
    queue: QueueId
    rule: str = Strategy.LONGEST_IDLE
    rank: Rank = ()
    runner_up: AgentId | None = None
    runner_up_rank: Rank = ()
    candidates: int = 1


class Weighing(msgspec.Struct, frozen=True):
    """What a decision looked at, for those who ask why: first calls by line, and all candidates by rank."""

    call: CallId
    queue: QueueId
    key: Weighed
    is_chosen: bool = False
    ranks: tuple[Rank, ...] = ()


def decide(index: Index, state: State, now: int, trace: list[Weighing] | None = None) -> Match | None:
    """The next match among what changed; None: nothing more can be matched there.

    ``trace`` gets what was looked at: the first call of each line, and all candidates for the chosen one."""
    best: tuple[Weighed, Order, Line, int] | None = None
    for line in list(index.dirty):
        first = line.first_servable()
        if first is None:
            del index.dirty[line]
            continue
        key = weighed(first[0], line, now) if index.is_weighed or trace is not None else first[0]
        if trace is not None:
            trace.append(Weighing(CallId(first[0][-1]), line.queue, key))
        if best is None or key < best[0]:
            best = (key, first[0], line, first[1])
    named = _first_named(index, now, trace) if index.dirty_named else None
    if named is not None and (best is None or named[0] < weighed(best[1], best[2], now)):
        call, line, agent = CallId(named[1][-1]), named[2], named[3]
        return Match(call=call, agent=agent, queue=line.queue, rule=NAMED, rank=(agent,))
    if best is None:
        return None
    match = _pick(index, state, now, best[1], best[2], best[3], trace)
    if state.settings.work_order is BY_LEVEL:
        return _what_they_are_best_at(index, now, match, best[1])
    return match


def weighed(order: Order, line: Line, now: int) -> Weighed:
    return (order[0], order[1], (order[2] - now) * line.settings.weight, order[3], order[4])


def _first_named(index: Index, now: int, trace: list[Weighing] | None) -> tuple[Weighed, Order, Line, AgentId] | None:
    best: tuple[Weighed, Order, Line, AgentId] | None = None
    for agent in list(index.dirty_named):
        first = index.first_named(agent) if index.is_free(agent) else None
        if first is None:
            del index.dirty_named[agent]
            continue
        key = weighed(first[0], first[1], now)
        if trace is not None:
            trace.append(Weighing(CallId(first[0][-1]), first[1].queue, key))
        if best is None or key < best[0]:
            best = (key, *first, agent)
    return best


def _pick(
    index: Index, state: State, now: int, order: Order, line: Line, stage: int, trace: list[Weighing] | None
) -> Match:
    """Among the free agents that are able at this stage, the smallest rank."""
    groups = line.idle[: stage + 1]
    candidates = len(groups[0]) if stage == 0 else sum(map(len, groups))
    ranks: list[Rank]
    if line.is_in_order and trace is None:
        ranks = groups[0][:2] if len(groups) == 1 else sorted([idle for group in groups for idle in group[:2]])  # type: ignore[assignment]
    else:
        ranks = sorted(_ranks(index, state, now, line, groups))
    if trace is not None:
        trace.append(Weighing(CallId(order[-1]), line.queue, weighed(order, line, now), True, tuple(ranks)))
    second = ranks[1] if len(ranks) > 1 else None
    return Match(
        call=CallId(order[-1]),
        agent=AgentId(ranks[0][-1]),
        queue=line.queue,
        rule=line.settings.strategy,
        rank=ranks[0],
        runner_up=None if second is None else AgentId(second[-1]),
        runner_up_rank=second or (),
        candidates=candidates,
    )


def _ranks(index: Index, state: State, now: int, line: Line, groups: Iterable[list[Idle]]) -> Iterable[Rank]:
    begins = beginning(state, line.settings, now)
    for group in groups:
        for idle in group:
            agent = index.person(AgentId(idle[-1]))
            level = agent.profile.skills.get(line.queue, 0)
            yield rank(line.settings, agent, state=state, now=now, begins=begins, level=level)


def _what_they_are_best_at(index: Index, now: int, match: Match, order: Order) -> Match:
    """The same agent, and of the calls of the same class that of the queue with the agent's highest level."""
    best: tuple[int, Weighed, QueueId] | None = None
    for line, stage, level in index.able(match.agent):
        first = line.first_for(stage)
        if first is not None and first[0][:2] == order[:2]:
            found = (-level, weighed(first[0], line, now), line.queue)
            best = found if best is None or found < best else best
    if best is None or best[1][-1] == match.call:
        return match
    return msgspec.structs.replace(
        match, call=CallId(best[1][-1]), queue=best[2], rule=LEVEL_FIRST, rank=(best[0], match.agent),
        runner_up=None, runner_up_rank=(), candidates=1,
    )  # fmt: skip
