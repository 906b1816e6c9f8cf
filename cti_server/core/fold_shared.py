"""What the folds of calls share: phases, occupations, counts, and when a call is dropped from the state.

A call stays until it is cleared, has no leg, no agent in after-call work and no open recording; then a `Finished`
remembers it for a day.
"""

from cti_server.core import events as e
from cti_server.core.clock import local_day
from cti_server.core.entities import Agent, Call, Finished, Leg, Queue, State
from cti_server.core.figures import account
from cti_server.core.fold_waits import departed
from cti_server.core.vocabulary import (
    AgentId,
    CallId,
    CallPhase,
    CustomerRef,
    LegState,
    Micros,
    Occupation,
    PersonalRef,
    QueueExit,
    QueueId,
    RecordingState,
)

HOUR_US = 3_600_000_000
FINISHED_KEPT_US = 24 * HOUR_US
FINISHED_KEPT_MAX = 20_000
LAST_AGENTS_MAX = 50_000
PIN_FAILURES_KEPT_US = HOUR_US
OPEN_RECORDINGS = (RecordingState.STARTING, RecordingState.RECORDING, RecordingState.PAUSED)


def drop_call_of(state: State, call_id: CallId) -> None:
    """After-call work ended: the call may go."""
    if (call := state.calls.get(call_id)) is not None:
        drop_if_over(state, call)


def add_leg(state: State, call: Call, leg: Leg) -> None:
    call.legs[leg.leg] = leg
    state.legs[leg.leg] = call.call


def leg_of(state: State, event: e.LegAnswering | e.LegRinging | e.LegEstablished | e.LegResumeChanged) -> Leg | None:
    call = state.calls.get(event.call)
    return None if call is None else call.legs.get(event.leg)


def enter_phase(call: Call, phase: CallPhase, at: Micros) -> None:
    if call.phase is not phase:
        call.phase = phase
        call.since = at


def occupy(state: State, agent: Agent, occupation: Occupation, at: Micros) -> None:
    account(state, agent, at)
    before = agent.state
    agent.occupation = occupation
    if agent.state is not before:
        agent.since = at


def set_customer_leg(call: Call, leg_state: LegState) -> None:
    if call.customer_leg is not None and call.customer_leg in call.legs:
        call.legs[call.customer_leg].state = leg_state


def queue_of(state: State, queue: QueueId) -> Queue:
    if queue not in state.queues:
        state.queues[queue] = Queue(queue=queue)
    return state.queues[queue]


def day_of(state: State, at: Micros) -> int:
    return local_day(at, offset_us=state.clock_offset_us, zone_s=state.settings.time_zone_offset_s)


def count_exit(state: State, queue: Queue, event: e.CallLeftQueue) -> None:
    day = day_of(state, event.at)
    if queue.day != day:
        queue.day, queue.answered, queue.answered_in_time, queue.abandoned = day, 0, 0, 0
    if event.how is QueueExit.ABANDONED:
        queue.abandoned += 1
    elif event.how is QueueExit.ANSWERED:
        queue.answered += 1
        limits = (settings.service_level_s for settings in state.settings.queues if settings.queue == event.queue)
        if event.waited_us <= next(limits, 0) * 1_000_000:
            queue.answered_in_time += 1


def remember_agent(state: State, customer: CustomerRef, agent: AgentId) -> None:
    """The latest stand last."""
    state.last_agents.pop(customer, None)
    state.last_agents[customer] = agent
    while len(state.last_agents) > LAST_AGENTS_MAX:
        del state.last_agents[next(iter(state.last_agents))]


def forget(state: State, ref: PersonalRef | None) -> None:
    if ref is not None:
        state.personal.pop(ref, None)


def settle_recording(state: State, event: e.RecordingStored | e.RecordingLost, settled: RecordingState) -> None:
    call_id = event.call
    if (call := state.calls.get(call_id)) is not None:
        if call.recording != event.recording:
            return  # an earlier one of this call: a message whose file came late
        call.recording_state = settled
        call.recording_limit_at = None
        drop_if_over(state, call)
    elif (finished := state.finished.get(call_id)) is not None:
        finished.recording_settled = settled is RecordingState.STOPPED


def worked_on_by(state: State, call: Call) -> AgentId | None:
    if call.agent is None or call.agent not in state.agents:
        return None
    return call.agent if state.agents[call.agent].call == call.call else None


def drop_if_over(state: State, call: Call) -> None:
    if call.phase is not CallPhase.CLEARED or call.legs or call.recording_limit_at is not None:
        return
    if worked_on_by(state, call) is not None:
        return
    del state.calls[call.call]
    for ref in (call.number, call.display_name, call.note, call.script.answers if call.script else None):
        forget(state, ref)
    if call.agent is not None and call.established_at is not None:
        remember(state, call, call.agent)


def remember(state: State, call: Call, agent: AgentId) -> None:
    state.finished[call.call] = Finished(
        at=state.last_at,
        agent=agent,
        note_revision=call.note_revision,
        disposed_automatically=call.disposed_automatically,
        recording=call.recording,
        recording_settled=call.recording_state is not RecordingState.FAILED,
    )
    while len(state.finished) > FINISHED_KEPT_MAX:
        del state.finished[next(iter(state.finished))]
    while state.finished[(oldest := next(iter(state.finished)))].at < state.last_at - FINISHED_KEPT_US:
        del state.finished[oldest]


def turn_taken(state: State, event: e.Delivered, *, waited: bool) -> None:
    """Work of a queue goes to somebody."""
    state.draws = max(state.draws, event.draw)
    if event.queue is not None:
        queue = queue_of(state, event.queue)
        queue.last_agent = event.agent
        queue.staff = event.staff or queue.staff
        if waited:
            departed(queue, event.at)


def reserve(state: State, event: e.CallInitiated | e.Delivered) -> None:
    if (agent := state.agents.get(event.agent)) is not None:
        agent.call = event.call
        occupy(state, agent, Occupation.RESERVED, event.at)
