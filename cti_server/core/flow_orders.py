"""One step of a flow carried out: its place is journalled, its order becomes effects and events.

Decides how each order is done. Answers that are known at once (a call that is answered already, a full queue, a
locked account) are returned as the flow's next input.
"""

from typing import assert_never

import msgspec

from cti_server.core import callbacks, digits, identity, messages, queues, waits
from cti_server.core import events as e
from cti_server.core.asking import FLOW_SKILLS
from cti_server.core.calls import answer_caller, clear, leave_queue
from cti_server.core.direct import CUSTOMER, CUSTOMER_WAIT_MS, must_know_customer
from cti_server.core.effects import PlaceLeg, PlayMusic, PlayPrompts, PlayRingback, RingLeg, ToNumber
from cti_server.core.entities import Call
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    ClearingCause,
    Extension,
    LegId,
    LegRole,
    LegState,
    Micros,
    PinResult,
    QueueExit,
    QueueId,
)
from ivr.orders import (
    AgentLookedUp,
    Answer,
    Answered,
    CallbackRefused,
    CallbackStored,
    Collect,
    CustomerUnknown,
    DataWaitEnded,
    Enqueue,
    FindAgent,
    FlowInput,
    FlowPosition,
    HangUp,
    Identify,
    Order,
    PinChecked,
    Play,
    QueueRefused,
    RecordMessage,
    RequestCallback,
    SetLanguage,
    SetQueueKeys,
    Transfer,
    VerifyPin,
    WaitForData,
)
from ivr.orders import Step as FlowStep

ANSWER, PLAY, COLLECT, IDENTIFY, PIN = "answer", "play", "collect", "identify", "pin"
DATA, QUEUE, CALLBACK, AGENT = "data", "queue", "callback", "agent"
NOBODY = AgentId(0)
PROMPTS_LIMIT_S = 180
DATA_WAIT_MS_MAX = 300
RING_GRACE_MS = 500


def carry_out(step: Step, call: Call, moved: FlowStep, *, is_announcement: bool = False) -> FlowInput | None:
    digits.forget(step.memory(call.call))
    answer: FlowInput | None = None
    for order in moved.orders:
        answer = _do(step, call, moved.position, order, is_announcement=is_announcement)
    return answer


def is_answered(call: Call) -> bool:
    leg = call.legs.get(call.customer_leg) if call.customer_leg is not None else None
    return leg is not None and leg.state is not LegState.OFFERED


def _do(
    step: Step, call: Call, position: FlowPosition | None, order: Order, *, is_announcement: bool
) -> FlowInput | None:
    match order:
        case SetLanguage():
            step.emit(e.CallLanguageSet(at=step.now, call=call.call, language=order.language))
            waits.ask_anew(step, call)
            return None
        case Answer():
            return _answer(step, call, position)
        case Play():
            return _play(step, call, position, order, is_announcement=is_announcement)
        case Collect():
            return _collect(step, call, position, order)
        case Identify():
            return _identify(step, call, position, order)
        case VerifyPin():
            return _verify_pin(step, call, position)
        case WaitForData():
            return _wait_for_data(step, call, position, order)
        case Enqueue():
            return _enqueue(step, call, position, order)
        case SetQueueKeys():
            return _wait_again(step, call, position, order)
        case RequestCallback():
            return _request_callback(step, call, position, order)
        case RecordMessage():
            return _record_message(step, call, position, order)
        case Transfer():
            return _transfer(step, call, order)
        case FindAgent():
            return _find_agent(step, call, position)
        case HangUp():
            clear(step, call, ClearingCause.FLOW_ENDED, reason=order.reason, how=QueueExit.FLOWED_OUT)
            return None
        case _:
            assert_never(order)


def _move(
    step: Step,
    call: Call,
    position: FlowPosition | None,
    waiting_for: str,
    *,
    until: Micros | None = None,
    play: int = 0,
    state: dict[str, object] | None = None,
) -> None:
    step.emit(
        e.FlowMoved(
            at=step.now,
            call=call.call,
            position=position,
            play=play,
            wait_until=until,
            waiting_for=waiting_for,
            state=call.flow_state if state is None else state,
        )
    )


