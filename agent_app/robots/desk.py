"""A robot's hands on the real desktop: the window is built as for a person, and worked by its widgets alone.

It signs in by typing, takes calls with the Accept button, types a note, follows the script, chooses a disposition and
completes; and it measures how long a card takes from the wire to the screen. Runs offscreen or on a display.

    python -m agent_app.robots.desk --server URL --user NAME --report FILE.json --shots FOLDER …
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from agent_app import app as desktop
from agent_app.i18n import tr
from agent_app.link.bridge import Bridge
from agent_app.link.client import LinkEvent, Received
from agent_app.robots.agent import AgentReport, Handled
from agent_app.viewmodels.garbage import Garbage
from agent_app.views.answer_button import AnswerButton
from agent_app.views.desk_view import DeskView
from agent_app.views.kit.button import ChoiceChip
from agent_app.views.main_window import MainWindow
from cti_server.wire import client as cl
from cti_server.wire import server as sv
from cti_server.wire.client import ClientFrame

STEP_MS = 120
ANSWERS_PER_CALL = 2


class DeskReport(msgspec.Struct, kw_only=True):
    """``pop_to_paint_ms``: from the card's frame in the link to its confirmation, which follows the paint."""

    agent: AgentReport
    pop_to_paint_ms: list[float] = []
    screenshots: list[str] = []


class WatchedBridge(Bridge):
    """The window's own bridge, with a stop-watch and a memory."""

    def __init__(self, report: DeskReport) -> None:
        super().__init__()
        self._report = report
        self._came: dict[int, int] = {}
        self._sent: dict[str, cl.CommandBody] = {}

    def handled(self, call: int) -> Handled:
        return self._report.agent.handled.setdefault(call, Handled(call=call))

    def _emit(self, event: LinkEvent) -> None:
        """In the link's thread: the moment a card's frame arrived."""
        if isinstance(event, Received):
            frame = event.frame
            if isinstance(frame, sv.CardSection) and frame.section == "header" and frame.call:
                self._came.setdefault(frame.call, time.perf_counter_ns())
            elif isinstance(frame, sv.ReplyFrame):
                self._answered(frame)
        super()._emit(event)

    def _answered(self, reply: sv.ReplyFrame) -> None:
        body = self._sent.pop(reply.to, None)
        if body is None:
            return
        if not reply.ok:
            self._report.agent.refused.append(f"{type(body).__name__}: {reply.code}")
        elif isinstance(body, cl.DisposeCall):
            self.handled(body.call).disposition_acknowledged = True
            self.handled(body.call).disposition = body.code
        elif isinstance(body, cl.TakeNote):
            self.handled(body.call).note_acknowledged = True
            self.handled(body.call).note = body.text

    def send(self, frame: ClientFrame) -> None:
        if isinstance(frame, cl.CommandFrame):
            self._sent[frame.id] = frame.body
            if isinstance(frame.body, cl.ConfirmCardShown):
                self._shown(frame.body.call)
        super().send(frame)

    def _shown(self, call: int) -> None:
        came = self._came.get(call)
        if came is not None and self.handled(call).card_at is None:
            self._report.pop_to_paint_ms.append((time.perf_counter_ns() - came) / 1e6)
            self.handled(call).card_at = time.time()


