"""How a centre comes back: newest usable snapshot, then the fold of what followed, then the texts about people.

It decides which snapshot is believed; what an event does to the state is decided in `core/state.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import structlog

from cti_server.core.state import State, apply, decode_snapshot, personal_refs
from cti_server.core.vocabulary import PersonalRef
from cti_server.storage.event_codec import Row, decode_all
from cti_server.storage.snapshots import Snapshot

log = structlog.get_logger(__name__)


class Restored(NamedTuple):
    """``snapshot_seq`` 0: folded from the first event. ``folded``: events applied."""

    state: State
    snapshot_seq: int
    folded: int


def restore(
    snapshots: Iterable[Snapshot],
    rows_after: Callable[[int], Iterable[Row]],
    texts_of: Callable[[Sequence[PersonalRef]], Mapping[int, str | None]],
) -> Restored:
    """DataError: the journal is damaged, or of a newer release."""
    state, seq = _begin(snapshots)
    folded = 0
    for _, event in decode_all(rows_after(seq), after=seq):
        apply(state, event)
        folded += 1
    for ref, text in texts_of(list(personal_refs(state))).items():
        if text is not None:
            state.personal[PersonalRef(ref)] = text
    return Restored(state, seq, folded)


def _begin(snapshots: Iterable[Snapshot]) -> tuple[State, int]:
    for snapshot in snapshots:
        try:
            return decode_snapshot(snapshot.content), snapshot.seq
        except Exception as error:  # whatever is wrong with a cache, the journal is there
            log.warning("snapshot_unusable", seq=snapshot.seq, error=type(error).__name__)
    return State(), 0
