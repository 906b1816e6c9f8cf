"""The only place where wire meets core: commands in, views of the state and facts out.

Decides how things are written for people (telephone numbers, UTC times) and what an agent is told of a call. Decides
nothing about calls.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

from cti_server.core import entities as core
from cti_server.core import inputs
from cti_server.core.clock import local_day
from cti_server.core.errors import Refused
from cti_server.core.settings import CodeSettings, QueueSettings
from cti_server.core.tallies import AgentDay
from cti_server.core.vocabulary import (
    AgentId,
    AgentState,
    CallbackState,
    CallId,
    CallPhase,
    CustomerRef,
    LegState,
    PersonalRef,
    QueueId,
    Secret,
)
from cti_server.customers.numbers import display
from cti_server.wire import client as wire
from cti_server.wire import server as out

SCRIPT_VALUES_MAX = 200
AFTER_CALL_WORK = "after_call_work"
OPEN_CALLBACKS = (CallbackState.WAITING, CallbackState.RESERVED, CallbackState.DIALLING)
_answers = msgspec.json.Decoder(dict[str, str])

# --- commands: wire → core -------------------------------------------------------------------------------------------

Make = Callable[[AgentId, str, Any], inputs.AgentCommand]


def _same(command: type[inputs.AgentCommand]) -> Make:
    """For commands that have the same fields on both sides."""

    def make(agent: AgentId, key: str, body: wire.Body) -> inputs.AgentCommand:
        return command(agent=agent, key=key, **msgspec.structs.asdict(body))

    return make


def _send_digits(agent: AgentId, key: str, body: wire.SendDigits) -> inputs.SendDigits:
    return inputs.SendDigits(agent=agent, key=key, call=CallId(body.call), digits=Secret(body.digits))


def _dial(agent: AgentId, key: str, body: wire.DialNumber) -> inputs.DialNumber:
    customer = CustomerRef(body.customer) if body.customer else None
    return inputs.DialNumber(agent=agent, key=key, number=body.number, customer=customer)


def _request_callback(agent: AgentId, key: str, body: wire.RequestCallback) -> inputs.RequestCallbackFor:
    return inputs.RequestCallbackFor(
        agent=agent,
        key=key,
        number=body.number,
        due_at=body.due_at,
        customer=CustomerRef(body.customer) if body.customer else None,
        queue=body.queue,
    )


def _follow_script(agent: AgentId, key: str, body: wire.FollowScript) -> inputs.FollowScript:
    if max(len(body.path), len(body.answers), len(body.reason)) > SCRIPT_VALUES_MAX:
        raise Refused("script_too_long", limit=SCRIPT_VALUES_MAX)
    return inputs.FollowScript(agent=agent, key=key, **msgspec.structs.asdict(body))


MAKERS: dict[type[wire.Body], Make] = {
    wire.SetReady: _same(inputs.SetReady),
    wire.SetNotReady: _same(inputs.SetNotReady),
    wire.CancelPendingMode: _same(inputs.CancelPendingMode),
    wire.LogOff: _same(inputs.LogOff),
    wire.ConfirmCardShown: _same(inputs.ConfirmCardShown),
    wire.DeclineCall: _same(inputs.DeclineCall),
    wire.HoldCall: _same(inputs.HoldCall),
    wire.RetrieveCall: _same(inputs.RetrieveCall),
    wire.MuteCall: _same(inputs.MuteCall),
    wire.SendDigits: _send_digits,
    wire.EndCall: _same(inputs.EndCall),
    wire.PauseRecording: _same(inputs.PauseRecording),
    wire.ResumeRecording: _same(inputs.ResumeRecording),
    wire.DialNumber: _dial,
    wire.DialCallback: _same(inputs.DialCallback),
    wire.RequestCallback: _request_callback,
    wire.CancelCallback: _same(inputs.CancelCallback),
    wire.SettleCallback: _same(inputs.SettleCallback),
    wire.TakeNote: _same(inputs.TakeNote),
    wire.DisposeCall: _same(inputs.DisposeCall),
    wire.FollowScript: _follow_script,
    wire.CorrectReason: _same(inputs.CorrectReason),
    wire.AssignCustomer: _same(inputs.AssignCustomer),
    wire.CompleteAfterCallWork: _same(inputs.CompleteAfterCallWork),
    wire.ExtendAfterCallWork: _same(inputs.ExtendAfterCallWork),
}


def to_command(agent: AgentId, key: str, body: wire.CommandBody) -> inputs.AgentCommand:
    """The command that ``agent`` asks for. Raises Refused when a value cannot be meant."""
    return MAKERS[type(body)](agent, key, body)


# --- views: core → wire ----------------------------------------------------------------------------------------------


def utc(state: core.State, at: int) -> int:
    """Engine time as UTC microseconds."""
    return at + state.clock_offset_us


def _utc(state: core.State, at: int | None) -> int | None:
    return None if at is None else utc(state, at)


def text_of(state: core.State, ref: PersonalRef | None) -> str:
    """A text about a person; empty when there is none, or it was erased."""
    return "" if ref is None else state.personal.get(ref, "")


def agent_view(state: core.State, agent: core.Agent) -> out.AgentView:
    return out.AgentView(
        agent=agent.agent,
        state=agent.state,
        mode=agent.mode,
        reason=agent.reason,
        occupation=agent.occupation,
        since=utc(state, agent.since),
        phone_registered=agent.phone_registered,
        pending_ready=agent.pending_ready,
        pending_reason=agent.pending_reason,
        call=agent.call,
    )


def call_view(state: core.State, agent: core.Agent) -> out.CallView | None:
    """The agent's own call, as far as this agent is concerned; None: there is none."""
    call = state.calls.get(agent.call) if agent.call is not None else None
    if call is None:
        return None
    is_after_call = agent.state is AgentState.WORKING_AFTER_CALL
    phase, since = _phase(call, agent)
    callback = state.callbacks.get(call.callback) if call.callback is not None else None
    return out.CallView(
        call=call.call,
        direction=call.direction,
        phase=AFTER_CALL_WORK if is_after_call else phase,
        since=utc(state, agent.since if is_after_call else since),
        number=display(text_of(state, call.number)),
        display_name=text_of(state, call.display_name),
        line=call.line,
        queue=call.queue or "",
        language=call.language,
        tier=call.tier,
        verification=call.verification,
        customer=call.customer or "",
        candidates=call.candidates,
        waited_us=call.waited_us,
        ring_until=_utc(state, _ring_limit(call, agent)),
        rings_beside=max(0, len(call.parties) - 1),
        established_at=_utc(state, call.established_at),
        held_since=_utc(state, call.held_since),
        muted=call.muted,
        recording=call.recording_state,
        recording_paused_by_script=call.recording_paused_by_script,
        callback=call.callback,
        callback_asked_at=None if callback is None else utc(state, callback.requested_at),
        callback_attempt=0 if callback is None else callback.attempts + (callback.state is CallbackState.RESERVED),
        callback_attempts_max=0 if callback is None else state.settings.callback_attempts,
        note=text_of(state, call.note),
        note_revision=call.note_revision,
        disposition=call.disposition,
        subdisposition=call.subdisposition,
        script=_script(state, call.script),
        reason=call.reason,
        after_call_until=_utc(state, agent.after_call_until) if is_after_call else None,
        extensions_left=_extensions_left(state, agent),
    )


