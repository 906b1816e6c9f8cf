"""What the server would tell about the made-up agent's past: the sample's call, an uneven day, runs of free time."""

from __future__ import annotations

from cti_server.wire.client import AskFairness, ExplainCall, ListIdleRuns, PastAsk
from cti_server.wire.explained import (
    CallExplained,
    Candidate,
    Decision,
    FairnessTold,
    IdleRun,
    IdleRunsTold,
    NonOffer,
    Said,
    Share,
    Somebody,
    Turn,
)
from tests.agent_app.sample import AGENT, CALL, NOW, S

ME = Somebody(agent=AGENT, extension="2007", name="이서윤", is_you=True)
COLLEAGUE = Somebody(label=1)
ENGLISH = Said(code="skill", parameters={"skill": "english", "has": 1, "asked": 3})
QUEUED, RELAXED, OFFERED = NOW - 21 * S, NOW - S, NOW - S
QUEUES = ("orders", "care")


def answer(ask: PastAsk) -> CallExplained | FairnessTold | IdleRunsTold:
    match ask:
        case ExplainCall():
            return explained(ask.call)
        case AskFairness():
            return fairness()
        case ListIdleRuns():
            return idle_runs()


def idle(seconds: int) -> Said:
    return Said(code="idle", parameters={"since_at": OFFERED - seconds * S})


def explained(call: int = CALL) -> CallExplained:
    return CallExplained(
        call=call,
        read_to=NOW,
        decisions=(
            Decision(
                at=OFFERED,
                who=ME,
                queue="orders",
                rule="longest_idle",
                standing=idle(254),
                runner_up=COLLEAGUE,
                runner_up_standing=idle(61),
                candidates=2,
                excluded={"occupied": 5, "not_ready": 2, "skill": 1},
                settings_version="2026-11-20",
                waited_us=20 * S,
                people=(Candidate(who=ME, standing=idle(254)), Candidate(who=COLLEAGUE, standing=idle(61))),
            ),
        ),
        turns=(
            Turn(at=QUEUED, what=Said(code="call_queued", parameters={"queue": "orders"})),
            Turn(at=QUEUED, what=Said(code="wait_announced", parameters={"position": 1, "expected_s": 40})),
            Turn(at=RELAXED, what=Said(code="call_requirement_relaxed", parameters={"stage": 1})),
            Turn(at=OFFERED, what=Said(code="call_delivered"), who=ME),
        ),
        non_offers=(
            NonOffer(who=ME, from_at=QUEUED, until_at=RELAXED, reason=ENGLISH, ended="call_requirement_relaxed"),
        ),
    )


def share(who: Somebody, calls: int, expected: float, why: str, **more: object) -> Share:
    values: dict[str, object] = {"logged_s": 5 * 3600, "idle_share": 0.21, "occupancy": 0.74, "queues": QUEUES}
    return Share(
        who=who, calls=calls, expected_calls=expected, spread=round(2 * expected**0.5, 1), why=why, **(values | more)
    )


def fairness() -> FairnessTold:
    mine = {"not_ready_share": 0.06, "talk_s": 6_420, "missed": 1}
    return FairnessTold(
        day="2026-11-21",
        read_to=NOW,
        shares=(
            share(ME, 38, 41.2, "within_spread", **mine),
            share(Somebody(label=1), 61, 42.0, "more_queues", occupancy=0.86, idle_share=0.11),
            share(Somebody(label=2), 45, 40.7, "within_spread"),
            share(Somebody(label=3), 39, 41.5, "within_spread"),
            share(Somebody(label=4), 24, 38.4, "personal", occupancy=0.52, idle_share=0.18),
            share(Somebody(label=5), 12, 14.1, "within_spread", logged_s=6_300),
        ),
    )


def idle_runs(read_permille: int = 1000) -> IdleRunsTold:
    runs = (
        run(-9_000, 45, 4521, ENGLISH, "call_requirement_relaxed"),
        run(
            -4_300,
            130,
            4603,
            Said(code="skill", parameters={"skill": "vip", "has": 0, "asked": 1}),
            "call_delivered",
            3,
        ),
        run(-1_240, 20, 4688, Said(code="named_account_owner"), "named_agent_given_up"),
        run(-21, 20, CALL, ENGLISH, "call_requirement_relaxed"),
    )
    return IdleRunsTold(day="2026-11-21", read_to=NOW, who=ME, runs=runs, read_permille=read_permille)


def run(began_s: int, seconds: int, call: int, reason: Said, ended: str, calls: int = 1) -> IdleRun:
    began = NOW + began_s * S
    return IdleRun(
        from_at=began, until_at=began + seconds * S, call=call, queue="orders", reason=reason, calls=calls, ended=ended
    )
