"""Writes the golden journal of a release, once. ``python -m tests.storage.write_golden 0.1``

It holds every kind of event that the release knows: the sample day, and what that day lacks.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import msgspec

from cti_server.core import events as e
from cti_server.core.settings import AgentProfile, CentreSettings, CodeSettings, LineSettings, QueueSettings
from cti_server.core.state import State, apply
from cti_server.core.vocabulary import (
    CallbackId,
    CallbackPause,
    CallId,
    ClearingCause,
    Extension,
    LegId,
    OfferOutcome,
    PersonalRef,
    QueueId,
)
from cti_server.storage.answers import Totals
from cti_server.storage.event_codec import Row, encode
from cti_server.storage.totals import recount
from ivr.orders import FlowPosition
from tests.storage.sample_day import BEGIN, CUSTOMER, KEY, KIM, LEE, ORDERS, at, day

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "journal"


def read_rows(release: str) -> list[Row]:
    lines = (GOLDEN / f"{release}.jsonl").read_text(encoding="utf-8").splitlines()
    found = (json.loads(line) for line in lines)
    return [
        Row(row["seq"], row["at"], row["kind"], json.dumps(row["body"], ensure_ascii=False).encode()) for row in found
    ]


def summary(state: State, totals: Totals) -> dict[str, Any]:
    """What must stay the same, told in words that outlive the shapes of the state."""
    return {
        "last_at": state.last_at,
        "counter": state.counter,
        "clock_offset_us": state.clock_offset_us,
        "settings": state.settings.version,
        "calls": sorted([call.call, call.phase.value, call.customer or ""] for call in state.calls.values()),
        "agents": sorted(
            [agent.agent, agent.mode.value, agent.reason, agent.occupation.value] for agent in state.agents.values()
        ),
        "callbacks": sorted([one.callback, one.state.value, one.attempts] for one in state.callbacks.values()),
        "queues": sorted([queue.queue, len(queue.waiting), queue.answered] for queue in state.queues.values()),
        "commands": sorted(state.carried_out),
        "finished": sorted(state.finished),
        "totals": msgspec.to_builtins(totals),
    }


def events() -> list[e.Event]:
    return [*_opening(), *day(), *_the_rest()]


def _opening() -> list[e.Event]:
    settings = CentreSettings(
        version="golden",
        queues=(QueueSettings(queue=ORDERS, title={"ko": "주문", "en": "Orders"}),),
        lines=(LineSettings(line="1588-0001", flow="main"),),
        not_ready_reasons=(CodeSettings(code="break", title={"ko": "휴식", "en": "Break"}),),
    )
    people = tuple(
        AgentProfile(agent=agent, extension=Extension(f"{1000 + agent}"), group="T/O", skills={"orders": 3})
        for agent in (KIM, LEE)
    )
    return [
        e.SettingsLoaded(at=at(0), settings=settings),
        e.AgentsEnrolled(at=at(0), agents=people),
        e.AgentPhoneChanged(at=at(0), agent=KIM, is_registered=True),
    ]


def _the_rest() -> list[e.Event]:
    """Kinds that the sample day has not: a call that is still in its flow, a call handed outside, and odds and ends."""
    flowing, forwarded = CallId(700), CallId(800)
    position = FlowPosition(flow_id="main", version="v1", node="menu", language="ko", stage="collect", attempts=1)
    arrives = [
        e.CallArrived(
            at=at(3000),
            call=call,
            leg=LegId(call + 1),
            line="1588-0001",
            trunk="local",
            number=PersonalRef(call + 5),
            display_name=None,
            limit_at=at(3900),
            resume=bytes(range(256)),
        )
        for call in (flowing, forwarded)
    ]
    asked = CallbackId(900)
    return [
        *arrives,
        e.LegAnswering(at=at(3000), call=flowing, leg=LegId(701), limit_at=at(3032)),
        e.LegResumeChanged(at=at(3001), call=flowing, leg=LegId(701), resume=b"\x00\xff changed"),
        e.FlowMoved(at=at(3002), call=flowing, position=position, play=7, wait_until=at(3020), waiting_for="keys"),
        e.CustomerMatched(at=at(3003), call=flowing, customer=None, candidates=(CUSTOMER,), by="number"),
        e.CustomerAssigned(at=at(3004), call=flowing, agent=KIM, customer=CUSTOMER),
        e.CallForwarded(at=at(3005), call=forwarded, leg=LegId(802), limit_at=at(9000)),
        e.ContactReasonSet(at=at(3006), call=flowing, agent=KIM, reason=("order", "change")),
        e.CallMuted(at=at(3007), call=forwarded, agent=KIM, muted=True),
        e.CallbackRequested(
            at=at(3008),
            callback=asked,
            number=PersonalRef(905),
            queue=QueueId("orders"),
            key=KEY,
            due_at=BEGIN,
            agent=KIM,
        ),
        e.CallbackQueued(
            at=at(3008.2), callback=asked, queue=ORDERS, key=KEY, entered_at=at(3008), named=KIM, named_until=at(3028)
        ),
        e.CallbackLeftQueue(at=at(3008.4), callback=asked, queue=ORDERS, why=CallbackPause.HOURS),
        *_carried_out(asked, CallId(910), 3008.5),
        e.CallbackExhausted(at=at(3009), callback=asked, cause=ClearingCause.NO_ANSWER),
        e.CallbackCancelled(at=at(3010), callback=CallbackId(901), agent=KIM, reason="done"),
        e.AgentModePending(at=at(3011), agent=KIM, ready=False, reason="break"),
        e.AgentDesktopChanged(at=at(3012), agent=KIM, is_connected=False, limit_at=at(3022)),
        e.CentreRestarted(at=at(3013), adopted=(LegId(701),), lost=()),
        e.InvariantBroken(at=at(3014), invariant="I4", detail="planted", agent=KIM),
    ]


def _carried_out(callback: CallbackId, call: CallId, second: float) -> list[e.Event]:
    """A callback whose turn has come, to an agent who does not lift the own phone."""
    begun, ended = at(second), at(second + 0.2)
    return [
        e.CallbackDelivered(
            at=begun,
            call=call,
            callback=callback,
            agent=LEE,
            queue=ORDERS,
            number=PersonalRef(911),
            waited_us=500_000,
            release_at=begun,
            rule="longest_idle",
        ),
        e.OfferEnded(at=ended, call=call, agent=LEE, outcome=OfferOutcome.MISSED),
        e.CallCleared(at=ended, call=call, cause=ClearingCause.NO_ANSWER, queue=ORDERS, reason="own_phone"),
        e.CallbackRescheduled(at=ended, callback=callback, due_at=at(second), cause=ClearingCause.NO_ANSWER),
    ]


def write(release: str) -> None:
    file = GOLDEN / f"{release}.jsonl"
    if file.exists():
        raise SystemExit(f"{file} is there already, and is never changed")
    written = events()
    missing = set(get_args(e.AnyEvent)) - {type(event) for event in written}
    if missing:
        raise SystemExit(f"no example of {', '.join(sorted(kind.__name__ for kind in missing))}")
    lines = [
        json.dumps({"seq": row.seq, "at": row.at, "kind": row.kind, "body": json.loads(row.body)}, ensure_ascii=False)
        for row in encode(written, 1)
    ]
    state = State()
    for event in written:
        apply(state, event)
    GOLDEN.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    expected = json.dumps(summary(state, recount(written)), ensure_ascii=False, indent=1)
    file.with_suffix(".expected.json").write_text(expected + "\n", encoding="utf-8")
    print(f"{file}: {len(lines)} events, {len(Counter(type(event) for event in written))} kinds")


if __name__ == "__main__":
    write(sys.argv[1])
