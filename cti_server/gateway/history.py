"""Our own past calls with a customer, as rows of the timeline.

Decides how a call is told in one line, and how many reads of the store may wait. Where calls are kept is the store's
business.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from cti_server.core.errors import Unavailable
from cti_server.core.settings import CodeSettings
from cti_server.storage.answers import TimelineEntry
from cti_server.storage.queries import Queries
from cti_server.wire.server import TimelineRow

READERS = 2
WAITING_MAX = 64
READ_TIMEOUT_S = 2.0
_KINDS = {"inbound": "call_in", "outbound": "call_out", "callback": "callback"}
_TITLES = {
    "call_in": {"ko": "걸려 온 전화", "en": "Incoming call"},
    "call_out": {"ko": "건 전화", "en": "Outgoing call"},
    "callback": {"ko": "콜백", "en": "Callback"},
    "callback_request": {"ko": "콜백 요청", "en": "Callback requested"},
    "message": {"ko": "음성 메시지", "en": "Voice message"},
}
_STATES = {
    "waiting": ({"ko": "대기", "en": "Waiting"}, "warning"),
    "reserved": ({"ko": "진행 중", "en": "In progress"}, "info"),
    "dialling": ({"ko": "진행 중", "en": "In progress"}, "info"),
    "done": ({"ko": "완료", "en": "Done"}, "ok"),
    "exhausted": ({"ko": "연결 실패", "en": "Not reached"}, "alarm"),
    "cancelled": ({"ko": "취소", "en": "Cancelled"}, ""),
}


class History(Protocol):
    """Where past calls and callbacks are read. Raises Unavailable."""

    async def past(self, customer: str, *, before_at: int, limit: int) -> Sequence[TimelineEntry]: ...


class StoredHistory:
    """From the main database, in an executor of its own."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="history")
        self._under_way = 0

    async def past(self, customer: str, *, before_at: int, limit: int) -> Sequence[TimelineEntry]:
        """See ``History``."""
        if self._under_way >= READERS + WAITING_MAX:
            raise Unavailable("too many reads of the store are waiting")
        self._under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._readers, self._read, customer, before_at, limit)
        future.add_done_callback(self._came_back)
        try:
            return await asyncio.wait_for(asyncio.shield(future), READ_TIMEOUT_S)
        except TimeoutError:
            raise Unavailable("the store did not answer in time") from None

    def _read(self, customer: str, before_at: int, limit: int) -> Sequence[TimelineEntry]:
        return self._queries.timeline(customer, before_at=before_at, limit=limit)

    def _came_back(self, future: "asyncio.Future[Sequence[TimelineEntry]]") -> None:
        self._under_way -= 1
        if not future.cancelled():
            future.exception()

    async def close(self) -> None:
        """No more reads; a thread that still hangs is left behind."""
        self._readers.shutdown(wait=False, cancel_futures=True)


def timeline_row(entry: TimelineEntry, dispositions: Sequence[CodeSettings], language: str) -> TimelineRow:
    """One line: a call is told by its result, or by its reason, or by how it came about."""
    if entry.kind == "callback":
        words, level = _STATES.get(entry.state, ({}, ""))
        kind = "callback_request" if entry.recording is None else "message"
        title, tag = _TITLES[kind][language], words.get(language, entry.state)
        seconds = entry.message_ms // 1_000 or None
        return TimelineRow(at=entry.at, kind="callback", title=title, tag=tag, tag_level=level, duration_s=seconds)
    kind = _KINDS.get(entry.direction, "call_in")
    reason = [" › ".join(entry.reason)] if entry.reason else []
    words_of_call = _disposition(entry, dispositions, language) or reason or [_TITLES[kind][language]]
    return TimelineRow(
        at=entry.at,
        kind=kind,
        title=" · ".join(words_of_call),
        text=entry.note,
        duration_s=entry.talk_us // 1_000_000 if entry.talk_us else None,
        recording=str(entry.recording) if entry.recording else "",
        reference=str(entry.call),
    )


def _disposition(entry: TimelineEntry, dispositions: Sequence[CodeSettings], language: str) -> list[str]:
    found = next((code for code in dispositions if code.code == entry.disposition), None)
    if found is None:
        return []
    second = next((code for code in found.subcodes if code.code == entry.subcode), None)
    return [_title(code, language) for code in (found, second) if code is not None]


def _title(code: CodeSettings, language: str) -> str:
    return code.title.get(language) or code.title.get("ko") or code.code
