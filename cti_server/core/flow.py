"""A call in its flow: what the flow orders is turned into effects and events, and what happens into the flow's inputs.

The flow decides what a caller hears (`ivr/`); the centre carries it out. While an agent is being offered the call the
flow stands still; a conversation ends it; a call that comes back to its queue goes on, asking again whatever was
being asked. The centre waits for one thing at a time (`Call.waiting_for`), each with a limit (`Call.wait_until`):

    answer · play · collect · identify · pin · data · customer (before a queue) · queue (its limit is the queue's) ·
    agent, callback (answered in the same step) · message · message_end (see `messages.py`)
"""

from cti_server.core import digits, direct, estimates, flow_orders, messages, overflow, queues
from cti_server.core import events as e
from cti_server.core.calls import clear, leave_queue
from cti_server.core.clock import local_day, weekday_and_minute
from cti_server.core.effects import PlayMusic, StopPlaying
from cti_server.core.entities import Call, State
from cti_server.core.flow_load import QueueLoads, calls_in
from cti_server.core.holidays import is_holiday
from cti_server.core.lines import UNATTENDED
from cti_server.core.step import Memory, Step, Surroundings
from cti_server.core.vocabulary import (
    WAITING,
    CallPhase,
    ClearingCause,
    Micros,
    PinResult,
    QueueExit,
    Verification,
)
from ivr.model import Flow
from ivr.orders import (
    AnnouncementDue,
    Answered,
    CollectTimedOut,
    CustomerUnknown,
    DataWaitEnded,
    DigitsCollected,
    FlowContext,
    FlowInput,
    PinChecked,
    PromptsFinished,
    QueueKeyPressed,
    QueueRefused,
    Restarted,
)
from ivr.runtime import resume, start

IN_FLOW = (CallPhase.FLOW, CallPhase.QUEUED)
IMMEDIATE_ANSWERS_MAX = 50


def recall(state: State, around: Surroundings) -> None:
    """For a Centre that is built anew while the process lives: nobody remembers the digits and times of before.

    Questions count as unanswered, so that they are asked again; announcements come after their interval.
    """
    for call in state.calls.values():
        if call.phase not in IN_FLOW or call.waiting_for not in (flow_orders.COLLECT, flow_orders.QUEUE):
            continue
        memory = around.memories[call.call] = Memory()
        every_us = int(call.flow_state.get("announce_every_s", 0)) * 1_000_000
        if call.waiting_for == flow_orders.COLLECT:
            memory.collect_until = state.last_at
        elif every_us > 0:
            memory.announce_at = Micros(state.last_at + every_us)


def begin(step: Step, call: Call, flow: Flow) -> None:
    _go_on(step, call, flow, flow_orders.carry_out(step, call, start(flow, _context(step, call, flow))))


def feed(step: Step, call: Call, input: FlowInput) -> None:
    """Something happened that the flow may wait for."""
    flow = flow_of(step, call)
    if flow is not None:
        _go_on(step, call, flow, input)


def flow_of(step: Step, call: Call) -> Flow | None:
    """The flow in the version that the call began with; None: there is no flow, or that version is gone."""
    if call.position is None:
        return None
    flow = step.around.flows.get(call.position.flow_id)
    if flow is not None and flow.version == call.position.version:
        return flow
    return step.around.older_flows.get((call.position.flow_id, call.position.version))


def drop(step: Step, call: Call) -> None:
    """The call has left its flow for a conversation."""
    if call.position is not None:
        step.emit(e.FlowMoved(at=step.now, call=call.call, position=None))
        memory = step.memory(call.call)
        digits.forget(memory)
        memory.announce_at = None
        memory.queue_play = 0


def returned(step: Step, call: Call) -> None:
    """An offer came to nothing. Music and keys of the queue are still on; a question is asked again."""
    if call.position is not None and call.waiting_for != flow_orders.QUEUE:
        feed(step, call, Restarted())


def repeat(step: Step, call: Call) -> None:
    """After a restart: the node is repeated. A flow that is no longer to be had begins again in its present version."""
    if flow_of(step, call) is not None:
        if call.waiting_for in messages.TAKING:
            messages.assure(step, call)
        else:
            feed(step, call, Restarted())
        return
    messages.give_up(step, call)
    if call.phase is CallPhase.QUEUED:
        play_music(step, call)
        return
    line = step.around.lines.get(call.line)
    flow = step.around.flows.get(line.flow) if line is not None else None
    if flow is None:
        clear(step, call, ClearingCause.SERVER_RESTARTED, reason="flow_gone")
    else:
        begin(step, call, flow)


