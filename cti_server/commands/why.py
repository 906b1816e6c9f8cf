"""`ieum why`: who was offered a call, who was not and why; or how evenly a day's work fell on people.

Reads the journal of a centre, which may be running, and prints what `core/explain.py` and `core/fairness.py` find.
Personal texts are not read: people are extensions, callers are numbers of calls.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from cti_server.commands.centre import usual_data
from cti_server.core import routing
from cti_server.core.asking import AskedBy
from cti_server.core.availability import Exclusion
from cti_server.core.events import Event
from cti_server.core.explain import Decision, Explanation, NonOffer, Reason, explain
from cti_server.core.fairness import Share, Why, fairness
from cti_server.core.state import State, apply
from cti_server.core.strategies import Rank
from cti_server.core.vocabulary import CallId, NamedBy, ResultsWindow, Strategy
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.event_codec import decode_all
from cti_server.storage.journal_file import JournalReader

RULES = {
    Exclusion.LOGGED_OFF: "logged off",
    Exclusion.OCCUPIED: "busy with another call",
    Exclusion.AFTER_CALL_WORK: "after-call work",
    Exclusion.NOT_READY: "not ready",
    Exclusion.NO_PHONE: "phone not registered",
    Exclusion.NO_DESKTOP: "desktop lost",
    Exclusion.SKILL: "skill",
    Exclusion.NAMED: "the call waited for an agent by name",
    Exclusion.ORDER: "another call went first",
    Exclusion.RUNG: "it rings there already",
    Exclusion.FULL: "it rings at as many as the queue allows",
}
REASONS = {
    Why.WITHIN_SPREAD: "as even as chance allows",
    Why.SHORTER_LOG_IN: "fewer: logged in for less time than the others",
    Why.LONGER_LOG_IN: "more: logged in for longer than the others",
    Why.NOT_READY: "fewer: not ready for more of the time",
    Why.FEWER_QUEUES: "fewer: serves fewer queues",
    Why.MORE_QUEUES: "more: serves more queues",
    Why.MISSED_OFFERS: "fewer: missed more offers than the others",
    Why.UNEXPLAINED: "unexplained by log-in, states and skills",
}
WINDOWS = {
    ResultsWindow.TODAY: "today",
    ResultsWindow.WEEK: "this week",
    ResultsWindow.MONTH: "this month",
    ResultsWindow.LOG_ON: "since log-on",
}
ASKED_BY = {
    AskedBy.LANGUAGE: ", asked for by the caller's language ({language})",
    AskedBy.LINE: ", asked for by the line",
    AskedBy.FLOW: ", asked for by the call's flow",
}
NAMES: dict[NamedBy | None, str] = {
    NamedBy.ASKED_FOR: "asked for by extension",
    NamedBy.LINE: "the line is this agent's",
    NamedBy.LAST_AGENT: "talked to this customer last",
    NamedBy.ACCOUNT_OWNER: "the customer is this agent's account",
}
RELAXED = "CallRequirementRelaxed"


def run(arguments: argparse.Namespace) -> int:
    data = arguments.data or usual_data()
    if data is None:
        print("ieum why: whose call? Name a centre's data folder with --data (see ieum why --help)", file=sys.stderr)
        return 2
    file = DataFolder(data).journal
    if not file.is_file():
        print(f"ieum why: there is no journal in {data}", file=sys.stderr)
        return 1
    if arguments.call is None:
        return _fairness(file, arguments.json)
    found = explain(events_of(file), CallId(arguments.call))
    if found is None:
        print(f"ieum why: the journal knows no call {arguments.call}", file=sys.stderr)
        return 1
    print("\n".join(words(found)))
    _write(arguments.json, found)
    return 0


def events_of(file: Path) -> Iterator[Event]:
    """The whole journal, in order."""
    reader = JournalReader(file)
    try:
        yield from (event for _, event in decode_all(reader.all_rows(after=0), after=0))
    finally:
        reader.close()


def words(found: Explanation) -> Iterator[str]:
    """What a person reads."""
    clock = _Clock(found.utc_offset_us, found.zone_s)
    yield f"call {found.call}"
    for turn in found.turns:
        yield f"  {clock.at(turn.at)}  {turn.what}  {turn.detail}".rstrip()
    for decision in found.decisions:
        yield ""
        yield from _decision(decision, clock)
    if found.non_offers:
        yield ""
        yield "while it waited"
    for run_ in found.non_offers:
        yield f"  {_non_offer(run_, found.call, clock)}"


def _decision(decision: Decision, clock: "_Clock") -> Iterator[str]:
    version = decision.settings_version or "unknown"
    yield f"{clock.at(decision.at)}  offered to agent {decision.agent} from {decision.queue}, configuration {version}"
    yield f"  rule {decision.rule or 'not recorded'}: {_rank(decision, decision.rank, clock)}"
    if decision.runner_up is not None:
        second = _rank(decision, decision.runner_up_rank, clock)
        yield f"  next would have been agent {decision.runner_up}: {second}"
        if decision.rank[:-1] == decision.runner_up_rank[:-1]:
            yield "  a tie: the smaller number"
    if decision.beside:
        yield "  it rang already at agents " + ", ".join(map(str, decision.beside))
    if decision.excluded:
        yield "  out of the question: " + ", ".join(f"{count} {rule}" for rule, count in decision.excluded.items())
    for candidate in decision.candidates:
        verdict = f"could take it: {_rank(decision, candidate.rank, clock)}" if candidate.rank else "could take it"
        if candidate.reason is not None:
            verdict = _reason(candidate.reason)
        yield f"    agent {candidate.agent} (phone {candidate.extension}): {verdict}"
    for contender in decision.contenders:
        yield f"    first in {contender.queue}: call {contender.call}, order {_numbers(contender.key)}"
    if not decision.is_reproduced:
        yield "  deciding again from the journal gives another outcome: this is a fault, please report it"


def _non_offer(run_: NonOffer, call: CallId, clock: "_Clock") -> str:
    times = f"{clock.at(run_.from_at)}–{clock.at(run_.until_at)}"
    reason = _reason(run_.reason)
    if run_.reason.rule is Exclusion.SKILL and run_.ended_by == RELAXED:
        reason += f", relaxed at {clock.at(run_.until_at)}"
    is_free = run_.reason.rule in (Exclusion.SKILL, Exclusion.NAMED, Exclusion.ORDER, Exclusion.FULL)
    free = "idle" if is_free else "not free"
    return f"agent {run_.agent} {free} {times} beside call {call}: {reason}"


def _reason(reason: Reason) -> str:
    if reason.rule is Exclusion.SKILL:
        asked_by = ASKED_BY.get(reason.by or AskedBy.QUEUE, "").format(language=reason.language)
        return f"skill {reason.skill} {reason.has} < {reason.asked}{asked_by}"
    return f"{RULES[reason.rule]}{f' ({reason.detail})' if reason.detail else ''}"


def _rank(decision: Decision, rank: Rank, clock: "_Clock") -> str:
    """The ordering key in words; what its numbers mean stands in `core/strategies.py`."""
    if not rank:
        return "no rank recorded"
    match decision.rule:
        case Strategy.LONGEST_IDLE | Strategy.RING_ALL:
            return f"idle since {clock.at(rank[0])}"
        case Strategy.TOP_DOWN | routing.LEVEL_FIRST:
            return f"level {-rank[0]}"
        case Strategy.ROUND_ROBIN:
            return "had a turn already in this round" if rank[0] else "next in this round"
        case Strategy.EVEN_ANSWERED:
            return f"{rank[0] / 1_000_000:.2f} calls an hour {_window(decision)}, idle since {clock.at(rank[1])}"
        case Strategy.EVEN_TALK:
            return f"{rank[0] / 1_000_000:.0f} s of talk an hour {_window(decision)}, idle since {clock.at(rank[1])}"
        case Strategy.LOWEST_OCCUPANCY:
            return f"occupancy {rank[0] / 1_000_000:.1%} {_window(decision)}, idle since {clock.at(rank[1])}"
        case routing.NAMED:
            return NAMES.get(decision.named_by, "asked for by name")
        case _:
            return f"rank {_numbers(rank)}"


def _window(decision: Decision) -> str:
    if decision.window is ResultsWindow.HOURS:
        return f"in the last {decision.window_hours} h"
    return "" if decision.window is None else WINDOWS[decision.window]


def _numbers(rank: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, rank)) + ")"


def _fairness(file: Path, json: Path | None) -> int:
    state = State()
    for event in events_of(file):
        apply(state, event)
    shares = fairness(state, state.last_at)
    clock = _Clock(state.clock_offset_us, state.settings.time_zone_offset_s)
    print(f"the day up to {clock.at(state.last_at)}")
    print("agent  phone     logged in   idle  not ready  occupancy  calls  expected       talk")
    for share in shares:
        print(_share(share))
    _write(json, shares)
    return 0


def _share(share: Share) -> str:
    return (
        f"{share.agent:>5}  {share.extension:<8} {timedelta(seconds=share.logged_s)!s:>10} {share.idle_share:>6.1%}"
        f" {share.not_ready_share:>10.1%} {share.occupancy:>10.1%} {share.calls:>6} {share.expected_calls:>6} ± "
        f"{share.spread:<5} {timedelta(seconds=share.talk_s)!s:>8}  {REASONS[share.why]}"
    )


def _write(json: Path | None, found: object) -> None:
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


class _Clock:
    """Engine time as the centre's wall clock shows it."""

    def __init__(self, utc_offset_us: int, zone_s: int) -> None:
        self._shift_us = utc_offset_us + zone_s * 1_000_000

    def at(self, engine_us: int) -> str:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=engine_us + self._shift_us)
        return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
