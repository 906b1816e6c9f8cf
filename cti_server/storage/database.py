"""Opens the main database, SQLite or PostgreSQL, with limits on every wait. It decides nothing about its content.

Nothing here or in what uses it is particular to SQLite's SQL; what differs is how a connection is set up.
"""

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from cti_server.core.errors import DataError

LOCK_WAIT_S = 5
STATEMENT_S_MAX = 15
POOL_SIZE = 4
POOL_WAIT_S = 5


def open_database(url: str, *, is_writer: bool = False) -> Engine:
    """``is_writer``: transactions take the write lock at once, instead of failing half-way. DataError: no address."""
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address, is_writer=is_writer)
    options = f"-c statement_timeout={STATEMENT_S_MAX * 1000} -c lock_timeout={LOCK_WAIT_S * 1000} -c timezone=UTC"
    return create_engine(
        address,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_pre_ping=True,
        connect_args={"connect_timeout": LOCK_WAIT_S, "options": options},
    )


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise DataError(file="database", line=0, what="this is not a database's address", hint=_EXAMPLES) from error
    if address.get_backend_name() == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() == "sqlite":
        return address
    raise DataError(file="database", line=0, what=f"{address.get_backend_name()} is not supported", hint=_EXAMPLES)


_EXAMPLES = "sqlite:////path/ieum.db or postgresql://ieum@host/ieum"


def _open_sqlite(address: URL, *, is_writer: bool) -> Engine:
    engine = create_engine(
        address,
        pool_size=1 if is_writer else POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        connect_args={"timeout": LOCK_WAIT_S, "check_same_thread": False},
    )
    begin = "BEGIN IMMEDIATE" if is_writer else "BEGIN"

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = (
            None  # the driver begins nothing by itself, so that migrations are transactions too
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is projected again
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