def _phase(call: core.Call, agent: core.Agent) -> tuple[CallPhase, int]:
    """Where one call is for this agent, and since when: while it rings at several, each has got so far alone."""
    party = call.parties.get(agent.agent)
    if party is None or call.phase not in (CallPhase.RESERVED, CallPhase.ALERTING):
        return call.phase, call.since
    return CallPhase.ALERTING if party.leg is not None else CallPhase.RESERVED, party.since


def _ring_limit(call: core.Call, agent: core.Agent) -> int | None:
    party = call.parties.get(agent.agent)
    leg = call.legs.get(party.leg) if party is not None and party.leg is not None else None
    if leg is None or call.phase not in (CallPhase.RESERVED, CallPhase.ALERTING, CallPhase.INITIATED):
        return None
    return leg.limit_at if leg.state in (LegState.INITIATED, LegState.ALERTING) else None


def _extensions_left(state: core.State, agent: core.Agent) -> int:
    return max(0, state.settings.after_call_work_extensions - agent.extensions)


def _script(state: core.State, place: core.ScriptPlace | None) -> out.ScriptPlace | None:
    if place is None:
        return None
    written = text_of(state, place.answers)
    return out.ScriptPlace(
        library_version=place.library_version,
        item=place.item,
        node=place.node,
        path=place.path,
        answers=_answers.decode(written) if written else {},
        reason=place.reason,
    )


def callback_view(state: core.State, callback: core.Callback, customer_name: str = "") -> out.CallbackView:
    return out.CallbackView(
        callback=callback.callback,
        state=callback.state,
        number=display(text_of(state, callback.number)),
        due_at=callback.due_at,
        requested_at=utc(state, callback.requested_at),
        queue=callback.queue or "",
        customer=callback.customer or "",
        customer_name=customer_name,
        language=callback.language,
        attempts=callback.attempts,
        agent=callback.agent,
        message_ms=callback.message_ms,
        is_automatic=is_automatic(state, callback),
    )


