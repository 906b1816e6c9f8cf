"""How long Python's collector of cycles stops a core process with 500 agents and 5,000 waiting calls.

    python -m tests.benchmarks.bench_pauses

The same stream of calls twice: with the collector as Python sets it, and as the core process does
(`cti_server/app/garbage.py`). By generation: how many collections, and the longest (CPU time of the thread, so that
others do not count). Everything that the core process imports is there; engine, journal and network are not.
"""

import gc
import json
import time
from typing import Any

import cti_server.app.core_process
from cti_server.app.garbage import keep_pauses_short
from cti_server.core import inputs as i
from cti_server.core.centre import Centre
from cti_server.core.effects import AnswerLeg, PlaceLeg
from cti_server.core.settings import AgentProfile, CentreSettings, LineSettings, QueueSettings
from cti_server.core.state import State
from cti_server.core.vocabulary import SWITCH_LEG_BIT, AgentId, CallPhase, ClearingCause, Extension, LegId, QueueId

assert cti_server.app.core_process
AGENTS, QUEUES, WAITING, CALLS = 500, 50, 5_000, 20_000
STEP_US = 60_000
RESUME = b"r" * 300
"""What the switch remembers of a leg is about as long."""
SETTINGS = CentreSettings(
    queues=tuple(
        QueueSettings(queue=QueueId(f"q{n}"), title={}, maximum_waiting=100_000, maximum_wait_s=36_000)
        for n in range(QUEUES)
    ),
    lines=tuple(LineSettings(line=f"l{n}", flow=f"queue:q{n}") for n in range(QUEUES)),
    pop_wait_ms=0,
)
PEOPLE = tuple(
    AgentProfile(
        agent=AgentId(n + 1),
        extension=Extension(str(1000 + n)),
        skills={QueueId(f"q{(n * 7 + k * 11) % QUEUES}"): 5 for k in range(5)},
    )
    for n in range(AGENTS)
)


class House:
    """A full centre: phones answer at once, conversations end one after another, callers keep coming."""

    def __init__(self) -> None:
        self.centre = Centre(State())
        self.now = 1_760_000_000_000_000
        self.legs = 0
        self.tell(i.LoadSettings(settings=SETTINGS))
        self.tell(i.EnrolAgents(agents=PEOPLE))
        for profile in PEOPLE:
            self.tell(i.PhoneRegistered(extension=profile.extension))
            self.tell(i.LogOn(agent=profile.agent, has_desktop=False))
            self.tell(i.SetReady(agent=profile.agent))
        for _ in range(AGENTS + WAITING):
            self.arrive()

    def tell(self, given: i.Input) -> None:
        waiting = [given]
        for each in waiting:
            for effect in self.centre.handle(each, self.now).effects:
                if isinstance(effect, PlaceLeg | AnswerLeg):
                    waiting.append(i.LegAnswered(leg=effect.leg, resume=RESUME))

    def arrive(self) -> None:
        self.legs += 1
        leg = LegId(SWITCH_LEG_BIT | self.legs)
        self.tell(i.LegOffered(leg=leg, line=f"l{self.legs % QUEUES}", trunk="", number="0212345678", resume=RESUME))

    def go_on(self) -> None:
        self.now += STEP_US
        talking = next((c for c in self.centre.state.calls.values() if c.phase is CallPhase.CONNECTED), None)
        if talking is not None and talking.customer_leg is not None:
            self.tell(i.LegCleared(leg=talking.customer_leg, cause=ClearingCause.NORMAL))
        deadline = self.centre.next_deadline()
        if deadline is not None and deadline <= self.now:
            self.tell(i.Tick())
        self.arrive()


def pauses(house: House) -> dict[str, Any]:
    took: dict[int, list[float]] = {0: [], 1: [], 2: []}
    began = 0.0

    def collecting(phase: str, info: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.thread_time()
        else:
            took[info["generation"]].append(time.thread_time() - began)

    gc.callbacks.append(collecting)
    for _ in range(CALLS):
        house.go_on()
    gc.callbacks.remove(collecting)
    return {
        f"generation_{generation}": {"count": len(each), "longest_ms": round(max(each, default=0) * 1000, 2)}
        for generation, each in took.items()
    }


def run() -> dict[str, Any]:
    as_python_sets_it = pauses(House())
    house = House()
    keep_pauses_short()
    return {"as_python_sets_it": as_python_sets_it, "as_the_core_process_does": pauses(house)}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
