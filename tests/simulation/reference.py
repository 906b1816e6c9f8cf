"""A call centre from first principles, independent of ours: queues in order of arrival, agents idle for longest first.

It shares no code and no ideas of structure with the Centre: no events, no legs, no state; only who waits, who is idle,
and when the next agent is free. Given the same arrivals, service times and patience, both must give every call the same
wait to the microsecond (`test_reference.py`), and this one must meet published results (`test_reference_cases.py`).

Callers who lose patience are not followed: they are found gone when somebody is free for them. At one moment agents
become free before callers hang up, and callers hang up before others arrive.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

ENDLESS = -1
GONE = -1
BLOCKED = -2


@dataclass(slots=True, kw_only=True)
class Pool:
    """``count`` equal agents. ``serves``: kinds of calls in the order in which a free agent looks at them, or all as
    one when ``by_arrival``. ``pace`` stretches service times."""

    count: int
    serves: Sequence[int] = (0,)
    pace: float = 1.0


@dataclass(slots=True, kw_only=True)
class House:
    """``prefers[kind]``: pools in groups, the first group with an idle agent is taken. ``rank[kind]``: smaller is
    served first (with ``by_arrival``). ``threshold``: kind 0 first, unless so many of kind 1 wait. ``places``: for all
    who wait; who comes after is blocked."""

    pools: Sequence[Pool]
    prefers: Sequence[Sequence[Sequence[int]]] = (((0,),),)
    rank: Sequence[int] = (0,)
    by_arrival: bool = True
    threshold: int = 0
    idle_choice: str = "longest_idle"
    places: int = 10**9
    seed: int = 1


@dataclass(slots=True)
class Day:
    """By call: the moment of answer (GONE: hung up, BLOCKED) and the agent; by agent: time at work."""

    answered_at: list[int] = field(default_factory=list)
    agent: list[int] = field(default_factory=list)
    worked: list[int] = field(default_factory=list)


def simulate(
    house: House,
    at: Sequence[int],
    kind: Sequence[int],
    patience: Sequence[int],
    service: Sequence[int],
    dial: Sequence[int] = (),
) -> Day:
    """``dial``: how much longer the service takes of who had to wait (and was called back)."""
    pool_of = [index for index, pool in enumerate(house.pools) for _ in range(pool.count)]
    agents = len(pool_of)
    day = Day([GONE] * len(at), [0] * len(at), [0] * agents)
    idle: list[deque[tuple[int, int]]] = [deque() for _ in house.pools]
    for agent, pool in enumerate(pool_of):
        idle[pool].append((0, agent))
    waiting: list[deque[int]] = [deque() for _ in house.prefers]
    busy: list[tuple[int, int]] = []
    pick = _picker(house, idle, day)
    is_single = len(waiting) == 1
    waits_now = 0

    def first_of(each: int, now: int) -> int | None:
        queue = waiting[each]
        while queue:
            call = queue[0]
            if patience[call] == ENDLESS or at[call] + patience[call] >= now:
                return call
            queue.popleft()
        return None

    def next_call(pool: int, now: int) -> int | None:
        kinds = house.pools[pool].serves
        if is_single:
            return first_of(0, now)
        if house.threshold:
            return first_of(1 if len(waiting[1]) >= house.threshold or not waiting[0] else 0, now)
        found = [call for call in (first_of(each, now) for each in kinds) if call is not None]
        if not found or not house.by_arrival:
            return found[0] if found else None
        return min(found, key=lambda call: (house.rank[kind[call]], call))

    def serve(call: int, agent: int, now: int, more: int = 0) -> None:
        took = round(service[call] * house.pools[pool_of[agent]].pace) + more
        day.answered_at[call], day.agent[call] = now, agent
        day.worked[agent] += took
        heappush(busy, (now + took, agent))

    def free_until(moment: int) -> None:
        nonlocal waits_now
        while busy and busy[0][0] <= moment:
            now, agent = heappop(busy)
            call = next_call(pool_of[agent], now)
            if call is None:
                idle[pool_of[agent]].append((now, agent))
            else:
                waiting[kind[call]].popleft()
                waits_now -= 1
                serve(call, agent, now, dial[call] if dial else 0)

    for call, moment in enumerate(at):
        free_until(moment)
        chosen = pick(kind[call])
        if chosen is not None:
            serve(call, chosen, moment)
        elif waits_now >= house.places:
            day.answered_at[call] = BLOCKED
        else:
            waiting[kind[call]].append(call)
            waits_now += 1
    free_until(1 << 62)
    return day


def _picker(house: House, idle: list[deque[tuple[int, int]]], day: Day) -> Callable[[int, int], tuple[int, int] | None]:
    """Takes an idle agent for a kind of call: (idle since, agent), or None."""
    random = Random(house.seed)

    def pick(kind: int) -> int | None:
        for group in house.prefers[kind]:
            pools = [pool for pool in group if idle[pool]]
            if not pools:
                continue
            if house.idle_choice == "longest_idle":
                return idle[min(pools, key=lambda pool: idle[pool][0])].popleft()[1]
            everybody = [(pool, entry) for pool in pools for entry in idle[pool]]
            if house.idle_choice == "random":
                pool, entry = random.choice(everybody)
            else:  # least busy time so far
                pool, entry = min(everybody, key=lambda each: (day.worked[each[1][1]], each[1]))
            idle[pool].remove(entry)
            return entry[1]
        return None

    return pick
