"""One replication of a scenario: the callers and agents of a simulated day, made up from a seed.

Each class of callers has streams of chance of its own (arrivals, talk, patience, after-call work, callbacks), named by
seed, replication and the class's place: a change of one of them leaves the others as they were. Decides nothing about
calls.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cti_server.core.settings import AgentProfile, CentreSettings, LineSettings, QueueSettings
from cti_server.core.vocabulary import AgentId, Extension, QueueId, ResultsWindow, Strategy, WorkOrder
from cti_server.sim.distributions import (
    ENDLESS_US,
    SECOND_US,
    Draws,
    draw,
    draw_after_call,
    draw_arrivals,
    draw_patience,
)
from cti_server.sim.driver import ASK_KEY, CONFIRM_KEY, Calls, Person
from cti_server.sim.scenario import CallerClass, Scenario, Variant, seconds_of
from ivr.model import AnswerNode, CallbackNode, Flow, FlowSet, HangUpNode, Node, QueueNode

MIDNIGHT_US = 1_759_935_600_000_000
"""Thursday, 9 October 2025, 00:00 in Seoul."""
AFTER_CALL_LIMIT_S = 604_800
DIAL_LIMIT_S = 3_600
ZONE_S = 32_400
ARRIVALS, TALK, PATIENCE, AFTER_CALL, CALLBACKS = range(5)


@dataclass(slots=True, kw_only=True)
class Day:
    """``class_of``: by call, as in ``calls``."""

    settings: CentreSettings
    flows: FlowSet
    people: list[Person]
    groups: list[str]
    calls: Calls
    class_of: Draws
    opens_at_us: int


def make_day(scenario: Scenario, variant: Variant, *, seed: int, replication: int, folder: Path) -> Day:
    classes = [
        _class_calls(scenario, callers, index, seed=seed, replication=replication, folder=folder)
        for index, callers in enumerate(variant.callers)
    ]
    columns = [np.concatenate(column) for column in zip(*classes, strict=True)]
    class_of = np.concatenate([np.full(len(calls[0]), index) for index, calls in enumerate(classes)])
    order = np.argsort(columns[0], kind="stable")
    at, patience, talk, after_call, asks_after, dial, unreached = (column[order] for column in columns)
    class_of = class_of[order]
    lines = [line_of(callers) for callers in variant.callers]
    has_tiers = any(callers.tier for callers in variant.callers)
    people, groups = _people(scenario, variant)
    return Day(
        settings=_settings(scenario, variant, after_call, seed),
        flows=FlowSet(
            flows=tuple(flow_of(callers, name=line_of(callers)) for callers in variant.callers if _has_flow(callers))
        ),
        people=people,
        groups=groups,
        calls=Calls(
            at=at.tolist(),
            line=[lines[index] for index in class_of.tolist()],
            patience=patience.tolist(),
            talk=talk.tolist(),
            after_call=after_call.tolist(),
            tier=[variant.callers[index].tier for index in class_of.tolist()] if has_tiers else [],
            asks_after=asks_after.tolist() if (asks_after != ENDLESS_US).any() else [],
            dial=dial.tolist(),
            unreached=unreached.tolist(),
        ),
        class_of=class_of,
        opens_at_us=MIDNIGHT_US + seconds_of(scenario.opens_at) * SECOND_US,
    )


def line_of(callers: CallerClass) -> str:
    """The number that this class dials."""
    return f"class:{callers.name}"


def _class_calls(
    scenario: Scenario, callers: CallerClass, index: int, *, seed: int, replication: int, folder: Path
) -> tuple[Draws, ...]:
    """(arrival, patience, talk, after-call work; asks for a callback after, time to dial, attempts that fail)"""

    def stream(purpose: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, replication, index, purpose])))

    at = draw_arrivals(callers.arrivals, scenario.until_s, stream(ARRIVALS), folder)
    count = len(at)
    talk = draw(callers.talk, count, stream(TALK))
    patience = draw_patience(callers.patience, count, stream(PATIENCE))
    after_call = draw_after_call(callers.after_call, talk, stream(AFTER_CALL))
    callbacks, luck = callers.callbacks, stream(CALLBACKS)
    asks = luck.random(count) < callbacks.share
    asks_after = np.where(asks, round(callbacks.after_s * SECOND_US), ENDLESS_US)
    dial = np.full(count, round(callbacks.dial_s * SECOND_US))
    unreached = luck.geometric(callbacks.reached_share, count) - 1
    return at, patience, talk, after_call, asks_after, dial, unreached


def _settings(scenario: Scenario, variant: Variant, after_call: Draws, seed: int) -> CentreSettings:
    """Only what a scenario names: nobody waits for a screen, nothing is recorded, no conversation is cut off."""
    works = bool(len(after_call)) and int(after_call.max()) > 0
    return CentreSettings(
        version=variant.name,
        queues=tuple(
            QueueSettings(
                queue=QueueId(queue.queue),
                title={},
                strategy=Strategy(queue.strategy),
                minimum_level=queue.minimum_level,
                requires=queue.requires,
                relax=queue.relax,
                weight=queue.weight,
                wait_ceiling_s=queue.wait_ceiling_s,
                results_window=ResultsWindow(queue.results_window),
                results_hours=queue.results_hours,
                ring_all_max=queue.ring_all_max,
                after_call_work_s=AFTER_CALL_LIMIT_S if works else 0,
                maximum_waiting=queue.maximum_waiting,
                maximum_wait_s=queue.maximum_wait_s,
                callbacks="automatic",
            )
            for queue in variant.queues
        ),
        lines=tuple(
            LineSettings(
                line=line_of(callers),
                flow=line_of(callers) if _has_flow(callers) else f"queue:{callers.queue}",
                opening="always_open",
                skills=callers.skills,
            )
            for callers in variant.callers
        ),
        tiers=scenario.tiers,
        work_order=WorkOrder(scenario.work_order),
        routing_seed=seed,
        time_zone_offset_s=ZONE_S,
        pop_wait_ms=0,
        record_calls=False,
        call_limit_s=AFTER_CALL_LIMIT_S,
        dial_timeout_s=DIAL_LIMIT_S,
        callback_attempts=scenario.callback_attempts,
        callback_retry_s=scenario.callback_retry_s,
        flow_limit_s=AFTER_CALL_LIMIT_S,
    )


def _has_flow(callers: CallerClass) -> bool:
    """Priority, and asking to be called back, are matters of flows."""
    return bool(callers.priority or callers.callbacks.share)


def flow_of(callers: CallerClass, *, name: str) -> Flow:
    """One that does nothing but queue; where callbacks are asked for, the caller is answered first, to press keys."""
    asks = callers.callbacks.share > 0
    keys = {ASK_KEY: "callback"} if asks else {}
    nodes: dict[str, Node] = {
        "queue": QueueNode(queue=callers.queue, priority=callers.priority, announce_at_start=False, keys=keys)
    }
    if asks:
        nodes["answer"] = AnswerNode(next="queue")
        nodes["callback"] = CallbackNode(
            prompts=(), ask_number=(), stored="over", refused="queue", back="queue", yes=CONFIRM_KEY
        )
        nodes["over"] = HangUpNode(reason="callback")
    start = "answer" if asks else "queue"
    return Flow(id=name, version="1", title={}, languages=("en",), start=start, nodes=nodes)


def _people(scenario: Scenario, variant: Variant) -> tuple[list[Person], list[str]]:
    people: list[Person] = []
    groups: list[str] = []
    opens_s = seconds_of(scenario.opens_at)
    for group in variant.agents:
        shifts = tuple(
            ((seconds_of(shift.begins) - opens_s) * SECOND_US, (seconds_of(shift.ends) - opens_s) * SECOND_US)
            for shift in group.shifts
        )
        for _ in range(group.count):
            number = len(people) + 1
            profile = AgentProfile(
                agent=AgentId(number),
                extension=Extension(f"{number}"),
                group=group.group,
                skills=dict(group.skills),
            )
            people.append(Person(profile=profile, shifts=_within(shifts, scenario.until_s), pace=group.pace))
            groups.append(group.group)
    return people, groups


def _within(shifts: tuple[tuple[int, int], ...], until_s: int) -> tuple[tuple[int, int], ...]:
    """From the opening on; without shifts until everybody has been served."""
    if not shifts:
        return ((0, until_s * SECOND_US + 30 * 86_400 * SECOND_US),)
    return tuple((max(begins, 0), ends) for begins, ends in shifts if ends > 0)