def _answer(step: Step, call: Call, position: FlowPosition | None) -> FlowInput | None:
    _move(step, call, position, ANSWER)
    if is_answered(call):
        return Answered()
    answer_caller(step, call)
    return None


def _play(
    step: Step, call: Call, position: FlowPosition | None, order: Play, *, is_announcement: bool
) -> FlowInput | None:
    play = _say(step, call, order.prompts, order.language)
    memory = step.memory(call.call)
    if is_announcement:
        memory.queue_play = play
        return None
    memory.is_interruptible = order.interruptible
    _move(step, call, position, PLAY, until=step.after(s=PROMPTS_LIMIT_S), play=play)
    return None


def _collect(step: Step, call: Call, position: FlowPosition | None, order: Collect) -> FlowInput | None:
    play = _say(step, call, order.prompts, order.language) if order.prompts else 0
    digits.begin(step, call, order, play=play)
    until = Micros(step.after(s=PROMPTS_LIMIT_S) + digits.limit_us(order))
    _move(step, call, position, COLLECT, until=until, play=play)
    return None


def _identify(step: Step, call: Call, position: FlowPosition | None, order: Identify) -> FlowInput | None:
    collected = step.memory(call.call).collected
    _move(step, call, position, IDENTIFY, until=step.after(s=step.settings.lookup_timeout_s))
    if order.by == "caller_number":
        return None if identity.look_up_by_number(step, call) else CustomerUnknown()
    if not collected:
        return CustomerUnknown()
    identity.look_up_by_customer_number(step, call, collected)
    return None


def _verify_pin(step: Step, call: Call, position: FlowPosition | None) -> FlowInput | None:
    memory = step.memory(call.call)
    pin, memory.collected = memory.collected, ""
    _move(step, call, position, PIN, until=step.after(s=step.settings.pin_timeout_s))
    known = identity.check_pin(step, call, pin)
    if known is None:
        return None
    step.emit(e.PinRefused(at=step.now, call=call.call, result=known))
    return PinChecked(result="locked" if known is PinResult.LOCKED else "unavailable")


def _wait_for_data(step: Step, call: Call, position: FlowPosition | None, order: WaitForData) -> FlowInput | None:
    _move(step, call, position, DATA, until=step.after(ms=min(order.limit_ms, DATA_WAIT_MS_MAX)))
    return None if step.memory(call.call).lookup else DataWaitEnded()


def _enqueue(step: Step, call: Call, position: FlowPosition | None, order: Enqueue) -> FlowInput | None:
    """Where it matters to the queue who calls, that is waited for a moment; then the node is entered once more."""
    is_waited_for = call.waiting_for == CUSTOMER
    if not is_waited_for and must_know_customer(step, call, QueueId(order.queue), uses_tier=order.use_tier):
        before = None if position is None else msgspec.structs.replace(position, queue=None)
        _move(step, call, before, CUSTOMER, until=step.after(ms=CUSTOMER_WAIT_MS))
        _wait_with_music(step, call, order.music)
        return None
    state: dict[str, object] = {
        "keys": "".join(order.keys),
        "music": order.music,
        "announce_every_s": order.announce_every_s,
        FLOW_SKILLS: order.skills,
    }
    _move(step, call, position, QUEUE, state=state)
    if not queues.enqueue(
        step,
        call,
        QueueId(order.queue),
        priority=order.priority,
        uses_tier=order.use_tier,
        is_asked_for=order.named == "asked_for",
    ):
        return QueueRefused()
    if order.announce_at_start:
        step.memory(call.call).announce_at = step.now
    elif order.announce_every_s > 0:
        step.memory(call.call).announce_at = step.after(s=order.announce_every_s)
    if not is_waited_for:
        _wait_with_music(step, call, order.music)
    identity.look_up_once(step, call)
    return None


def _wait_again(step: Step, call: Call, position: FlowPosition | None, order: SetQueueKeys) -> FlowInput | None:
    """A call that has left the queue meanwhile enters it anew; one that overflowed stays where it waits."""
    state = {**call.flow_state, "keys": "".join(order.keys), "music": order.music, FLOW_SKILLS: order.skills}
    _move(step, call, position, QUEUE, state=state)
    waits.ask_anew(step, call)
    queue = position.queue if position is not None else None
    if queue is None or not (queues.is_waiting(step, call) or queues.enqueue(step, call, QueueId(queue))):
        return QueueRefused()
    every_s = int(call.flow_state.get("announce_every_s", 0))
    step.memory(call.call).announce_at = step.after(s=every_s) if every_s > 0 else None
    _wait_with_music(step, call, order.music)
    return None


