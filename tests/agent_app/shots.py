"""Draws the desktop with the sample data, offscreen, and saves pictures: `python -m tests.agent_app.shots FOLDER`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from agent_app.i18n import set_language
from agent_app.link.client import Changed, LinkEvent, Received, Target
from agent_app.settings import Settings
from agent_app.softphone.messages import PhoneCall, PhoneStatus
from agent_app.store import Connection
from agent_app.viewmodels.desk import Desk
from agent_app.viewmodels.phone import Phone
from agent_app.viewmodels.session import Session
from agent_app.views.kit.theme import install
from agent_app.views.kit.tokens import ThemeName
from agent_app.views.main_window import MainWindow
from cti_server.wire.client import AskFrame, ClientFrame, CommandFrame, LoadPicture, LoadView
from cti_server.wire.server import (
    AnswerFrame,
    CallChanged,
    FactFrame,
    GaugeFrame,
    MyDayGauge,
    PictureLoaded,
    QueueGauges,
    ReplyFrame,
    ServerFrame,
)
from tests.agent_app import sample


class SampleLink(QObject):
    """Answers at once, from the sample data; keeps what was sent."""

    happened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[ClientFrame] = []

    def open(self, target: Target) -> None:
        self.tell(Changed(Connection.CONNECTED, latency_ms=12.0))

    def close(self) -> None:
        pass

    def send(self, frame: ClientFrame) -> None:
        self.sent.append(frame)
        if isinstance(frame, AskFrame) and isinstance(frame.body, LoadPicture):
            name = frame.body.picture
            self.receive(AnswerFrame(to=frame.id, body=PictureLoaded(picture=name, png=sample.picture(name))))
        elif isinstance(frame, AskFrame) and isinstance(frame.body, LoadView):
            self.receive(AnswerFrame(to=frame.id, body=sample.view(frame.body.view)))
        elif isinstance(frame, CommandFrame):
            self.receive(ReplyFrame(to=frame.id, ok=True))

    def tell(self, event: LinkEvent) -> None:
        self.happened.emit(event)

    def receive(self, frame: ServerFrame) -> None:
        self.tell(Received(frame))


def ringing_phone() -> Phone:
    """A registered softphone, without its process."""
    phone = Phone(Path("nowhere"))
    phone.status = PhoneStatus(
        registration="registered", audio="ok", call=PhoneCall(state="established", call=sample.CALL, has_media=True)
    )
    return phone


class Stage:
    """A window, its view-models, and hands to feed them."""

    def __init__(self, folder: Path) -> None:
        self.link = SampleLink()
        self.now = 5_000_000
        self.session = Session(self.link, clock=lambda: self.now)
        self.desk = Desk(self.session, ringing_phone(), folder)
        self.window = MainWindow(self.desk, Settings(window=[1440, 900]))
        self.seq = 0

    def sign_in(self) -> None:
        self.session.sign_in(Target(url="ws://sample", user="lee", password="x"))
        self.link.receive(sample.welcome())
        self.link.receive(sample.snapshot(callbacks=sample.callbacks()))
        for share in (0.83, 0.82, 0.84, 0.8, 0.81, 0.79, 0.82, 0.8, 0.77, 0.78, 0.75, 0.76):
            queues = sample.queues()
            first = type(queues[0])(
                **{name: getattr(queues[0], name) for name in queues[0].__struct_fields__ if name != "service_level"},
                service_level=share,
            )
            self.link.receive(GaugeFrame(at=sample.NOW, body=QueueGauges(queues=(first, queues[1]))))
        self.link.receive(GaugeFrame(at=sample.NOW, body=MyDayGauge(day=sample.my_day())))
        self.link.tell(Changed(Connection.CONNECTED, latency_ms=12.0))

    def fact(self, body: object) -> None:
        self.seq += 1
        self.link.receive(FactFrame(seq=self.seq, at=sample.NOW, body=body))  # type: ignore[arg-type]

    def call(self, phase: str, occupation: str, **more: object) -> None:
        from cti_server.wire.server import AgentChanged

        pending = {"pending_ready": False, "pending_reason": "break"} if phase in ("connected", "alerting") else {}
        self.fact(AgentChanged(agent=sample.agent(occupation, call=sample.CALL, **pending)))
        self.fact(CallChanged(call=sample.call(phase, **more)))

    def card(self) -> None:
        for section in sample.card_sections():
            self.link.receive(section)

    def picture(self, path: Path) -> None:
        app = QApplication.instance()
        for _ in range(6):
            app.processEvents()
        self.window.grab().save(str(path))


def draw(folder: Path, language: str, theme: ThemeName) -> None:
    app = QApplication.instance() or QApplication(sys.argv)
    set_language(language)
    install(app, theme)
    name = f"{language}_{theme}"
    with tempfile.TemporaryDirectory() as drafts:
        stage = Stage(Path(drafts))
        stage.window.show()
        stage.picture(folder / f"sign_in_{name}.png")
        stage.sign_in()
        stage.picture(folder / f"idle_{name}.png")
        stage.call("alerting", "alerting")
        stage.card()
        stage.picture(folder / f"incoming_{name}.png")
        stage.call("connected", "connected")
        stage.picture(folder / f"accepted_{name}.png")
        stage.desk.script.open("delivery.delay.redelivery")
        stage.desk.script.answer(1)
        stage.desk.script.answer(1)
        stage.desk.script.fill_field("place", "경비실")
        stage.picture(folder / f"delivery_{name}.png")
        stage.desk.records.show("timeline")
        stage.desk.wrap_up.choose("delivery")
        stage.desk.wrap_up.type_note("11/22 재배송 예정 안내. 경비실 보관 요청.")
        stage.desk.wrap_up.note_replaced.emit()
        stage.picture(folder / f"call_{name}.png")
        stage.call("after_call_work", "after_call_work", after_call_until=sample.NOW + 25_000_000)
        stage.picture(folder / f"wrap_up_{name}.png")
        stage.window.view.show_page("callbacks")
        stage.picture(folder / f"callbacks_{name}.png")
        stage.desk.close()
        stage.window.close()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for language, theme in (("ko", "light"), ("en", "dark")):
        draw(folder, language, theme)


if __name__ == "__main__":
    main()
