"""Why was this call offered to this person, and not to others? Answered from the journal alone.

    explain(events, call)              None: the journal does not know the call
    explain(events, call, state)       ``state``: as of before the first of these events, at the latest before the call

The events are folded to each offer of the call, and there the real ``routing.decide`` decides again with a trace: whom
it looked at, who was excluded by which rule, and the ranks. While the call waited, everybody else's non-offer is a run
of time with one reason: the first rule that held. Reading ends with the call.

Decides nothing about calls, and changes nothing; how it is said is the reader's business.
"""

from collections.abc import Collection, Iterable

import msgspec

from cti_server.core import events as e
from cti_server.core.asking import AskedBy, asked_by, language_of
from cti_server.core.availability import Exclusion, why_not_free
from cti_server.core.entities import Agent, Call, Callback, State
from cti_server.core.happenings import detail_of, parameters_of
from cti_server.core.routing import NAMED, Index, Weighing, decide
from cti_server.core.settings import QueueSettings
from cti_server.core.skills import lacking, stages
from cti_server.core.state import apply
from cti_server.core.strategies import BY_FIGURES, Rank, rings_all
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CallId,
    CallPhase,
    Extension,
    NamedBy,
    QueueId,
    ResultsWindow,
)


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """The first rule that kept a call from somebody. ``detail``: the not-ready reason, or the agent waited for and who
    named that agent (`naming.py`); ``skill``: which, how much there is of it, how much was asked for, and by whom: the
    queue, or the call itself for its caller's language (``language`` says which), for the line or by its flow."""

    rule: Exclusion
    detail: str = ""
    skill: str = ""
    has: int = 0
    asked: int = 0
    by: AskedBy | None = None
    language: str = ""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at the moment of an offer. ``reason`` None: could have been chosen, with this ``rank``."""

    agent: AgentId
    extension: Extension
    reason: Reason | None = None
    rank: Rank = ()


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """The first call of a queue at that moment, with its order among the queues."""

    call: CallId
    queue: QueueId
    key: tuple[int, ...]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One offer. ``is_reproduced``: deciding again from the journal gives the same person and call. ``window``: over
    which time the rule compared results, where it did; ``window_hours`` for the last hours. ``named_by``: who named the
    agent, where it was offered by name. ``beside``: whom the call rang at already (ring all), in the order in which
    they were asked."""

    at: int
    agent: AgentId
    queue: QueueId | None
    rule: str
    rank: Rank
    runner_up: AgentId | None
    runner_up_rank: Rank
    excluded: dict[str, int]
    settings_version: str
    waited_us: int
    is_reproduced: bool
    candidates: tuple[Candidate, ...]
    contenders: tuple[Contender, ...]
    named_by: NamedBy | None = None
    window: ResultsWindow | None = None
    window_hours: int = 0
    beside: tuple[AgentId, ...] = ()