class Hands(QObject):
    """Looks at the window every ``STEP_MS`` and does the next thing a person would do."""

    def __init__(
        self, window: MainWindow, bridge: WatchedBridge, report: DeskReport, options: argparse.Namespace
    ) -> None:
        super().__init__(window)
        self._window, self._bridge, self._report, self._options = window, bridge, report, options
        self._since: dict[str, float] = {}
        self._answers = 0
        self._call = 0
        self._shots_taken: set[str] = set()
        self._is_leaving = False
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._step)
        self._timer.start()
        window.desk.phone.changed.connect(self._on_phone)

    def _on_phone(self) -> None:
        status = self._window.desk.phone.status
        if status is not None and status.call is not None and status.call.state == "ringing":
            seen = self._bridge.handled(status.call.call)
            seen.ring_at = seen.ring_at or time.time()

    def leave(self) -> None:
        """No new call; then the window is closed."""
        self._is_leaving = True

    # --- what to do next ------------------------------------------------------------------------------------------

    def _step(self) -> None:
        view = self._window.view
        if view is None or self._window.stack.currentWidget() is not view:
            self._sign_in()
            return
        self._begin_anew_with_each_call()
        phase = self._phase(view)
        if phase == "idle":
            self._idle(view)
        elif phase == "incoming":
            self._incoming(view)
        elif phase == "talking":
            self._talking(view)
        elif phase == "wrap_up":
            self._wrap_up(view)

    def _begin_anew_with_each_call(self) -> None:
        """The next call may be there before this one's completion was seen."""
        call = self._window.desk.session.store.call
        if call is not None and call.call != self._call:
            self._call = call.call
            self._answers = 0
            self._since.clear()

    def _phase(self, view: DeskView) -> str:
        """What the screen shows."""
        if view.incoming.isVisible():
            return "incoming"
        if self._button("call_end") is not None:
            return "talking"
        if view.agent.wrap_up.complete.isVisible() and view.agent.wrap_up.countdown.isVisible():
            return "wrap_up"
        return "idle"

    def _sign_in(self) -> None:
        if not self._once("sign_in", 0.3):
            return
        form = self._window.sign_in
        form.user.clear()
        QTest.keyClicks(form.user, self._options.user)
        form.password.clear()
        QTest.keyClicks(form.password, os.environ.get("IEUM_PASSWORD", ""))
        QTest.mouseClick(form.button, Qt.MouseButton.LeftButton)

    def _idle(self, view: DeskView) -> None:
        self._shoot("idle")
        state = self._window.desk.state_bar.state()
        if self._is_leaving:
            self._window.close()
            return
        if state.icon == "circle-check":
            return
        menu = view.state_bar.menu()
        ready = next((action for action in menu.actions() if action.text() == tr("state.ready")), None)
        if ready is not None and ready.isEnabled():
            ready.trigger()

    def _incoming(self, view: DeskView) -> None:
        accept = self._button("accept", view.incoming)
        if accept is None:
            return
        if self._after("incoming", 1.0):
            self._shoot("incoming")
            QTest.mouseClick(accept, Qt.MouseButton.LeftButton)

    def _talking(self, view: DeskView) -> None:
        self._note_call()
        wrap_up = view.agent.wrap_up
        if self._once("note", 0.8) and wrap_up.note.isEnabled():
            self._write(wrap_up.note, self._options.note)
        if self._answers < ANSWERS_PER_CALL and self._after(f"answer{self._answers}", 1.2 + self._answers):
            self._answer(view)
        if self._after("shot", 3.0):
            self._shoot("on_call")
        if self._once("disposition", 3.5):
            self._choose(wrap_up.codes)
            self._choose(wrap_up.subcodes)
        if self._once("end", self._options.talk_s):
            end = self._button("call_end")
            if end is not None:
                QTest.mouseClick(end, Qt.MouseButton.LeftButton)

    def _answer(self, view: DeskView) -> None:
        buttons = [button for button in view.agent.script.findChildren(AnswerButton) if button.isVisible()]
        self._answers += 1
        if buttons:
            QTest.mouseClick(buttons[0], Qt.MouseButton.LeftButton)

    def _wrap_up(self, view: DeskView) -> None:
        self._note_call()
        seen = self._current()
        if seen is not None and seen.ended_at is None:
            seen.ended_at = time.time()
        wrap_up = view.agent.wrap_up
        if not self._after("wrap_up", 0.8):
            return
        self._shoot("wrap_up")
        if not self._window.desk.wrap_up.is_chosen and self._once("disposition_late", 0.0):
            self._choose(wrap_up.codes)
            self._choose(wrap_up.subcodes)
        if wrap_up.complete.isEnabled() and self._once("complete", 0.4):
            QTest.mouseClick(wrap_up.complete, Qt.MouseButton.LeftButton)

    # --- hands and eyes -------------------------------------------------------------------------------------------

    def _write(self, field: QWidget, text: str) -> None:
        """As an input method does it: Hangul has no keys of its own."""
        field.setFocus()
        event = QInputMethodEvent()
        event.setCommitString(text)
        QApplication.sendEvent(field, event)

    def _choose(self, box: QWidget) -> None:
        chips = [chip for chip in box.findChildren(ChoiceChip) if chip.isVisible() and chip.isEnabled()]
        if chips and not any(chip.isChecked() for chip in chips):
            QTest.mouseClick(chips[0], Qt.MouseButton.LeftButton)

    def _button(self, name: str, inside: QWidget | None = None) -> QAbstractButton | None:
        """A button that a hand could press now."""
        found = (inside or self._window).findChild(QAbstractButton, name)
        return found if found is not None and found.isVisible() and found.isEnabled() else None

    def _current(self) -> Handled | None:
        call = self._window.desk.session.store.call
        return self._bridge.handled(call.call) if call is not None else None

    def _note_call(self) -> None:
        call = self._window.desk.session.store.call
        if call is None:
            return
        seen = self._bridge.handled(call.call)
        seen.number, seen.direction, seen.verification = call.number, call.direction, call.verification
        if call.established_at is not None and seen.talk_at is None:
            seen.talk_at = time.time()

    def _after(self, name: str, seconds: float) -> bool:
        """So long after this was asked for the first time in this call."""
        return time.monotonic() - self._since.setdefault(name, time.monotonic()) >= seconds

    def _once(self, name: str, seconds: float) -> bool:
        if not self._after(name, seconds) or f"{name} done" in self._since:
            return False
        self._since[f"{name} done"] = time.monotonic()
        return True

    def _shoot(self, name: str) -> None:
        """The first of each kind is kept."""
        if name in self._shots_taken:
            return
        self._shots_taken.add(name)
        path = Path(self._options.shots) / f"{self._options.lang}_{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._window.grab().save(str(path)):
            self._report.screenshots.append(str(path))


def main(argv: list[str] | None = None) -> int:
    parser = desktop.parser()
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--shots", required=True)
    parser.add_argument("--note", default="요청하신 내용을 안내했습니다.")
    parser.add_argument("--talk-s", type=float, default=7.0)
    options = parser.parse_args(argv)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    Garbage(application)
    report = DeskReport(agent=AgentReport(user=options.user))
    bridge = WatchedBridge(report)
    folder = Path(options.home)
    window = desktop.build(application, options, folder, link=bridge)
    hands = Hands(window, bridge, report, options)
    window.closed.connect(application.quit)
    # Python handles signals between two Qt events, and the hands' timer makes some.
    signal.signal(signal.SIGTERM, lambda *_: hands.leave())
    window.show()
    application.exec()
    desktop.leave(window, folder)
    options.report.write_bytes(msgspec.json.encode(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
