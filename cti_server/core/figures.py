"""An agent's own figures: of the local day, week and month, since log-on, and of the last hours. Kept, and read again.

The law. Time counts where it passes: a run over midnight is shared between the days. What happens counts at its moment:
an answered call when it is answered, talk when the conversation ends. Day, week (from Monday) and month (from the 1st)
are those of the centre's clock and zone; when either changes, the time before is closed by the old one, and a day, week
or month is begun anew whenever the clock enters it. So they never count anything twice, and a clock that is set back
over midnight takes nothing from the next day. Week and month are the days before today and today: they cost nothing
until a day is over.

The last N hours begin with the quarter-hour of engine time in which the N hours begin, so no clock touches them. They
are the totals less what these were then; a mark a quarter-hour, kept only while some queue wants this window, and
counted from when it first did.

Folds call `account`, `counted`, `close` and `keep_hours`; strategies read by `beginning` and `figures`.
"""

from cti_server.core.clock import DAY_US, THURSDAY, first_of_month, local_day, local_us
from cti_server.core.entities import Agent, State
from cti_server.core.settings import QueueSettings
from cti_server.core.tallies import AgentDay, RecentHours
from cti_server.core.vocabulary import AgentMode, Micros, Occupation, ResultsWindow

QUARTER_US = 900_000_000
QUARTERS_AN_HOUR = 4
NOTHING = AgentDay()
"""The figures of somebody whose last change was before the window. Never changed."""
Mark = tuple[int, int, int, int, int]
IDLE, READY = Occupation.IDLE, AgentMode.READY
HANDLING = (Occupation.CONNECTED, Occupation.AFTER_CALL_WORK)


# --- kept ------------------------------------------------------------------------------------------------------------


def account(state: State, agent: Agent, at: Micros) -> None:
    """Add the time since the last change of state to the figures. Call it before mode or occupation changes."""
    if at > agent.accounted_at:  # an agent's facts mostly come several at one moment
        _account(state, agent, at)


def _account(state: State, agent: Agent, at: Micros) -> None:
    local = local_us(at, offset_us=state.clock_offset_us, zone_s=state.settings.time_zone_offset_s)
    day, since_midnight = divmod(local, DAY_US)
    is_there = agent.mode is not AgentMode.LOGGED_OFF
    if is_there and at > agent.accounted_at:
        _add_time(agent, agent.shift, at - agent.accounted_at)
    if agent.recent is not None:
        _remember_quarters(agent, agent.recent, at, is_there)
    if agent.today.day != day:
        if is_there:
            _close_days(agent, at, at - since_midnight)
        _turn_to(agent, day)
    if is_there and at > agent.accounted_at:
        _add_time(agent, agent.today, at - agent.accounted_at)
    if at > agent.accounted_at:
        agent.accounted_at = at


def counted(state: State, agent: Agent, at: Micros) -> tuple[AgentDay, ...]:
    """Where something that happens now is counted."""
    account(state, agent, at)
    return (agent.today, agent.shift) if agent.recent is None else (agent.today, agent.shift, agent.recent.total)


def close(state: State, at: Micros) -> None:
    """Everybody's figures up to this moment, by clock and zone as they stand: before these change, and after."""
    for agent in state.agents.values():
        _account(state, agent, at)


