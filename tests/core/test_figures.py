"""Figures of days, weeks, months and hours: exact over midnights and changed clocks, and always the journal's own."""

from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.clock import first_of_month
from cti_server.core.entities import Agent
from cti_server.core.events import Event
from cti_server.core.figures import QUARTER_US, beginning, figures
from cti_server.core.settings import CentreSettings, QueueSettings
from cti_server.core.state import State, apply, decode_snapshot, encode_snapshot, fold
from cti_server.core.tallies import AgentDay
from cti_server.core.vocabulary import AgentMode, Occupation, ResultsWindow, Strategy
from tests.core.house import KIM, LEE, ORDERS, PARK, SECOND, SETTINGS, House, assert_delivered, profile

MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
SUNDAY_23 = int(datetime(2026, 5, 31, 14, tzinfo=UTC).timestamp()) * SECOND
"""23:00 in Seoul on a Sunday, the last day of its month as well."""


def centre(window: ResultsWindow = ResultsWindow.TODAY, hours: int = 8, **changed: object) -> CentreSettings:
    orders = QueueSettings(
        queue=ORDERS,
        title={},
        strategy=Strategy.EVEN_ANSWERED,
        results_window=window,
        results_hours=hours,
        after_call_work_s=30,
    )
    return msgspec.structs.replace(SETTINGS, queues=(orders, SETTINGS.queues[1]), **changed)  # type: ignore[arg-type]


def house_at(now: int, given: CentreSettings) -> House:
    house = House(settings=given)
    house.now = now
    return house


def window_of(house: House, window: ResultsWindow, hours: int = 8) -> tuple[int, ...]:
    """What the strategies read of KIM now: calls, talk, logged in, ready, handling."""
    agent = house.agent(KIM)
    queue = QueueSettings(queue=ORDERS, title={}, results_window=window, results_hours=hours)
    found, since = figures(agent, window, beginning(house.state, queue, house.now))
    return _with_present_state(found, agent.mode, agent.occupation, max(0, house.now - since))


def _with_present_state(found: AgentDay, mode: AgentMode, occupation: Occupation, elapsed: int) -> tuple[int, ...]:
    is_there = mode is not AgentMode.LOGGED_OFF
    is_free = mode is AgentMode.READY and occupation is Occupation.IDLE
    is_handling = is_there and occupation in (Occupation.CONNECTED, Occupation.AFTER_CALL_WORK)
    return (
        found.answered + found.dialled,
        found.talk_us,
        found.logged_us + elapsed * is_there,
        found.ready_us + elapsed * is_free,
        found.handling_us + elapsed * is_handling,
    )


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_the_first_of_a_month_is_that_of_the_calendar() -> None:
    epoch = date(1970, 1, 1).toordinal()
    for day in (*range(-1_000, 60_000, 17), 11_016, 11_017, 59):
        assert first_of_month(day) == date.fromordinal(day + epoch).replace(day=1).toordinal() - epoch


@pytest.mark.parametrize("window", [ResultsWindow.TODAY, ResultsWindow.WEEK, ResultsWindow.MONTH])
def test_a_run_over_midnight_belongs_to_both_days(window: ResultsWindow) -> None:
    """From Sunday the 31st into Monday the 1st: day, week and month all begin there."""
    house = house_at(SUNDAY_23, centre(window))
    house.at_work(KIM)
    house.wait(3 * 3600 - 1)
    assert window_of(house, window) == (0, 0, 2 * HOUR, 2 * HOUR, 0)


def test_week_and_month_keep_what_the_day_forgets() -> None:
    house = house_at(SUNDAY_23 + 2 * HOUR, centre())
    house.at_work(KIM)
    call = house.talking()
    house.wait(60)
    house.hang_up(call)
    house.wait(30)
    house.wait(2 * 86_400)
    assert window_of(house, ResultsWindow.TODAY)[0] == 0
    for window in (ResultsWindow.WEEK, ResultsWindow.MONTH):
        calls, talk_us, logged_us, _, handling_us = window_of(house, window)
        assert (calls, talk_us, handling_us) == (1, 60 * SECOND, 90 * SECOND)
        assert logged_us == 2 * DAY + 90 * SECOND + SECOND
    house.wait(5 * 86_400)
    assert window_of(house, ResultsWindow.WEEK)[0] == 0
    assert window_of(house, ResultsWindow.MONTH)[0] == 1


def test_the_last_hours_begin_with_their_quarter_hour() -> None:
    house = house_at(SUNDAY_23, centre(ResultsWindow.HOURS, 1))
    house.at_work(KIM)
    house.now = SUNDAY_23 + 10 * MINUTE
    call = house.talking()
    house.hang_up(call)
    house.wait(30)
    house.now = SUNDAY_23 + HOUR + 14 * MINUTE
    assert window_of(house, ResultsWindow.HOURS, 1)[0] == 1, "within the quarter-hour in which the hour begins"
    house.now = SUNDAY_23 + HOUR + 15 * MINUTE
    assert window_of(house, ResultsWindow.HOURS, 1)[0] == 0


