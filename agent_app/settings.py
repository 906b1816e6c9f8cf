"""What one workplace remembers: language, theme, server, user, sizes of the panes. Never a password or a token."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import msgspec


class Settings(msgspec.Struct, kw_only=True):
    """Saved as a whole; a file that cannot be read gives the defaults."""

    language: str = "ko"
    theme: str = "light"
    server: str = "ws://127.0.0.1:7443/desktop"
    user: str = ""
    phone: str = "internal"
    splitter: list[int] = []
    window: list[int] = []


def data_folder() -> Path:
    """The user's own folder for Ieum; `IEUM_AGENT_HOME` overrides it."""
    if home := os.environ.get("IEUM_AGENT_HOME"):
        return Path(home)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", str(Path.home()))) / "Ieum"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Ieum"
    return Path(os.environ.get("XDG_DATA_HOME", str(Path.home() / ".local" / "share"))) / "ieum"


def load(folder: Path) -> Settings:
    try:
        return msgspec.json.decode((folder / "settings.json").read_bytes(), type=Settings)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Settings()


def save(folder: Path, settings: Settings) -> None:
    """A workplace that cannot write its settings still works."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = folder / "settings.new"
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(settings)))
        beside.replace(folder / "settings.json")
