"""What the core found out about the past, as one reader may know it: codes, parameters, and people by their rights.

Supervisors see everybody by name. An agent sees the own name; colleagues are "colleague 1, 2, …" in the order in which
an answer comes to them, and what is a colleague's own matter is left out: reasons of Not Ready and of declined calls,
who was excluded (only the counts stay), time Not Ready, talk time and missed offers.

Decides what is told, and to whom; what happened was decided elsewhere, and the words are the catalogue's.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta

from cti_server.core import explain as found
from cti_server.core import fairness, idle, routing
from cti_server.core.asking import AskedBy
from cti_server.core.availability import Exclusion
from cti_server.core.strategies import Rank
from cti_server.core.vocabulary import Strategy
from cti_server.ports import CredentialCheck
from cti_server.wire import explained as told
from cti_server.wire.explained import Said, Somebody

SUPERVISOR = "supervisor"
FREE = (Exclusion.SKILL, Exclusion.NAMED, Exclusion.ORDER, Exclusion.FULL)
"""Rules that hold for somebody who is Ready and free."""
PERSONAL = (fairness.Why.NOT_READY, fairness.Why.MISSED_OFFERS)
"""Reasons for a difference that are the own matter of whom they are about."""
_EPOCH = date(1970, 1, 1)
_OWN_MATTER = ("reason",)


class Reader:
    """For whom one answer is made. ``utc_offset_us``: UTC minus engine time."""

    def __init__(self, *, agent: int | None, sees_all: bool, names: Mapping[int, str], utc_offset_us: int = 0) -> None:
        self.agent = agent
        self.sees_all = sees_all
        self._names = names
        self._offset_us = utc_offset_us
        self._labels: dict[int, int] = {}

    @classmethod
    def of(cls, person: CredentialCheck, names: Mapping[int, str], utc_offset_us: int) -> "Reader":
        is_supervisor = SUPERVISOR in person.roles
        return cls(agent=person.agent, sees_all=is_supervisor, names=names, utc_offset_us=utc_offset_us)

    def is_own(self, agent: int) -> bool:
        return agent == self.agent

    def utc(self, at: int) -> int:
        return at + self._offset_us

    def somebody(self, agent: int, extension: str = "") -> Somebody:
        if self.sees_all or self.is_own(agent):
            name = self._names.get(agent, "")
            return Somebody(agent=agent, extension=extension, name=name, is_you=self.is_own(agent))
        return Somebody(label=self._labels.setdefault(agent, len(self._labels) + 1))


# --- a call ----------------------------------------------------------------------------------------------------------


def may_know(reader: Reader, explanation: found.Explanation) -> bool:
    """An agent may ask about calls that were offered to them, or that waited while they were Ready and free."""
    offered = any(reader.is_own(decision.agent) for decision in explanation.decisions)
    beside = any(reader.is_own(run.agent) and run.reason.rule in FREE for run in explanation.non_offers)
    return reader.sees_all or offered or beside


def call_explained(reader: Reader, explanation: found.Explanation) -> told.CallExplained:
    phones: dict[int, str] = {run.agent: run.extension for run in explanation.non_offers}
    for decision in explanation.decisions:
        phones.update({candidate.agent: candidate.extension for candidate in decision.candidates})
    runs = (run for run in explanation.non_offers if reader.sees_all or reader.is_own(run.agent))
    return told.CallExplained(
        call=explanation.call,
        read_to=reader.utc(explanation.read_to),
        is_over=explanation.is_over,
        decisions=tuple(_decision(reader, decision, explanation.call, phones) for decision in explanation.decisions),
        turns=tuple(_turn(reader, turn, phones) for turn in explanation.turns),
        non_offers=tuple(
            told.NonOffer(
                who=reader.somebody(run.agent, run.extension),
                from_at=reader.utc(run.from_at),
                until_at=reader.utc(run.until_at),
                reason=_reason(reader, run.reason),
                ended=snake(run.ended_by),
            )
            for run in runs
        ),
    )


def _turn(reader: Reader, turn: found.Turn, phones: Mapping[int, str]) -> told.Turn:
    agent = turn.parameters.get("agent")
    is_known = reader.sees_all or (isinstance(agent, int) and reader.is_own(agent))
    parameters: told.Parameters = {
        name: str(value) if isinstance(value, str) else int(value)
        for name, value in turn.parameters.items()
        if name != "agent" and (is_known or name not in _OWN_MATTER)
    }
    who = reader.somebody(agent, phones.get(agent, "")) if isinstance(agent, int) else None
    return told.Turn(at=reader.utc(turn.at), what=Said(code=snake(turn.what), parameters=parameters), who=who)


def _decision(reader: Reader, decision: found.Decision, call: int, phones: Mapping[int, str]) -> told.Decision:
    second = decision.runner_up
    return told.Decision(
        at=reader.utc(decision.at),
        who=reader.somebody(decision.agent, phones.get(decision.agent, "")),
        queue=str(decision.queue or ""),
        rule=str(decision.rule) if decision.rank else "",
        standing=_by_whom(decision) or standing(reader.utc, decision.rule, decision.rank),
        runner_up=None if second is None else reader.somebody(second, phones.get(second, "")),
        runner_up_standing=None if second is None else standing(reader.utc, decision.rule, decision.runner_up_rank),
        is_tie=second is not None and decision.rank[:-1] == decision.runner_up_rank[:-1],
        candidates=sum(candidate.reason is None for candidate in decision.candidates),
        excluded={str(rule): count for rule, count in decision.excluded.items()},
        settings_version=decision.settings_version,
        waited_us=decision.waited_us,
        is_reproduced=decision.is_reproduced,
        window=_window(decision),
        beside=tuple(reader.somebody(agent, phones.get(agent, "")) for agent in decision.beside),
        people=tuple(_people(reader, decision)),
        first_calls=tuple(
            told.FirstCall(call=contender.call, queue=str(contender.queue))
            for contender in decision.contenders
            if contender.call != call
        ),
    )


def _people(reader: Reader, decision: found.Decision) -> Iterable[told.Candidate]:
    """Those who could take it, by rank; then, for those who may know, the others."""
    for candidate in sorted(decision.candidates, key=lambda one: (one.reason is not None, one.rank, one.agent)):
        if candidate.reason is None or reader.sees_all or reader.is_own(candidate.agent):
            yield told.Candidate(
                who=reader.somebody(candidate.agent, candidate.extension),
                reason=None if candidate.reason is None else _reason(reader, candidate.reason),
                standing=standing(reader.utc, decision.rule, candidate.rank) if candidate.reason is None else None,
            )


def _reason(reader: Reader, reason: found.Reason) -> Said:
    parameters: told.Parameters = {}
    code = str(reason.rule)
    if reason.rule is Exclusion.SKILL:
        parameters = {"skill": reason.skill, "has": reason.has, "asked": reason.asked}
        if reason.by not in (None, AskedBy.QUEUE):
            code = f"{code}_{reason.by}"
        if reason.language:
            parameters["language"] = reason.language
    elif reason.rule is Exclusion.NAMED:
        agent, _, by = reason.detail.partition(", ")
        code = f"{code}_{by}" if by else code
        parameters = {"agent": int(agent)} if reader.sees_all and agent.isdigit() else {}
    elif reason.detail:
        parameters = {"reason": reason.detail}
    return Said(code=code, parameters=parameters)


def _by_whom(decision: found.Decision) -> Said | None:
    return None if decision.named_by is None else Said(code=f"named_{decision.named_by}")


def _window(decision: found.Decision) -> Said | None:
    if decision.window is None:
        return None
    hours: told.Parameters = {"hours": decision.window_hours} if decision.window_hours else {}
    return Said(code=str(decision.window), parameters=hours)


def standing(utc: Callable[[int], int], rule: str, rank: Rank) -> Said | None:
    """An ordering key as what it means; what its numbers are stands in `core/strategies.py`."""
    if not rank:
        return None
    match rule, rank:
        case ((Strategy.LONGEST_IDLE | Strategy.RING_ALL), (since, _)):
            return Said(code="idle", parameters={"since_at": utc(since)})
        case ((Strategy.TOP_DOWN | routing.LEVEL_FIRST), (level, _)):
            return Said(code="level", parameters={"level": -level})
        case Strategy.ROUND_ROBIN, (had_turn, _):
            return Said(code="turn_over" if had_turn else "turn_next")
        case Strategy.EVEN_ANSWERED, (millionths, since, _):
            return Said(code="answered", parameters={"hundredths": millionths // 10_000, "since_at": utc(since)})
        case Strategy.EVEN_TALK, (talk_us, since, _):
            return Said(code="talk", parameters={"talk_s": talk_us // 1_000_000, "since_at": utc(since)})
        case Strategy.LOWEST_OCCUPANCY, (millionths, since, _):
            return Said(code="occupancy", parameters={"permille": millionths // 1_000, "since_at": utc(since)})
        case Strategy.RANDOM, _:
            return Said(code="drawn")
        case routing.NAMED, _:
            return Said(code="named")
        case _:
            return Said(code="rank", parameters={"rank": ", ".join(map(str, rank))})


# --- a day -----------------------------------------------------------------------------------------------------------


def fairness_told(reader: Reader, shares: Iterable[fairness.Share], *, day: int, read_to: int) -> told.FairnessTold:
    everybody = tuple(shares)
    own = next((share for share in everybody if reader.is_own(share.agent)), None)
    if not reader.sees_all:
        serves = set(own.queues) if own is not None else set()
        colleagues = [share for share in everybody if share is not own and serves & set(share.queues)]
        colleagues.sort(key=lambda share: (-share.calls, share.expected_calls, share.logged_s))
        everybody = (*([own] if own is not None else []), *colleagues)
    return told.FairnessTold(
        day=day_name(day),
        read_to=reader.utc(read_to),
        is_all=reader.sees_all,
        shares=tuple(_share(reader, share) for share in everybody),
    )


def _share(reader: Reader, share: fairness.Share) -> told.Share:
    is_open = reader.sees_all or reader.is_own(share.agent)
    return told.Share(
        who=reader.somebody(share.agent, share.extension),
        calls=share.calls,
        expected_calls=share.expected_calls,
        spread=share.spread,
        why=str(share.why) if is_open or share.why not in PERSONAL else "personal",
        logged_s=share.logged_s,
        idle_share=share.idle_share,
        occupancy=share.occupancy,
        queues=share.queues,
        not_ready_share=share.not_ready_share if is_open else None,
        talk_s=share.talk_s if is_open else None,
        missed=share.missed if is_open else None,
    )


def idle_run(reader: Reader, run: idle.IdleRun) -> told.IdleRun:
    return told.IdleRun(
        from_at=reader.utc(run.from_at),
        until_at=reader.utc(run.until_at),
        call=run.call,
        queue=str(run.queue),
        calls=run.calls,
        reason=_reason(reader, run.reason),
        ended=snake(run.ended_by),
    )


def day_name(day: int) -> str:
    """``2026-11-22``."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def snake(name: str) -> str:
    """``CallQueued`` → ``call_queued``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
