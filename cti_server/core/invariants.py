"""The laws that hold after every step, on what it touched (docs/reliability.md, I3–I6).

I3: an agent has at most one call, a call that was answered one owner, and both agree. I4: nothing is in a passing state
without a deadline that is awaited. I5: of those who wait, the first by order goes first. I6: each attempt of a callback
happens once.

Only finds; what is done about a violation is decided in `centre.py`.
"""

from collections.abc import Iterable

import msgspec

from cti_server.core.deadlines import OF_CALL, Deadlines
from cti_server.core.entities import Agent, Call, State
from cti_server.core.events import CallbackAttempted, Event
from cti_server.core.vocabulary import (
    OFFERED,
    WAITING,
    AgentId,
    AgentMode,
    CallbackId,
    CallbackState,
    CallId,
    CallPhase,
    Direction,
    Occupation,
)

# Read on every step (see `deadlines.py`).
FLOW, QUEUED, CLEARED = CallPhase.FLOW, CallPhase.QUEUED, CallPhase.CLEARED
INBOUND, LOGGED_OFF = Direction.INBOUND, AgentMode.LOGGED_OFF
IDLE, AFTER_CALL_WORK = Occupation.IDLE, Occupation.AFTER_CALL_WORK


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    invariant: str
    detail: str
    call: CallId | None = None
    agent: AgentId | None = None


def check(state: State, awaited: Deadlines, calls: Iterable[CallId], agents: Iterable[AgentId]) -> list[Violation]:
    """What does not hold among these calls and agents; empty: all is well."""
    found: list[Violation] = []
    for call_id in calls:
        if (call := state.calls.get(call_id)) is not None:
            _check_call(state, awaited, call, found)
    for agent_id in agents:
        if (agent := state.agents.get(agent_id)) is not None:
            _check_agent(state, agent, found)
    return found


def check_attempts(state: State, events: Iterable[Event]) -> list[Violation]:
    """Within one step no callback is attempted twice, and state knows the attempt."""
    seen: dict[CallbackId, int] = {}
    found: list[Violation] = []
    for event in [event for event in events if type(event) is CallbackAttempted]:
        callback = state.callbacks.get(event.callback)
        if event.callback in seen or callback is None or callback.attempts != event.attempt:
            found.append(Violation(invariant="I6", detail=f"callback {event.callback} attempt {event.attempt}"))
        seen[event.callback] = event.attempt
    return found


def check_all(state: State, awaited: Deadlines) -> list[Violation]:
    """Everything: after a restart, and at the end of a simulation."""
    found = check(state, awaited, list(state.calls), list(state.agents))
    for leg, call_id in state.legs.items():
        if call_id not in state.calls or leg not in state.calls[call_id].legs:
            found.append(Violation(invariant="I3", detail=f"leg {leg} belongs to no call", call=call_id))
    for queue in state.queues.values():
        for call_id in queue.waiting:
            if call_id not in state.calls or state.calls[call_id].phase not in WAITING:
                found.append(Violation(invariant="I4", detail=f"{call_id} waits in {queue.queue} no longer"))
    for callback in state.callbacks.values():
        if callback.state in (CallbackState.RESERVED, CallbackState.DIALLING) and (
            callback.dialling not in state.calls
        ):
            found.append(Violation(invariant="I4", detail=f"callback {callback.callback} is dialled by no call"))
    return found


def _check_call(state: State, awaited: Deadlines, call: Call, found: list[Violation]) -> None:
    if call.phase is CLEARED:
        if call.legs:
            found.append(Violation(invariant="I3", detail="a cleared call has a leg", call=call.call))
    else:
        if awaited.of((OF_CALL, call.call)) is None:
            found.append(Violation(invariant="I4", detail=f"{call.phase} without a deadline", call=call.call))
        for agent_id in call.parties:
            if (agent := state.agents.get(agent_id)) is not None and agent.call != call.call:
                detail = "its agent has another call"
                found.append(Violation(invariant="I3", detail=detail, call=call.call, agent=agent_id))
        if not call.legs and not (call.phase is CallPhase.RESERVED and call.direction is Direction.CALLBACK):
            found.append(Violation(invariant="I4", detail=f"{call.phase} without a leg", call=call.call))
    if call.phase in OFFERED:
        _check_offers(state, call, found)
    elif len(call.parties) > 1:
        found.append(Violation(invariant="I3", detail=f"{call.phase} with several agents", call=call.call))
    waits = call.queue is not None and call.queue in state.queues and call.call in state.queues[call.queue].waiting
    if waits != (call.phase in WAITING and call.direction is INBOUND):
        found.append(Violation(invariant="I4", detail=f"{call.phase}, in its queue: {waits}", call=call.call))


def _check_offers(state: State, call: Call, found: list[Violation]) -> None:
    """An offered call is offered to somebody; one that was answered to nobody else; no phone is waited for for ever."""
    if not any(agent in state.agents for agent in call.parties):
        found.append(Violation(invariant="I3", detail=f"{call.phase} without an agent", call=call.call))
    if len(call.parties) > 1 and call.is_answered:
        found.append(Violation(invariant="I3", detail="answered, and offered to others", call=call.call))
    for party in call.parties.values():
        if party.release_at is None and party.leg not in call.legs:
            detail = "an offer without a deadline"
            found.append(Violation(invariant="I4", detail=detail, call=call.call, agent=party.agent))


def _check_agent(state: State, agent: Agent, found: list[Violation]) -> None:
    if (agent.call is None) != (agent.occupation is IDLE):
        found.append(Violation(invariant="I3", detail=f"{agent.occupation} with {agent.call}", agent=agent.agent))
    elif agent.call is not None:
        call = state.calls.get(agent.call)
        if call is None or agent.agent not in call.parties:
            found.append(Violation(invariant="I3", detail="its call is not its own", agent=agent.agent))
        elif call.phase is CLEARED and agent.occupation is not AFTER_CALL_WORK:
            found.append(Violation(invariant="I4", detail=f"{agent.occupation} after the end", agent=agent.agent))
        elif call.phase is QUEUED or call.phase is FLOW:
            found.append(Violation(invariant="I3", detail=f"occupied by a call in {call.phase}", agent=agent.agent))
    if agent.occupation is AFTER_CALL_WORK and agent.after_call_until is None:
        found.append(Violation(invariant="I4", detail="after-call work without a limit", agent=agent.agent))
    if agent.mode is LOGGED_OFF and agent.call is not None:
        found.append(Violation(invariant="I3", detail="logged off with a call", agent=agent.agent))
