"""Finds the database of the centre that a command is about. Decides that there must be one, and who may read it."""

import os
from pathlib import Path

from sqlalchemy import Engine

from cti_server import config
from cti_server.core.errors import IeumError
from cti_server.storage import schema
from cti_server.storage.database import open_database


def keep_private() -> None:
    """From here on, files of this process and its children are readable by their owner alone."""
    os.umask(0o077)


DEMO = Path(__file__).resolve().parents[2] / ".ieum" / "demo" / "data"


class NoCentre(IeumError):
    """The folder holds no centre, or one of another release."""


def usual_data() -> Path | None:
    """The folder meant when none is named: $IEUM_DATA, else the last demo's; None: there is neither."""
    named = os.environ.get("IEUM_DATA", "")
    if named:
        return Path(named)
    return DEMO if DEMO.is_dir() else None


def open_centre(data: Path) -> Engine:
    """The database as it is. Raises NoCentre, and DataErrors when the configuration is wrong."""
    if not config.config_file(data).is_file():
        raise NoCentre(f"there is no centre in {data}; `ieum serve --data {data}` makes one")
    keep_private()
    return open_database(config.read(data).server.database_url, is_writer=True)


def open_current_centre(data: Path) -> Engine:
    """The database, which must be of this release."""
    database = open_centre(data)
    if schema.current(database) != schema.newest():
        raise NoCentre(f"the database is not of this release; run `ieum migrate --data {data}` first")
    return database
