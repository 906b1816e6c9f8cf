"""The configuration that was in force last, kept in the data folder: a process that has to start again can, whatever
the files say by then.

    <data>/last_good/current     a link to …
    <data>/last_good/3f2a9c…/    centre.yaml, the folders and files that it names as 0, 1, …, and places.json, which
                                 says what stands for what

`keep` is called once a configuration has taken effect. The set is complete, synced and read once more before the link
is changed, in one step; so the link leads to a whole set at every moment. Secrets are not in it, nor what comes with
Ieum.

Decides what is kept; when it is used is decided in ``app/loading.py``.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cti_server.config.reading import read
from cti_server.config.schema import Configuration
from datafiles.problems import DataErrors, Problem

FOLDER, CURRENT, PLACES = "last_good", "current", "places.json"
PATTERN = "*.yaml"


class _Places(msgspec.Struct, frozen=True, kw_only=True):
    """``file``: the configuration file; ``copies``: what stands for each place that it names, inside the set."""

    file: str
    copies: dict[str, str]


def keep(configuration: Configuration, data: Path, file: Path) -> bool:
    """False: it is kept already. Raises OSError; DataErrors when the files changed while they were copied."""
    root = data / FOLDER
    name = _digest(configuration, file)
    if (root / CURRENT).is_symlink() and os.readlink(root / CURRENT) == name:
        return False
    root.mkdir(mode=0o700, exist_ok=True)
    unfinished = root / f"{name}.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _copy(configuration, file, unfinished)
    if _read(data, file, unfinished).version != configuration.version:
        raise DataErrors([Problem(str(file), 0, "changed while it was copied")])
    _sync(unfinished)
    shutil.rmtree(root / name, ignore_errors=True)
    os.rename(unfinished, root / name)
    _point(root, name)
    return True


def read_last_good(data: Path, file: Path) -> Configuration | None:
    """None: nothing is kept of this file. Raises DataErrors: it cannot be used either (a password is missing)."""
    kept = data / FOLDER / CURRENT
    if not (kept / PLACES).is_file():
        return None
    if _places(kept).file != str(file.absolute()):
        return None
    return _read(data, file, kept.resolve())


def _digest(configuration: Configuration, file: Path) -> str:
    """Of the bytes themselves, so that comments and prompts are kept, too."""
    found = hashlib.sha256()
    for place in (file, *configuration.own):
        for text in _texts(place):
            found.update(f"{place}\0{text}\0".encode() + text.read_bytes() + b"\0")
    return found.hexdigest()[:16]


def _texts(place: Path) -> Iterator[Path]:
    yield from sorted(place.rglob(PATTERN)) if place.is_dir() else (place,)


def _copy(configuration: Configuration, file: Path, to: Path) -> None:
    shutil.copyfile(file, to / "centre.yaml")
    copies: dict[str, str] = {}
    for number, place in enumerate(configuration.own):
        copies[str(place)] = str(number)
        for text in _texts(place):
            target = to / str(number) / text.relative_to(place) if place.is_dir() else to / str(number)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(text, target)
    (to / PLACES).write_bytes(msgspec.json.encode(_Places(file=str(file.absolute()), copies=copies)))


def _read(data: Path, file: Path, kept: Path) -> Configuration:
    copies = {Path(original): kept / copy for original, copy in _places(kept).copies.items()}
    return read(data, kept / "centre.yaml", named_in=file.absolute().parent, copies=copies)


def _places(kept: Path) -> _Places:
    try:
        return msgspec.json.decode((kept / PLACES).read_bytes(), type=_Places)
    except (OSError, msgspec.DecodeError) as error:
        raise DataErrors([Problem(str(kept / PLACES), 0, f"cannot be read: {error}")]) from error


def _sync(folder: Path) -> None:
    for place in (*folder.rglob("*"), folder):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _point(root: Path, name: str) -> None:
    """The link leads to the new set, at once; the sets of before go."""
    link = root / f"{CURRENT}.new"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    os.replace(link, root / CURRENT)
    _sync_folder(root)
    for other in root.iterdir():
        if other.name not in (name, CURRENT):
            shutil.rmtree(other, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
