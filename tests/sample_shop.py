"""The sample main system, made once for all tests of a run; nobody writes to it."""

from datetime import date
from functools import cache
from pathlib import Path

from cti_server.customers.main_system import MainSystem, open_main_system
from cti_server.customers.sample import create_sample
from tests.temporary import folder_of_this_run

SEED = 7
TODAY = date(2026, 11, 21)
MINJI = "C-004812"


@cache
def shop_file() -> Path:
    return create_sample(folder_of_this_run("shop"), SEED, today=TODAY)


def shop() -> MainSystem:
    return open_main_system(f"sqlite:///{shop_file()}")
