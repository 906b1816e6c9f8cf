"""Which of several free agents gets a queue's call: each strategy is a rank, and the smallest rank is chosen.

    longest_idle      (idle since, number)                     who has been free for longest
    top_down          (−level of the queue's skill, number)    the best first, always the same order
    round_robin       (had a turn?, number)                    the next number after the one who was offered last
    even_answered     (results an hour, idle since, number)    least answered (inbound, callbacks, dialled) first
    even_talk         (talk an hour, idle since, number)       least time in conversation first
    lowest_occupancy  (occupancy, idle since, number)          handling / (handling + free and Ready), in millionths
    random            (draw, number)                           a seeded hash of the draw's number and the agent's
    ring_all          (idle since, number)                     everybody, the longest idle first; the first who answers

Ring all: a call stays in its place in the line until it is answered, or rings at as many as the queue allows
(``ring_all_max``), so whoever is free, or becomes free while it rings, is next. Nothing else about it is special.

Results are in proportion to the time logged in: somebody who comes late has few of them and little time, takes the next
call, and is then on a par; with bare counts they would take every call until they had caught up with the morning. The
first minute of a log-in counts as a whole one. Over which time results count is the queue's `results_window`: the local
day, week or month, the last hours, or since log-on; how exactly stands in `figures.py`.

The rank of the first two and of the last does not change while an agent is free, so the index keeps them in order; for
the others it looks at all free candidates.
"""

from cti_server.core.entities import Agent, Call, State
from cti_server.core.figures import figures
from cti_server.core.settings import QueueSettings
from cti_server.core.tallies import AgentDay
from cti_server.core.vocabulary import OFFERED, AgentId, Strategy

Rank = tuple[int, ...]

IN_ORDER = (Strategy.LONGEST_IDLE, Strategy.TOP_DOWN, Strategy.RING_ALL)
"""Strategies whose rank is fixed while an agent is free."""
BY_FIGURES = (Strategy.EVEN_ANSWERED, Strategy.EVEN_TALK, Strategy.LOWEST_OCCUPANCY)
"""Strategies that compare what people did in the queue's window."""
RING_ALL = Strategy.RING_ALL
LOGGED_LEAST_US = 60_000_000
HOUR_US = 3_600_000_000
MILLION = 1_000_000
_MASK = (1 << 64) - 1


def rings_all(call: Call, settings: QueueSettings) -> bool:
    """Is the call being offered in a way in which others may be asked as well? A callback goes to one agent."""
    if settings.strategy is not RING_ALL or call.callback is not None:
        return False
    return call.phase in OFFERED and call.named is None and not call.is_answered


def standing(strategy: Strategy, agent: Agent, level: int) -> tuple[int, int]:
    """The part of the rank that is known when an agent becomes free."""
    if strategy is Strategy.TOP_DOWN:
        return -level, agent.agent
    return agent.idle_since, agent.agent


def rank(settings: QueueSettings, agent: Agent, *, state: State, now: int, begins: int, level: int = 0) -> Rank:
    """``begins``: the beginning of the queue's window (`figures.beginning`)."""
    match settings.strategy:
        case Strategy.LONGEST_IDLE | Strategy.TOP_DOWN | Strategy.RING_ALL:
            return standing(settings.strategy, agent, level)
        case Strategy.ROUND_ROBIN:
            queue = state.queues.get(settings.queue)
            last = queue.last_agent if queue is not None else None
            return int(last is not None and agent.agent <= last), agent.agent
        case Strategy.RANDOM:
            return _hash(state.settings.routing_seed, state.draws + 1, agent.agent), agent.agent
    results, since = figures(agent, settings.results_window, begins)
    elapsed = max(0, now - since)
    if settings.strategy is Strategy.LOWEST_OCCUPANCY:
        whole = results.handling_us + results.ready_us + elapsed
        share = results.handling_us * MILLION // whole if whole else 0
    else:
        is_talk = settings.strategy is Strategy.EVEN_TALK
        amount = results.talk_us if is_talk else (results.answered + results.dialled) * MILLION
        share = amount * HOUR_US // max(results.logged_us + elapsed, LOGGED_LEAST_US)
    return share, agent.idle_since, agent.agent


def occupancy_millionths(day: AgentDay) -> int:
    whole = day.handling_us + day.ready_us
    return day.handling_us * MILLION // whole if whole else 0


def _hash(seed: int, draw: int, agent: AgentId) -> int:
    """SplitMix64 (Steele, Lea and Flood 2014) of the three numbers: evenly spread, and the same everywhere."""
    mixed = (seed * 0x9E3779B97F4A7C15 + draw * 0xD1B54A32D192ED03 + agent * 0x8CB92BA72F3D8DD7) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)