def test_hours_are_remembered_only_while_a_queue_compares_them() -> None:
    house = house_at(SUNDAY_23, centre())
    house.at_work(KIM)
    assert house.agent(KIM).recent is None
    house.tell(i.LoadSettings(settings=centre(ResultsWindow.HOURS, 2)))
    house.wait(40 * 3600)
    house.tell(i.SetNotReady(agent=KIM, reason="break"))
    recent = house.agent(KIM).recent
    assert recent is not None and len(recent.marks) == 9
    house.tell(i.LoadSettings(settings=centre()))
    assert house.agent(KIM).recent is None


def test_who_talked_all_week_is_spared_on_a_later_day() -> None:
    """Today both have nothing; this week LEE has answered less."""
    house = house_at(SUNDAY_23 + 2 * HOUR, centre(ResultsWindow.WEEK))
    house.at_work(KIM)
    house.hang_up(house.talking())
    house.wait(40)
    house.at_work(LEE)
    house.wait(86_400)
    call = house.arrive("direct")
    assert_delivered(house, call, to=LEE)


def test_a_clock_that_is_set_back_over_midnight_begins_the_day_anew() -> None:
    house = house_at(SUNDAY_23 + 2 * HOUR, centre())
    house.at_work(KIM)
    house.wait(599)
    house.tell(i.ClockSet(offset_us=-2 * HOUR))
    house.wait(60)
    assert window_of(house, ResultsWindow.TODAY)[2] == 60 * SECOND


def test_windows_survive_a_snapshot() -> None:
    house = house_at(SUNDAY_23, centre(ResultsWindow.HOURS, 3))
    house.at_work(KIM, LEE)
    house.hang_up(house.talking())
    house.wait(5 * 3600)
    assert decode_snapshot(encode_snapshot(house.state)) == house.state
    house.crash(adopted=())


# --- against a recomputation ------------------------------------------------------------------------------------------


class Span(NamedTuple):
    begins: int
    ends: int
    mode: AgentMode
    occupation: Occupation


class Place(NamedTuple):
    """Of several events of one moment, what came before a change of clock belongs to the clock before."""

    at: int
    number: int = 0


