"""When the Centre must be woken: the next deadline of every call and agent, in one heap with lazy deletion.

A deadline is read from the state (and a call's memory), never kept beside it: after every step those touched are read
again. What happens at a deadline is decided in `centre.py`.
"""

from heapq import heapify, heappop, heappush

from cti_server.core.entities import Agent, Call
from cti_server.core.step import Memory
from cti_server.core.vocabulary import CallPhase, LegState, Micros, Occupation

OF_CALL = 0
OF_AGENT = 1
Key = tuple[int, int]
"""Whose deadline it is: (OF_CALL or OF_AGENT, id)."""


def of_call(call: Call, memory: Memory | None) -> int | None:
    """The earliest moment at which something must happen to this call by itself."""
    found = [leg.limit_at for leg in call.legs.values() if leg.limit_at is not None]
    if call.phase is CallPhase.QUEUED:
        found += _known(
            call.queue_limit_at, call.wait_until, call.relax_at, call.ceiling_at, call.overflow_at, call.named_until
        )
    elif call.phase is CallPhase.RESERVED:
        found += _known(call.release_at)
    elif call.phase is CallPhase.FLOW:
        found += _known(call.limit_at, call.wait_until)
    elif call.phase in (CallPhase.CONNECTED, CallPhase.HELD):
        found += _known(call.limit_at)
    if call.recording_limit_at is not None:
        found.append(of_recording(call, memory) or call.recording_limit_at)
    if memory is not None:
        if memory.lookup_until is not None:
            found.append(memory.lookup_until)
        if call.phase in (CallPhase.FLOW, CallPhase.QUEUED):
            found += _known(memory.collect_until, memory.announce_at)
    return min(found, default=None)


def of_recording(call: Call, memory: Memory | None) -> Micros | None:
    """When the recorder must have answered."""
    asked_again = memory.recording_until if memory is not None else None
    if call.recording_limit_at is None or asked_again is None:
        return call.recording_limit_at
    return max(call.recording_limit_at, asked_again)


def of_agent(agent: Agent) -> int | None:
    found = _known(agent.desktop_limit_at, agent.phone_limit_at, agent.rest_until)
    if agent.occupation is Occupation.AFTER_CALL_WORK and agent.after_call_until is not None:
        found.append(agent.after_call_until)
    return min(found, default=None)


def _known(*times: Micros | None) -> list[Micros]:
    return [time for time in times if time is not None]


def is_passing(call: Call) -> bool:
    """Must this call have a deadline? Every phase but the cleared one is a passing state (invariant I4)."""
    return call.phase is not CallPhase.CLEARED or any(leg.state is not LegState.CLEARED for leg in call.legs.values())


class Deadlines:
    """At most one live entry for each key; dead ones are dropped when they come up, or when they outnumber the live."""

    __slots__ = ("_at", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[int, Key]] = []
        self._at: dict[Key, int] = {}

    def set(self, key: Key, at: int | None) -> None:
        if self._at.get(key) == at:
            return
        if at is None:
            del self._at[key]
            return
        self._at[key] = at
        heappush(self._heap, (at, key))
        if len(self._heap) > 4 * len(self._at) + 64:
            self._heap = [(due, owner) for owner, due in self._at.items()]
            heapify(self._heap)

    def next(self) -> int | None:
        heap = self._heap
        while heap and self._at.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def due(self, now: int) -> list[Key]:
        """Those whose deadline has come, earliest first. They stay until they are set anew."""
        due: list[Key] = []
        while (at := self.next()) is not None and at <= now:
            _, key = heappop(self._heap)
            del self._at[key]
            due.append(key)
        return due
