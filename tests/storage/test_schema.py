"""The schema is made by its migrations, forwards and back, on both engines."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect

from cti_server.core.errors import DataError
from cti_server.storage.database import open_database
from cti_server.storage.schema import current, downgrade, newest, upgrade
from cti_server.storage.tables import metadata


def test_migrations_make_exactly_the_tables_that_the_program_uses(empty_database: Engine) -> None:
    assert current(empty_database) == ""
    upgrade(empty_database)
    assert current(empty_database) == newest()
    with empty_database.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrations_go_back_to_nothing_and_forward_again(empty_database: Engine) -> None:
    upgrade(empty_database)
    downgrade(empty_database)
    assert set(inspect(empty_database).get_table_names()) <= {"alembic_version"}
    upgrade(empty_database)
    assert current(empty_database) == newest()


def test_upgrading_twice_changes_nothing(database: Engine) -> None:
    upgrade(database)
    assert current(database) == newest()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/db"])
def test_an_address_that_cannot_be_used_is_told(url: str) -> None:
    with pytest.raises(DataError):
        open_database(url)
