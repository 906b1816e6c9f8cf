"""How long a card takes from the wire to the screen: decision sent → name painted, and → 500 rows of history painted.

A desktop with its real link, offscreen, in this process; a server in a second thread sends what the gateway sends for
an offer: the agent, the call, the header, then the other sections. Times come from one clock; `confirm` is when the
server has the desktop's confirmation back. Nothing is left out of it but the network between two machines.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

CALLS = 150
ROWS = 500
TIMEOUT_S = 30.0
POP_WAIT_MS = 150
"""What a centre waits for a card by default before the phone rings all the same (``pop_wait_ms``)."""
BARE_PAINTS = 100
CUSTOMERS = 7
"""Cards alternate between customers, so that nothing can be reused from the one before."""


def run(*, calls: int = CALLS, rows: int = ROWS) -> dict[str, float]:
    """`pop_`: name painted; `confirm_`: the server knows; `history_`: all rows listed. p50, p95 and max in ms.
    `pop_before_ring_share`: how many cards the server knew to be painted before it would have rung without."""
    from PySide6.QtWidgets import QApplication

    from agent_app.views.kit.theme import install

    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    install(app, "light")
    with tempfile.TemporaryDirectory() as folder:
        return _measure(app, Path(folder), calls=calls, rows=rows)


def _measure(app: QApplication, folder: Path, *, calls: int, rows: int) -> dict[str, float]:
    from PySide6.QtCore import QEvent, QObject

    from agent_app.link.bridge import Bridge
    from agent_app.link.client import Target
    from agent_app.settings import Settings
    from agent_app.viewmodels.desk import Desk
    from agent_app.viewmodels.phone import Phone
    from agent_app.viewmodels.session import Session
    from agent_app.views.main_window import MainWindow
    from cti_server.wire.client import ConfirmCardShown
    from cti_server.wire.server import AgentChanged, CallChanged, CallGone, CardSection
    from tests.agent_app import fake_server, sample

    class Painted(QObject):
        """Notes when the list of the timeline was painted with rows in it."""

        at = 0.0

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.Paint and not self.at and desk.timeline.model.rowCount() > rows // 2:
                self.at = time.perf_counter()
            return False

    fake_server.PICTURE = sample.picture("p1")
    server = fake_server.FakeServer()
    desk = Desk(Session(Bridge()), Phone(None), folder)
    window = MainWindow(desk, Settings())
    window.show()
    history = sample.long_timeline(rows)
    popped: list[float] = []
    confirmed: list[float] = []
    listed: list[float] = []

    def until(holds: object) -> None:
        end = time.monotonic() + TIMEOUT_S
        while not holds():  # type: ignore[operator]
            app.processEvents()
            time.sleep(0)
            if time.monotonic() > end:
                raise TimeoutError("the desktop did not do what was measured")

    try:
        desk.session.sign_in(Target(url=server.url, user="bench", password=fake_server.PASSWORD))
        until(lambda: desk.session.store.agent is not None)
        assert window.view is not None
        watch = Painted()
        window.view.agent.middle.timeline.list.viewport().installEventFilter(watch)
        painted: dict[int, float] = {}
        tell = desk.card.painted

        def note(call: int) -> None:
            painted.setdefault(call, time.perf_counter())
            tell(call)

        desk.card.painted = note  # type: ignore[method-assign]  # a stop-watch around the real thing
        for number in range(1, calls + 1):
            customer = f"C-{number % CUSTOMERS:06}"
            watch.at = 0.0
            started = time.perf_counter()
            server.fact(AgentChanged(agent=sample.agent("reserved", call=number)))
            server.fact(CallChanged(call=sample.call("reserved", call=number, customer=customer)))
            for section in sample.card_sections(number, customer):
                if section.section == "timeline":
                    section = CardSection(call=number, customer=customer, section="timeline", data=history, at=0)
                server.send(section)
            until(lambda number=number: number in painted)
            popped.append((painted[number] - started) * 1000)
            until(lambda number=number: any(body.call == number for body in server.bodies(ConfirmCardShown)[-2:]))
            confirmed.append((time.perf_counter() - started) * 1000)
            until(lambda: watch.at > 0)
            listed.append((watch.at - started) * 1000)
            server.fact(CallGone(call=number))
            server.fact(AgentChanged(agent=sample.agent()))
            until(lambda: desk.subject.is_empty)
            server.received.clear()
    finally:
        desk.close()
        window.close()
        window.deleteLater()
        server.close()
    return {
        **_figures("pop", popped),
        "pop_before_ring_share": round(sum(took <= POP_WAIT_MS for took in confirmed) / len(confirmed), 4),
        **_figures("floor_paint", _bare_paints(app)),
        **_figures("confirm", confirmed),
        **_figures("history", listed),
        "calls": float(len(popped)),
        "rows": float(rows),
    }


def _bare_paints(app: QApplication) -> list[float]:
    """The machine's own floor: one short text on an empty window, from being set to being painted."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QLabel

    class Seen(QObject):
        at = 0.0

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            self.at = time.perf_counter() if event.type() is QEvent.Type.Paint else self.at
            return False

    label, seen, took = QLabel("0"), Seen(), []
    label.installEventFilter(seen)
    label.show()
    for number in range(BARE_PAINTS):
        seen.at = 0.0
        started = time.perf_counter()
        label.setText(str(number))
        while not seen.at:
            app.processEvents()
        took.append((seen.at - started) * 1000)
    label.deleteLater()
    return took


def _figures(name: str, values: list[float]) -> dict[str, float]:
    ordered = sorted(values)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return {f"{name}_p50_ms": at(0.5), f"{name}_p95_ms": at(0.95), f"{name}_max_ms": round(ordered[-1], 2)}


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
