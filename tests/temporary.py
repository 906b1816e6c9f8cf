"""Folders that live as long as the run of the tests, for what is made once and used by many."""

import atexit
import shutil
from pathlib import Path
from tempfile import mkdtemp


def folder_of_this_run(what: str) -> Path:
    """A new folder, removed when the process ends."""
    made = Path(mkdtemp(prefix=f"ieum-{what}-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
