"""The real Centre on virtual time with nothing in between: calls go straight into queues, phones answer at once.

    outcomes = Driver(settings=settings, agents=agents, flows=flows).run(calls)

Effects are answered by signals of the same moment, so a wait is the routing's alone. It decides nothing about calls:
which agent gets which call, and when, is the Centre's business (`cti_server/core`), as in production. Engine, journal,
network and desktops are left out here; `world.py` has them. Callers may ask in their queue's flow to be called back,
and hang up: the Centre dials them in their turn, and their phone is answered after a while, or not. At one moment:
deadlines, then shifts that begin, then ends of calls, then phones of customers, then callers who hang up or ask, then
callers who arrive, then shifts that end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any

from cti_server.core.centre import Centre
from cti_server.core.effects import (
    AnswerLeg,
    ConnectLegs,
    Effect,
    LookUpCustomer,
    PlaceLeg,
    PlayPrompts,
    ReleaseLeg,
    ToNumber,
)
from cti_server.core.errors import Refused
from cti_server.core.inputs import (
    Candidate,
    CompleteAfterCallWork,
    CustomersFound,
    DigitPressed,
    DisposeCall,
    EnrolAgents,
    Input,
    LegAnswered,
    LegCleared,
    LegFailed,
    LegOffered,
    LoadSettings,
    LogOff,
    LogOn,
    PhoneRegistered,
    PlayFinished,
    SetNotReady,
    SetReady,
    Tick,
)
from cti_server.core.settings import AgentProfile, CentreSettings
from cti_server.core.state import State
from cti_server.core.vocabulary import (
    SWITCH_LEG_BIT,
    AgentId,
    CallId,
    ClearingCause,
    CustomerRef,
    LegId,
    PersonalRef,
    Secret,
)
from cti_server.sim.distributions import ENDLESS_US
from ivr.model import FlowSet

SHIFT_BEGINS, TALK_ENDS, WORK_ENDS, DIALLED, HANGS_UP, ASKS, ARRIVES, SHIFT_ENDS = range(8)
UNKNOWN, ANSWERED, ABANDONED, REFUSED, ASKED, EXHAUSTED = range(6)
"""What became of a call. REFUSED: the centre let it go (queue full, waited for the longest allowed, nobody there).
ASKED: is to be called back; then ANSWERED, when the customer is reached, or EXHAUSTED after the last attempt."""
ASK_KEY, CONFIRM_KEY = "2", "1"
"""In the queue, and at the question that follows (`day.py` has the flow)."""
NOBODY = 0
NUMBERS_FROM = 20_000_000_000
"""Callers' telephone numbers, where anybody asks for them: their place among all calls added to it."""
SHIFT_OVER = "shift_over"
PROGRESS_EVERY = 2_000
DRAIN_DAYS_MAX = 7
OPENS_AT_US = 1_759_968_000_000_000
"""Thursday, 9 October 2025, 09:00 in Seoul."""
DAY_US = 86_400_000_000

Progress = Callable[[int, int], None]
"""(calls that have arrived, calls in all)"""


@dataclass(slots=True, kw_only=True)
class Calls:
    """What callers bring, in order of arrival; one list for each property, all of one length. Times in microseconds;
    ``at`` counts from the opening."""

    at: list[int] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    patience: list[int] = field(default_factory=list)
    talk: list[int] = field(default_factory=list)
    after_call: list[int] = field(default_factory=list)
    tier: list[str] = field(default_factory=list)
    """As the customer system tells it; an empty list: of nobody."""
    asks_after: list[int] = field(default_factory=list)
    """After so long a wait the caller asks to be called back (ENDLESS_US: never); an empty list: nobody does."""
    dial: list[int] = field(default_factory=list)
    """How long it takes until the customer's phone is answered, or the attempt fails."""
    unreached: list[int] = field(default_factory=list)
    """How many attempts fail before one reaches the customer."""


@dataclass(slots=True, kw_only=True)
class Person:
    """An agent: ``shifts`` are (from, until) in microseconds from the opening; ``pace`` stretches handling times."""

    profile: AgentProfile
    shifts: Sequence[tuple[int, int]]
    pace: float = 1.0


