"""Why a call went to whom, in sentences: what the server told in codes, as the desktop and the command line say it.

    for section in Words(…).of_call(found):
        section.title, section.lines

Decides the words alone. Times, queues and reasons are written by whoever asks: a desktop knows their titles and its own
clock, the command line the centre's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from agent_app.i18n import formats, tr, tr_or
from cti_server.wire.explained import (
    CallExplained,
    Decision,
    IdleRun,
    NonOffer,
    Parameters,
    Said,
    Somebody,
    Turn,
)

Weight = Literal["plain", "strong", "muted", "alarm"]
PEOPLE_MAX = 12
"""Named in one sentence; the others are counted."""


WAIT_OVER = ("call_delivered", "call_left_queue", "call_cleared")
"""Turns that end a wait, or interrupt it."""


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    weight: Weight = "plain"


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """``time``: UTC µs as a time of day; ``queue``, ``reason``: a code as its title."""

    time: Callable[[int], str] = formats.time_of_day
    queue: Callable[[str], str] = str
    reason: Callable[[str], str] = str

    # --- a call ----------------------------------------------------------------------------------------------------

    def of_call(self, found: CallExplained) -> Iterator[Section]:
        """The offers, how the wait went, and why it was not offered meanwhile."""
        if not found.is_over:
            yield Section("", (Line(tr("why.ongoing", time=self.time(found.read_to)), "muted"),))
        for decision in found.decisions:
            title = tr("why.section.offer", time=self.time(decision.at))
            yield Section(title, tuple(self._decision(decision)))
        if not found.decisions:
            yield Section("", (Line(tr("why.no_offer"), "strong"),))
        if found.turns:
            yield Section(tr("why.section.wait"), tuple(Line(self.turn(turn)) for turn in found.turns))
        if found.non_offers:
            over = {turn.at for turn in found.turns if turn.what.code in WAIT_OVER}
            lines = tuple(
                Line(self.non_offer(run, is_told=run.ended in WAIT_OVER and run.until_at in over))
                for run in found.non_offers
            )
            yield Section(tr("why.section.beside"), lines)

    def _decision(self, decision: Decision) -> Iterator[Line]:
        who, waited = self.who(decision.who), formats.duration(decision.waited_us / 1_000_000)
        yield Line(tr("why.given", who=who, queue=self.queue(decision.queue), waited=waited), "strong")
        if decision.rule:
            yield Line(self._rule(decision))
        else:
            yield Line(tr("why.grounds_not_recorded"), "muted")
        if decision.standing is not None:
            yield Line(f"{who}: {self.standing(decision.standing)}")
        yield from self._others(decision)
        if decision.excluded:
            counts = ", ".join(_count(rule, number) for rule, number in decision.excluded.items())
            yield Line(tr("why.excluded", counts=counts))
        yield from self._kept_from_it(decision)
        if decision.first_calls:
            calls = ", ".join(f"{first.call} ({self.queue(first.queue)})" for first in decision.first_calls)
            yield Line(tr("why.elsewhere", calls=calls))
        if decision.settings_version:
            yield Line(tr("why.version", version=decision.settings_version), "muted")
        if not decision.is_reproduced:
            yield Line(tr("why.fault"), "alarm")

    def _rule(self, decision: Decision) -> str:
        rule = tr_or(f"why.rule.{decision.rule}", decision.rule)
        if decision.window is None:
            return tr("why.by_rule", rule=rule)
        window = tr_or(f"why.window.{decision.window.code}", decision.window.code, **decision.window.parameters)
        return tr("why.by_rule_in", rule=rule, window=window)

    def _others(self, decision: Decision) -> Iterator[Line]:
        """Who came second, and who else could have been chosen."""
        if decision.beside:
            yield Line(tr("why.beside", people=", ".join(self.who(person) for person in decision.beside)))
        if decision.runner_up is None:
            if decision.rule:
                yield Line(tr("why.only"))
            return
        standing = "" if decision.runner_up_standing is None else self.standing(decision.runner_up_standing)
        yield Line(tr("why.runner_up", who=self.who(decision.runner_up), standing=standing))
        if decision.is_tie:
            yield Line(tr("why.tie"))
        able = [person for person in decision.people if person.reason is None]
        if len(able) > 2:
            people = ", ".join(
                f"{self.who(person.who)} {self.standing(person.standing)}" if person.standing else self.who(person.who)
                for person in able[:PEOPLE_MAX]
            )
            rest = len(able) - PEOPLE_MAX
            more = f", {tr('why.and_more', n=rest)}" if rest > 0 else ""
            yield Line(tr("why.could", n=decision.candidates, people=people + more))

    def _kept_from_it(self, decision: Decision) -> Iterator[Line]:
        """By reason; only people whom the reader may know are named, the counts stand above."""
        by_reason: dict[str, list[str]] = {}
        for person in decision.people:
            if person.reason is not None:
                by_reason.setdefault(self.said_reason(person.reason), []).append(self.who(person.who))
        for reason, people in by_reason.items():
            rest = len(people) - PEOPLE_MAX
            more = [tr("why.and_more", n=rest)] if rest > 0 else []
            yield Line(f"  {reason}: {', '.join([*people[:PEOPLE_MAX], *more])}")

    def turn(self, turn: Turn) -> str:
        return f"{self.time(turn.at)}  {self._what(turn)}"

    def _what(self, turn: Turn) -> str:
        given, said = turn.what.parameters, [self._happened(turn)]
        if "named_s" in given and turn.who is not None:
            seconds = formats.duration(int(given["named_s"]))
            said.append(tr("why.first_for", who=self.who(turn.who), time=seconds))
        if "absent" in given:
            by = [tr_or(f"why.standing.named_{one}", one) for one in str(given["absent"]).split(",")]
            said.append(tr("why.absent", by=", ".join(by)))
        if "asks" in given:
            said.append(tr("why.asks", skills=given["asks"]))
        return " · ".join(said)

    def _happened(self, turn: Turn) -> str:
        code, given = turn.what.code, turn.what.parameters
        who = self.who(turn.who) if turn.who is not None else formats.UNKNOWN
        queue = self.queue(str(given.get("queue", "")))
        match code:
            case "call_queued" if given.get("returned"):
                return tr("why.turn.call_returned", queue=queue)
            case "call_queued":
                return tr("why.turn.call_queued", queue=queue)
            case "call_requirement_relaxed":
                return tr("why.turn.call_requirement_relaxed", stage=given.get("stage", formats.UNKNOWN))
            case "call_requirement_changed" if given.get("asks"):
                return tr("why.turn.call_requirement_changed")
            case "call_requirement_changed":
                return tr("why.turn.call_requirement_dropped")
            case "agent_asked_for" if given.get("is_there") == 0:
                return tr("why.turn.agent_asked_for_gone", who=who)
            case "agent_asked_for":
                return tr("why.turn.agent_asked_for", who=who)
            case "flow_moved":
                return tr("why.turn.flow_moved")
            case "call_unattended" if given.get("rule"):
                return tr_or(f"why.because.{given['rule']}", str(given["rule"]))
            case "call_unattended":
                return tr("why.turn.call_attended")
            case "call_reordered":
                return tr("why.turn.call_reordered", why=_because(given))
            case "named_agent_given_up":
                return tr("why.turn.named_agent_given_up", why=_because(given))
            case "wait_announced":
                expected = given.get("expected_s")
                if isinstance(expected, int):
                    about = formats.duration(expected)
                    return tr("why.turn.wait_estimated", position=given.get("position", 0), expected=about)
                return tr("why.turn.wait_announced", position=given.get("position", 0))
            case "call_delivered":
                return tr("why.turn.call_delivered", who=who)
            case "callback_requested":
                return tr("why.turn.callback_requested", callback=given.get("callback", formats.UNKNOWN))
            case "callback_queued":
                return tr("why.turn.callback_queued", queue=queue)
            case "callback_left_queue":
                return tr("why.turn.callback_left_queue", why=_because(given))
            case "callback_delivered":
                return tr("why.turn.callback_delivered", who=who)
            case "callback_attempted":
                return tr("why.turn.callback_attempted", n=given.get("attempt", formats.UNKNOWN), who=who)
            case "offer_ended":
                outcome = str(given.get("outcome", ""))
                return f"{who}: {tr_or(f'why.outcome.{outcome}', outcome)}"
            case "call_left_queue":
                how = str(given.get("how", ""))
                return tr("why.turn.call_left_queue", how=tr_or(f"why.left.{how}", how))
            case "call_cleared":
                return tr("why.turn.call_cleared")
            case _:
                return tr_or(f"why.turn.{code}", code)

    def non_offer(self, run: NonOffer, *, is_told: bool = False) -> str:
        """``is_told``: what ended it stands elsewhere."""
        times = self._times(run.from_at, run.until_at, run.ended)
        text = f"{times}  {self.who(run.who)}: {self.said_reason(run.reason)}"
        return text if is_told else _with_end(text, run.ended)

    # --- a day -----------------------------------------------------------------------------------------------------

    def idle_run(self, run: IdleRun) -> str:
        """In one line, for copying and the command line."""
        times = self._times(run.from_at, run.until_at, run.ended)
        return _with_end(f"{times}  {run.call} ({self.queue(run.queue)}): {self.said_reason(run.reason)}", run.ended)

    def rule_of(self, run: IdleRun) -> str:
        """The rule, and what ended it."""
        return _with_end(self.said_reason(run.reason), run.ended)

    def _times(self, from_at: int, until_at: int, ended: str) -> str:
        return f"{self.time(from_at)}–{self.time(until_at) if ended else ''}"

    # --- pieces ----------------------------------------------------------------------------------------------------

    def who(self, somebody: Somebody) -> str:
        if somebody.is_you:
            return tr("why.you")
        if somebody.label:
            return tr("why.colleague", n=somebody.label)
        if somebody.name and somebody.extension:
            return tr("why.named_who", name=somebody.name, extension=somebody.extension)
        number = somebody.agent if somebody.agent is not None else formats.UNKNOWN
        if somebody.extension:
            return tr("why.agent_at", n=number, extension=somebody.extension)
        return somebody.name or tr("why.agent", n=number)

    def said_reason(self, reason: Said) -> str:
        parameters = dict(reason.parameters)
        if "reason" in parameters:
            parameters["reason"] = self.reason(str(parameters["reason"]))
        return tr_or(f"why.reason.{reason.code}", reason.code, **parameters)

    def standing(self, standing: Said) -> str:
        return tr_or(f"why.standing.{standing.code}", standing.code, **self._figures(standing.parameters))

    def _figures(self, given: Parameters) -> dict[str, object]:
        """Parameters as they are written."""
        shown: dict[str, object] = {}
        for name, value in given.items():
            match name, value:
                case "since_at", int():
                    shown["since"] = self.time(value)
                case "hundredths", int():
                    shown["calls"] = f"{value / 100:.1f}"
                case "talk_s", int():
                    shown["talk"] = formats.duration(value)
                case "permille", int():
                    shown["share"] = f"{value / 10:.1f}%"
                case _:
                    shown[name] = value
        return shown


def share_reason(code: str) -> str:
    """What explains a difference."""
    return tr_or(f"fair.why.{code}", code)


def _count(rule: str, number: int) -> str:
    return tr_or(f"why.count.{rule}", f"{rule} {number}", n=number)


def _because(given: Parameters) -> str:
    why = str(given.get("why", ""))
    return tr_or(f"why.because.{why}", why)


def _with_end(text: str, ended: str) -> str:
    words = tr_or(f"why.ended.{ended}", "") if ended else ""
    return f"{text} → {words}" if words else text
