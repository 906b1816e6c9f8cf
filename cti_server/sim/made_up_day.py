"""A made-up day in a data folder: the real Engine, Centre and journal on virtual time, with made-up people around them.

Callers of the sample company call, wait, talk, or hang up; agents sign in, see the card, answer, now and then let it
ring, write a note and a result, take their breaks, and go home. Everything goes the way that it goes in production:
input → Engine → journal → effects → signals. What reports and desktops read is made of that journal by the projector.

It decides what people do, by a seed. Who gets which call is the Centre's business.
"""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from cti_server.core.centre import Centre
from cti_server.core.effects import AnswerLeg, Effect, LookUpCustomer, PlaceLeg, PrepareCard, ReleaseLeg, ToExtension
from cti_server.core.inputs import (
    Candidate,
    Command,
    CompleteAfterCallWork,
    ConfirmCardShown,
    CustomersFound,
    DisposeCall,
    EnrolAgents,
    Input,
    LegAlerting,
    LegAnswered,
    LegCleared,
    LegFailed,
    LegOffered,
    LoadSettings,
    LogOff,
    LogOn,
    PhoneRegistered,
    SetNotReady,
    SetReady,
    Signal,
    TakeNote,
)
from cti_server.core.settings import AgentProfile, CentreSettings
from cti_server.core.state import State
from cti_server.core.vocabulary import SWITCH_LEG_BIT, AgentId, CallId, ClearingCause, CustomerRef, LegId, Occupation
from cti_server.engine import Engine, EngineClock
from cti_server.ports import Recorded
from cti_server.storage.journal import SqliteJournal

SECOND_US = 1_000_000
HOURS = 9
BUSY = (0.7, 1.0, 1.15, 0.9, 0.8, 1.1, 1.0, 0.85, 0.6)
"""How busy each hour from the opening is."""
LOAD = 0.92
"""Work offered by work that the agents can do, on average."""
TALK_S, AFTER_CALL_S, PATIENCE_S, MISSED_SHARE, UNKNOWN_SHARE = 170.0, 25.0, 100.0, 0.02, 0.15
NOTES = (
    "배송일 안내함.",
    "교환 접수. 회수 예정.",
    "Asked about points; told the balance.",
    "재고 확인 후 다시 연락 요청.",
)


class MadeUpCaller(msgspec.Struct, frozen=True, kw_only=True):
    customer: str
    number: str
    tier: str
    language: str


class MadeUpCentre(msgspec.Struct, frozen=True, kw_only=True):
    settings: CentreSettings
    agents: tuple[AgentProfile, ...]
    callers: tuple[MadeUpCaller, ...]


class DayTotals(msgspec.Struct, frozen=True, kw_only=True):
    calls: int
    answered: int
    events: int


