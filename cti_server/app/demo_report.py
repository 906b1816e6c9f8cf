"""The demo's report: counted from what the robots saw, then held against what the centre kept.

The server's own figures are not used: what a robot was told is acknowledged, and must be found in the store.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from agent_app.robots.agent import Handled
from agent_app.robots.caller import CallReport
from agent_app.robots.crowd import DayReport
from agent_app.robots.desk import DeskReport
from cti_server.core.events import InvariantBroken
from cti_server.recording.files import NotARecording, numbers_of, read_contents
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal_file import JournalReader
from cti_server.storage.queries import Queries


class DemoReport(msgspec.Struct, frozen=True, kw_only=True):
    """``authenticated``: answered calls whose agent saw "verified". ``wrong_pins``: callers who were asked again.

    ``pop_before_ring_share``: of the offers that reached a phone, those whose card was on the screen before it rang.
    ``lost``: what was acknowledged to robots and is not in the store. ``problems``: what robots themselves met.
    """

    calls_offered: int
    calls_answered: int
    calls_abandoned: int
    authenticated: int
    wrong_pins: int
    pop_before_ring_share: float
    pop_to_paint_ms_p95: float
    recordings: int
    recordings_with_both_voices: int
    dispositions: int
    callbacks_created: int
    violations: int
    lost: int
    lost_things: list[str]
    screenshots: list[str]
    refused: list[str]
    problems: list[str]


def make_report(
    day: DayReport, desk: DeskReport | None, *, queries: Queries, journal: Path, recordings: Path
) -> DemoReport:
    """``queries``: of a store that has caught up with the journal."""
    agents = [*day.agents, *([desk.agent] if desk is not None else [])]
    handled = [call for agent in agents for call in agent.handled.values()]
    answered = {call.call: call for call in handled if call.talk_at is not None}
    talked_to = {_digits(call.number) for call in answered.values()}
    abandoned = [call for call in day.calls if call.ended_by == "ours" and _digits(call.plan.number) not in talked_to]
    called_back = [call for call in day.calls if _has_asked_for_callback(call, talked_to)]
    contents = {numbers_of(path)[0]: path for path in recordings.rglob("*.wav")}
    lost = [*_lost_of_calls(handled, queries), *_lost_callbacks(called_back, queries)]
    with_card = [call.card_at is not None and call.card_at <= call.ring_at for call in handled if call.ring_at]
    paints = sorted(desk.pop_to_paint_ms) if desk is not None else []
    return DemoReport(
        calls_offered=len(day.calls),
        calls_answered=len(answered),
        calls_abandoned=len(abandoned),
        authenticated=sum(call.verification == "verified" for call in answered.values()),
        wrong_pins=sum(call.plan.kind == "wrong_pin" and call.keys_sent >= 3 for call in day.calls),
        pop_before_ring_share=round(sum(with_card) / len(with_card), 4) if with_card else 0.0,
        pop_to_paint_ms_p95=round(paints[min(len(paints) - 1, int(0.95 * len(paints)))], 1) if paints else 0.0,
        recordings=sum(call in contents for call in answered),
        recordings_with_both_voices=sum(call in contents and _has_both_voices(contents[call]) for call in answered),
        dispositions=sum(call.disposition_acknowledged for call in answered.values()),
        callbacks_created=len(called_back),
        violations=_violations(journal),
        lost=len(lost),
        lost_things=lost,
        screenshots=desk.screenshots if desk is not None else [],
        refused=[f"{agent.user}: {refusal}" for agent in agents for refusal in agent.refused],
        problems=day.problems,
    )


def _has_asked_for_callback(call: CallReport, talked_to: set[str]) -> bool:
    """All keys pressed, the confirmation heard, and then let go by the centre without an agent."""
    is_told = call.keys_sent == len(call.plan.keys) and call.ended_by == "theirs"
    return call.plan.kind == "callback" and is_told and _digits(call.plan.number) not in talked_to


def _lost_of_calls(handled: Iterable[Handled], queries: Queries) -> list[str]:
    lost: list[str] = []
    for call in handled:
        found = queries.call(call.call)
        kept_disposition = found.call.disposition if found is not None else ""
        kept_note = found.call.note if found is not None else ""
        if call.disposition_acknowledged and kept_disposition != call.disposition:
            lost.append(f"call {call.call}: disposition {call.disposition}, kept {kept_disposition or 'none'}")
        if call.note_acknowledged and kept_note != call.note:
            lost.append(f"call {call.call}: note")
    return lost


def _lost_callbacks(asked: Iterable[CallReport], queries: Queries) -> list[str]:
    kept = {_digits(row.number) for row in queries.open_callbacks()}
    return [f"callback of {call.plan.name}" for call in asked if _digits(call.plan.number) not in kept]


def _digits(number: str) -> str:
    """The national significant number: +82 10… and 010-… are the same."""
    digits = "".join(ch for ch in number if ch.isdigit())
    return digits.removeprefix("82") if number.startswith("+82") else digits.removeprefix("0")


def _has_both_voices(path: Path) -> bool:
    try:
        return read_contents(path).has_both_voices
    except (OSError, NotARecording):
        return False


def _violations(journal: Path) -> int:
    reader = JournalReader(journal)
    try:
        return sum(isinstance(event, InvariantBroken) for _, event in decode_all(reader.all_rows(after=0), after=0))
    finally:
        reader.close()
