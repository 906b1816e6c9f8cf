"""Brings the main database's schema to this release, or back, and says where it stands."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Engine, revision: str = "head") -> None:
    with database.connect() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database: Engine, revision: str = "base") -> None:
    with database.connect() as connection:
        command.downgrade(_config(connection), revision)


def current(database: Engine) -> str:
    """The revision that the database has; empty: none."""
    with database.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def newest() -> str:
    """The revision that this release needs."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head() or ""


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
