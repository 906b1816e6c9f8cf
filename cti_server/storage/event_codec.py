"""Events as rows of the journal and back. Decides the text form; what old rows become is in `upcasters.py`.

A body is the event's JSON with its tag, so that a journal can be read without this program. A row that cannot be
understood is an error that names its place, never skipped: the state would differ from what was promised.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from cti_server.core.errors import DataError
from cti_server.core.events import AnyEvent, Event
from cti_server.storage.upcasters import UPCASTERS, Upcaster


class Row(NamedTuple):
    """One event as it is stored. ``at``: engine microseconds; ``kind``: the event's tag; ``body``: its JSON."""

    seq: int
    at: int
    kind: str
    body: bytes


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(AnyEvent)


def encode(events: Sequence[Event], first_seq: int) -> list[Row]:
    """Rows numbered from ``first_seq``. TypeError: an event holds what may not be stored (a Secret): our own bug."""
    return [
        Row(first_seq + offset, event.at, type(event).__name__, _encoder.encode(event))
        for offset, event in enumerate(events)
    ]


def decode(row: Row, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> Event:
    """The event, in today's words. DataError: the row is damaged, or of a newer release."""
    try:
        upcast = upcasters.get(row.kind)
        if upcast is None:
            return _decoder.decode(row.body)
        return _decode_raw(_upcast_all(msgspec.json.decode(row.body), upcast, upcasters))
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise DataError(
            file="journal", line=row.seq, what=f"event {row.seq} ({row.kind}) cannot be read: {error}", hint=_HINT
        ) from error


_HINT = "the journal is damaged here, or was written by a newer release; restore a backup, or start that release"


def _upcast_all(raw: dict[str, Any], upcast: Upcaster, upcasters: Mapping[str, Upcaster]) -> dict[str, Any]:
    """An upcaster may lead to a name that has one of its own; each is applied once."""
    seen: set[Callable[[dict[str, Any]], dict[str, Any]]] = set()
    following: Upcaster | None = upcast
    while following is not None and following not in seen:
        seen.add(following)
        raw = following(raw)
        following = upcasters.get(raw["type"])
    return raw


def _decode_raw(raw: dict[str, Any]) -> Event:
    event: Event = msgspec.convert(raw, AnyEvent)
    return event


def decode_all(rows: Iterable[Row], *, after: int) -> Iterator[tuple[int, Event]]:
    """``(seq, event)`` in order, beginning behind ``after``; DataError when a number is missing."""
    expected = after + 1
    for row in rows:
        if row.seq != expected:
            raise DataError(
                file="journal", line=expected, what=f"events {expected} to {row.seq - 1} are missing", hint=_HINT
            )
        expected = row.seq + 1
        yield row.seq, decode(row)
