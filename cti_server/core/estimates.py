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

Callers who ask for skills of their own wait for the whole queue before them, and for those of it who ask for the same:
the one takes all agents of the queue, the other those who can serve them; whichever takes longer is foretold.

What one caller is told never rises, unless fewer agents are at work than when it was said; then once, as a change.

Decides what is expected and what may be said; when it is said is the flow's business.
"""

import msgspec

from cti_server.core.entities import Call, Queue
from cti_server.core.events import Foretold, OrderKey
from cti_server.core.fold_waits import ONE_PPM
from cti_server.core.lines import AT_THE_END, Order, order_of
from cti_server.core.skills import Levels
from cti_server.core.step import Step
from cti_server.core.tallies import Lesson
from cti_server.core.vocabulary import QueueId

SAMPLES_LEAST = 5
"""Departures before anything is said, and answered callers of a group before its errors correct anything."""
Z_90 = 1.2816
PLACE_GROUPS = 4
"""Places 1, 2–3, 4–7, and from 8 on; then the same for those who overtake others, and for those who ask for skills."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. Four times in five the wait is between ``low`` and ``high``."""

    seconds: int
    low: int
    high: int


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """``is_raised``: more than this caller was told before, because fewer agents are at work."""

    estimate: Estimate
    is_raised: bool = False


def expected(
    queue: Queue, *, staff: int, place: int, is_favoured: bool = False, is_asking: bool = False
) -> Estimate | None:
    """None: too little is known, or nobody is at work. ``is_favoured``: with a head start, or of a higher class;
    ``is_asking``: for skills of their own."""
    foretold = by_pace(queue, staff=staff, place=place, is_favoured=is_favoured, is_asking=is_asking)
    return None if foretold is None else _corrected(foretold, queue.lessons.get(foretold.group))


def by_pace(
    queue: Queue, *, staff: int, place: int, is_favoured: bool = False, is_asking: bool = False
) -> Foretold | None:
    """What the pace alone says; not yet what is told."""
    if queue.departures < SAMPLES_LEAST or staff <= 0 or place <= 0:
        return None
    step_us = queue.pace_us / staff
    return Foretold(
        group=group_of(place, is_favoured=is_favoured, is_asking=is_asking),
        wait_us=round(step_us * place),
        low_us=round(step_us * _erlang(place, -Z_90)),
        high_us=round(step_us * _erlang(place, Z_90)),
    )


def group_of(place: int, *, is_favoured: bool, is_asking: bool = False) -> int:
    """Whose past errors are alike."""
    return min(PLACE_GROUPS, place.bit_length()) - 1 + PLACE_GROUPS * (2 if is_asking else int(is_favoured))


def of_call(step: Step, call: Call) -> Estimate | None:
    """For somebody who waits."""
    queue = step.state.queues.get(call.queue) if call.queue is not None else None
    if queue is None or call.key is None:
        return None
    favoured = _is_favoured(call.key, call.entered_at or step.now)
    staff, place = _ahead(step, queue.queue, order_of(call), call.asks)
    return expected(queue, staff=staff, place=place, is_favoured=favoured, is_asking=bool(call.asks))


def on_entering(step: Step, queue_id: QueueId, key: OrderKey, asks: Levels) -> Foretold | None:
    """For somebody who enters now with this key, to be compared with what comes true."""
    queue = step.state.queues.get(queue_id)
    if queue is None or is_served_at_once(step, queue_id, asks):
        return None
    staff, place = _ahead(step, queue_id, (key.rank, 1, key.due_at, key.sequence, 0), asks)
    return by_pace(queue, staff=staff, place=place, is_favoured=_is_favoured(key, step.now), is_asking=bool(asks))


def at_entering(step: Step, queue_id: QueueId, asks: Levels) -> Estimate | None:
    """For somebody who would enter now, at the end; nothing to wait for while an agent is free and nobody waits."""
    queue = step.state.queues.get(queue_id)
    if queue is None or is_served_at_once(step, queue_id, asks):
        return None
    staff, place = _ahead(step, queue_id, AT_THE_END, asks)
    return expected(queue, staff=staff, place=place, is_asking=bool(asks))


def to_say(call: Call, estimate: Estimate, staff: int) -> Said:
    """What may be said to this caller now."""
    if call.told_s is None or estimate.seconds <= call.told_s:
        return Said(estimate=estimate)
    if staff < call.told_staff and not call.told_raised:
        return Said(estimate=estimate, is_raised=True)
    return Said(
        estimate=Estimate(seconds=call.told_s, low=min(estimate.low, call.told_s), high=max(estimate.high, call.told_s))
    )


def is_served_at_once(step: Step, queue: QueueId, asks: Levels) -> bool:
    """Somebody is free for those who ask for this, and none of them waits."""
    line = step.around.index.line_for(queue, asks)
    return any(line.idle) and not line.size()


def _ahead(step: Step, queue: QueueId, order: Order, asks: Levels) -> tuple[int, int]:
    """(agents at work, place): of the whole queue, or of those who ask for the same, whichever takes longer."""
    index = step.around.index
    whole = index.staff(queue), index.place_of(queue, order)
    if not asks:
        return whole
    line = index.line_for(queue, asks)
    own = line.at_work, 1 + line.before(order)
    return own if own[0] == 0 or own[1] * whole[0] > whole[1] * own[0] else whole


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
