"""The sample main system: the same for the same seed and day, complete, and of nobody who lives."""

import sqlite3
import zlib
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from cti_server.customers.sample import PEOPLE, create_empty, create_sample, sample_callers, sample_pin, sample_rows
from cti_server.customers.sample.pictures import HEIGHT, SHAPES, WIDTH, draw
from cti_server.customers.sample.products import PRODUCTS
from tests.sample_shop import MINJI, SEED, TODAY, shop_file

ROWS = sample_rows(SEED, TODAY)


def test_the_same_seed_and_day_give_the_same_rows_and_others_do_not() -> None:
    again = sample_rows(SEED, TODAY)
    assert dict(again) == dict(ROWS)
    assert sample_rows(SEED + 1, TODAY)["customers"] != ROWS["customers"]
    assert sample_rows(SEED, date(2027, 1, 1))["orders"] != ROWS["orders"]


def test_a_file_of_an_earlier_release_gets_its_new_columns_and_keeps_its_rows(tmp_path: Path) -> None:
    with closing(sqlite3.connect(create_sample(tmp_path, SEED, today=TODAY))) as shop:
        shop.execute("ALTER TABLE customers DROP COLUMN owner")
        before = shop.execute("SELECT customer, tier FROM customers ORDER BY customer").fetchall()
    file = create_empty(tmp_path)
    with closing(sqlite3.connect(file)) as shop:
        assert shop.execute("SELECT customer, tier FROM customers ORDER BY customer").fetchall() == before
        assert shop.execute("SELECT DISTINCT owner FROM customers").fetchall() == [("",)]


def test_there_are_as_many_of_everything_as_promised() -> None:
    assert len(ROWS["customers"]) == 300
    assert len({row["customer"] for row in ROWS["customers"]}) == 300
    assert len(ROWS["products"]) == len(ROWS["pictures"]) == 24
    assert {row["language"] for row in ROWS["customers"]} == {"ko", "en"}
    for table in ("orders", "payments", "bonus", "inquiries", "services", "contacts", "cases", "stores", "sellers"):
        assert ROWS[table], table


def test_eight_agents_a_supervisor_and_a_reviewer_work_here() -> None:
    agents = [person for person in PEOPLE if "agent" in person.roles]
    assert [person.extension for person in agents] == [str(2000 + n) for n in range(1, 9)]
    assert Counter(person.group for person in agents) == {"T/O": 4, "C/S": 4}
    assert Counter(role for person in PEOPLE for role in person.roles) == {"agent": 8, "supervisor": 1, "reviewer": 1}
    assert all({"orders", "care"} <= set(person.skills) for person in agents)


def test_numbers_are_ones_that_no_operator_has_given_out() -> None:
    for row in ROWS["phones"]:
        if row["customer"] != MINJI and row["kind"] == "mobile":
            assert row["number"].startswith(("+82100", "+82101"))
    assert Counter(row["number"] for row in ROWS["phones"] if row["kind"] == "mobile").most_common(1)[0][1] == 1


def test_cards_are_stored_by_their_last_digits_only() -> None:
    for row in ROWS["payments"]:
        assert sum(c.isdigit() for c in row["method"]) in (0, 4)
    assert all(len(row["last_digits"]) == 4 for row in ROWS["cards"])


def test_amounts_and_balances_add_up() -> None:
    for order in ROWS["orders"]:
        lines = [line for line in ROWS["order_lines"] if line["order_number"] == order["order_number"]]
        assert order["amount"] == sum(line["quantity"] * line["price"] for line in lines)
    balances: Counter[str] = Counter()
    for entry in ROWS["bonus"]:
        balances[entry["customer"]] += entry["points"]
        assert entry["balance"] == balances[entry["customer"]] >= 0


def test_nothing_happened_after_today() -> None:
    end = (TODAY - date(1970, 1, 1)).days * 86_400_000_000 + 86_400_000_000
    assert max(order["ordered_at"] for order in ROWS["orders"]) < end
    assert max(contact["at"] for contact in ROWS["contacts"]) < end


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.write_bytes(b"mine")
    assert create_sample(tmp_path, SEED) == file
    assert file.read_bytes() == b"mine"


def test_callers_know_what_to_press() -> None:
    callers = sample_callers(shop_file(), SEED)
    assert len(callers) == 300
    minji = next(caller for caller in callers if caller.customer == MINJI)
    assert (minji.number, minji.keypad, minji.name, minji.tier) == ("+821023456789", "2004812", "김민지", "VIP")
    assert minji.pin == sample_pin(SEED, MINJI)
    assert all(len(caller.pin) == 4 and caller.pin.isdigit() for caller in callers)


def test_the_file_can_be_read_by_its_owner_only() -> None:
    assert shop_file().stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_a_picture_is_a_png_of_the_right_size(shape: str) -> None:
    png = draw(shape, ("8FC4B3", "3F5B72"))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png[16:24] == WIDTH.to_bytes(4, "big") + HEIGHT.to_bytes(4, "big")
    start = png.index(b"IDAT") + 4
    length = int.from_bytes(png[start - 8 : start - 4], "big")
    assert len(zlib.decompress(png[start : start + length])) == HEIGHT * (1 + 3 * WIDTH)


def test_every_product_has_a_picture_of_its_own_shape_and_tint() -> None:
    assert len({(product.shape, product.tint) for product in PRODUCTS}) >= 18
    assert {product.shape for product in PRODUCTS} == set(SHAPES)
