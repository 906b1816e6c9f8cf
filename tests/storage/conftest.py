"""Folders and databases for the store's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.schema import upgrade
from tests.storage.postgres import make_database, postgres_server


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    yield DataFolder(tmp_path / "data")


# --- the main database, on both engines ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_server() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of the test's own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ieum.db'}"
    return make_database(str(request.getfixturevalue("postgres")))


@pytest.fixture
def empty_database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url, is_writer=True)
    yield engine
    engine.dispose()


@pytest.fixture
def database(empty_database: Engine) -> Engine:
    """With the schema of this release, made by the migrations."""
    upgrade(empty_database)
    return empty_database


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Engine]:
    """For what does not depend on the engine."""
    engine = open_database(f"sqlite:///{tmp_path / 'main.db'}", is_writer=True)
    upgrade(engine)
    yield engine
    engine.dispose()
