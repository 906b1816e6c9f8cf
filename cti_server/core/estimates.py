"""How long a caller will wait, and how sure that is.

The estimator. Callers and callbacks leave the front of a queue (to an agent, or hanging up) at some pace, which is
known from those who left (`fold_waits.py`); a callback that goes before a caller counts as a place. The pace alone
foretells

    wait = place × average time between departures, times agents / agents at work now

and the place-th departure of a steady stream comes after an Erlang time, of which the 10 % and 90 % points are taken
(by the cube rule of Wilson and Hilferty 1931). But agents come and go, callers are overtaken by those of a higher class
or with a head start, and those far back are rid of more who hang up. So what was foretold is compared with what came
true, apart for near and far places and for those who overtake others, and what is told is corrected by it: the expected
wait by the ratio of the averages, the interval's ends so that four waits in five lie between them. Nothing is said
before ``SAMPLES_LEAST`` departures are known.

What one caller is told never rises, unless fewer agents are at work than when it was said; then once, as a change.

Decides what is expected and what may be said; when it is said is the flow's business.
"""

import msgspec

from cti_server.core.entities import Call, Queue
from cti_server.core.events import Foretold, OrderKey
from cti_server.core.fold_waits import ONE_PPM
from cti_server.core.step import Step
from cti_server.core.tallies import Lesson
from cti_server.core.vocabulary import QueueId

SAMPLES_LEAST = 5
"""Departures before anything is said, and answered callers of a group before its errors correct anything."""
Z_90 = 1.2816
PLACE_GROUPS = 4
"""Places 1, 2–3, 4–7, and from 8 on."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. Four times in five the wait is between ``low`` and ``high``."""

    seconds: int
    low: int
    high: int


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """``is_raised``: more than this caller was told before, because fewer agents are at work."""

    estimate: Estimate
    is_raised: bool = False


def expected(queue: Queue, *, staff: int, place: int, is_favoured: bool = False) -> Estimate | None:
    """None: too little is known, or nobody is at work. ``is_favoured``: with a head start, or of a higher class."""
    foretold = by_pace(queue, staff=staff, place=place, is_favoured=is_favoured)
    return None if foretold is None else _corrected(foretold, queue.lessons.get(foretold.group))


def by_pace(queue: Queue, *, staff: int, place: int, is_favoured: bool = False) -> Foretold | None:
    """What the pace alone says; not yet what is told."""
    if queue.departures < SAMPLES_LEAST or staff <= 0 or place <= 0:
        return None
    step_us = queue.pace_us / staff
    return Foretold(
        group=group_of(place, is_favoured=is_favoured),
        wait_us=round(step_us * place),
        low_us=round(step_us * _erlang(place, -Z_90)),
        high_us=round(step_us * _erlang(place, Z_90)),
    )


def group_of(place: int, *, is_favoured: bool) -> int:
    """Whose past errors are alike."""
    return min(PLACE_GROUPS, place.bit_length()) - 1 + (PLACE_GROUPS if is_favoured else 0)


def of_call(step: Step, call: Call) -> Estimate | None:
    """For somebody who waits."""
    queue = step.state.queues.get(call.queue) if call.queue is not None else None
    if queue is None or call.key is None:
        return None
    index = step.around.index
    favoured = _is_favoured(call.key, call.entered_at or step.now)
    return expected(queue, staff=index.staff(queue.queue), place=index.position(call.call), is_favoured=favoured)


def on_entering(step: Step, queue_id: QueueId, key: OrderKey) -> Foretold | None:
    """For somebody who enters now with this key, to be compared with what comes true."""
    index = step.around.index
    queue = step.state.queues.get(queue_id)
    if queue is None or _is_served_at_once(step, queue_id):
        return None
    favoured, place = _is_favoured(key, step.now), index.place_of(queue_id, key)
    return by_pace(queue, staff=index.staff(queue_id), place=place, is_favoured=favoured)


def at_entering(step: Step, queue_id: QueueId) -> Estimate | None:
    """For somebody who would enter now, at the end; nothing to wait for while an agent is free and nobody waits."""
    index = step.around.index
    queue = step.state.queues.get(queue_id)
    if queue is None or _is_served_at_once(step, queue_id):
        return None
    return expected(queue, staff=index.staff(queue_id), place=index.work(queue_id) + 1)


def to_say(call: Call, estimate: Estimate, staff: int) -> Said:
    """What may be said to this caller now."""
    if call.told_s is None or estimate.seconds <= call.told_s:
        return Said(estimate=estimate)
    if staff < call.told_staff and not call.told_raised:
        return Said(estimate=estimate, is_raised=True)
    return Said(
        estimate=Estimate(seconds=call.told_s, low=min(estimate.low, call.told_s), high=max(estimate.high, call.told_s))
    )


def _is_served_at_once(step: Step, queue: QueueId) -> bool:
    index = step.around.index
    return bool(index.idle(queue)) and not index.work(queue)


def _is_favoured(key: OrderKey, entered_at: int) -> bool:
    """Overtakes those who only came."""
    return key.rank < 0 or key.due_at < entered_at


def _corrected(foretold: Foretold, lesson: Lesson | None) -> Estimate:
    if lesson is None or lesson.callers < SAMPLES_LEAST or lesson.foretold_us <= 0:
        lesson = Lesson(waited_us=1, foretold_us=1)
    seconds = round(foretold.wait_us * lesson.waited_us / lesson.foretold_us / 1_000_000)
    return Estimate(
        seconds=seconds,
        low=min(seconds, round(foretold.low_us * lesson.low_ppm / ONE_PPM / 1_000_000)),
        high=max(seconds, round(foretold.high_us * lesson.high_ppm / ONE_PPM / 1_000_000)),
    )


def _erlang(place: int, z: float) -> float:
    """A point of the Erlang distribution of this many steps of mean one."""
    ninth = 1 / (9 * place)
    return float(place * max(0.0, 1 - ninth + z * ninth**0.5) ** 3)
