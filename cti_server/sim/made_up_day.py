"""A made-up day in a data folder: the real Engine, Centre and flows on virtual time, with made-up people around them.

Callers of the sample company go through the menus, wait, ask to be called back, talk, or hang up; agents sign in, see
the card, answer, now and then let it ring, follow the script, write a note and a result, take their breaks, and go
home. Everything goes the way that it goes in production: input → Engine → journal → effects → signals. What reports and
desktops read is made of that journal by the projector.

Decides when people do what they do (`made_up_people.py` says what), and how time passes; nothing about calls.
"""

import asyncio
import heapq
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from cti_server.core import events as e
from cti_server.core.centre import Centre
from cti_server.core.effects import Effect
from cti_server.core.inputs import (
    Command,
    EnrolAgents,
    Input,
    LegOffered,
    LoadSettings,
    LogOff,
    LogOn,
    PhoneRegistered,
    SetNotReady,
    SetReady,
    Signal,
)
from cti_server.core.state import State
from cti_server.core.vocabulary import (
    SWITCH_LEG_BIT,
    AgentId,
    LegId,
    QueueExit,
)
from cti_server.engine import Engine, EngineClock
from cti_server.ports import Recorded
from cti_server.sim.gathered import GatheredJournal
from cti_server.sim.made_up_outside import Outside
from cti_server.sim.made_up_people import AFTER_CALL_S, TALK_S, MadeUpCentre, draw_caller, pauses
from cti_server.storage.journal import SqliteJournal

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
HOURS = 9
BUSY = (0.7, 1.0, 1.15, 0.9, 0.8, 1.1, 1.0, 0.85, 0.6)
"""How busy each hour from the opening is."""
BUSY_OUTSIDE = 0.15
EARLY_S, LATE_S = 1_800, 3_600
"""Some call before the opening, and after the closing; agents come ten minutes early, and leave when nobody waits."""
STAYS_S = 1_200
"""Longer than this after the closing nobody stays, whoever waits."""
LOAD = 0.92
"""Work offered by work that the agents can do, on average."""
Act = Callable[[], Input | None]


class DayTotals(msgspec.Struct, frozen=True, kw_only=True):
    """``ended_in_flow``: never came to a queue; ``callbacks``: asked for, and of them ``called_back``."""

    calls: int = 0
    answered: int = 0
    abandoned: int = 0
    ended_in_flow: int = 0
    callbacks: int = 0
    called_back: int = 0
    events: int = 0


