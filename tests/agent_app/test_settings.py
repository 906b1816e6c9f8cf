"""What a workplace remembers, and that it can do without."""

from __future__ import annotations

from pathlib import Path

from agent_app.settings import Settings, data_folder, load, save


def test_settings_come_back(tmp_path: Path) -> None:
    save(tmp_path / "deep", Settings(language="en", theme="dark", splitter=[1, 2, 3]))
    assert load(tmp_path / "deep") == Settings(language="en", theme="dark", splitter=[1, 2, 3])


def test_a_broken_or_missing_file_gives_the_defaults(tmp_path: Path) -> None:
    for broken in (b"{", b'{"language":"\xff"}'):
        (tmp_path / "settings.json").write_bytes(broken)
        assert load(tmp_path) == load(tmp_path / "nowhere") == Settings()


def test_a_workplace_that_cannot_write_still_works(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    save(tmp_path / "file", Settings())


def test_the_folder_can_be_named(monkeypatch, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("IEUM_AGENT_HOME", str(tmp_path))
    assert data_folder() == tmp_path
