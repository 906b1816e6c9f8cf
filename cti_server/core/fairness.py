"""How evenly the work of a day fell on people, and which differences have a reason. Readable by those it is about.

Everybody's share is compared with what an even share would be: the calls of those who may take the same ones (who serve
the same queues, and the same of the languages and lines that ask for skills), divided by the time that each was at work
(Ready, being offered, or handling). Skills that only a flow asks for are not known here. Counts scatter by
chance about that: ``spread`` is twice the square root of the expected count (two standard deviations of a Poisson
count). Outside it, the first reason that explains it is named: short log-in, time Not Ready, fewer or more queues,
offers missed; else ``unexplained``, which deserves a look.
"""

from enum import StrEnum

import msgspec

from cti_server.core.entities import Agent, State
from cti_server.core.figures import midnight_before
from cti_server.core.skills import first_stage, lacking, stages
from cti_server.core.strategies import occupancy_millionths
from cti_server.core.tallies import AgentDay
from cti_server.core.vocabulary import AgentId, AgentMode, Extension, Occupation

Team = tuple[tuple[str, ...], tuple[str, ...]]
"""(queues, languages and lines) of people who may take the same calls."""
SHARE_NOTABLE = 0.15
"""A difference of time from the others' mean that counts as a reason."""


class Why(StrEnum):
    WITHIN_SPREAD = "within_spread"
    SHORTER_LOG_IN = "shorter_log_in"
    LONGER_LOG_IN = "longer_log_in"
    NOT_READY = "not_ready"
    FEWER_QUEUES = "fewer_queues"
    MORE_QUEUES = "more_queues"
    MISSED_OFFERS = "missed_offers"
    UNEXPLAINED = "unexplained"


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """One person's day so far. Shares are of 1: ``idle_share`` of the time logged in, ``occupancy`` = handling /
    (handling + free and Ready)."""

    agent: AgentId
    extension: Extension
    logged_s: int
    idle_share: float
    not_ready_share: float
    occupancy: float
    calls: int
    talk_s: int
    missed: int
    queues: tuple[str, ...]
    expected_calls: float
    spread: float
    why: Why


def fairness(state: State, now: int) -> tuple[Share, ...]:
    """Everybody who was logged on today, by number."""
    days = {agent.agent: today(state, agent, now) for agent in state.agents.values()}
    present = [agent for agent in state.agents.values() if days[agent.agent].logged_us > 0]
    serves = {agent.agent: _queues(state, agent) for agent in present}
    teams = {agent.agent: (serves[agent.agent], _asked_and_able(state, agent)) for agent in present}
    expected = _expected(present, days, teams)
    means = _Means(
        logged_us=_mean([days[agent.agent].logged_us for agent in present]),
        not_ready=_mean([_not_ready_share(days[agent.agent]) for agent in present]),
        queues=_mean([len(serves[agent.agent]) for agent in present]),
        missed=_mean([days[agent.agent].missed for agent in present]),
    )
    return tuple(
        _share(agent, days[agent.agent], serves[agent.agent], expected[agent.agent], means)
        for agent in sorted(present, key=lambda agent: agent.agent)
    )


def today(state: State, agent: Agent, now: int) -> AgentDay:
    """The figures of the local day up to now."""
    midnight = midnight_before(state, now)
    kept = agent.today if agent.accounted_at >= midnight else AgentDay()
    elapsed = 0 if agent.mode is AgentMode.LOGGED_OFF else max(0, now - max(agent.accounted_at, midnight))
    is_ready = agent.mode is AgentMode.READY and agent.occupation is Occupation.IDLE
    is_handling = agent.occupation in (Occupation.CONNECTED, Occupation.AFTER_CALL_WORK)
    is_offered = agent.occupation in (Occupation.RESERVED, Occupation.ALERTING)
    return AgentDay(
        day=kept.day,
        answered=kept.answered,
        dialled=kept.dialled,
        missed=kept.missed,
        talk_us=kept.talk_us,
        talks=kept.talks,
        logged_us=kept.logged_us + elapsed,
        ready_us=kept.ready_us + (elapsed if is_ready else 0),
        offered_us=kept.offered_us + (elapsed if is_offered else 0),
        handling_us=kept.handling_us + (elapsed if is_handling else 0),
    )