@dataclass(slots=True, kw_only=True)
class Outcomes:
    """One entry for each call. ``left_at``: answered, hung up or let go; ``free_at``: the agent was free again.
    ``asked_at``: hung up to be called back; ``taken_at``: the agent began, to talk or to dial. ``failed``: attempts
    that reached nobody, as (agent, from, until)."""

    fate: list[int]
    left_at: list[int]
    agent: list[int]
    talk_until: list[int]
    free_at: list[int]
    asked_at: list[int] = field(default_factory=list)
    taken_at: list[int] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)
    failed: list[tuple[int, int, int]] = field(default_factory=list)
    events: int = 0
    inputs: int = 0


class Driver:
    """One run. ``opens_at_us``: engine time of the opening."""

    def __init__(
        self,
        *,
        settings: CentreSettings,
        people: Sequence[Person],
        flows: FlowSet | None = None,
        opens_at_us: int = OPENS_AT_US,
    ) -> None:
        self._centre = Centre(State(), flows or FlowSet(flows=()))
        self._opens_at = opens_at_us
        self._people = {person.profile.agent: person for person in people}
        self._agent_of = {person.profile.extension: person.profile.agent for person in people}
        self._timed_by_centre = {queue.queue for queue in settings.queues if queue.after_call_work_s == 0}
        self._agenda: list[tuple[int, int, int]] = []
        self._ringing: dict[CallId, AgentId] = {}
        self._call_of: dict[int, CallId] = {}
        self._customer_leg: dict[int, LegId] = {}
        """Of callers who are called back: their phone's."""
        self._dialling: dict[int, tuple[CallId, int]] = {}
        """Who is being dialled, by which call and since when."""
        self._leaving: dict[AgentId, None] = {}
        self._performed_by: dict[type[Effect], Callable[[Any], Input | None]] = {
            PlaceLeg: self._place,
            AnswerLeg: lambda effect: LegAnswered(leg=effect.leg),
            ConnectLegs: self._connect,
            PlayPrompts: lambda effect: PlayFinished(leg=effect.leg, play=effect.n),
            LookUpCustomer: self._look_up,
            ReleaseLeg: self._release,
        }
        self._now = opens_at_us
        self._calls = Calls()
        self._outcomes = Outcomes(fate=[], left_at=[], agent=[], talk_until=[], free_at=[])
        self._do(LoadSettings(settings=settings))
        self._do(EnrolAgents(agents=tuple(person.profile for person in people)))
        for person in people:
            self._do(PhoneRegistered(extension=person.profile.extension))

    @property
    def centre(self) -> Centre:
        return self._centre

    def run(self, calls: Calls, progress: Progress | None = None) -> Outcomes:
        """Until the last caller is gone and every agent free."""
        self._begin(calls)
        agenda, moments, opens_at = self._agenda, calls.at, self._opens_at
        next_deadline = self._centre.next_deadline
        index, count = 0, len(moments)
        last_us = (moments[-1] if moments else 0) + DRAIN_DAYS_MAX * DAY_US
        while agenda or index < count:
            arrives = index < count and (not agenda or (moments[index], ARRIVES) < agenda[0][:2])
            at = moments[index] if arrives else agenda[0][0]
            deadline = next_deadline()
            if deadline is not None and deadline <= opens_at + at:
                self._tick(deadline)
                continue
            self._now = opens_at + at
            if arrives:
                self._arrive(index)
                index += 1
                if progress is not None and index % PROGRESS_EVERY == 0:
                    progress(index, count)
            else:
                _, what, who = heappop(agenda)
                if at > last_us:
                    break
                self._happen(what, who)
        return self._outcomes

    def _begin(self, calls: Calls) -> None:
        count = len(calls.at)
        self._calls = calls
        self._outcomes = Outcomes(
            fate=[UNKNOWN] * count,
            left_at=[ENDLESS_US] * count,
            agent=[NOBODY] * count,
            talk_until=[ENDLESS_US] * count,
            free_at=[ENDLESS_US] * count,
            asked_at=[ENDLESS_US] * count,
            taken_at=[ENDLESS_US] * count,
            attempts=[0] * count,
        )
        for agent, person in self._people.items():
            for begins, ends in person.shifts:
                self._agenda += [(begins, SHIFT_BEGINS, agent), (ends, SHIFT_ENDS, agent)]
        heapify(self._agenda)

    # --- what happens ------------------------------------------------------------------------------------------------

    def _happen(self, what: int, who: int) -> None:
        if what == TALK_ENDS:
            self._end_talk(who)
        elif what == HANGS_UP:
            self._hang_up(who)
        elif what == DIALLED:
            self._customer_phone(who)
        elif what == ASKS:
            self._ask(who)
        elif what == WORK_ENDS:
            self._end_after_call_work(who)
        elif what == SHIFT_BEGINS:
            self._begin_shift(AgentId(who))
        else:
            self._end_shift(AgentId(who))

    def _arrive(self, index: int) -> None:
        calls = self._calls
        if calls.patience[index] != ENDLESS_US:
            heappush(self._agenda, (calls.at[index] + calls.patience[index], HANGS_UP, index))
        number = f"{NUMBERS_FROM + index}" if calls.tier or calls.asks_after else ""
        leg = LegId(SWITCH_LEG_BIT | index)
        self._do(LegOffered(leg=leg, line=calls.line[index], trunk="", number=number))
        if calls.asks_after and calls.asks_after[index] != ENDLESS_US:
            heappush(self._agenda, (calls.at[index] + calls.asks_after[index], ASKS, index))

    def _hang_up(self, index: int) -> None:
        if self._outcomes.fate[index] != UNKNOWN:
            return
        self._leave(index, ABANDONED)
        self._do(LegCleared(leg=LegId(SWITCH_LEG_BIT | index), cause=ClearingCause.NORMAL))

    def _ask(self, index: int) -> None:
        """Who still waits presses the keys, and is let go with a promise."""
        if self._outcomes.fate[index] != UNKNOWN:
            return
        self._outcomes.fate[index] = ASKED
        self._outcomes.asked_at[index] = self._now - self._opens_at
        leg = LegId(SWITCH_LEG_BIT | index)
        for key in (ASK_KEY, CONFIRM_KEY):
            self._do(DigitPressed(leg=leg, digit=Secret(key)))

    def _customer_phone(self, index: int) -> None:
        """It is answered, or the attempt fails."""
        outcomes, calls, leg = self._outcomes, self._calls, self._customer_leg[index]
        outcomes.attempts[index] += 1
        if outcomes.attempts[index] > calls.unreached[index]:
            self._do(LegAnswered(leg=leg))
            return
        call, since = self._dialling.pop(index)
        agent = self._ringing.pop(call)
        outcomes.failed.append((agent, since, self._now - self._opens_at))
        if outcomes.attempts[index] >= self._centre.state.settings.callback_attempts:
            self._leave(index, EXHAUSTED)
        self._do(LegFailed(leg=leg, cause=ClearingCause.NO_ANSWER))
        self._go_home_if_over(agent)

    def _end_talk(self, index: int) -> None:
        self._outcomes.talk_until[index] = self._now - self._opens_at
        agent = AgentId(self._outcomes.agent[index])
        leg = self._customer_leg.get(index, LegId(SWITCH_LEG_BIT | index))
        self._do(LegCleared(leg=leg, cause=ClearingCause.NORMAL))
        if self._centre.state.agents[agent].call != self._call_of[index]:
            self._freed(index, agent)  # no after-call work in this queue
            return
        work_us = round(self._calls.after_call[index] * self._people[agent].pace)
        heappush(self._agenda, (self._now - self._opens_at + work_us, WORK_ENDS, index))

    def _end_after_call_work(self, index: int) -> None:
        agent, call = AgentId(self._outcomes.agent[index]), self._call_of[index]
        if self._centre.state.agents[agent].call == call:
            self._do(DisposeCall(agent=agent, call=call, code="simulated"))
            self._do(CompleteAfterCallWork(agent=agent, call=call))
        self._freed(index, agent)

    def _freed(self, index: int, agent: AgentId) -> None:
        self._outcomes.free_at[index] = self._now - self._opens_at
        del self._call_of[index]
        self._go_home_if_over(agent)

    def _go_home_if_over(self, agent: AgentId) -> None:
        if agent in self._leaving and self._centre.state.agents[agent].call is None:
            del self._leaving[agent]
            self._do(LogOff(agent=agent))

    def _begin_shift(self, agent: AgentId) -> None:
        self._leaving.pop(agent, None)
        self._do(LogOn(agent=agent, has_desktop=False))
        self._do(SetReady(agent=agent))

    def _end_shift(self, agent: AgentId) -> None:
        """Who is in a call finishes it first."""
        try:
            self._do(LogOff(agent=agent))
        except Refused:
            self._do(SetNotReady(agent=agent, reason=SHIFT_OVER))
            self._leaving[agent] = None

    # --- the Centre --------------------------------------------------------------------------------------------------

    def _tick(self, deadline: int) -> None:
        self._now = max(self._now, deadline)
        self._do(Tick())

    def _do(self, given: Input) -> None:
        """Hand it in, and answer what is ordered until nothing more is."""
        waiting = [given]
        for each in waiting:
            outcome = self._centre.handle(each, self._now)
            self._outcomes.inputs += 1
            self._outcomes.events += len(outcome.events)
            for effect in outcome.effects:
                perform = self._performed_by.get(type(effect))
                answer = None if perform is None else perform(effect)
                if answer is not None:
                    waiting.append(answer)

    def _place(self, effect: PlaceLeg) -> Input | None:
        if isinstance(effect.to, ToNumber):
            index = int(effect.to.number) - NUMBERS_FROM
            self._customer_leg[index] = effect.leg
            self._dialling[index] = (effect.call, self._now - self._opens_at)
            heappush(self._agenda, (self._now - self._opens_at + self._calls.dial[index], DIALLED, index))
            return None
        if effect.call in self._ringing:
            return None
        self._ringing[effect.call] = self._agent_of[effect.to.extension]
        return LegAnswered(leg=effect.leg)

    def _connect(self, effect: ConnectLegs) -> None:
        """Caller and agent, or customer and agent, hear each other."""
        if effect.leg & SWITCH_LEG_BIT:
            self._answered(effect.leg & ~SWITCH_LEG_BIT, effect.call, since=self._now - self._opens_at)
            return
        number = self._centre.state.personal[self._centre.state.calls[effect.call].number or PersonalRef(0)]
        index = int(number) - NUMBERS_FROM
        _, since = self._dialling.pop(index)
        self._answered(index, effect.call, since=since)

    def _look_up(self, effect: LookUpCustomer) -> Input:
        index = int(effect.number) - NUMBERS_FROM
        tier = self._calls.tier[index] if self._calls.tier else ""
        customer = Candidate(customer=CustomerRef(effect.number), tier=tier)
        return CustomersFound(call=effect.call, candidates=(customer,), n=effect.n)

    def _release(self, effect: ReleaseLeg) -> None:
        if effect.leg & SWITCH_LEG_BIT and self._outcomes.fate[effect.leg & ~SWITCH_LEG_BIT] == UNKNOWN:
            self._leave(effect.leg & ~SWITCH_LEG_BIT, REFUSED)

    def _answered(self, index: int, call: CallId, *, since: int) -> None:
        agent = self._ringing.pop(call)
        self._outcomes.taken_at[index] = since
        self._leave(index, ANSWERED)
        self._outcomes.agent[index] = agent
        self._call_of[index] = call
        talk_us = round(self._calls.talk[index] * self._people[agent].pace)
        heappush(self._agenda, (self._now - self._opens_at + talk_us, TALK_ENDS, index))

    def _leave(self, index: int, fate: int) -> None:
        self._outcomes.fate[index] = fate
        self._outcomes.left_at[index] = self._now - self._opens_at
