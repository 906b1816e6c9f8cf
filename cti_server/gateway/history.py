"""Our own past calls with a customer, as rows of the timeline.

Decides how a call is told in one line. Where the calls are kept is the store's business.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from cti_server.core.settings import CodeSettings
from cti_server.wire.server import TimelineRow

_KINDS = {"inbound": "call_in", "outbound": "call_out", "callback": "callback"}
_TITLES = {
    "call_in": {"ko": "걸려 온 전화", "en": "Incoming call"},
    "call_out": {"ko": "건 전화", "en": "Outgoing call"},
    "callback": {"ko": "콜백", "en": "Callback"},
}


class PastCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is over. ``recording``: its id, empty when nothing was kept."""

    call: int
    at: int
    direction: str
    disposition: str = ""
    subcode: str = ""
    reason: tuple[str, ...] = ()
    note: str = ""
    talk_s: int | None = None
    recording: str = ""


class History(Protocol):
    """Where past calls are read. Raises Unavailable."""

    async def past_calls(self, customer: str, *, before_at: int, limit: int) -> Sequence[PastCall]: ...


class NoHistory:
    """For centres whose store cannot be read now."""

    async def past_calls(self, customer: str, *, before_at: int, limit: int) -> Sequence[PastCall]:
        return ()


def timeline_row(call: PastCall, dispositions: Sequence[CodeSettings], language: str) -> TimelineRow:
    """One past call, told by its result, or by how it came about when it has none."""
    kind = _KINDS.get(call.direction, "call_in")
    reason = [" › ".join(call.reason)] if call.reason else []
    words = _disposition(call, dispositions, language) or reason or [_TITLES[kind][language]]
    return TimelineRow(
        at=call.at,
        kind=kind,
        title=" · ".join(words),
        text=call.note,
        duration_s=call.talk_s,
        recording=call.recording,
        reference=str(call.call),
    )


def _disposition(call: PastCall, dispositions: Sequence[CodeSettings], language: str) -> list[str]:
    found = next((code for code in dispositions if code.code == call.disposition), None)
    if found is None:
        return []
    second = next((code for code in found.subcodes if code.code == call.subcode), None)
    return [_title(code, language) for code in (found, second) if code is not None]


def _title(code: CodeSettings, language: str) -> str:
    return code.title.get(language) or code.title.get("ko") or code.code