class _Means(msgspec.Struct, frozen=True, kw_only=True):
    logged_us: float
    not_ready: float
    queues: float
    missed: float


def _share(agent: Agent, day: AgentDay, queues: tuple[str, ...], expected: float, means: _Means) -> Share:
    calls = day.answered + day.dialled
    spread = 2 * expected**0.5
    return Share(
        agent=agent.agent,
        extension=agent.profile.extension,
        logged_s=day.logged_us // 1_000_000,
        idle_share=round(day.ready_us / day.logged_us, 4),
        not_ready_share=round(_not_ready_share(day), 4),
        occupancy=round(occupancy_millionths(day) / 1_000_000, 4),
        calls=calls,
        talk_s=day.talk_us // 1_000_000,
        missed=day.missed,
        queues=queues,
        expected_calls=round(expected, 1),
        spread=round(spread, 1),
        why=_why(day, len(queues), calls - expected, spread, means),
    )


def _why(day: AgentDay, queues: int, difference: float, spread: float, means: _Means) -> Why:
    if abs(difference) <= spread:
        return Why.WITHIN_SPREAD
    is_less = difference < 0
    reasons = (
        (is_less and day.missed > 2 * means.missed + 1, Why.MISSED_OFFERS),
        (is_less and queues < means.queues, Why.FEWER_QUEUES),
        (not is_less and queues > means.queues, Why.MORE_QUEUES),
        (is_less and _not_ready_share(day) > means.not_ready + SHARE_NOTABLE, Why.NOT_READY),
        (is_less and day.logged_us < means.logged_us * (1 - SHARE_NOTABLE), Why.SHORTER_LOG_IN),
        (not is_less and day.logged_us > means.logged_us * (1 + SHARE_NOTABLE), Why.LONGER_LOG_IN),
    )
    return next((why for holds, why in reasons if holds), Why.UNEXPLAINED)


def _expected(
    present: list[Agent], days: dict[AgentId, AgentDay], team_of: dict[AgentId, Team]
) -> dict[AgentId, float]:
    """People of one team share what they did together, by the time each was at work."""
    expected: dict[AgentId, float] = {}
    teams: dict[Team, list[Agent]] = {}
    for agent in present:
        teams.setdefault(team_of[agent.agent], []).append(agent)
    for team in teams.values():
        calls = sum(days[agent.agent].answered + days[agent.agent].dialled for agent in team)
        whole = sum(_at_work_us(days[agent.agent]) for agent in team)
        for agent in team:
            expected[agent.agent] = calls * _at_work_us(days[agent.agent]) / whole if whole else 0.0
    return expected


def _at_work_us(day: AgentDay) -> int:
    return day.ready_us + day.offered_us + day.handling_us


def _not_ready_share(day: AgentDay) -> float:
    return 1 - _at_work_us(day) / day.logged_us if day.logged_us else 0.0


def _queues(state: State, agent: Agent) -> tuple[str, ...]:
    asked = ((settings.queue, stages(settings)) for settings in state.settings.queues)
    return tuple(queue for queue, levels in asked if first_stage(agent.profile.skills, levels) is not None)


def _asked_and_able(state: State, agent: Agent) -> tuple[str, ...]:
    """The languages and lines that ask for skills, whose callers this person may take."""
    asking = (
        *((f"language {language.language}", language.skills) for language in state.settings.languages),
        *((f"line {line.line}", line.skills) for line in state.settings.lines),
    )
    return tuple(name for name, levels in asking if levels and lacking(agent.profile.skills, levels) is None)


def _mean(values: list[int] | list[float]) -> float:
    return sum(values) / len(values) if values else 0.0
