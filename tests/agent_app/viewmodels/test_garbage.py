"""Cycles of Qt objects are collected in the Qt thread alone, however much the link's thread allocates."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from agent_app.viewmodels.garbage import Garbage


@pytest.fixture
def garbage(qtbot: QtBot) -> Iterator[Garbage]:
    owner = QObject()
    was_on = gc.isenabled()
    gc.enable()
    yield Garbage(owner)
    owner.deleteLater()
    if was_on:
        gc.enable()


class Knot(QObject):
    """Keeps itself alive, as views that connect a signal to a method of their own do."""

    def __init__(self) -> None:
        super().__init__()
        self.me = self


def test_another_thread_that_allocates_does_not_collect(garbage: Garbage) -> None:
    gc.collect()
    knot = Knot()
    died_in: list[str] = []
    weakref.finalize(knot, lambda: died_in.append(threading.current_thread().name))
    del knot
    work = threading.Thread(target=lambda: [[[]] for _ in range(200_000)], name="link")
    work.start()
    work.join()
    assert died_in == []
    filling: list[list[list[int]]] = [[[]] for _ in range(2_000)]
    assert garbage.collect() >= 0
    assert died_in == [threading.current_thread().name]
    assert len(filling) == 2_000


def test_the_timer_collects_by_itself(garbage: Garbage, qtbot: QtBot) -> None:
    gc.collect()
    died: list[bool] = []
    knot = Knot()
    weakref.finalize(knot, lambda: died.append(True))
    del knot
    filling: list[list[list[int]]] = [[[]] for _ in range(5_000)]
    qtbot.waitUntil(lambda: died == [True], timeout=20_000)
    assert len(filling) == 5_000
