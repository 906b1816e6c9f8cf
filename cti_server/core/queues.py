"""Into a queue: with which order, for whom, and when not. How a call leaves is `calls.py`'s and `offers.py`'s business.

Higher priorities of a flow are smaller classes; a tier gives a head start and may raise the class (`waits.py`). A
queue that overflows sends the call on to another (`overflow.py`), at most ``HOPS_MAX`` times. A call that moves from
one queue to another keeps its age.
"""

from cti_server.core import calls, estimates, naming, overflow, waits
from cti_server.core import events as e
from cti_server.core.asking import asked
from cti_server.core.entities import Call
from cti_server.core.settings import QueueSettings
from cti_server.core.skills import Levels, stage_after
from cti_server.core.step import Step
from cti_server.core.vocabulary import Micros, OverflowWhen, QueueExit, QueueId

HOPS_MAX = 8


def enqueue(
    step: Step, call: Call, queue: QueueId, *, priority: int = 0, uses_tier: bool = False, is_asked_for: bool = False
) -> bool:
    """False: unknown queue, or no room in it and nowhere else; the call is then in no queue.

    ``is_asked_for``: whom the caller asked for by extension gets the call first."""
    came_at = step.now
    if is_waiting(step, call):
        if call.queue == queue:
            return True
        came_at = call.entered_at or step.now
        calls.leave_queue(step, call, QueueExit.FLOWED_OUT, flow_goes_on=True)
    asks = asked(step.settings, call)
    settings = _with_room(step, call, queue, asks, is_asked_for=is_asked_for)
    if settings is None:
        return False
    tier = waits.tier_of(step, call.tier) if uses_tier else waits.NO_TIER
    named, named_by, absent = naming.find(step, call, settings, is_asked_for=is_asked_for)
    key = waits.first_key(step, tier=tier, priority=priority, came_at=came_at)
    step.emit(
        e.CallQueued(
            at=step.now,
            call=call.call,
            queue=settings.queue,
            key=key,
            entered_at=step.now,
            limit_at=step.after(s=settings.maximum_wait_s),
            stage=stage_after(settings, 0),
            relax_at=waits.relax_at(settings, step.now, step.now),
            ceiling_at=waits.ceiling_at(settings, tier, step.now),
            named=named,
            named_until=None if named is None else step.after(s=settings.named_wait_s),
            named_by=named_by,
            absent=absent,
            uses_tier=uses_tier,
            overflow_at=overflow.due_at(settings, step.now),
            foretold=None if named is not None else estimates.on_entering(step, settings.queue, key, asks),
            asks=asks,
        )
    )
    return True


def is_waiting(step: Step, call: Call) -> bool:
    """In a queue, or being offered from it."""
    return call.queue is not None and call.call in step.state.queues[call.queue].waiting


def put_back(step: Step, call: Call) -> None:
    """An offer came to nothing: the call goes on waiting, with its first key, before those of its class, and for
    anybody; what became due meanwhile takes effect."""
    assert call.queue is not None and call.key is not None
    step.emit(
        e.CallQueued(
            at=step.now,
            call=call.call,
            queue=call.queue,
            key=call.key,
            entered_at=call.entered_at or step.now,
            limit_at=call.queue_limit_at or Micros(step.now),
            returned=True,
            stage=call.stage,
            relax_at=call.relax_at,
            ceiling_at=call.ceiling_at,
            uses_tier=call.uses_tier,
            overflow_at=call.overflow_at,
            asks=asked(step.settings, call),
        )
    )
    waits.review(step, call)


def overflow_to(step: Step, call: Call, when: OverflowWhen) -> bool:
    """The queue overflows for a call that waits, by this rule. False: the flow must say what is next (`refused`)."""
    assert call.queue is not None
    settings = step.around.queues.get(call.queue)
    rule = overflow.rule_of(settings, when) if settings is not None else None
    if rule is None or rule.to == overflow.REFUSED:
        return False
    tier = waits.tier_of(step, call.tier) if call.uses_tier else waits.NO_TIER
    is_raised = call.key is None or call.key.rank <= waits.RAISED_RANK
    priority = 0 if is_raised or call.key is None else -call.key.rank - tier.priority
    return enqueue(step, call, QueueId(rule.to), priority=priority, uses_tier=call.uses_tier)


def _with_room(step: Step, call: Call, queue: QueueId, asks: Levels, *, is_asked_for: bool) -> QueueSettings | None:
    """This queue, or where it overflows to for somebody who asks for this."""
    for _ in range(HOPS_MAX):
        settings = step.around.queues.get(queue)
        if settings is None:
            return None
        is_named = naming.find(step, call, settings, is_asked_for=is_asked_for).agent is not None
        to = overflow.at_entering(step, settings, asks, is_named=is_named)
        if to is None:
            has_room = len(step.state.queues[queue].waiting) < settings.maximum_waiting
            return settings if has_room else None
        if to == overflow.REFUSED:
            return None
        queue = QueueId(to)
    return None
