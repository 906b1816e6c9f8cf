"""When a callback is work of its queue, and on which terms it waits there beside the calls.

The law. In a queue that dials by itself a callback is work from the moment on that it is due, within the hours of
dialling, and not while the call it was asked in goes on: nobody is dialled who is still on the line. It has the key of
the wait it was asked in, so its place is that of a caller who had stayed; what the queue asks of agents relaxes with
that wait. An agent's own promise, and a caller who waited for somebody by name, wait for that person first, for
``named_wait_s``; after somebody was asked in vain, for anybody until the next attempt. A wait ceiling raises callers
only: nobody waits here with a telephone at the ear. Who left a voice message is called back by a person who has heard
it.

`review` is asked of every callback that a step touched, and at its deadline (`due_for_review`). Who is matched is
decided in `routing.py`, what becomes of an attempt in `callbacks.py`.
"""

from cti_server.core import events as e
from cti_server.core import waits
from cti_server.core.clock import DAY_US, SECOND_US, local_us
from cti_server.core.entities import Callback, State
from cti_server.core.settings import QueueSettings
from cti_server.core.skills import stage_after
from cti_server.core.step import Step, Surroundings
from cti_server.core.vocabulary import AgentId, AgentMode, CallbackPause, CallbackState, CallPhase, Micros


def review(step: Step, callback: Callback) -> None:
    """It takes its place in the queue, waits there on other terms, or leaves it."""
    if callback.state is not CallbackState.WAITING or _is_on_the_line(step.state, callback):
        return
    settings = _dialled_by_centre(step.around, callback)
    pause = _pause(step, callback, settings)
    if settings is None or pause is not None:
        if callback.queued and callback.queue is not None:
            why = pause or CallbackPause.BY_HAND
            step.emit(e.CallbackLeftQueue(at=step.now, callback=callback.callback, queue=callback.queue, why=why))
        return
    terms = _terms(step, callback, settings)
    if not callback.queued or _differ(callback, terms):
        step.emit(terms)


def review_all(step: Step) -> None:
    """The configuration or the wall clock changed."""
    for callback in step.state.callbacks.values():
        if callback.state is CallbackState.WAITING:
            step.touch_callback(callback.callback)


def due_for_review(state: State, around: Surroundings, callback: Callback, now: int) -> int | None:
    """Its deadline; None: it waits for a person, for the end of a call, or for its turn alone."""
    if callback.state is not CallbackState.WAITING or _is_on_the_line(state, callback):
        return None
    if callback.queued:
        return callback.review_at
    if _dialled_by_centre(around, callback) is None:
        return None
    due_at = callback.due_at - state.clock_offset_us
    return due_at if due_at > now else max(now, _opens_at(state, max(due_at, now)))


def _pause(step: Step, callback: Callback, settings: QueueSettings | None) -> CallbackPause | None:
    """Why it is no work now; None: it is."""
    if settings is None:
        return CallbackPause.BY_HAND
    if callback.due_at > step.utc_us:
        return CallbackPause.NOT_DUE
    return None if _opens_at(step.state, step.now) <= step.now else CallbackPause.HOURS


def _terms(step: Step, callback: Callback, settings: QueueSettings) -> e.CallbackQueued:
    entered_at = callback.entered_at or step.now
    named, named_until = callback.named, callback.named_until
    if not callback.queued:
        named = None if callback.named_tried else callback.named_for or callback.agent
        named_until = step.after(s=settings.named_wait_s)
    if named is not None and (named_until is None or named_until <= step.now or not _is_there(step.state, named)):
        named = None
    relax_at = waits.relax_at(settings, entered_at, step.now)
    coming = [relax_at, named_until if named is not None else None, _closes_at(step.state, step.now)]
    return e.CallbackQueued(
        at=step.now,
        callback=callback.callback,
        queue=settings.queue,
        key=callback.key,
        entered_at=entered_at,
        stage=stage_after(settings, step.now - entered_at),
        relax_at=relax_at,
        named=named,
        named_until=None if named is None else named_until,
        review_at=min((at for at in coming if at is not None), default=None),
    )


def _differ(callback: Callback, terms: e.CallbackQueued) -> bool:
    present = (callback.stage, callback.relax_at, callback.named, callback.named_until, callback.review_at)
    return present != (terms.stage, terms.relax_at, terms.named, terms.named_until, terms.review_at)


def _dialled_by_centre(around: Surroundings, callback: Callback) -> QueueSettings | None:
    """The queue's settings; None: it waits for a person, as a voice message does, which must be heard first."""
    settings = around.queues.get(callback.queue) if callback.queue is not None else None
    if callback.recording is not None:
        return None
    return settings if settings is not None and settings.callbacks == "automatic" else None


def _is_on_the_line(state: State, callback: Callback) -> bool:
    call = state.calls.get(callback.call) if callback.call is not None else None
    return call is not None and call.phase is not CallPhase.CLEARED


def _is_there(state: State, agent_id: AgentId) -> bool:
    agent = state.agents.get(agent_id)
    return agent is not None and agent.mode is not AgentMode.LOGGED_OFF


# --- the hours between which the centre dials --------------------------------------------------------------------


def _opens_at(state: State, at: int) -> int:
    """The first moment from ``at`` on that lies within the hours."""
    within, opens, closes = _of_day(state, at)
    if opens <= within < closes:
        return at
    return at - within + opens + (DAY_US if within >= closes else 0)


def _closes_at(state: State, at: int) -> Micros | None:
    """When the hours end in which this moment lies; None: they are the whole day."""
    within, opens, closes = _of_day(state, at)
    return None if (opens, closes) == (0, DAY_US) else Micros(at - within + closes)


def _of_day(state: State, at: int) -> tuple[int, int, int]:
    """(time of the local day, when the hours begin and when they end on it), in microseconds."""
    settings = state.settings
    local = local_us(at, offset_us=state.clock_offset_us, zone_s=settings.time_zone_offset_s)
    return local % DAY_US, settings.callback_from_s * SECOND_US, settings.callback_until_s * SECOND_US