class Naive:
    """The same figures from the events, the slow way: runs of time, moments, and when each clock was in force."""

    def __init__(self, journal: list[Event], now: int) -> None:
        self.now = now
        self.spans: list[Span] = []
        self.moments: list[tuple[Place, int, int]] = []
        self.clocks: list[tuple[Place, int]] = []
        self.hours_since: Place | None = None
        state, before = State(), 0
        for number, event in enumerate(journal):
            place = Place(event.at, number)
            self._span(state.agents.get(KIM), before, event.at)
            before = event.at
            if isinstance(event, e.CallEstablished) and event.agent == KIM:
                self.moments.append((place, 1, 0))
            if isinstance(event, e.CallCleared) and event.agent == KIM and event.talk_us:
                self.moments.append((place, 0, event.talk_us))
            apply(state, event)
            shift = state.clock_offset_us + state.settings.time_zone_offset_s * SECOND
            if not self.clocks or shift != self.clocks[-1][1]:
                self.clocks.append((place, shift))
            is_wanted = any(queue.results_window is ResultsWindow.HOURS for queue in state.settings.queues)
            self.hours_since = None if not is_wanted else place if self.hours_since is None else self.hours_since
        self._span(state.agents.get(KIM), before, now)

    def _span(self, agent: Agent | None, begins: int, ends: int) -> None:
        if agent is not None and begins < ends:
            self.spans.append(Span(begins, ends, agent.mode, agent.occupation))

    def begins(self, window: ResultsWindow, hours: int) -> Place:
        if window is ResultsWindow.HOURS:
            assert self.hours_since is not None
            return max(self.hours_since, Place((self.now - hours * HOUR) // QUARTER_US * QUARTER_US))
        ends = Place(self.now)
        wanted, _ = _period(window, ends.at + self.clocks[-1][1])
        for since, shift in reversed(self.clocks):
            period, start = _period(window, ends.at + shift)
            if period != wanted:
                return ends
            if start - shift > since.at:
                return Place(start - shift)
            ends = since
        return Place(0)

    def figures(self, window: ResultsWindow, hours: int) -> tuple[int, ...]:
        begins = self.begins(window, hours)
        calls = sum(count for place, count, _ in self.moments if place >= begins)
        talk_us = sum(talk for place, _, talk in self.moments if place >= begins)
        times = [0, 0, 0]
        for span in self.spans:
            elapsed = max(0, span.ends - max(span.begins, begins.at))
            added = _with_present_state(AgentDay(), span.mode, span.occupation, elapsed)
            times = [sum(pair) for pair in zip(times, added[2:], strict=True)]
        return (calls, talk_us, *times)


def _period(window: ResultsWindow, local_us: int) -> tuple[int, int]:
    """(number of the day, week or month; its beginning in local time)."""
    moment = datetime.fromtimestamp(local_us // SECOND, UTC).replace(hour=0, minute=0, second=0)
    day = int(moment.timestamp()) // 86_400
    match window:
        case ResultsWindow.WEEK:
            first = day - moment.weekday()
        case ResultsWindow.MONTH:
            first = day - moment.day + 1
        case _:
            first = day
    return first, first * DAY


ACTIONS = ("nothing", "log_on", "log_off", "ready", "not_ready", "talk", "clock", "zone", "load")
GAPS = st.one_of(
    st.integers(0, 3 * HOUR),
    st.integers(0, 40 * DAY),
    st.sampled_from((0, 15 * MINUTE, HOUR, DAY, 7 * DAY)),
)


def act(house: House, action: str, amount: int) -> None:
    """Whatever is possible of it."""
    match action:
        case "log_on":
            house.tell(i.PhoneRegistered(extension=house.agent(KIM).profile.extension))
            house.tell(i.LogOn(agent=KIM))
        case "log_off" if house.agent(KIM).call is None:
            house.tell(i.LogOff(agent=KIM))
        case "ready" if house.agent(KIM).mode is not AgentMode.LOGGED_OFF:
            house.tell(i.SetReady(agent=KIM))
        case "not_ready" if house.agent(KIM).mode is not AgentMode.LOGGED_OFF:
            house.tell(i.SetNotReady(agent=KIM, reason="break"))
        case "talk" if house.agent(KIM).is_available:
            call = house.talking()
            house.wait(amount % 14_000)
            house.hang_up(call)
        case "clock":
            house.tell(i.ClockSet(offset_us=(amount % 200 - 100) * HOUR // 2))
        case "zone":
            zone_s = (amount % 25 - 12) * 1800
            house.tell(
                i.LoadSettings(settings=msgspec.structs.replace(house.state.settings, time_zone_offset_s=zone_s))
            )
        case "load":
            window = ResultsWindow.HOURS if amount % 2 else ResultsWindow.TODAY
            zone_s = house.state.settings.time_zone_offset_s
            house.tell(i.LoadSettings(settings=centre(window, 1 + amount % 24, time_zone_offset_s=zone_s)))


@settings(max_examples=150, deadline=None)
@example(steps=[(0, "talk", 0), (0, "clock", 0)])
@given(steps=st.lists(st.tuples(GAPS, st.sampled_from(ACTIONS), st.integers(0, 100_000)), max_size=25))
def test_every_window_is_what_the_journal_says(steps: list[tuple[int, str, int]]) -> None:
    """Whatever people do, whenever they do it, and whatever becomes of the clock."""
    house = house_at(SUNDAY_23, centre(ResultsWindow.HOURS, 4))
    for gap, action, amount in (*((0, action, 0) for action in ("log_on", "ready")), *steps):
        house.wait(gap / SECOND)
        act(house, action, amount)
    house.wait(1)
    naive = Naive(house.journal, house.now)
    windows = [(ResultsWindow.TODAY, 0), (ResultsWindow.WEEK, 0), (ResultsWindow.MONTH, 0)]
    queue = house.state.settings.queues[0]
    if queue.results_window is ResultsWindow.HOURS and _kept_throughout(house.journal, queue.results_hours):
        windows.append((ResultsWindow.HOURS, queue.results_hours))
    for window, hours in windows:
        assert window_of(house, window, hours) == naive.figures(window, hours), window
    assert fold(house.journal) == house.state


def _kept_throughout(journal: list[Event], hours: int) -> bool:
    """Fewer hours were never wanted, since hours are: then no mark was thrown away that is needed now."""
    wanted: list[int] = []
    for event in journal:
        if isinstance(event, e.SettingsLoaded):
            queue = event.settings.queues[0]
            wanted = [*wanted, queue.results_hours] if queue.results_window is ResultsWindow.HOURS else []
    return min(wanted, default=hours) >= hours


def test_who_joins_later_is_remembered_too() -> None:
    house = house_at(SUNDAY_23, centre(ResultsWindow.HOURS))
    house.tell(i.EnrolAgents(agents=(profile(KIM), profile(LEE), profile(PARK))))
    assert house.agent(PARK).recent is not None