class MadeUpDay:
    """One run. ``speed``: seconds of the day in a second; 0: as fast as it goes."""

    def __init__(
        self, centre: MadeUpCentre, journal: SqliteJournal, *, opens_at_us: int, seed: int, speed: float = 0
    ) -> None:
        self._of = centre
        self._random = Random(seed)
        self._speed = speed
        self._now = opens_at_us - 600 * SECOND_US
        self._began = self._now
        self._opens_at = opens_at_us
        self._closes_at = opens_at_us + HOURS * 3600 * SECOND_US
        self._agenda: list[tuple[int, int, Callable[[], Input | None]]] = []
        self._order = 0
        self._effects: list[Effect] = []
        self._callers = {caller.number: caller for caller in centre.callers}
        self._agent_of = {profile.extension: profile.agent for profile in centre.agents}
        self._answering: dict[LegId, None] = {}
        self._gone: dict[LegId, None] = {}
        self._totals = [0, 0, 0]
        clock = EngineClock(journal.last_at, wall_ns=self._nanoseconds, monotonic_ns=self._nanoseconds)
        self._centre = Centre(journal.restore_now().state)
        self._engine = Engine(
            centre=self._centre, revive=self._revive, store=journal, publisher=self, performer=self, clock=clock
        )

    async def run(self) -> DayTotals:
        engine = asyncio.create_task(self._engine.run(), name="made-up-day")
        started = asyncio.get_running_loop().time()
        try:
            await self._open()
            while self._agenda:
                at, _, act = self._agenda[0]
                deadline = self._centre.next_deadline()
                if deadline is not None and deadline < at and deadline < self._closes_at + 7200 * SECOND_US:
                    await self._advance(max(deadline, self._now), None, started)
                    continue
                heapq.heappop(self._agenda)
                self._now = max(self._now, at)
                await self._advance(self._now, act(), started)
        finally:
            self._engine.stop()
            await engine
        return DayTotals(calls=self._totals[0], answered=self._totals[1], events=self._totals[2])

    # --- ports of the engine -----------------------------------------------------------------------------------------

    def publish(self, recorded: Sequence[Recorded], state: State) -> None:
        self._totals[2] += len(recorded)

    def perform(self, effect: Effect) -> None:
        self._effects.append(effect)

    def _revive(self, state: State) -> Centre:
        self._centre = Centre(state)
        return self._centre

    def _nanoseconds(self) -> int:
        return self._now * 1000

    # --- time --------------------------------------------------------------------------------------------------------

    def _after(self, seconds: float, act: Callable[[], Input | None]) -> None:
        self._order += 1
        heapq.heappush(self._agenda, (self._now + round(seconds * SECOND_US), self._order, act))

    async def _advance(self, to: int, given: Input | None, started: float) -> None:
        """Hand it in, wait until it is durable, and plan what follows from the effects."""
        self._now = to
        if self._speed > 0:
            ahead_s = (to - self._began) / SECOND_US / self._speed - (asyncio.get_running_loop().time() - started)
            await asyncio.sleep(max(0.0, ahead_s))
        if isinstance(given, Command):
            await self._engine.carry_out(given)  # a refusal is an answer like any other: people try what cannot be
        elif isinstance(given, Signal):
            self._engine.submit(given)
        for _ in range(2):  # the first look comes before the step, the second after it
            await self._engine.look(lambda state, seq: None)
        effects, self._effects = self._effects, []
        for effect in effects:
            self._follow(effect)

    # --- people ------------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        started = asyncio.get_running_loop().time()
        for command in (LoadSettings(settings=self._of.settings), EnrolAgents(agents=self._of.agents)):
            await self._advance(self._now, command, started)
        for place, profile in enumerate(self._of.agents):
            await self._advance(self._now, PhoneRegistered(extension=profile.extension), started)
            self._plan_shift(profile.agent, place)
        self._plan_calls()

    def _plan_shift(self, agent: AgentId, place: int) -> None:
        """On at the opening or a little before, a lunch hour by turns, two short breaks, home after the last hour."""
        reasons = [reason.code for reason in self._of.settings.not_ready_reasons] or ["break"]
        begin_s = self._random.uniform(60, 590)
        self._after(begin_s, lambda: LogOn(agent=agent))
        self._after(begin_s + 20, lambda: SetReady(agent=agent))
        pauses = [(2.5 + place % 4, 3600.0), (1.5 + place % 3 * 0.3, 600.0), (7 + place % 3 * 0.3, 600.0)]
        for number, (hour, length_s) in enumerate(pauses):
            reason = reasons[min(number and 1, len(reasons) - 1)]
            self._after(600 + hour * 3600, lambda reason=reason: SetNotReady(agent=agent, reason=reason))  # type: ignore[misc]
            self._after(600 + hour * 3600 + length_s, lambda: SetReady(agent=agent))
        self._after(600 + HOURS * 3600 + self._random.uniform(0, 300), lambda: self._go_home(agent, reasons[0]))

    def _go_home(self, agent: AgentId, reason: str) -> Input:
        """After the call, if there is one."""
        if self._centre.state.agents[agent].call is None:
            return LogOff(agent=agent)
        self._after(30, lambda: self._go_home(agent, reason))
        return SetNotReady(agent=agent, reason=reason)

    def _plan_calls(self) -> None:
        queues = [queue.queue for queue in self._of.settings.queues]
        lines = [line.line for line in self._of.settings.lines if line.flow.startswith("queue:")]
        assert queues and lines
        a_second = LOAD * len(self._of.agents) / (TALK_S + AFTER_CALL_S)
        at_s, number = 600.0, 0
        while at_s < 600 + HOURS * 3600:
            at_s += self._random.expovariate(a_second * max(BUSY))
            hour = min(int((at_s - 600) // 3600), HOURS - 1)
            if at_s < 600 + HOURS * 3600 and self._random.random() < BUSY[hour] / max(BUSY):
                leg = LegId(SWITCH_LEG_BIT | (self._began // SECOND_US << 24) | number)
                line = lines[self._random.randrange(len(lines))]
                self._after(at_s, lambda leg=leg, line=line: self._call(leg, line))  # type: ignore[misc]
                number += 1

    def _call(self, leg: LegId, line: str) -> Input:
        self._totals[0] += 1
        self._after(self._random.expovariate(1 / PATIENCE_S), lambda: self._lose_patience(leg))
        unknown = self._random.random() < UNKNOWN_SHARE or not self._of.callers
        number = f"010{self._random.randrange(10**8):08d}" if unknown else self._random.choice(self._of.callers).number
        return LegOffered(leg=leg, line=line, trunk="made-up", number=number)

    def _lose_patience(self, leg: LegId) -> Input | None:
        if leg in self._answering or leg in self._gone:
            return None
        return LegCleared(leg=leg, cause=ClearingCause.NORMAL)

    def _follow(self, effect: Effect) -> None:
        """What the outside does when it is ordered something."""
        match effect:
            case LookUpCustomer():
                self._after(0.1, lambda: self._found(effect))
            case PrepareCard():
                shown = ConfirmCardShown(agent=effect.agent, call=effect.call)
                self._after(0.08, lambda: shown)
            case PlaceLeg(to=ToExtension()):
                self._ring(effect)
            case AnswerLeg():
                self._answered(effect)
            case ReleaseLeg():
                self._gone[effect.leg] = None
            case _:
                pass

    def _found(self, effect: LookUpCustomer) -> Input:
        caller = self._callers.get(effect.number)
        candidates = (
            (Candidate(customer=CustomerRef(caller.customer), tier=caller.tier, language=caller.language),)
            if caller is not None
            else ()
        )
        return CustomersFound(call=effect.call, candidates=candidates, n=effect.n)

    def _ring(self, effect: PlaceLeg) -> None:
        leg = effect.leg
        self._after(0.05, lambda: LegAlerting(leg=leg))
        if self._random.random() < MISSED_SHARE:
            assert isinstance(effect.to, ToExtension)
            agent = self._agent_of[effect.to.extension]
            self._after(effect.timeout_s, lambda: LegFailed(leg=leg, cause=ClearingCause.NO_ANSWER, status=408))
            self._after(effect.timeout_s + self._random.uniform(20, 90), lambda: SetReady(agent=agent))
        else:
            self._after(self._random.uniform(1.5, 6), lambda: None if leg in self._gone else LegAnswered(leg=leg))

    def _answered(self, effect: AnswerLeg) -> None:
        self._totals[1] += 1
        leg, call = effect.leg, effect.call
        self._answering[leg] = None
        self._after(0.02, lambda: LegAnswered(leg=leg))
        talk_s = max(15.0, self._random.lognormvariate(4.94, 0.6))
        self._after(talk_s * 0.7, lambda: self._write_note(call))
        self._after(talk_s, lambda: LegCleared(leg=leg, cause=ClearingCause.NORMAL))
        self._after(talk_s + 3, lambda: self._dispose(call))

    def _agent_with(self, call: CallId) -> AgentId | None:
        its = self._centre.state.calls.get(call)
        return None if its is None else its.agent

    def _write_note(self, call: CallId) -> Input | None:
        agent = self._agent_with(call)
        if agent is None or self._random.random() < 0.4:
            return None
        return TakeNote(agent=agent, call=call, text=self._random.choice(NOTES), revision=1)

    def _dispose(self, call: CallId) -> Input | None:
        agent = self._agent_with(call)
        if agent is None:
            return None
        self._after(self._random.expovariate(1 / AFTER_CALL_S), lambda: self._complete(agent, call))
        chosen = self._random.choice(self._of.settings.dispositions) if self._of.settings.dispositions else None
        if chosen is None:
            return DisposeCall(agent=agent, call=call, code="done")
        subcode = self._random.choice(chosen.subcodes).code if chosen.subcodes else ""
        return DisposeCall(agent=agent, call=call, code=chosen.code, subcode=subcode)

    def _complete(self, agent: AgentId, call: CallId) -> Input | None:
        its = self._centre.state.agents[agent]
        is_writing = its.call == call and its.occupation is Occupation.AFTER_CALL_WORK
        return CompleteAfterCallWork(agent=agent, call=call) if is_writing else None