def keep_hours(state: State) -> None:
    """As many quarter-hours are remembered of everybody as some queue looks back to."""
    windows = [queue for queue in state.settings.queues if queue.results_window is ResultsWindow.HOURS]
    kept = max((queue.results_hours for queue in windows), default=0) * QUARTERS_AN_HOUR + 1
    for agent in state.agents.values():
        if not windows:
            agent.recent = None
        elif agent.recent is None:
            agent.recent = RecentHours(kept=kept, first=agent.accounted_at // QUARTER_US, marks=[_mark(NOTHING)])
        else:
            agent.recent.kept = kept


def _close_days(agent: Agent, at: int, midnight: int) -> None:
    """Give each day before this midnight its own part of the time since the last change."""
    while agent.accounted_at < midnight:
        days = (midnight - agent.accounted_at - 1) // DAY_US
        end = midnight - days * DAY_US
        _add_time(agent, agent.today, end - agent.accounted_at)
        agent.accounted_at = Micros(end)
        _turn_to(agent, agent.today.day + 1)


def _turn_to(agent: Agent, day: int) -> None:
    """Another day has come: the one before goes into its week and month."""
    before = agent.today
    agent.week = _with_day(agent.week, before, _monday(before.day), _monday(day))
    agent.month = _with_day(agent.month, before, first_of_month(before.day), first_of_month(day))
    agent.today = AgentDay(day=day)


def _with_day(days: AgentDay, before: AgentDay, began: int, begins: int) -> AgentDay:
    """``day`` of the sum: the first of its week or month."""
    if began != begins:
        return AgentDay(day=begins)
    return _sum(days if days.day == begins else NOTHING, before, day=begins)


def _add_time(agent: Agent, figures: AgentDay, elapsed_us: int) -> None:
    figures.logged_us += elapsed_us
    if agent.occupation is IDLE:
        figures.ready_us += elapsed_us if agent.mode is READY else 0
    elif agent.occupation in HANDLING:
        figures.handling_us += elapsed_us
    else:
        figures.offered_us += elapsed_us


def _remember_quarters(agent: Agent, recent: RecentHours, at: int, is_there: bool) -> None:
    """The time up to ``at`` goes into the totals, and each quarter-hour that began meanwhile gets its mark."""
    since, last = agent.accounted_at, at // QUARTER_US
    quarter = max(since // QUARTER_US, last - recent.kept) + 1
    while quarter <= last:
        if is_there:
            _add_time(agent, recent.total, quarter * QUARTER_US - since)
            since = Micros(quarter * QUARTER_US)
        if quarter > recent.first + len(recent.marks):
            recent.first, recent.marks = quarter, []
        recent.marks.append(_mark(recent.total))
        quarter += 1
    surplus = len(recent.marks) - recent.kept
    if surplus > 0:
        del recent.marks[:surplus]
        recent.first += surplus
    if is_there and at > since:
        _add_time(agent, recent.total, at - since)


def _mark(figures: AgentDay) -> Mark:
    return (
        figures.answered + figures.dialled, figures.talk_us, figures.logged_us, figures.ready_us, figures.handling_us,
    )  # fmt: skip


# --- read ------------------------------------------------------------------------------------------------------------


def beginning(state: State, settings: QueueSettings, now: int) -> int:
    """When the queue's window begins, in engine time. (Since log-on: with each agent's log-on, and 0 here.)"""
    match settings.results_window:
        case ResultsWindow.TODAY:
            return midnight_before(state, now)
        case ResultsWindow.LOG_ON:
            return 0
        case ResultsWindow.HOURS:
            return (now // QUARTER_US - settings.results_hours * QUARTERS_AN_HOUR) * QUARTER_US
    day = local_day(now, offset_us=state.clock_offset_us, zone_s=state.settings.time_zone_offset_s)
    first = _monday(day) if settings.results_window is ResultsWindow.WEEK else first_of_month(day)
    return midnight_before(state, now) - (day - first) * DAY_US


def figures(agent: Agent, window: ResultsWindow, begins: int) -> tuple[AgentDay, int]:
    """The figures of the window up to a moment, and that moment: since then nothing has changed."""
    if window is ResultsWindow.LOG_ON:
        return agent.shift, agent.accounted_at
    if agent.accounted_at < begins:
        return NOTHING, begins
    match window:
        case ResultsWindow.WEEK:
            return _sum(agent.week, agent.today), agent.accounted_at
        case ResultsWindow.MONTH:
            return _sum(agent.month, agent.today), agent.accounted_at
        case ResultsWindow.HOURS:
            return _of_hours(agent.recent, begins), agent.accounted_at
    return agent.today, agent.accounted_at


def midnight_before(state: State, at: int) -> int:
    """The local day's beginning, in engine time."""
    local = local_us(at, offset_us=state.clock_offset_us, zone_s=state.settings.time_zone_offset_s)
    return at - local % DAY_US


def _of_hours(recent: RecentHours | None, begins: int) -> AgentDay:
    if recent is None:
        return NOTHING
    results, talk_us, logged_us, ready_us, handling_us = recent.marks[max(0, begins // QUARTER_US - recent.first)]
    total = recent.total
    return AgentDay(
        answered=total.answered + total.dialled - results,
        talk_us=total.talk_us - talk_us,
        logged_us=total.logged_us - logged_us,
        ready_us=total.ready_us - ready_us,
        handling_us=total.handling_us - handling_us,
    )


def _sum(one: AgentDay, other: AgentDay, *, day: int = 0) -> AgentDay:
    return AgentDay(
        day=day,
        answered=one.answered + other.answered,
        dialled=one.dialled + other.dialled,
        missed=one.missed + other.missed,
        talk_us=one.talk_us + other.talk_us,
        talks=one.talks + other.talks,
        logged_us=one.logged_us + other.logged_us,
        ready_us=one.ready_us + other.ready_us,
        offered_us=one.offered_us + other.offered_us,
        handling_us=one.handling_us + other.handling_us,
    )


def _monday(day: int) -> int:
    return day - (day + THURSDAY) % 7
