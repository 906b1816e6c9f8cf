"""Folders and databases for the store's tests."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url, text

from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.schema import upgrade
from tests.storage.postgres import postgres_server


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
    server = str(request.getfixturevalue("postgres"))
    name = f"test_{uuid.uuid4().hex[:12]}"
    admin = create_engine(make_url(f"{server}/postgres").set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return f"{server}/{name}"


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
