"""Reads a library of scripts and the dispositions from files, checks them, and loads all of them or nothing.

A library is a folder: `library.yaml` (the opening item), one file a 대분류, and `dispositions.yaml`. Decides where in a
file a mistake stands; what is a mistake is decided by `checker.py`. The only module of this package that touches files.
"""

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import msgspec

from datafiles.problems import DataErrors, Problem
from datafiles.reading import Tree, line_at, read_file
from datafiles.shaping import shape
from scripts.checker import check_dispositions, check_major, check_together, item_codes
from scripts.model import DispositionGroup, Dispositions, Library, Major

LIBRARY = Path(__file__).parent / "library"
RECORD_VIEWS = (
    "basic",
    "inquiries",
    "orders",
    "order",
    "delivery",
    "service",
    "payments",
    "bonus",
    "products",
    "cases",
)
INDEX_FILE = "library.yaml"
DISPOSITIONS_FILE = "dispositions.yaml"
FILES_MAX = 50


class LibraryFile(msgspec.Struct, frozen=True, kw_only=True):
    opening: str


class DispositionsFile(msgspec.Struct, frozen=True, kw_only=True):
    dispositions: tuple[DispositionGroup, ...]


def load_library(folder: Path = LIBRARY, views: Collection[str] = RECORD_VIEWS) -> Library:
    """The scripts of a folder. Raises DataErrors with all problems."""
    library, problems = _read_library(folder, views)
    if library is None or problems:
        raise DataErrors(problems)
    return library


def load_dispositions(folder: Path = LIBRARY) -> Dispositions:
    """상담 결과 of a folder. Raises DataErrors."""
    dispositions, problems = _read_dispositions(folder / DISPOSITIONS_FILE)
    if dispositions is None or problems:
        raise DataErrors(problems)
    return dispositions


def check_paths(paths: Iterable[Path] = (LIBRARY,), views: Collection[str] = RECORD_VIEWS) -> list[Problem]:
    """All that is wrong with these libraries. A file stands for its whole folder, as scripts refer to each other."""
    folders = dict.fromkeys(path if path.is_dir() else path.parent for path in paths)
    problems: list[Problem] = []
    for folder in folders:
        problems += _read_library(folder, views)[1]
        if (folder / DISPOSITIONS_FILE).exists():
            problems += _read_dispositions(folder / DISPOSITIONS_FILE)[1]
    return problems


def _read_library(folder: Path, views: Collection[str]) -> tuple[Library | None, list[Problem]]:
    index, index_tree, problems = _read(folder / INDEX_FILE, LibraryFile)
    read: list[tuple[Path, Tree, Major]] = []
    for file in sorted(folder.glob("*.yaml"))[:FILES_MAX]:
        if file.name in (INDEX_FILE, DISPOSITIONS_FILE):
            continue
        major, tree, found = _read(file, Major)
        problems += found
        if major is not None and tree is not None:
            read.append((file, tree, major))
    if problems or index is None or index_tree is None:
        return None, problems  # what leads where can be judged only when every file could be read
    majors = tuple(sorted((major for _, _, major in read), key=lambda major: major.order))
    codes = item_codes(majors)
    for file, tree, major in read:
        problems += sorted(
            Problem(str(file), line_at(tree, finding.path), finding.what, finding.hint)
            for finding in check_major(major, codes, views)
        )
    problems += [
        Problem(str(folder / INDEX_FILE), line_at(index_tree, ("opening",)), finding.what, finding.hint)
        for finding in check_together(majors, index.opening)
    ]
    version = _content_hash((index.opening, majors))
    return Library(version=version, opening=index.opening, majors=majors), problems


def _read_dispositions(path: Path) -> tuple[Dispositions | None, list[Problem]]:
    file, tree, problems = _read(path, DispositionsFile)
    if file is None or tree is None:
        return None, problems
    problems = [
        Problem(str(path), line_at(tree, finding.path), finding.what, finding.hint)
        for finding in check_dispositions(file.dispositions)
    ]
    return Dispositions(version=_content_hash(file), groups=file.dispositions), problems


def _read(path: Path, into: Any) -> tuple[Any, Tree | None, list[Problem]]:
    tree, problems = read_file(path)
    if tree is None:
        return None, None, problems
    value, problems = shape(tree, into, str(path))
    return value, tree, problems


def _content_hash(content: object) -> str:
    """Twelve hexadecimal digits that change with the content, not with comments or spaces."""
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()[:12]
