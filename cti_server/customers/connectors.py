"""Reads the main system: declared queries only, with a time limit, few at a time, and a cache so that its load falls.

Decides limits and what is kept for how long. Does not decide what is asked: queries are declared by name, their values
are bound parameters, and nothing here can write.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import msgspec
import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine

from cti_server.core.errors import Unavailable

Row = dict[str, Any]
"""One row: value by column name, as the main system's types have them."""
Value = str | int | None


class Connector(Protocol):
    """A main system that can be read. Raises Unavailable: it does not answer in time, or too much is asked of it."""

    async def fetch(self, query: str, **arguments: Value) -> list[Row]:
        """The rows of a declared query; at most ``ConnectorLimits.rows``."""

    async def close(self) -> None: ...


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A declared query. ``sql`` with ``:named`` parameters; ``ttl_s`` 0: never kept."""

    sql: str
    ttl_s: float = 20.0


class ConnectorLimits(msgspec.Struct, frozen=True, kw_only=True):
    """``threads`` queries run side by side, ``waiting`` more may wait; then Unavailable at once."""

    timeout_s: float = 2.0
    threads: int = 4
    waiting: int = 64
    rows: int = 500
    cached: int = 5000


class AnswerCache:
    """The last answers, oldest dropped first. Times are the monotonic seconds that are passed in."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[object, ...], tuple[float, list[Row]]] = OrderedDict()

    def get(self, key: tuple[object, ...], now: float) -> list[Row] | None:
        found = self._kept.get(key)
        if found is None or found[0] <= now:
            return None
        self._kept.move_to_end(key)
        return found[1]

    def put(self, key: tuple[object, ...], rows: list[Row], *, until: float) -> None:
        self._kept[key] = (until, rows)
        self._kept.move_to_end(key)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)


class SqlConnector:
    """A main system behind SQLAlchemy, read in an executor of its own."""

    def __init__(
        self,
        url: str,
        queries: Mapping[str, Query],
        *,
        limits: ConnectorLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits or ConnectorLimits()
        self._queries = {name: (query, sqlalchemy.text(query.sql)) for name, query in queries.items()}
        self._engine = _open(url, self._limits)
        self._threads = ThreadPoolExecutor(self._limits.threads, thread_name_prefix="main-system")
        self._under_way = 0
        self._cache = AnswerCache(self._limits.cached)
        self._clock = clock

    async def fetch(self, query: str, **arguments: Value) -> list[Row]:
        """See ``Connector``. Rows are shared with the cache: do not change them."""
        declared, statement = self._queries[query]
        key = (query, *sorted(arguments.items()))
        kept = self._cache.get(key, self._clock())
        if kept is not None:
            return kept
        rows = await self._in_thread(statement, arguments)
        if declared.ttl_s > 0:
            self._cache.put(key, rows, until=self._clock() + declared.ttl_s)
        return rows

    async def _in_thread(self, statement: sqlalchemy.TextClause, arguments: Mapping[str, Value]) -> list[Row]:
        if self._under_way >= self._limits.threads + self._limits.waiting:
            raise Unavailable("the main system has too many questions waiting")
        self._under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, self._read, statement, dict(arguments))
        # A thread cannot be stopped: its place counts as taken until it has really come back.
        future.add_done_callback(self._came_back)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._limits.timeout_s)
        except TimeoutError:
            raise Unavailable("the main system did not answer in time") from None
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise Unavailable(f"the main system: {type(error).__name__}") from error

    def _came_back(self, future: asyncio.Future[list[Row]]) -> None:
        self._under_way -= 1
        if not future.cancelled():
            future.exception()

    def _read(self, statement: sqlalchemy.TextClause, arguments: dict[str, Value]) -> list[Row]:
        with self._engine.connect() as connection:
            result = connection.execute(statement, arguments)
            return [dict(row) for row in result.mappings().fetchmany(self._limits.rows)]

    async def close(self) -> None:
        """No more questions; threads that still hang are left behind."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()


def _open(url: str, limits: ConnectorLimits) -> Engine:
    engine = sqlalchemy.create_engine(url, pool_size=limits.threads, max_overflow=0, pool_timeout=limits.timeout_s)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _read_only(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA query_only = 1")

    return engine
