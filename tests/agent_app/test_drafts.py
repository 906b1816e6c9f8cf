"""What was typed survives a killed window: on the disk, for its owner only, with the ids of its commands."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from agent_app.drafts import DRAFTS_MAX, Draft, Drafts

WHO = {"server": "ws://s", "user": "lee"}


def test_a_draft_comes_back_after_a_restart(tmp_path: Path) -> None:
    Drafts(tmp_path, **WHO).keep(Draft(call=1, note="늦음", note_revision=2, note_command="n1", code="delivery"))
    held = Drafts(tmp_path, **WHO).of(1)
    assert held is not None and (held.note, held.note_command, held.code) == ("늦음", "n1", "delivery")


def test_another_user_or_server_sees_nothing_of_it(tmp_path: Path) -> None:
    Drafts(tmp_path, **WHO).keep(Draft(call=1, note="x"))
    assert Drafts(tmp_path, server="ws://s", user="kim").of(1) is None
    assert Drafts(tmp_path, server="ws://t", user="lee").of(1) is None


@pytest.mark.skipif(sys.platform == "win32", reason="rights of files are another matter there")
def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    Drafts(tmp_path / "new", **WHO).keep(Draft(call=1, note="x"))
    (file,) = (tmp_path / "new").glob("drafts-*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_unsent_drafts_are_never_dropped_and_settled_ones_are_bounded(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, **WHO)
    drafts.keep(Draft(call=1, note="unsent", note_command="n1"))
    for call in range(2, DRAFTS_MAX + 30):
        drafts.keep(Draft(call=call, note="sent"))
    held = Drafts(tmp_path, **WHO)
    assert [draft.call for draft in held.unsettled()] == [1]
    assert held.of(2) is None and held.of(DRAFTS_MAX + 29) is not None


@pytest.mark.parametrize("broken", [b"{broken", b'[{"call":1,"note":"\xff"}]'])
def test_a_file_that_cannot_be_read_is_set_aside_and_not_overwritten(tmp_path: Path, broken: bytes) -> None:
    Drafts(tmp_path, **WHO).keep(Draft(call=1, note="x"))
    (file,) = tmp_path.glob("drafts-*.json")
    file.write_bytes(broken)
    drafts = Drafts(tmp_path, **WHO)
    drafts.keep(Draft(call=2))
    assert file.with_suffix(".unreadable").read_bytes() == broken


def test_a_forgotten_draft_is_gone(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path, **WHO)
    drafts.keep(Draft(call=1, note_command="n"))
    drafts.forget(1)
    assert Drafts(tmp_path, **WHO).of(1) is None
