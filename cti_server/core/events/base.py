"""What all events have in common, and the values that several of them carry."""

import msgspec

from cti_server.core.vocabulary import CallId, Micros

NO_CALL = CallId(0)


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """``at``: when it happened."""

    at: Micros


class OrderKey(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Smaller goes first. ``rank``: strict class; ``due_at``: entered − head start; ``sequence``: order of arrival."""

    rank: int
    due_at: int
    sequence: int


class Foretold(msgspec.Struct, frozen=True, kw_only=True):
    """The wait that the pace of the queue alone foretold somebody on entering, with its 10 % and 90 % points, and the
    group of callers whose past errors correct it (`estimates.py`)."""

    group: int
    wait_us: int
    low_us: int
    high_us: int


class CallEvent(Event, frozen=True, kw_only=True):
    call: CallId
