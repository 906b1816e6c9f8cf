"""The main system is read within limits: in time, few at a time, from the cache when it can be, and never written."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from cti_server.core.errors import Unavailable
from cti_server.customers.connectors import AnswerCache, ConnectorLimits, Query, SqlConnector

QUERIES = {
    "two": Query(sql="SELECT :n * 2 AS result", ttl_s=10),
    "rows": Query(sql="SELECT value FROM numbers ORDER BY value"),
    "write": Query(sql="DELETE FROM numbers", ttl_s=0),
    "gate": Query(sql="SELECT gate() AS open", ttl_s=0),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "main.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE numbers (value INTEGER)")
        database.executemany("INSERT INTO numbers VALUES (?)", [(n,) for n in range(100)])
    database.close()
    return path


class Connected:
    """A connector whose query ``gate`` waits until ``open`` is called."""

    def __init__(self, file: Path, **limits: Any) -> None:
        self.time = 0.0
        self._gate = threading.Event()
        self.connector = SqlConnector(
            f"sqlite:///{file}", QUERIES, limits=ConnectorLimits(**limits), clock=lambda: self.time
        )
        engine = self.connector._engine
        sqlalchemy.event.listen(engine, "connect", lambda raw, _: raw.create_function("gate", 0, self._wait))

    def _wait(self) -> int:
        self._gate.wait(30)
        return 1

    def open(self) -> None:
        self._gate.set()


def run(file: Path, work: Callable[[Connected], Any], **limits: Any) -> None:
    async def main() -> None:
        connected = Connected(file, **limits)
        try:
            await work(connected)
        finally:
            connected.open()
            await connected.connector.close()

    asyncio.run(main())


def test_answers_come_from_the_cache_until_they_are_old(file: Path) -> None:
    async def work(it: Connected) -> None:
        first = await it.connector.fetch("rows")
        with sqlite3.connect(file) as database:
            database.execute("INSERT INTO numbers VALUES (1000)")
        database.close()
        assert await it.connector.fetch("rows") is first
        it.time += 21
        assert len(await it.connector.fetch("rows")) == 101

    run(file, work)


def test_a_slow_query_is_given_up_in_time(file: Path) -> None:
    async def work(it: Connected) -> None:
        with pytest.raises(Unavailable):
            await it.connector.fetch("gate")
        assert await it.connector.fetch("two", n=21) == [{"result": 42}]

    run(file, work, timeout_s=0.2, threads=2)


def test_too_many_questions_are_refused_at_once(file: Path) -> None:
    async def work(it: Connected) -> None:
        waiting = [asyncio.ensure_future(it.connector.fetch("gate")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="too many"):
            await it.connector.fetch("two", n=1)
        it.open()
        assert [rows[0]["open"] for rows in await asyncio.gather(*waiting)] == [1, 1, 1]
        assert await it.connector.fetch("two", n=1) == [{"result": 2}]

    run(file, work, timeout_s=30, threads=1, waiting=2)


def test_nothing_can_be_written(file: Path) -> None:
    async def work(it: Connected) -> None:
        with pytest.raises(Unavailable):
            await it.connector.fetch("write")
        assert len(await it.connector.fetch("rows")) == 100

    run(file, work)


def test_no_more_rows_than_the_limit_are_read(file: Path) -> None:
    async def work(it: Connected) -> None:
        assert len(await it.connector.fetch("rows")) == 7

    run(file, work, rows=7)


def test_values_are_bound_and_not_part_of_the_sql(file: Path) -> None:
    async def work(it: Connected) -> None:
        assert await it.connector.fetch("two", n="1; DROP TABLE numbers") == [{"result": 2}]
        assert len(await it.connector.fetch("rows")) == 100

    run(file, work)


def test_the_cache_drops_what_was_used_longest_ago() -> None:
    cache = AnswerCache(2)
    for key in ("a", "b"):
        cache.put((key,), [{}], until=10)
    assert cache.get(("a",), 0) is not None
    cache.put(("c",), [{}], until=10)
    assert len(cache) == 2
    assert cache.get(("b",), 0) is None
    assert cache.get(("a",), 0) is not None
    assert cache.get(("a",), 11) is None
