"""How long a caller will wait, and how sure that is.

The estimator. While somebody waits, callers leave the front of a queue (to an agent, or hanging up) at some pace; with
twice the agents, at twice the pace. So the time between two departures, times the agents at work, is averaged
(exponentially, the latest weighs 1/``PACE_MEMORY``, `fold_shared.py`), and

    expected wait = place × average / agents at work now

The place-th departure of a steady stream comes after an Erlang time: ``low`` and ``high`` are its 10 % and 90 % points
(by the cube rule of Wilson and Hilferty 1931). Nothing is said before ``SAMPLES_LEAST`` departures are known.

What one caller is told never rises, unless fewer agents are at work than when it was said; then once, as a change.

Decides what is expected and what may be said; when it is said is the flow's business.
"""

import msgspec

from cti_server.core.entities import Call, Queue
from cti_server.core.step import Step
from cti_server.core.vocabulary import QueueId

SAMPLES_LEAST = 5
Z_90 = 1.2816


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. Four times in five the wait is between ``low`` and ``high``."""

    seconds: int
    low: int
    high: int


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """``is_raised``: more than this caller was told before, because fewer agents are at work."""

    estimate: Estimate
    is_raised: bool = False


def expected(queue: Queue, *, staff: int, place: int) -> Estimate | None:
    """None: too little is known, or nobody is at work."""
    if queue.departures < SAMPLES_LEAST or staff <= 0 or place <= 0:
        return None
    step_s = queue.pace_us / staff / 1_000_000
    return Estimate(
        seconds=round(step_s * place),
        low=round(step_s * _erlang(place, -Z_90)),
        high=round(step_s * _erlang(place, Z_90)),
    )


def of_call(step: Step, call: Call) -> Estimate | None:
    """For somebody who waits."""
    queue = step.state.queues.get(call.queue) if call.queue is not None else None
    if queue is None:
        return None
    index = step.around.index
    return expected(queue, staff=index.staff(queue.queue), place=index.position(call.call))


def at_entering(step: Step, queue_id: QueueId) -> Estimate | None:
    """For somebody who would enter now; nothing to wait for while an agent is free and nobody waits."""
    index = step.around.index
    queue = step.state.queues.get(queue_id)
    if queue is None or (index.idle(queue_id) and not index.waiting(queue_id)):
        return None
    return expected(queue, staff=index.staff(queue_id), place=index.waiting(queue_id) + 1)


def to_say(call: Call, estimate: Estimate, staff: int) -> Said:
    """What may be said to this caller now."""
    if call.told_s is None or estimate.seconds <= call.told_s:
        return Said(estimate=estimate)
    if staff < call.told_staff and not call.told_raised:
        return Said(estimate=estimate, is_raised=True)
    return Said(
        estimate=Estimate(seconds=call.told_s, low=min(estimate.low, call.told_s), high=max(estimate.high, call.told_s))
    )


def _erlang(place: int, z: float) -> float:
    """A point of the Erlang distribution of this many steps of mean one."""
    ninth = 1 / (9 * place)
    return float(place * max(0.0, 1 - ninth + z * ninth**0.5) ** 3)
