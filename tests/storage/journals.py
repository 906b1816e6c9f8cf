"""Journals written for a test, without an engine."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cti_server.core.events import Event
from cti_server.storage.event_codec import encode
from cti_server.storage.journal_file import JournalFile


class WrittenJournal:
    """A journal that grows when the test says so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = JournalFile(path)
        self.last_seq = 0

    def write(self, events: Sequence[Event], texts: Mapping[int, str] | None = None) -> int:
        rows = encode(events, self.last_seq + 1)
        self.file.append(rows, texts or {})
        self.last_seq = rows[-1].seq
        return self.last_seq