def is_automatic(state: core.State, callback: core.Callback) -> bool:
    """Will the centre dial it in its turn? A voice message is heard first."""
    queue = next((q for q in state.settings.queues if q.queue == callback.queue), None)
    return queue is not None and queue.callbacks == "automatic" and callback.recording is None


def serves(agent: core.Agent, queue: QueueSettings) -> bool:
    """Does the agent's skill reach the queue's level?"""
    return agent.profile.skills.get(queue.queue, 0) >= queue.minimum_level


CallbackGroup = tuple[QueueId | None, AgentId | None]
"""Callbacks that the same agents may dial: by queue and named agent."""


def may_dial_callback(state: core.State, agent: core.Agent, group: CallbackGroup) -> bool:
    """Somebody named: only that one. Otherwise those who serve its queue; without a queue, everybody who may dial."""
    queue_id, named = group
    if not agent.profile.may_dial:
        return False
    if named is not None:
        return named == agent.agent
    queue = next((q for q in state.settings.queues if q.queue == queue_id), None)
    return queue is None or serves(agent, queue)


def waiting_callbacks(state: core.State, agent: core.Agent) -> list[core.Callback]:
    """What the agent may dial, in the order in which it is due."""
    found = [
        c
        for c in state.callbacks.values()
        if c.state in OPEN_CALLBACKS and may_dial_callback(state, agent, (c.queue, c.agent))
    ]
    return sorted(found, key=lambda c: (c.key, c.callback))


def callback_counts(state: core.State) -> Counter[CallbackGroup]:
    """How many callbacks are open, by who may dial them."""
    return Counter((c.queue, c.agent) for c in state.callbacks.values() if c.state in OPEN_CALLBACKS)


# --- figures ---------------------------------------------------------------------------------------------------------


def message_counts(state: core.State) -> Counter[QueueId | None]:
    """How many voice messages are open, by queue."""
    return Counter(c.queue for c in state.callbacks.values() if c.recording is not None and c.state in OPEN_CALLBACKS)


def queued_callbacks(state: core.State) -> Counter[QueueId | None]:
    """How many callbacks are due and wait for their turn, by queue."""
    return Counter(c.queue for c in state.callbacks.values() if c.queued)


def queue_gauge(
    state: core.State, settings: QueueSettings, now: int, *, messages: int = 0, callbacks: int = 0
) -> out.QueueGauge:
    queue = state.queues.get(settings.queue) or core.Queue(queue=settings.queue)
    is_today = queue.day == _day(state, now)
    answered, abandoned = (queue.answered, queue.abandoned) if is_today else (0, 0)
    finished = answered + abandoned
    longest = min(queue.waiting.values(), default=None)
    return out.QueueGauge(
        queue=settings.queue,
        waiting=len(queue.waiting),
        longest_since=_utc(state, longest),
        service_level=queue.answered_in_time / finished if finished else None,
        target=settings.service_level_target,
        threshold_s=settings.service_level_s,
        ready=sum(agent.is_available and serves(agent, settings) for agent in state.agents.values()),
        answered=answered,
        abandoned=abandoned,
        messages=messages,
        callbacks=callbacks,
    )


def my_day(state: core.State, agent: core.Agent, now: int) -> out.MyDay:
    today = agent.today if agent.today.day == _day(state, now) else AgentDay()
    return out.MyDay(
        answered=today.answered,
        dialled=today.dialled,
        missed=today.missed,
        talk_mean_s=today.talk_us / today.talks / 1e6 if today.talks else None,
    )


def _day(state: core.State, now: int) -> int:
    return local_day(now, offset_us=state.clock_offset_us, zone_s=state.settings.time_zone_offset_s)


# --- what one chooses from -------------------------------------------------------------------------------------------


def codes(settings: tuple[CodeSettings, ...]) -> tuple[out.Code, ...]:
    return tuple(out.Code(code=c.code, title=c.title, subcodes=codes(c.subcodes)) for c in settings)


def catalogue(
    state: core.State, views: tuple[out.ViewTitle, ...], scripts: msgspec.Raw, scripts_version: str
) -> out.Catalogue:
    settings = state.settings
    return out.Catalogue(
        not_ready_reasons=codes(settings.not_ready_reasons),
        decline_reasons=codes(settings.decline_reasons),
        dispositions=codes(settings.dispositions),
        record_views=views,
        queues=tuple(out.QueueTitle(queue=q.queue, title=q.title) for q in settings.queues),
        scripts=scripts,
        scripts_version=scripts_version,
    )
