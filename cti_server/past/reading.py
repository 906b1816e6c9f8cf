"""The centre's past, for those who ask about it: the state as of a moment, and the events that followed.

    with Past(folder) as past:
        past.moment_of(call)        before its first event
        past.moment_at(at)          after the last event up to an engine time
        past.state(moment)          nearest snapshot, then the fold
        past.events(moment)         what followed

Reads beside the centre that writes, and never writes. A place in the journal is found by halving: numbers of calls and
times only grow from row to row, so that no index is needed. Everything here blocks; ``is_over`` makes it raise TooSlow
instead of going on for ever. Texts about people are not read.

Where snapshots are far apart (a new release cannot read those of the one before), a long fold leaves some of its own
behind, so that who is told "too slow" is told more when asking again.
"""

import heapq
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType

from cti_server.core.errors import IeumError
from cti_server.core.events import Event
from cti_server.core.state import State, apply, decode_snapshot, encode_snapshot, schema_hash
from cti_server.core.vocabulary import CallId
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.event_codec import Row, decode, decode_all
from cti_server.storage.journal_file import JournalReader
from cti_server.storage.snapshots import STRETCH, Snapshot, Snapshots

OWN = "past"
"""The folder beside the core process's snapshots for those that readers leave."""
LOOK_EVERY = 500
"""Events between two looks at the clock."""


class TooSlow(IeumError):
    """The deadline came first."""


class NotRecorded(IeumError):
    """The journal begins later than that."""


class Past:
    """``is_over``: has the deadline come? Raises FileNotFoundError where there is no journal, DataError where it is
    damaged."""

    def __init__(
        self, folder: DataFolder, *, is_over: Callable[[], bool] = lambda: False, leaves_snapshots: bool = False
    ) -> None:
        self._snapshots = Snapshots(folder.snapshots, schema_hash())
        self._own = Snapshots(folder.snapshots / OWN, schema_hash())
        self._leaves_snapshots = leaves_snapshots
        self._reader = JournalReader(folder.journal)
        self._is_over = is_over
        self._first, self._last = self._reader.first_seq(), self._reader.last_seq()

    def __enter__(self) -> "Past":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()

    @property
    def now(self) -> int:
        """The seq of the last event."""
        return self._last

    def moment_of(self, call: CallId) -> int | None:
        """The seq before the first event of a call (or callback); None: there is none such. Raises NotRecorded."""
        low, high = self._first - 1, self._last
        found: int | None = None
        while low < high:
            middle = (low + high) // 2
            arrival = self._reader.next_arrival(after=middle, before=high + 1)
            if arrival is None:
                high = middle
            elif arrival.call < call:
                low = arrival.seq
            else:
                found = arrival.seq if arrival.call == call else found
                high = middle
        # Between two arrivals: only there can a call stand that began in another way than by arriving or dialling.
        if found is None and not self._is_between(call, low):
            if self._first > 1 and low < self._first:
                raise NotRecorded(str(call))
            return None
        return low

    def _is_between(self, call: CallId, low: int) -> bool:
        following = self._reader.next_arrival(after=low)
        before = following.seq if following is not None else None
        rows = self._reader.all_rows(after=low, before=before)
        events = (decode(row) for row in self._timely(rows))
        return any(call in (getattr(event, "call", None), getattr(event, "callback", None)) for event in events)

    def moment_at(self, at: int) -> int:
        """The seq of the last event up to this engine time."""
        low, high = self._first - 1, self._last
        while low < high:
            middle = (low + high + 1) // 2
            if self._reader.at(middle) <= at:
                low = middle
            else:
                high = middle - 1
        return low

    def state(self, moment: int) -> State:
        """As it was after the event ``moment``."""
        seq, state = self._begin(moment)
        for folded, (at, event) in enumerate(self.numbered(seq, until=moment), 1):
            apply(state, event)
            if folded % STRETCH == 0 and self._leaves_snapshots:
                self._leave(at, state)
        return state

    def _begin(self, moment: int) -> tuple[int, State]:
        """The nearest snapshot that is of this journal: one of another time has its last event at another time."""
        folders = (self._snapshots.newest_first(up_to=moment), self._own.newest_first(up_to=moment))
        for snapshot in heapq.merge(*folders, key=lambda snapshot: snapshot.seq, reverse=True):
            with suppress(Exception):  # whatever is wrong with a cache, the journal is there
                state = decode_snapshot(snapshot.content)
                if snapshot.seq < self._first or state.last_at == self._reader.at(snapshot.seq):
                    return snapshot.seq, state
        return 0, State()

    def _leave(self, seq: int, state: State) -> None:
        with suppress(OSError):
            self._own.write(Snapshot(seq, encode_snapshot(state)), is_latest=False)

    def events(self, moment: int, *, until: int | None = None) -> Iterator[Event]:
        """What followed, up to the event ``until`` or the last."""
        return (event for _, event in self.numbered(moment, until=until))

    def numbered(self, moment: int, *, until: int | None = None) -> Iterator[tuple[int, Event]]:
        rows = self._rows(moment, before=None if until is None else until + 1)
        return decode_all(rows, after=moment)

    def _rows(self, after: int, *, before: int | None) -> Iterator[Row]:
        return self._timely(self._reader.all_rows(after=after, before=before))

    def _timely(self, rows: Iterator[Row]) -> Iterator[Row]:
        for number, row in enumerate(rows):
            if number % LOOK_EVERY == 0 and self._is_over():
                raise TooSlow("reading the journal takes too long")
            yield row
