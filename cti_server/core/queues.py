"""Into a queue: with which order, and when there is no room. How a call leaves is `calls.py`'s and `offers.py`'s
business.

Higher priorities of a flow are smaller classes. Head starts of customer tiers are not known yet: every due time is
the moment of entering. A call that moves from one queue to another keeps its age.
"""

from cti_server.core import calls
from cti_server.core import events as e
from cti_server.core.entities import Call
from cti_server.core.step import Step
from cti_server.core.vocabulary import Micros, QueueExit, QueueId


def enqueue(step: Step, call: Call, queue: QueueId, *, priority: int = 0) -> bool:
    """False: unknown queue, or no room in it; the call is then in no queue."""
    settings = step.around.queues.get(queue)
    entered_at = step.now
    if call.queue is not None and call.call in step.state.queues[call.queue].waiting:
        if call.queue == queue:
            return True
        entered_at = call.entered_at or step.now
        calls.leave_queue(step, call, QueueExit.FLOWED_OUT, flow_goes_on=True)
    if settings is None or len(step.state.queues[queue].waiting) >= settings.maximum_waiting:
        return False
    step.emit(
        e.CallQueued(
            at=step.now,
            call=call.call,
            queue=queue,
            key=e.OrderKey(rank=-priority, due_at=entered_at, sequence=step.next_id()),
            entered_at=step.now,
            limit_at=step.after(s=settings.maximum_wait_s),
        )
    )
    return True


def put_back(step: Step, call: Call) -> None:
    """An offer came to nothing: the call goes on waiting, with its first key, before those of its class."""
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
        )
    )
