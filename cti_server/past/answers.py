"""Answers about the past, read from the journal beside the running centre: why a call went to whom, how even a day was,
and when somebody was free beside waiting calls.

Used by one thread at a time, which it may keep busy for seconds. The present state and the days that were asked about
last are kept and carried on, so that asking again costs what happened since. Decides how long one answer may take; who
may read what is decided in `telling.py`.
"""

import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from cti_server.core.clock import DAY_US, local_day
from cti_server.core.errors import DataError, Refused, Unavailable
from cti_server.core.explain import explain
from cti_server.core.fairness import fairness
from cti_server.core.figures import midnight_before
from cti_server.core.idle import IdleRuns
from cti_server.core.state import State, apply
from cti_server.core.vocabulary import AgentId, CallId
from cti_server.past import telling
from cti_server.past.reading import LOOK_EVERY, NotRecorded, Past, TooSlow
from cti_server.past.telling import Reader
from cti_server.ports import CredentialCheck
from cti_server.storage.data_folder import DataFolder
from cti_server.wire.explained import CallExplained, FairnessTold, IdleRunsTold

ANSWER_S = 10.0
"""How long one answer may take; then it is refused ``too_slow``."""
DAY_STEP_S = 3.0
"""How long one answer may go on reading a day; then what was read so far is told, and the next answer goes on."""
DAYS_KEPT = 3
"""Of the days asked about last, with their state: some megabytes each."""

ALL = CredentialCheck(result="ok", roles=(telling.SUPERVISOR,))
"""Whoever may read the journal's file itself."""


class _Day:
    """A local day as far as it was read: from ``begin`` on, ``read`` events of the journal's numbering."""

    def __init__(self, state: State, begin: int) -> None:
        self.state = state
        self.begin = self.read = begin
        self.runs = IdleRuns(state)


class PastAnswers:
    """``names``: people's names by agent. ``utc_now``: microseconds; None: the last event is taken for now.
    ``answer_s`` None: no limit, and no need to leave snapshots for the next time."""

    def __init__(
        self,
        folder: DataFolder,
        *,
        names: Callable[[], Mapping[int, str]] = dict,
        utc_now: Callable[[], int] | None = None,
        answer_s: float | None = ANSWER_S,
        day_step_s: float | None = DAY_STEP_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._names = names
        self._utc_now = utc_now
        self._answer_s = answer_s
        self._day_step_s = day_step_s
        self._now_s = now_s
        self._present: tuple[int, State] | None = None
        self._days: OrderedDict[int, _Day] = OrderedDict()

    # --- what may be asked -------------------------------------------------------------------------------------------

    def why(self, person: CredentialCheck, call: int) -> CallExplained:
        """Refused ``not_found`` (no such call, or not for this reader), ``not_recorded``, ``too_slow``; Unavailable."""
        with self._open() as past:
            reader = self._reader(person, self._present_state(past))
            moment = past.moment_of(CallId(call))
            if moment is None:
                raise Refused("not_found")
            found = explain(past.events(moment), CallId(call), past.state(moment))
        if found is None or not telling.may_know(reader, found):
            raise Refused("not_found")
        return telling.call_explained(reader, found)

    def fairness(self, person: CredentialCheck, at: int | None = None) -> FairnessTold:
        """Of the local day of ``at`` (UTC µs; None: today): today so far, or the whole of a past day."""
        with self._open() as past:
            present = self._present_state(past)
            begin, end, is_today = self._day(present, at)
            state = present if is_today else past.state(past.moment_at(end))
        reader = self._reader(person, present)
        return telling.fairness_told(reader, fairness(state, end), day=_date(present, begin), read_to=end)

    def idle_runs(self, person: CredentialCheck, agent: int, at: int | None = None) -> IdleRunsTold:
        """Agents may ask for their own."""
        with self._open() as past:
            present = self._present_state(past)
            reader = self._reader(person, present)
            if not (reader.sees_all or reader.is_own(agent)):
                raise Refused("not_found")
            begin, end, is_today = self._day(present, at)
            until = past.now if is_today else past.moment_at(end)
            day = self._read_day(past, begin, until)
        known = day.state.agents.get(AgentId(agent))
        is_read = day.read >= until
        return IdleRunsTold(
            day=telling.day_name(_date(present, begin)),
            read_to=reader.utc(end if is_read else day.state.last_at),
            who=reader.somebody(agent, known.profile.extension if known is not None else ""),
            runs=tuple(telling.idle_run(reader, run) for run in day.runs.of(AgentId(agent))),
            read_permille=1000 if is_read else (day.read - day.begin) * 999 // (until - day.begin),
            forgotten=day.runs.forgotten.get(AgentId(agent), 0),
        )

    @property
    def zone_s(self) -> int:
        """From UTC to the centre's local time."""
        with self._open() as past:
            return self._present_state(past).settings.time_zone_offset_s

    # --- reading -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _open(self) -> Iterator[Past]:
        """What reading can meet, as what is told of it."""
        until = None if self._answer_s is None else self._now_s() + self._answer_s
        try:
            with Past(
                self._folder,
                is_over=lambda: until is not None and self._now_s() > until,
                leaves_snapshots=until is not None,
            ) as past:
                yield past
        except TooSlow:
            raise Refused("too_slow") from None
        except NotRecorded:
            raise Refused("not_recorded") from None
        except (DataError, OSError, sqlite3.Error) as error:
            raise Unavailable(f"the journal cannot be read: {error}") from error

    def _present_state(self, past: Past) -> State:
        """As of the last event. What was read before is carried on; a half-read step is read again."""
        before, self._present = self._present, None
        if before is None or before[0] > past.now:
            state = past.state(past.now)
        else:
            state = before[1]
            for event in past.events(before[0], until=past.now):
                apply(state, event)
        self._present = (past.now, state)
        return state

    def _day(self, present: State, at: int | None) -> tuple[int, int, bool]:
        """(begin, end, is it today?) of the local day of ``at``, in engine time; today ends now."""
        clock = 0 if self._utc_now is None else self._utc_now() - present.clock_offset_us
        now = max(present.last_at, clock)
        moment = now if at is None else min(at - present.clock_offset_us, now)
        begin = midnight_before(present, moment)
        end = begin + DAY_US - 1
        return begin, min(now, end), now <= end

    def _read_day(self, past: Past, begin: int, until: int) -> _Day:
        """Go on reading a day for a while; the days asked for last are kept."""
        day = self._days.pop(begin, None)
        if day is None or day.read > until:
            moment = past.moment_at(begin - 1)
            day = _Day(past.state(moment), moment)
        self._days[begin] = day
        while len(self._days) > DAYS_KEPT:
            self._days.popitem(last=False)
        over = None if self._day_step_s is None else self._now_s() + self._day_step_s
        for seq, event in past.numbered(day.read, until=until):
            apply(day.state, event)
            day.runs.follow(event)
            day.read = seq
            if over is not None and seq % LOOK_EVERY == 0 and self._now_s() > over:
                break
        return day

    def _reader(self, person: CredentialCheck, present: State) -> Reader:
        names: Mapping[int, str] = {}
        with suppress(Unavailable):  # without the main database people are told by number
            names = self._names()
        return Reader.of(person, names, present.clock_offset_us)


def _date(present: State, at: int) -> int:
    return local_day(at, offset_us=present.clock_offset_us, zone_s=present.settings.time_zone_offset_s)