def customer_is_known(step: Step, call: Call) -> None:
    """Or is not waited for any longer: the call enters the queue that it was about to enter."""
    if call.position is not None:
        feed(step, call, Restarted())
    elif not direct.go_on(step, call):
        clear(step, call, ClearingCause.REJECTED, reason="unknown_line")


def caller_answered(step: Step, call: Call) -> None:
    """The caller's leg is up, answered by us."""
    if call.waiting_for == flow_orders.ANSWER:
        step.emit(e.CallAnsweredByFlow(at=step.now, call=call.call))
        feed(step, call, Answered())
    elif call.phase in WAITING:
        play_music(step, call)


def prompts_over(step: Step, call: Call, play: int) -> None:
    memory = step.memory(call.call)
    if memory.queue_play == play:
        memory.queue_play = 0
        if call.phase in WAITING:
            play_music(step, call)
    elif call.phase not in IN_FLOW or digits.prompts_over(step, call, play):
        return
    elif call.waiting_for == messages.MESSAGE:
        messages.tone_over(step, call)
    elif call.waiting_for == flow_orders.PLAY and call.play == play:
        feed(step, call, PromptsFinished())


def digit_pressed(step: Step, call: Call, digit: str) -> None:
    if call.phase not in IN_FLOW:
        return
    memory = step.memory(call.call)
    if digits.is_late_terminator(step, call, digit):
        return
    if memory.collect is not None:
        collected = digits.pressed(step, call, digit)
        if collected is not None:
            feed(step, call, collected)
    elif call.waiting_for == flow_orders.PLAY and memory.is_interruptible:
        assert call.customer_leg is not None
        step.order(StopPlaying(call=call.call, n=step.n(call.call), leg=call.customer_leg))
        feed(step, call, PromptsFinished())
        if memory.collect is not None and memory.collect.takes_early(digit):
            digit_pressed(step, call, digit)
    elif call.waiting_for == flow_orders.QUEUE and digit in call.flow_state.get("keys", ""):
        memory.queue_play = 0
        feed(step, call, QueueKeyPressed(key=digit))
    elif call.waiting_for == messages.MESSAGE:
        message_answered(step, call, messages.pressed(step, call, digit))


def message_answered(step: Step, call: Call, answer: messages.Answer | None) -> None:
    """What became of the message that the caller leaves; None: that is not known yet."""
    if answer is not None and call.phase in IN_FLOW and call.waiting_for in messages.TAKING:
        feed(step, call, answer)


def on_deadline(step: Step, call: Call) -> None:
    """Whatever was waited for did not come, or the caller has been in the flow or the queue for too long."""
    memory = step.memory(call.call)
    if call.phase not in IN_FLOW:
        return
    if (why := overflow.is_due(step, call)) is not None:
        if not queues.overflow_to(step, call, why):
            _waited_too_long(step, call, reason="nobody" if why in UNATTENDED else "queue_limit")
    elif call.phase is CallPhase.QUEUED and call.queue_limit_at is not None and call.queue_limit_at <= step.now:
        _waited_too_long(step, call)
    elif call.phase is CallPhase.FLOW and call.limit_at is not None and call.limit_at <= step.now:
        clear(step, call, ClearingCause.TIMEOUT, reason="flow_limit")
    elif memory.collect_until is not None and memory.collect_until <= step.now:
        feed(step, call, digits.ran_out(step, call))
    elif memory.announce_at is not None and memory.announce_at <= step.now:
        _announce(step, call)
    elif call.wait_until is not None and call.wait_until <= step.now:
        if call.waiting_for in messages.TAKING:
            message_answered(step, call, messages.ran_out(step, call))
        else:
            _nothing_came(step, call)


def play_music(step: Step, call: Call) -> None:
    if call.customer_leg is not None and flow_orders.is_answered(call):
        music = str(call.flow_state.get("music", "hold"))
        step.order(PlayMusic(call=call.call, n=step.n(call.call), leg=call.customer_leg, music=music))


