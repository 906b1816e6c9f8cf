"""The sample centre's main system, made from a seed: ``<data>/shop.db``. Invented people, drawn pictures.

Decides what the sample holds. Who may sign in, and with which password, is decided where people are kept.
"""

import os
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from random import Random

import msgspec
import sqlalchemy

from cti_server.customers.sample.customers import (
    STORY,
    Rows,
    customer_numbers,
    sample_pin,
    write_people,
)
from cti_server.customers.sample.history import SEOUL, Calendar, write_history
from cti_server.customers.sample.people import GROUPS, PEOPLE, SamplePerson
from cti_server.customers.sample.pictures import draw
from cti_server.customers.sample.products import PRODUCTS
from cti_server.customers.sample.schema import shop
from cti_server.customers.sample.story import write_story

__all__ = [
    "GROUPS",
    "PEOPLE",
    "STORY",
    "SampleCaller",
    "SamplePerson",
    "create_empty",
    "create_sample",
    "sample_callers",
    "sample_pin",
]

FILE = "shop.db"


class SampleCaller(msgspec.Struct, frozen=True, kw_only=True):
    """What a robot needs to call as a customer: ``number`` as a trunk shows it, ``keypad`` and ``pin`` to press."""

    customer: str
    keypad: str
    number: str
    pin: str
    name: str
    language: str
    tier: str


def create_sample(data_dir: Path, seed: int, *, today: date | None = None) -> Path:
    """Make ``<data>/shop.db`` (all or nothing) unless it is there already, and return its path.

    ``today``: the day that orders and contacts count back from; the same seed and day give the same rows.
    """
    return _make(data_dir / FILE, lambda: sample_rows(seed, today or datetime.now(SEOUL).date()))


def create_empty(data_dir: Path) -> Path:
    """Make ``<data>/shop.db`` with its tables and nothing in them, for a centre that has no main system (yet).

    One of an earlier release keeps its rows and gets the columns that are new."""
    file = _make(data_dir / FILE, lambda: defaultdict(list))
    _add_columns(file)
    return file


def _make(target: Path, rows: Callable[[], Rows]) -> Path:
    """All or nothing, readable by its owner alone."""
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".making")
    unfinished.unlink(missing_ok=True)
    _write(unfinished, rows())
    os.chmod(unfinished, 0o600)
    os.replace(unfinished, target)
    return target


def _add_columns(file: Path) -> None:
    """The queries name them: without them nobody would be found."""
    engine = sqlalchemy.create_engine(f"sqlite:///{file}")
    try:
        with engine.begin() as connection:
            known = sqlalchemy.inspect(connection)
            for table in shop.sorted_tables:
                there = {column["name"] for column in known.get_columns(table.name)}
                for column in table.columns:
                    if column.name not in there:
                        definition = sqlalchemy.schema.CreateColumn(column).compile(connection)
                        connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")
    finally:
        engine.dispose()


def sample_rows(seed: int, today: date) -> Rows:
    """Every row of the sample, by table."""
    rows: Rows = defaultdict(list)
    chance = Random(seed)
    _write_products(rows, chance)
    write_people(rows, chance)
    counters = write_history(rows, chance, Calendar(today))
    write_story(rows, counters, today)
    return rows


def sample_callers(shop_file: Path, seed: int) -> list[SampleCaller]:
    """The customers of a sample, as callers."""
    engine = sqlalchemy.create_engine(f"sqlite:///{shop_file}")
    statement = sqlalchemy.text(
        "SELECT c.customer, c.keypad, p.number, c.name, c.language, c.tier FROM customers c"
        " JOIN phones p ON p.customer = c.customer AND p.kind = 'mobile' ORDER BY c.customer"
    )
    try:
        with engine.connect() as connection:
            found = connection.execute(statement).mappings().all()
    finally:
        engine.dispose()
    return [SampleCaller(**row, pin=sample_pin(seed, row["customer"])) for row in found]


def sample_pins(seed: int) -> dict[str, str]:
    """The PIN of every customer, for the credential store to hash."""
    return {customer: sample_pin(seed, customer) for customer in customer_numbers()}


def _write_products(rows: Rows, chance: Random) -> None:
    for product in PRODUCTS:
        same = [p.product for p in PRODUCTS if p.category == product.category and p is not product]
        rows["products"].append(
            {
                "product": product.product,
                "name": product.name,
                "name_en": product.name_en,
                "category": product.category,
                "price": product.price,
                "stock": chance.randint(0, 400),
                "usage": product.usage,
                "usage_en": product.usage_en,
                "related": ",".join(same[:3]),
            }
        )
        rows["pictures"].append({"picture": product.product, "png": draw(product.shape, product.tint)})


def _write(file: Path, rows: Rows) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{file}")
    try:
        shop.create_all(engine)
        with engine.begin() as connection:
            for table in shop.sorted_tables:
                if rows[table.name]:
                    connection.execute(table.insert(), rows[table.name])
    finally:
        engine.dispose()
