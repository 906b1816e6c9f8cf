"""`ieum why`: who was offered a call, who was not and why; or how evenly a day's work fell on people.

Reads the journal of a centre, which may be running, and says in Korean or English what `past/answers.py` finds; the
sentences are those of the desktop. Personal texts are not read: people are numbers and extensions, callers are calls.
"""

import argparse
import locale
import os
import sys
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

from agent_app.i18n import formats, set_language, tr
from agent_app.i18n.explanations import Words, share_reason
from cti_server.commands.centre import usual_data
from cti_server.core.errors import Refused, Unavailable
from cti_server.past.answers import ALL, PastAnswers
from cti_server.storage.data_folder import DataFolder
from cti_server.wire.explained import CallExplained, FairnessTold, Share

NOON_S = 12 * 3600
COLUMNS = (
    ("agent", 24, "<"), ("logged", 10, ">"), ("idle", 10, ">"), ("not_ready", 10, ">"), ("occupancy", 12, ">"),
    ("calls", 7, ">"), ("expected", 16, ">"), ("missed", 10, ">"), ("talk", 10, ">"),
)  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    set_language(arguments.language or usual_language())
    data = arguments.data or usual_data()
    if data is None:
        return _failed(tr("why.no_folder"), 2)
    if not DataFolder(data).journal.is_file():
        return _failed(tr("why.no_journal", folder=data), 1)
    answers = PastAnswers(DataFolder(data), answer_s=None)
    try:
        found: CallExplained | FairnessTold
        if arguments.call is not None:
            found = explained = answers.why(ALL, arguments.call)
            said = call_words(explained, Clock(answers.zone_s))
        else:
            found = told = answers.fairness(ALL, _noon(arguments.day, answers))
            said = fairness_words(told, Clock(answers.zone_s))
    except Refused as refusal:
        known = (
            tr("why.unknown_call", call=arguments.call) if refusal.code == "not_found" else tr("refusal.not_recorded")
        )
        return _failed(known, 1)
    except Unavailable as error:
        return _failed(str(error), 1)
    print("\n".join(said))
    if arguments.json is not None:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    return 0


def usual_language() -> str:
    """Korean where the system speaks Korean, else English."""
    given = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    named = given or locale.getlocale()[0] or ""
    return "ko" if named.lower().startswith("ko") else "en"


def call_words(found: CallExplained, clock: "Clock") -> Iterator[str]:
    """What a person reads."""
    words = Words(time=clock.time)
    first = found.turns[0].at if found.turns else found.read_to
    yield tr("why.call", call=found.call, day=clock.day(first))
    for section in words.of_call(found):
        yield ""
        if section.title:
            yield section.title
        yield from (f"  {line.text}" for line in section.lines)


def fairness_words(found: FairnessTold, clock: "Clock") -> Iterator[str]:
    yield tr("fair.up_to", day=found.day, time=clock.time(found.read_to))
    if not found.shares:
        yield tr("fair.nobody")
        return
    heads = {
        "agent": tr("fair.agent"), "logged": tr("fair.logged"), "idle": tr("fair.idle"),
        "not_ready": tr("fair.not_ready"), "occupancy": tr("fair.occupancy"), "calls": tr("fair.calls"),
        "expected": tr("fair.expected"), "missed": tr("fair.missed"), "talk": tr("fair.talk"),
    }  # fmt: skip
    yield _row([heads[name] for name, _, _ in COLUMNS], tr("fair.why"))
    for share in found.shares:
        yield _row(_cells(share), share_reason(share.why))


def _cells(share: Share) -> list[str]:
    return [
        Words().who(share.who),
        formats.duration(share.logged_s),
        f"{share.idle_share:.1%}",
        _percent(share.not_ready_share),
        f"{share.occupancy:.1%}",
        str(share.calls),
        f"{share.expected_calls:.1f} ± {share.spread:.1f}",
        formats.number(share.missed),
        formats.duration(share.talk_s),
    ]


def _percent(value: float | None) -> str:
    return formats.UNKNOWN if value is None else f"{value:.1%}"


def _row(cells: list[str], last: str) -> str:
    padded = (_padded(cell, width, side) for cell, (_, width, side) in zip(cells, COLUMNS, strict=True))
    return f"{''.join(padded)}  {last}"


def _padded(text: str, width: int, side: str) -> str:
    """Hangul takes two places on a terminal."""
    spaces = " " * (width - sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text))
    return text + spaces if side == "<" else spaces + text


def _noon(day: date | None, answers: PastAnswers) -> int | None:
    """A moment in the middle of a local day, UTC µs."""
    if day is None:
        return None
    midnight_s = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    return (midnight_s + NOON_S - answers.zone_s) * 1_000_000


def _failed(what: str, status: int) -> int:
    print(f"ieum why: {what}", file=sys.stderr)
    return status


class Clock:
    """UTC microseconds as the centre's wall clock shows them."""

    def __init__(self, zone_s: int) -> None:
        self._zone = timedelta(seconds=zone_s)

    def _at(self, utc_us: int) -> datetime:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=utc_us) + self._zone

    def time(self, utc_us: int) -> str:
        return f"{self._at(utc_us):%H:%M:%S}"

    def day(self, utc_us: int) -> str:
        return f"{self._at(utc_us):%Y-%m-%d}"
