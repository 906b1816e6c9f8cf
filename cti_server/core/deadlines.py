"""When the Centre must be woken: the next deadline of every call, agent and callback, in one heap with lazy deletion.

A deadline is read from the state (and a call's memory), never kept beside it: after every step those touched are read
again. What happens at a deadline is decided in `centre.py`.
"""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from cti_server.core.entities import Agent, Call
from cti_server.core.step import Memory
from cti_server.core.vocabulary import OFFERED, CallPhase, LegState, Micros, Occupation

OF_CALL = 0
OF_AGENT = 1
OF_CALLBACK = 2
Key = tuple[int, int]
"""Whose deadline it is: (OF_CALL, OF_AGENT or OF_CALLBACK, id)."""
# Read on every step: in Python 3.11 a member looked up in its enumeration costs 140 ns, a name of the module 5.
FLOW, QUEUED = CallPhase.FLOW, CallPhase.QUEUED
IN_CONVERSATION = (CallPhase.CONNECTED, CallPhase.HELD)
AFTER_CALL_WORK = Occupation.AFTER_CALL_WORK


def of_call(call: Call, memory: Memory | None) -> int | None:
    """The earliest moment at which something must happen to this call by itself."""
    phase = call.phase
    found = [leg.limit_at for leg in call.legs.values()]
    if phase is QUEUED:
        found += call.queue_limit_at, call.wait_until, call.overflow_at, call.unattended_until
        found += call.relax_at, call.ceiling_at, call.named_until
    elif phase in OFFERED:
        found += [party.release_at for party in call.parties.values()]
        found.append(call.relax_at)
    elif phase is FLOW:
        found += call.limit_at, call.wait_until
    elif phase in IN_CONVERSATION:
        found.append(call.limit_at)
    if call.recording_limit_at is not None:
        found.append(of_recording(call, memory))
    if memory is not None:
        found.append(memory.lookup_until)
        if phase is QUEUED or phase is FLOW:
            found += memory.collect_until, memory.announce_at
    return _earliest(found)


def of_recording(call: Call, memory: Memory | None) -> Micros | None:
    """When the recorder must have answered."""
    asked_again = memory.recording_until if memory is not None else None
    if call.recording_limit_at is None or asked_again is None:
        return call.recording_limit_at
    return max(call.recording_limit_at, asked_again)


def of_agent(agent: Agent) -> int | None:
    after_call_until = agent.after_call_until if agent.occupation is AFTER_CALL_WORK else None
    return _earliest((agent.desktop_limit_at, agent.phone_limit_at, agent.rest_until, after_call_until))


def _earliest(times: Iterable[Micros | None]) -> Micros | None:
    first = None
    for at in times:
        if at is not None and (first is None or at < first):
            first = at
    return first


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

    def of(self, key: Key) -> int | None:
        return self._at.get(key)

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
