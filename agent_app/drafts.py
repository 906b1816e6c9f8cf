"""Notes and dispositions that the server has not confirmed yet, kept on disk so that a killed window loses nothing.

One small JSON file per server and user, readable by its owner alone, replaced as a whole (write, flush, rename). Each
unsent disposition keeps the id of its command, so that sending it again after a crash is harmless.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

DRAFTS_MAX = 50


class Draft(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What was typed for one call. Empty ids: not sent, or already confirmed."""

    call: int
    who: str = ""
    note: str = ""
    note_revision: int = 0
    note_command: str = ""
    code: str = ""
    subcode: str = ""
    disposition_command: str = ""
    complete_command: str = ""

    @property
    def is_settled(self) -> bool:
        return not (self.note_command or self.disposition_command or self.complete_command)


class Drafts:
    """``folder`` is made with 0700 where the system knows such rights."""

    def __init__(self, folder: Path, *, server: str, user: str) -> None:
        name = hashlib.sha256(f"{server}\n{user}".encode()).hexdigest()[:16]
        self._path = folder / f"drafts-{name}.json"
        self._drafts: dict[int, Draft] = {draft.call: draft for draft in self._read()}

    def of(self, call: int) -> Draft | None:
        return self._drafts.get(call)

    def unsettled(self) -> list[Draft]:
        return [draft for draft in self._drafts.values() if not draft.is_settled]

    def keep(self, draft: Draft) -> None:
        """On the disk when this returns."""
        self._drafts.pop(draft.call, None)
        self._drafts[draft.call] = draft
        settled = [call for call, held in self._drafts.items() if held.is_settled]
        for call in settled[: max(0, len(self._drafts) - DRAFTS_MAX)]:
            del self._drafts[call]
        self._write()

    def forget(self, call: int) -> None:
        if self._drafts.pop(call, None) is not None:
            self._write()

    def _read(self) -> list[Draft]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[Draft])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            # A file that cannot be read is set aside, never overwritten: somebody's words may be in it.
            with contextlib.suppress(OSError):
                self._path.replace(self._path.with_suffix(".unreadable"))
            return []

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._path.with_suffix(".new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(list(self._drafts.values())))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
