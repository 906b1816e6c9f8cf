"""Who calls, and is it really this person: asking for the customer and for the check of a PIN.

The law. A telephone number names a customer, and never verifies one. A PIN verifies. Five wrong PINs within an hour
lock the account: then nobody is asked any more. Several candidates are never guessed among; the agent chooses.

Only asks. What an answer means for the call's flow is decided in `inbound.py`.
"""

from cti_server.core import events as e
from cti_server.core.effects import CheckPin, LookUpCustomer
from cti_server.core.entities import Call
from cti_server.core.inputs import CustomersFound, PinChecked
from cti_server.core.step import Step
from cti_server.core.vocabulary import CustomerRef, Micros, PinResult, Secret, Verification

WRONG_PINS_MAX = 5
WRONG_PINS_WITHIN_US = 3_600_000_000
PIN_ANSWER_KEPT_US = 60_000_000
BY_NUMBER = "number"
BY_CUSTOMER_NUMBER = "customer_number"
BY_AGENT = "agent"


def look_up_by_number(step: Step, call: Call) -> bool:
    """False: there is no number to look up."""
    number = step.text(call.number)
    if number:
        _look_up(step, call, BY_NUMBER, number=number)
    return bool(number)


def look_up_by_customer_number(step: Step, call: Call, customer_number: str) -> None:
    _look_up(step, call, BY_CUSTOMER_NUMBER, customer_number=Secret(customer_number))


def look_up_once(step: Step, call: Call) -> None:
    """So that the card is there when an agent is found; the call does not wait for it."""
    memory = step.memory(call.call)
    if call.customer is None and not call.candidates and not memory.lookup and not memory.looked_up_by:
        look_up_by_number(step, call)


def found(step: Step, call: Call, signal: CustomersFound) -> bool:
    """The answer of a look-up is taken into the call. False: it answers nothing that is still asked."""
    memory = step.memory(call.call)
    if not memory.lookup or signal.n not in (0, memory.lookup):
        return False
    memory.lookup = 0
    memory.lookup_until = None
    if call.matched_by == BY_AGENT or not signal.candidates:
        return True
    only = signal.candidates[0] if len(signal.candidates) == 1 else None
    step.emit(
        e.CustomerMatched(
            at=step.now,
            call=call.call,
            customer=None if only is None else only.customer,
            candidates=() if only is not None else tuple(candidate.customer for candidate in signal.candidates),
            tier="" if only is None else only.tier,
            language="" if only is None else only.language,
            by=memory.looked_up_by,
            owner=None if only is None else only.owner,
        )
    )
    return True


def give_up_waiting(step: Step, call: Call) -> None:
    """The look-up took too long: nothing waits for it any more, but a late answer is still taken."""
    memory = step.memory(call.call)
    if memory.lookup_until is not None and memory.lookup_until <= step.now:
        memory.lookup_until = None


def check_pin(step: Step, call: Call, pin: str) -> PinResult | None:
    """None: it is being checked. Locked accounts and calls without a customer are answered at once.

    Checks that run in other calls count as if they failed, so that guessing in parallel gains nothing.
    """
    if call.customer is None:
        return PinResult.UNAVAILABLE
    wrong = wrong_pins(step, call.customer)
    if wrong >= WRONG_PINS_MAX:
        return PinResult.LOCKED
    if wrong + _being_checked(step, call.customer) >= WRONG_PINS_MAX:
        return PinResult.UNAVAILABLE
    memory = step.memory(call.call)
    memory.pin = step.n(call.call)
    step.around.pins[call.call, memory.pin] = (call.customer, step.now)
    step.order(CheckPin(call=call.call, n=memory.pin, customer=call.customer, pin=Secret(pin)))
    return None


def pin_answered(step: Step, signal: PinChecked) -> bool:
    """Taken into the journal even when nobody waits any more: hanging up early hides no wrong PIN.

    False: it is not the answer that the call's flow waits for.
    """
    memory = step.around.memories.get(signal.call)
    n = signal.n or (memory.pin if memory is not None else 0)
    customer, _ = step.around.pins.pop((signal.call, n), (None, 0))
    if customer is None:
        return False
    call = step.state.calls.get(signal.call)
    is_same = call is not None and call.customer == customer and call.cleared_at is None
    if signal.result is not PinResult.VERIFIED:
        step.emit(e.PinRefused(at=step.now, call=signal.call, result=signal.result, customer=customer))
    elif is_same:
        step.emit(e.CallerVerified(at=step.now, call=signal.call, verification=Verification.VERIFIED))
    if not is_same or memory is None or memory.pin != n:
        return False
    memory.pin = 0
    return True


def wrong_pins(step: Step, customer: CustomerRef) -> int:
    """Within the last hour."""
    return sum(at > step.now - WRONG_PINS_WITHIN_US for at in step.state.pin_failures.get(customer, ()))


def _being_checked(step: Step, customer: CustomerRef) -> int:
    """Answers that never came are forgotten after a while."""
    pins = step.around.pins
    for asked, (_, asked_at) in list(pins.items()):
        if asked_at < step.now - PIN_ANSWER_KEPT_US:
            del pins[asked]
    return sum(other == customer for other, _ in pins.values())


def _look_up(step: Step, call: Call, by: str, *, number: str = "", customer_number: Secret | None = None) -> None:
    memory = step.memory(call.call)
    memory.lookup = step.n(call.call)
    memory.looked_up_by = by
    memory.lookup_until = Micros(step.after(s=step.settings.lookup_timeout_s))
    step.order(LookUpCustomer(call=call.call, n=memory.lookup, number=number, customer_number=customer_number))
