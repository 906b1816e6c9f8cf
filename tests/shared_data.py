"""Finds the test data that is kept beside the checkout; it decides nothing else.

The data (torture messages, published queueing cases, call records) is too large or not ours to ship, so a test that
needs it skips, and says so, where it is missing.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def find_shared() -> Path | None:
    """The folder named by IEUM_SHARED, or `../shared` beside the checkout; None where there is neither."""
    named = os.environ.get("IEUM_SHARED")
    folder = Path(named) if named else ROOT.parent / "shared"
    return folder if folder.is_dir() else None
