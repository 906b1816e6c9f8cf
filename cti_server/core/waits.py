"""What becomes of a call while it waits: its order, what is asked of agents for it, and for whom it waits.

The law. Everything that changes with time is a deadline of the call: the queue asks for less (``relax_at``), the wait
ceiling raises the class above all others (``ceiling_at``), the named agent is given up (``named_until``). A head start
of the customer's tier makes the due time earlier; when the tier becomes known only in the queue, the order changes
then. A wait is counted from entering the present queue; the ceiling from there too.

Decides the order key and when it changes; who is matched is decided in `routing.py`.
"""

import msgspec

from cti_server.core import events as e
from cti_server.core.asking import asked
from cti_server.core.entities import Call
from cti_server.core.settings import QueueSettings, TierSettings
from cti_server.core.skills import stage_after, steps
from cti_server.core.step import Step
from cti_server.core.vocabulary import WAITING, AgentMode, CallbackId, CallId, CallPhase, Micros, NamedEnd, RaisedBy

RAISED_RANK = -100
"""The class of those who have waited for as long as anybody of their tier should; before every priority of a flow."""
NO_TIER = TierSettings(tier="")


def tier_of(step: Step, name: str) -> TierSettings:
    return next((tier for tier in step.settings.tiers if tier.tier == name), NO_TIER)


def first_key(step: Step, *, tier: TierSettings, priority: int, came_at: int) -> e.OrderKey:
    """The order of a call that enters. ``came_at``: its age, which it keeps from queue to queue."""
    return e.OrderKey(
        rank=-(priority + tier.priority),
        due_at=came_at - tier.head_start_s * 1_000_000,
        sequence=step.next_id(),
    )


def ceiling_at(settings: QueueSettings, tier: TierSettings, entered_at: int) -> Micros | None:
    ceiling_s = tier.wait_ceiling_s or settings.wait_ceiling_s
    return Micros(entered_at + ceiling_s * 1_000_000) if ceiling_s > 0 else None


def relax_at(settings: QueueSettings, entered_at: int, now: int) -> Micros | None:
    """When the queue next asks for less of this call."""
    coming = [entered_at + step.after_s * 1_000_000 for step in steps(settings)]
    return next((Micros(at) for at in coming if at > now), None)


def review(step: Step, call: Call) -> None:
    """Whatever is due for a waiting call takes effect; of one that is offered, only what is asked of agents (where it
    rings at everybody, more of them may be rung)."""
    if call.phase not in WAITING or call.queue is None or call.key is None:
        return
    if call.relax_at is not None and call.relax_at <= step.now:
        _relax(step, call)
    if call.phase is not CallPhase.QUEUED:
        return
    if call.named is not None and (call.named_until or 0) <= step.now:
        _give_up_named(step, call, NamedEnd.TIME_LIMIT)
    if call.ceiling_at is not None and call.ceiling_at <= step.now:
        key = msgspec.structs.replace(call.key, rank=min(call.key.rank, RAISED_RANK))
        step.emit(e.CallReordered(at=step.now, call=call.call, queue=call.queue, key=key, why=RaisedBy.WAIT_CEILING))


def replan(step: Step) -> None:
    """New settings hold for those who wait, too: steps already due are taken, later ones get their new moments."""
    for call in list(step.state.calls.values()):
        settings = step.around.queues.get(call.queue) if call.queue is not None else None
        if call.phase is not CallPhase.QUEUED or settings is None or call.entered_at is None:
            continue
        stage = stage_after(settings, step.now - call.entered_at)
        if (stage, relax_at(settings, call.entered_at, step.now)) != (call.stage, call.relax_at):
            _relax(step, call)
        ask_anew(step, call)
        tier = tier_of(step, call.tier) if call.uses_tier else NO_TIER
        ceiling = ceiling_at(settings, tier, call.entered_at)
        if call.key is not None and call.key.rank > RAISED_RANK and ceiling != call.ceiling_at:
            step.emit(
                e.CallReordered(
                    at=step.now,
                    call=call.call,
                    queue=settings.queue,
                    key=call.key,
                    why=RaisedBy.WAIT_CEILING,
                    ceiling_at=ceiling,
                )
            )
            review(step, call)


def ask_anew(step: Step, call: Call) -> None:
    """The caller's language may have become known, or be another one, while the call waits."""
    if call.phase is CallPhase.QUEUED and call.queue is not None:
        asks = asked(step.settings, call)
        if asks != call.asks:
            step.emit(e.CallRequirementChanged(at=step.now, call=call.call, queue=call.queue, asks=asks))


def tier_changed(step: Step, call: Call, before: str) -> None:
    """The customer became known while the call waits: the head start counts from now on."""
    if call.phase is not CallPhase.QUEUED or not call.uses_tier or call.tier == before or call.key is None:
        return
    old, new = tier_of(step, before), tier_of(step, call.tier)
    settings = step.around.queues.get(call.queue) if call.queue is not None else None
    if settings is None or call.entered_at is None or call.queue is None or call.key.rank <= RAISED_RANK:
        return
    key = msgspec.structs.replace(
        call.key,
        rank=call.key.rank + old.priority - new.priority,
        due_at=call.key.due_at + (old.head_start_s - new.head_start_s) * 1_000_000,
    )
    ceiling = ceiling_at(settings, new, call.entered_at)
    if (key, ceiling) != (call.key, call.ceiling_at):
        step.emit(
            e.CallReordered(
                at=step.now, call=call.call, queue=call.queue, key=key, why=RaisedBy.TIER, ceiling_at=ceiling
            )
        )


def named_agents_gone(step: Step) -> None:
    """Who logs off is waited for no longer."""
    for agent_id in list(step.fresh_agents):
        work = step.around.index.named_for(agent_id)
        if work and ((agent := step.state.agents.get(agent_id)) is None or agent.mode is AgentMode.LOGGED_OFF):
            for number in work:
                if (call := step.state.calls.get(CallId(number))) is not None and call.named == agent_id:
                    _give_up_named(step, call, NamedEnd.LOGGED_OFF)
                elif number in step.state.callbacks:
                    step.touch_callback(CallbackId(number))


def _relax(step: Step, call: Call) -> None:
    assert call.queue is not None and call.entered_at is not None
    settings = step.around.queues.get(call.queue)
    step.emit(
        e.CallRequirementRelaxed(
            at=step.now,
            call=call.call,
            queue=call.queue,
            stage=call.stage if settings is None else stage_after(settings, step.now - call.entered_at),
            relax_at=None if settings is None else relax_at(settings, call.entered_at, step.now),
        )
    )


def _give_up_named(step: Step, call: Call, why: NamedEnd) -> None:
    assert call.named is not None
    step.emit(e.NamedAgentGivenUp(at=step.now, call=call.call, agent=call.named, why=why))
