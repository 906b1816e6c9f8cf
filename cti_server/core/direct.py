"""A line that leads straight into a queue (`queue:orders`): the caller hears ringing, and is answered when an agent
answers.

Where it matters to the queue who calls (a tier, an agent by name, a language that asks for skills), the answer of the
look-up is waited for, at most ``CUSTOMER_WAIT_MS``; then the call enters without it. Everywhere else the call enters
within the step in which it came, and the look-up runs beside it.
"""

from cti_server.core import asking, identity, naming, queues
from cti_server.core import events as e
from cti_server.core.calls import clear
from cti_server.core.effects import RingLeg
from cti_server.core.entities import Call
from cti_server.core.settings import LineSettings
from cti_server.core.step import Step
from cti_server.core.vocabulary import ClearingCause, QueueId

DIRECT = "queue:"
CUSTOMER = "customer"
"""What a call waits for (`Call.waiting_for`) that is about to be queued."""
CUSTOMER_WAIT_MS = 300


def queue_of(line: LineSettings | None) -> QueueId | None:
    """None: the line leads into a flow."""
    is_direct = line is not None and line.flow.startswith(DIRECT)
    return QueueId(line.flow.removeprefix(DIRECT)) if line is not None and is_direct else None


def begin(step: Step, call: Call, line: LineSettings, queue: QueueId) -> None:
    settings = step.around.queues.get(queue)
    if settings is not None and must_know_customer(step, call, queue, uses_tier=line.use_tier):
        _ring(step, call)
        until = step.after(ms=CUSTOMER_WAIT_MS)
        step.emit(e.FlowMoved(at=step.now, call=call.call, position=None, waiting_for=CUSTOMER, wait_until=until))
    elif _enter(step, call, line, queue):
        _ring(step, call)
        identity.look_up_once(step, call)


def go_on(step: Step, call: Call) -> bool:
    """The customer is known now, or is not waited for any longer. False: this call came over no such line."""
    line = step.around.line_of(call.line)
    queue = queue_of(line)
    if line is None or queue is None:
        return False
    step.emit(e.FlowMoved(at=step.now, call=call.call, position=None))
    _enter(step, call, line, queue)
    return True


def must_know_customer(step: Step, call: Call, queue: QueueId, *, uses_tier: bool) -> bool:
    """The queue wants to know who calls, nobody knows yet, and an answer may still come. It is asked for here."""
    settings = step.around.queues.get(queue)
    if settings is None:
        return False
    if not (naming.needs_customer(step, settings, uses_tier=uses_tier) or asking.needs_customer(step.settings, call)):
        return False
    if call.customer is not None or call.candidates:
        return False
    identity.look_up_once(step, call)
    return bool(step.memory(call.call).lookup)


def _enter(step: Step, call: Call, line: LineSettings, queue: QueueId) -> bool:
    if queues.enqueue(step, call, queue, uses_tier=line.use_tier):
        return True
    clear(step, call, ClearingCause.OVERLOAD, reason="queue_refused")
    return False


def _ring(step: Step, call: Call) -> None:
    assert call.customer_leg is not None
    step.order(RingLeg(call=call.call, n=step.n(call.call), leg=call.customer_leg))