def _request_callback(
    step: Step, call: Call, position: FlowPosition | None, order: RequestCallback
) -> FlowInput | None:
    """Stored before it is promised: what the flow says next is performed after the event is durable."""
    _move(step, call, position, CALLBACK, until=step.after(s=PROMPTS_LIMIT_S))
    memory = step.memory(call.call)
    number = memory.collected if order.number == "collected" else step.text(call.number)
    memory.collected = ""
    queue = QueueId(order.queue) if order.queue is not None else None
    if not step.around.may_promise or not callbacks.request_in_call(step, call, number=number, queue=queue):
        return CallbackRefused()
    if call.queue is not None and call.call in step.state.queues[call.queue].waiting:
        leave_queue(step, call, QueueExit.CALLBACK, flow_goes_on=True)
    return CallbackStored()


def _record_message(step: Step, call: Call, position: FlowPosition | None, order: RecordMessage) -> FlowInput | None:
    """Whoever speaks must not be offered to an agent in the middle of it."""
    _move(step, call, position, messages.MESSAGE, until=step.after(s=PROMPTS_LIMIT_S))
    if call.queue is not None and call.call in step.state.queues[call.queue].waiting:
        leave_queue(step, call, QueueExit.FLOWED_OUT, flow_goes_on=True)
    return messages.begin(step, call, order)


def _find_agent(step: Step, call: Call, position: FlowPosition | None) -> FlowInput | None:
    _move(step, call, position, AGENT, until=step.after(s=PROMPTS_LIMIT_S))
    memory = step.memory(call.call)
    extension, memory.collected = Extension(memory.collected), ""
    agent = step.state.agents.get(step.state.extensions.get(extension, NOBODY))
    if agent is None or not agent.enrolled:
        return AgentLookedUp(result="unknown")
    is_there = agent.mode is not AgentMode.LOGGED_OFF
    step.emit(e.AgentAskedFor(at=step.now, call=call.call, agent=agent.agent, is_there=is_there))
    return AgentLookedUp(result="found" if is_there else "absent")


def _transfer(step: Step, call: Call, order: Transfer) -> FlowInput | None:
    assert call.customer_leg is not None
    _move(step, call, None, "")
    if call.queue is not None and call.call in step.state.queues[call.queue].waiting:
        leave_queue(step, call, QueueExit.FLOWED_OUT, flow_goes_on=True)
    leg = LegId(step.next_id())
    timeout_s = step.settings.dial_timeout_s
    limit_at = step.after(s=timeout_s, ms=RING_GRACE_MS)
    step.emit(e.LegPlaced(at=step.now, call=call.call, leg=leg, role=LegRole.OUTSIDE, limit_at=limit_at))
    _ring_back(step, call)
    step.order(
        PlaceLeg(
            call=call.call,
            n=step.n(call.call),
            leg=leg,
            to=ToNumber(number=order.number),
            timeout_s=timeout_s,
            show_number=step.text(call.number),
        )
    )
    return None


def _say(step: Step, call: Call, prompts: tuple[str, ...], language: str) -> int:
    assert call.customer_leg is not None
    play = step.n(call.call)
    step.order(PlayPrompts(call=call.call, n=play, leg=call.customer_leg, prompts=prompts, language=language))
    return play


def _ring_back(step: Step, call: Call) -> None:
    assert call.customer_leg is not None
    effect = PlayRingback if is_answered(call) else RingLeg
    step.order(effect(call=call.call, n=step.n(call.call), leg=call.customer_leg))


def _wait_with_music(step: Step, call: Call, music: str) -> None:
    assert call.customer_leg is not None
    if is_answered(call):
        step.order(PlayMusic(call=call.call, n=step.n(call.call), leg=call.customer_leg, music=music))
    else:
        step.order(RingLeg(call=call.call, n=step.n(call.call), leg=call.customer_leg))