class MadeUpDay:
    """One run. ``speed``: seconds of the day in a second; 0: as fast as it goes. ``tell``: hears of every hour."""

    def __init__(
        self,
        centre: MadeUpCentre,
        journal: SqliteJournal,
        *,
        opens_at_us: int,
        seed: int,
        speed: float = 0,
        tell: Callable[[int, DayTotals], None] = lambda now, totals: None,
    ) -> None:
        self._of = centre
        self._random = Random(seed)
        self._speed = speed
        self._tell = tell
        self._now = opens_at_us - EARLY_S * SECOND_US
        self._began = self._now
        self._started = 0.0
        self._opens_at = opens_at_us
        self._closes_at = opens_at_us + HOURS * HOUR_US
        self._agenda: list[tuple[int, int, Act]] = []
        self._order = 0
        self._effects: list[Effect] = []
        self._counts = dict.fromkeys(DayTotals.__struct_fields__, 0)
        self._in_flow: dict[int, None] = {}
        self._store = GatheredJournal(journal)
        clock = EngineClock(journal.last_at, wall_ns=self._nanoseconds, monotonic_ns=self._nanoseconds)
        self._centre = Centre(journal.restore_now().state, centre.flows)
        self._engine = Engine(
            centre=self._centre, revive=self._revive, store=self._store, publisher=self, performer=self, clock=clock
        )
        self._outside = Outside(centre, self._random, state=lambda: self._centre.state, after=self._after)

    async def run(self) -> DayTotals:
        self._started = asyncio.get_running_loop().time()
        engine = asyncio.create_task(self._engine.run(), name="made-up-day")
        next_hour = self._opens_at
        try:
            await self._open()
            while self._agenda:
                at, _, act = self._agenda[0]
                deadline = self._centre.next_deadline()
                if deadline is not None and deadline < at and deadline < self._closes_at + 2 * HOUR_US:
                    await self._advance(max(deadline, self._now), None)
                    continue
                heapq.heappop(self._agenda)
                self._now = max(self._now, at)
                if (given := act()) is not None:
                    await self._advance(self._now, given)
                if self._now >= next_hour:
                    next_hour += HOUR_US
                    self._tell(self._now, self.totals)
        finally:
            self._engine.stop()
            await engine
            await self._store.write()
        return self.totals

    @property
    def totals(self) -> DayTotals:
        return DayTotals(**self._counts)

    # --- ports of the engine -----------------------------------------------------------------------------------------

    def publish(self, recorded: Sequence[Recorded], state: State) -> None:
        self._counts["events"] += len(recorded)
        for each in recorded:
            self._count(each.event)

    def perform(self, effect: Effect) -> None:
        self._effects.append(effect)

    def _count(self, event: e.Event) -> None:
        counts = self._counts
        match event:
            case e.CallArrived():
                counts["calls"] += 1
                self._in_flow[event.call] = None
            case e.CallQueued():
                self._in_flow.pop(event.call, None)
            case e.CallLeftQueue():
                counts["answered"] += event.how is QueueExit.ANSWERED
                counts["abandoned"] += event.how is QueueExit.ABANDONED
            case e.CallCleared() if event.call in self._in_flow:
                counts["ended_in_flow"] += 1
            case e.CallbackRequested():
                counts["callbacks"] += 1
            case e.CallbackDone():
                counts["called_back"] += 1

    def _revive(self, state: State) -> Centre:
        self._centre = Centre(state, self._of.flows)
        return self._centre

    def _nanoseconds(self) -> int:
        return self._now * 1000

    # --- time --------------------------------------------------------------------------------------------------------

    def _after(self, seconds: float, act: Act) -> None:
        self._order += 1
        heapq.heappush(self._agenda, (self._now + round(seconds * SECOND_US), self._order, act))

    async def _advance(self, to: int, given: Input | None) -> None:
        """Hand it in, wait until it is done, and plan what follows from the effects."""
        self._now = to
        if self._speed > 0:
            ahead_s = (to - self._began) / SECOND_US / self._speed
            await asyncio.sleep(max(0.0, ahead_s - (asyncio.get_running_loop().time() - self._started)))
        if isinstance(given, Command):
            await self._engine.carry_out(given)  # a refusal is an answer like any other: people try what cannot be
        else:
            if isinstance(given, Signal):
                self._engine.submit(given)
            for _ in range(2):  # the first look comes before the step, the second after it
                await self._engine.look(lambda state, seq: None)
        effects, self._effects = self._effects, []
        for effect in effects:
            self._outside.follow(effect)

    # --- people ------------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        for command in (LoadSettings(settings=self._of.settings), EnrolAgents(agents=self._of.agents)):
            await self._advance(self._now, command)
        for place, profile in enumerate(self._of.agents):
            await self._advance(self._now, PhoneRegistered(extension=profile.extension))
            self._plan_shift(profile.agent, place)
        self._plan_calls()

    def _plan_shift(self, agent: AgentId, place: int) -> None:
        """On before the opening, pauses by turns, home after the last hour."""
        reasons = [reason.code for reason in self._of.settings.not_ready_reasons] or ["break"]
        begin_s = EARLY_S - self._random.uniform(10, 540)
        self._after(begin_s, lambda: LogOn(agent=agent))
        self._after(begin_s + 20, lambda: SetReady(agent=agent))
        for number, (hour, length_s) in enumerate(pauses(place)):
            reason = ("lunch" if "lunch" in reasons else reasons[0]) if number == 0 else reasons[0]
            self._after(EARLY_S + hour * 3600, lambda reason=reason: SetNotReady(agent=agent, reason=reason))  # type: ignore[misc]
            self._after(EARLY_S + hour * 3600 + length_s, lambda: SetReady(agent=agent))
        self._after(EARLY_S + HOURS * 3600 + self._random.uniform(0, 300), lambda: self._go_home(agent, reasons[0]))

    def _go_home(self, agent: AgentId, reason: str) -> Input:
        """After the call, if there is one, and when nobody waits any more."""
        state = self._centre.state
        is_late = self._now > self._closes_at + STAYS_S * SECOND_US
        if any(queue.waiting for queue in state.queues.values()) and not is_late:
            self._after(30, lambda: self._go_home(agent, reason))
            return SetReady(agent=agent)
        if state.agents[agent].call is None:
            return LogOff(agent=agent)
        self._after(30, lambda: self._go_home(agent, reason))
        return SetNotReady(agent=agent, reason=reason)

    def _plan_calls(self) -> None:
        a_second = LOAD * len(self._of.agents) / (TALK_S + AFTER_CALL_S)
        at_s, number = 0.0, 0
        while (at_s := at_s + self._random.expovariate(a_second * max(BUSY))) < EARLY_S + HOURS * 3600 + LATE_S:
            hour = int((at_s - EARLY_S) // 3600)
            busy = BUSY[hour] if 0 <= hour < HOURS else BUSY_OUTSIDE
            if self._random.random() < busy / max(BUSY):
                leg = LegId(SWITCH_LEG_BIT | (self._began // SECOND_US << 24) | number)
                self._after(at_s, lambda leg=leg: self._call(leg))  # type: ignore[misc]
                number += 1

    def _call(self, leg: LegId) -> Input:
        caller = draw_caller(self._random, self._of)
        self._outside.calls(leg, caller)
        return LegOffered(leg=leg, line=caller.line, trunk="made-up", number=caller.number)
