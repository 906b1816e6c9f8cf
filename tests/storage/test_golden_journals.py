"""Journals of earlier releases, folded for ever: today's program reads them, and makes of them the same centre.

``tests/golden/journal/RELEASE.jsonl`` has a row of the journal a line; ``RELEASE.expected.json`` what came of it then.
They are written once, when a release is made (``python -m tests.storage.write_golden RELEASE``), and never changed:
where one fails, an upcaster is missing.
"""

import json
from typing import Any, get_args

import pytest

from cti_server.core.errors import DataError
from cti_server.core.events import AnyEvent
from cti_server.core.state import State, apply
from cti_server.storage import event_codec
from cti_server.storage.event_codec import Row, decode, decode_all
from cti_server.storage.totals import recount
from cti_server.storage.upcasters import UPCASTERS
from tests.storage.write_golden import GOLDEN, read_rows, summary

RELEASES = sorted(path.stem for path in GOLDEN.glob("*.jsonl"))


def fold(rows: list[Row]) -> tuple[State, dict[str, Any]]:
    state, events = State(), []
    for _, event in decode_all(rows, after=0):
        apply(state, event)
        events.append(event)
    return state, summary(state, recount(events))


def test_there_is_a_golden_journal() -> None:
    assert "0.1" in RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_a_journal_of_an_earlier_release_gives_the_same_centre(release: str) -> None:
    expected = json.loads((GOLDEN / f"{release}.expected.json").read_text(encoding="utf-8"))
    assert fold(read_rows(release))[1] == expected


@pytest.mark.parametrize("release", RELEASES)
def test_every_kind_that_a_journal_has_is_still_known(release: str) -> None:
    known = {kind.__name__ for kind in get_args(AnyEvent)} | set(UPCASTERS)
    assert {row.kind for row in read_rows(release)} <= known


def test_a_field_that_is_lost_is_noticed() -> None:
    """The golden test can fail: a body without a field that it needs is refused, and a changed one changes the sum."""
    rows = read_rows("0.1")
    row = next(row for row in rows if row.kind == "CallCleared")
    body = json.loads(row.body)
    del body["cause"]
    with pytest.raises(DataError, match="CallCleared"):
        decode(row._replace(body=json.dumps(body).encode()))


def test_an_old_form_is_read_through_its_upcaster() -> None:
    old = Row(1, 5, "LineChosen", b'{"type":"LineChosen","at":5,"call":1,"tongue":"ko"}')

    def to_language(raw: dict[str, Any]) -> dict[str, Any]:
        return {"type": "CallLanguageSet", "at": raw["at"], "call": raw["call"], "language": raw["tongue"]}

    event = event_codec.decode(old, {"LineChosen": to_language})
    assert type(event).__name__ == "CallLanguageSet"
    with pytest.raises(DataError, match="newer release"):
        event_codec.decode(old, {})