def _go_on(step: Step, call: Call, flow: Flow, input: FlowInput | None) -> None:
    """Orders that are answered at once feed the flow within the same step."""
    for _ in range(IMMEDIATE_ANSWERS_MAX):
        if input is None or call.position is None:
            return
        before = call.position
        moved = resume(flow, before, input, _context(step, call, flow))
        if moved.position == before and not moved.orders:
            return
        is_announcement = isinstance(input, AnnouncementDue)
        input = flow_orders.carry_out(step, call, moved, is_announcement=is_announcement)
    clear(step, call, ClearingCause.TIMEOUT, reason="flow_loop")


def _nothing_came(step: Step, call: Call) -> None:
    waited_until = call.wait_until
    if call.waiting_for == direct.CUSTOMER:
        customer_is_known(step, call)
        return
    if call.waiting_for == flow_orders.PIN:
        step.emit(e.PinRefused(at=step.now, call=call.call, result=PinResult.UNAVAILABLE))
    feed(step, call, _substitute(step, call))
    if call.phase in IN_FLOW and call.wait_until == waited_until:
        clear(step, call, ClearingCause.TIMEOUT, reason="flow_stuck")


def _substitute(step: Step, call: Call) -> FlowInput:
    match call.waiting_for:
        case flow_orders.COLLECT:
            collected: DigitsCollected | CollectTimedOut = digits.ran_out(step, call)
            return collected
        case flow_orders.IDENTIFY:
            return CustomerUnknown()
        case flow_orders.PIN:
            return PinChecked(result="unavailable")
        case flow_orders.DATA:
            return DataWaitEnded()
        case _:
            return PromptsFinished()


def _waited_too_long(step: Step, call: Call, *, reason: str = "queue_limit") -> None:
    if queues.is_waiting(step, call):
        leave_queue(step, call, QueueExit.FLOWED_OUT, flow_goes_on=True)
    if call.position is None:
        clear(step, call, ClearingCause.TIMEOUT, reason=reason)
    elif call.waiting_for == flow_orders.QUEUE:
        feed(step, call, QueueRefused())
        if call.phase is CallPhase.FLOW and call.waiting_for == flow_orders.QUEUE:
            clear(step, call, ClearingCause.TIMEOUT, reason=reason)


def _announce(step: Step, call: Call) -> None:
    memory = step.memory(call.call)
    every_s = int(call.flow_state.get("announce_every_s", 0))
    memory.announce_at = step.after(s=every_s) if every_s > 0 else None
    if call.phase is CallPhase.QUEUED and call.waiting_for == flow_orders.QUEUE:
        feed(step, call, _wait_now(step, call))


def _wait_now(step: Step, call: Call) -> AnnouncementDue:
    """Place and expected wait, as they are about to be said; what was said is kept, so that it does not rise."""
    assert call.queue is not None
    index = step.around.index
    place, staff = max(1, index.position(call.call)), index.staff(call.queue, call.asks)
    estimate = estimates.of_call(step, call)
    said = None if estimate is None else estimates.to_say(call, estimate, staff)
    step.emit(
        e.WaitAnnounced(
            at=step.now,
            call=call.call,
            queue=call.queue,
            position=place,
            expected_s=None if said is None else said.estimate.seconds,
            low_s=0 if said is None else said.estimate.low,
            high_s=0 if said is None else said.estimate.high,
            staff=staff,
            is_raised=said is not None and said.is_raised,
        )
    )
    return AnnouncementDue(
        position=place,
        expected_wait_s=None if said is None else said.estimate.seconds,
        is_raised=said is not None and said.is_raised,
    )


def _context(step: Step, call: Call, flow: Flow) -> FlowContext:
    state = step.state
    weekday, minute = weekday_and_minute(
        step.now, offset_us=state.clock_offset_us, zone_s=state.settings.time_zone_offset_s
    )
    line = step.around.line_of(call.line)
    return FlowContext(
        weekday=weekday,
        minute=minute,
        is_holiday=_is_holiday(step),
        opening="by_hours" if line is None else line.opening,
        has_caller_number=bool(step.text(call.number)),
        is_customer_found=call.customer is not None,
        is_verified=call.verification is Verification.VERIFIED,
        may_promise=step.around.may_promise,
        tier=call.tier or None,
        language=call.language or None,
        calls=calls_in(step, flow),
        queues=QueueLoads(step, call, flow),
    )


def _is_holiday(step: Step) -> bool:
    settings = step.settings
    today = local_day(step.now, offset_us=step.state.clock_offset_us, zone_s=settings.time_zone_offset_s)
    return today in settings.own_holidays or (settings.calendar == "korea" and is_holiday(today))
