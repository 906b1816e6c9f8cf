"""Keys that a caller presses: gathered while a flow asks for them, in memory only, never in an event.

Decides when a collection is complete; what follows is the flow's business. Digits are gone as soon as the next
collection begins, and after a restart the flow asks again.
"""

from cti_server.core.effects import StopPlaying
from cti_server.core.entities import Call
from cti_server.core.step import Memory, Step
from cti_server.core.vocabulary import Micros
from ivr.orders import Collect, CollectTimedOut, DigitsCollected


def begin(step: Step, call: Call, order: Collect, *, play: int) -> None:
    """``play``: the number of the prompts that ask; 0 when nothing is played."""
    memory = step.memory(call.call)
    memory.collect = order
    memory.collect_play = play
    memory.digits = memory.collected = ""
    memory.collect_until = None if play else step.after(ms=order.first_digit_timeout_ms)


def limit_us(order: Collect) -> int:
    """The longest that a collection can take once its prompts are over."""
    return (order.first_digit_timeout_ms + order.digits_max * order.inter_digit_timeout_ms) * 1_000


def prompts_over(step: Step, call: Call, play: int) -> bool:
    """The question was heard to its end: now the first-digit time runs. False: it was another play."""
    memory = step.memory(call.call)
    if memory.collect is None or not play or memory.collect_play != play:
        return False
    memory.collect_play = 0
    if not memory.digits:
        memory.collect_until = step.after(ms=memory.collect.first_digit_timeout_ms)
    return True


def pressed(step: Step, call: Call, digit: str) -> DigitsCollected | None:
    """One more key; the whole when that completes it. The first key silences the question."""
    memory = step.memory(call.call)
    order = memory.collect
    assert order is not None
    if memory.collect_play:
        assert call.customer_leg is not None
        memory.collect_play = 0
        step.order(StopPlaying(call=call.call, n=step.n(call.call), leg=call.customer_leg))
    if digit in order.terminators:
        return _complete(memory, order)
    memory.digits += digit
    if len(memory.digits) >= order.digits_max:
        memory.late_terminators = order.terminators
        memory.late_until = step.after(ms=order.inter_digit_timeout_ms)
        return _complete(memory, order)
    memory.collect_until = Micros(step.after(ms=order.inter_digit_timeout_ms))
    return None


def is_late_terminator(step: Step, call: Call, digit: str) -> bool:
    """The "#" after the last digit that there was room for: it belongs to what is complete already, and is no answer
    to the next question."""
    memory = step.memory(call.call)
    late, memory.late_terminators = memory.late_terminators, ""
    return digit in late and step.now <= memory.late_until


def ran_out(step: Step, call: Call) -> DigitsCollected | CollectTimedOut:
    """No further key came in time."""
    memory = step.memory(call.call)
    order = memory.collect
    if order is not None and len(memory.digits) >= max(1, order.digits_min):
        return _complete(memory, order)
    partial = len(memory.digits)
    forget(memory)
    return CollectTimedOut(partial=partial)


def forget(memory: Memory) -> None:
    memory.collect = None
    memory.collect_play = 0
    memory.collect_until = None
    memory.digits = ""


def _complete(memory: Memory, order: Collect) -> DigitsCollected:
    """The flow is shown only how many secret digits there are."""
    memory.collected = memory.digits
    forget(memory)
    return DigitsCollected(digits="0" * len(memory.collected) if order.secret else memory.collected)
