"""Our own past calls are told in one line each, in the agent's language."""

import asyncio
import threading
from typing import Any

import pytest

from cti_server.core.errors import Unavailable
from cti_server.gateway import history as module
from cti_server.gateway.history import StoredHistory, timeline_row
from cti_server.storage.answers import TimelineEntry
from tests.gateway.floor import settings

CODES = settings().dispositions


def call(**changes: Any) -> TimelineEntry:
    values: dict[str, Any] = {"at": 5, "kind": "call", "call": 9, "direction": "inbound", **changes}
    return TimelineEntry(**values)


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        (call(disposition="delivery", subcode="late"), "배송 문의 · 지연"),
        (call(disposition="delivery"), "배송 문의"),
        (call(reason=("배송", "지연")), "배송 › 지연"),
        (call(), "걸려 온 전화"),
        (call(direction="outbound"), "건 전화"),
        (call(direction="callback"), "콜백"),
        (call(disposition="unknown_now"), "걸려 온 전화"),
    ],
)
def test_a_call_is_told_by_its_result_or_its_reason_or_its_direction(entry: TimelineEntry, title: str) -> None:
    assert timeline_row(entry, CODES, "ko").title == title


def test_a_call_keeps_its_note_its_length_and_its_recording() -> None:
    row = timeline_row(call(note="경비실 보관", talk_us=125_900_000, recording=77), CODES, "en")
    assert (row.text, row.duration_s, row.recording, row.reference) == ("경비실 보관", 125, "77", "9")
    assert row.title == "Incoming call"
    assert timeline_row(call(), CODES, "ko").duration_s is None


def test_a_callback_that_waits_says_so() -> None:
    row = timeline_row(TimelineEntry(at=5, kind="callback", callback=3, state="waiting"), CODES, "ko")
    assert (row.kind, row.title, row.tag, row.tag_level) == ("callback", "콜백 요청", "대기", "warning")


def test_a_message_says_how_long_it_is() -> None:
    entry = TimelineEntry(at=5, kind="callback", callback=3, state="done", recording=8, message_ms=18_400)
    row = timeline_row(entry, CODES, "ko")
    assert (row.title, row.tag, row.duration_s) == ("음성 메시지", "완료", 18)


class SlowQueries:
    def __init__(self) -> None:
        self.gate = threading.Event()

    def timeline(self, customer: str, *, before_at: int | None, limit: int) -> tuple[TimelineEntry, ...]:
        self.gate.wait(30)
        return (call(at=before_at - 1),)[:limit] if before_at else ()


def test_a_store_that_is_slow_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_TIMEOUT_S", 0.1)
    monkeypatch.setattr(module, "WAITING_MAX", 0)
    queries = SlowQueries()

    async def main() -> None:
        history = StoredHistory(queries)  # type: ignore[arg-type]  # a store that only hangs
        for _ in range(module.READERS):
            with pytest.raises(Unavailable, match="in time"):
                await history.past("C-1", before_at=9, limit=1)
        with pytest.raises(Unavailable, match="too many"):
            await history.past("C-1", before_at=9, limit=1)
        queries.gate.set()
        async with asyncio.timeout(30):
            while history._under_way:
                await asyncio.sleep(0.005)
        assert [entry.at for entry in await history.past("C-1", before_at=9, limit=1)] == [8]
        await history.close()

    asyncio.run(main())