class NonOffer(msgspec.Struct, frozen=True, kw_only=True):
    """From then until then this person was not offered the call. ``ended_by``: the event that ended it; empty: it
    lasts."""

    agent: AgentId
    extension: Extension
    from_at: int
    until_at: int
    reason: Reason
    ended_by: str


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed how the call waits: it was queued, relaxed, raised, given up by name, or it left.
    ``parameters``: the event's fields of ``happenings.TOLD``, for those who say it in other words than ``detail``."""

    at: int
    what: str
    detail: str = ""
    parameters: dict[str, str | int] = {}


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Times are engine microseconds; ``utc_offset_us`` and ``zone_s`` lead to the centre's wall clock. ``is_over``: the
    call ended; else it is told up to ``read_to``."""

    call: CallId
    utc_offset_us: int
    zone_s: int
    turns: tuple[Turn, ...]
    decisions: tuple[Decision, ...]
    non_offers: tuple[NonOffer, ...]
    is_over: bool = False
    read_to: int = 0


def explain(events: Iterable[e.Event], call: CallId, state: State | None = None) -> Explanation | None:
    """``call``: the number of a call, or of a callback."""
    return _Reading(call, State() if state is None else state).read(events)


def reason_of(state: State, call: Call | Callback, agent: Agent) -> Reason | None:
    """The first rule that keeps this work, which waits or rings at others, from this person now; None: it may be
    offered."""
    if agent.agent in _rings_at(call):
        return Reason(rule=Exclusion.RUNG)
    rule = why_not_free(agent)
    if rule is not None:
        return Reason(rule=rule, detail=agent.reason if rule is Exclusion.NOT_READY else "")
    if call.named is not None:
        named_by = _named_by(call)
        by = "" if named_by is None else f", {named_by}"
        return None if call.named == agent.agent else Reason(rule=Exclusion.NAMED, detail=f"{call.named}{by}")
    settings = _queue(state, call.queue)
    if settings is None:
        return Reason(rule=Exclusion.SKILL, skill=str(call.queue))
    wanted = stages(settings, call.asks)
    found = lacking(agent.profile.skills, wanted[min(call.stage, len(wanted) - 1)])
    if found is None:
        return Reason(rule=Exclusion.FULL) if len(_rings_at(call)) >= settings.ring_all_max else None
    skill, has, level = found
    by, language = AskedBy.QUEUE, ""
    if level > stages(settings)[0].get(skill, 0):
        by = AskedBy.CALL if isinstance(call, Callback) else asked_by(state.settings, call, skill, level)
    if by is AskedBy.LANGUAGE and isinstance(call, Call):
        language = language_of(call)
    return Reason(rule=Exclusion.SKILL, skill=skill, has=has, asked=level, by=by, language=language)


def _named_by(work: Call | Callback) -> NamedBy | None:
    """Who named the agent; for a callback it is always the promise."""
    return work.named_by if isinstance(work, Call) else None


def _rings_at(work: Call | Callback) -> Collection[AgentId]:
    return work.parties if isinstance(work, Call) else ()


def decision(state: State, event: e.Delivered) -> Decision:
    """``state``: as it was just before the offer."""
    trace: list[Weighing] = []
    index = Index(state.settings.queues, state.agents.values(), state.calls.values(), state.callbacks.values())
    match = decide(index, state, event.at, trace)
    ranks = {rank[-1]: rank for weighing in trace if weighing.is_chosen for rank in weighing.ranks}
    call: Call | Callback
    if isinstance(event, e.CallbackDelivered):
        number, call = int(event.callback), state.callbacks[event.callback]
    else:
        number, call = int(event.call), state.calls[event.call]
    settings = _queue(state, event.queue) if event.rule in BY_FIGURES else None
    window = None if settings is None else settings.results_window
    return Decision(
        at=event.at,
        agent=event.agent,
        queue=event.queue,
        rule=event.rule,
        rank=event.rank,
        runner_up=event.runner_up,
        runner_up_rank=event.runner_up_rank,
        excluded=event.excluded,
        settings_version=event.settings_version,
        waited_us=event.waited_us,
        is_reproduced=match is not None and (match.call, match.agent) == (number, event.agent),
        candidates=tuple(
            Candidate(
                agent=agent.agent,
                extension=agent.profile.extension,
                reason=reason_of(state, call, agent),
                rank=ranks.get(agent.agent, ()),
            )
            for agent in sorted(state.agents.values(), key=lambda agent: agent.agent)
        ),
        contenders=tuple(
            Contender(call=weighing.call, queue=weighing.queue, key=weighing.key)
            for weighing in sorted(trace, key=lambda weighing: weighing.key)
            if not weighing.is_chosen
        ),
        named_by=_named_by(call) if event.rule == NAMED else None,
        window=window,
        window_hours=settings.results_hours if settings is not None and window is ResultsWindow.HOURS else 0,
        beside=tuple(_rings_at(call)),
    )


class _Reading:
    """One pass over the journal for one call, or for one callback."""

    def __init__(self, call: CallId, state: State) -> None:
        self.call = call
        self.state = state
        self.turns: list[Turn] = []
        self.decisions: list[Decision] = []
        self.non_offers: list[NonOffer] = []
        self._open: dict[AgentId, tuple[int, Reason]] = {}
        self._looked_at: dict[AgentId, tuple[object, ...]] = {}
        self._is_known = False
        self._is_over = False

    def read(self, events: Iterable[e.Event]) -> Explanation | None:
        for event in events:
            is_own = self.call in (getattr(event, "call", None), getattr(event, "callback", None))
            if is_own and isinstance(event, e.Delivered) and self._is_followed(event):
                self.decisions.append(decision(self.state, event))
            apply(self.state, event)
            self._is_known = self._is_known or is_own
            if is_own:
                self._turn(event)
            if self._is_known:
                self._compare(event, is_own=is_own or isinstance(event, e.SettingsLoaded | e.AgentsEnrolled))
            if is_own and self._ends(event):
                self._is_over = True
                break
        if not self._is_known:
            return None
        self.non_offers += [_lasting(self.state, agent, run) for agent, run in self._open.items()]
        return Explanation(
            call=self.call,
            utc_offset_us=self.state.clock_offset_us,
            zone_s=self.state.settings.time_zone_offset_s,
            turns=tuple(self.turns),
            decisions=tuple(self.decisions),
            non_offers=tuple(sorted(self.non_offers, key=lambda found: (found.from_at, found.agent))),
            is_over=self._is_over,
            read_to=self.state.last_at,
        )

    def _ends(self, event: e.Event) -> bool:
        """A callback's own end, or the call's: not that of a call which a callback was asked for in, or led to."""
        if isinstance(event, e.CallbackDone | e.CallbackExhausted | e.CallbackCancelled | e.CallbackSettled):
            return int(event.callback) == self.call
        return isinstance(event, e.CallCleared) and event.call == self.call

    def _is_followed(self, event: e.Delivered) -> bool:
        """What was delivered is known: the journal may begin later."""
        if isinstance(event, e.CallbackDelivered):
            return event.callback in self.state.callbacks
        return event.call in self.state.calls

    def _turn(self, event: e.Event) -> None:
        detail = detail_of(event)
        if detail is not None:
            parameters = parameters_of(event)
            self.turns.append(Turn(at=event.at, what=type(event).__name__, detail=detail, parameters=parameters))

    def _compare(self, event: e.Event, *, is_own: bool) -> None:
        """Everybody's reason after this event; where it is another one, a run of time ends. What is not the call's own
        can only change a person's reason by changing the person."""
        call = self.state.calls.get(self.call) or self.state.callbacks.get(CallbackId(self.call))
        asks = call is not None and _asks_for_somebody(self.state, call)
        if not asks and not self._open:
            return
        for agent in self.state.agents.values():
            condition = (agent.mode, agent.occupation, agent.reason, agent.is_available, agent.profile)
            if not is_own and self._looked_at.get(agent.agent) == condition:
                continue
            self._looked_at[agent.agent] = condition
            reason = None
            if call is not None and asks and agent.agent not in _rings_at(call):
                reason = reason_of(self.state, call, agent) or Reason(rule=Exclusion.ORDER)
            before = self._open.get(agent.agent)
            if before is not None and before[1] == reason:
                continue
            if before is not None:
                del self._open[agent.agent]
                if before[0] < event.at:
                    self.non_offers.append(_run(agent, before, event))
            if reason is not None:
                self._open[agent.agent] = (event.at, reason)


def _run(agent: Agent, before: tuple[int, Reason], event: e.Event) -> NonOffer:
    return NonOffer(
        agent=agent.agent,
        extension=agent.profile.extension,
        from_at=before[0],
        until_at=event.at,
        reason=before[1],
        ended_by=type(event).__name__,
    )


def _lasting(state: State, agent_id: AgentId, run: tuple[int, Reason]) -> NonOffer:
    agent = state.agents.get(agent_id)
    return NonOffer(
        agent=agent_id,
        extension=agent.profile.extension if agent is not None else Extension(""),
        from_at=run[0],
        until_at=state.last_at,
        reason=run[1],
        ended_by="",
    )


def _asks_for_somebody(state: State, call: Call | Callback) -> bool:
    """It waits, or it rings at some and could at more."""
    if isinstance(call, Callback):
        return call.queued
    if call.phase is CallPhase.QUEUED:
        return True
    settings = _queue(state, call.queue)
    return settings is not None and rings_all(call, settings)


def _queue(state: State, queue: QueueId | None) -> QueueSettings | None:
    return next((settings for settings in state.settings.queues if settings.queue == queue), None)
