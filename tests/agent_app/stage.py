"""A desktop fed by hand: a link that answers at once from the sample data, and hands to feed it further."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from agent_app.link.client import Changed, LinkEvent, Received, Target
from agent_app.settings import Settings
from agent_app.softphone.messages import PhoneCall, PhoneStatus, WindowMessage
from agent_app.store import Connection
from agent_app.viewmodels.desk import Desk
from agent_app.viewmodels.phone import Phone
from agent_app.viewmodels.session import Session
from agent_app.views.desk_view import DeskView
from agent_app.views.main_window import MainWindow
from cti_server.wire.client import AskFrame, Body, ClientFrame, CommandFrame, LoadPicture, LoadView, PastAsk
from cti_server.wire.server import (
    AgentChanged,
    AnswerFrame,
    CallChanged,
    FactBody,
    FactFrame,
    GaugeFrame,
    MyDayGauge,
    PictureLoaded,
    QueueGauges,
    ReplyFrame,
    ServerFrame,
)
from tests.agent_app import past, sample


def drop(window: QWidget) -> None:
    """Really gone when this returns: left-over windows would be styled again in each test that follows."""
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


class SampleLink(QObject):
    """Answers at once, from the sample data; keeps what was sent."""

    happened = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[ClientFrame] = []
        self.refuse: dict[type[Body], str] = {}
        self.is_silent = False

    def open(self, target: Target) -> None:
        self.tell(Changed(Connection.CONNECTED, latency_ms=12.0))

    def close(self) -> None:
        pass

    def send(self, frame: ClientFrame) -> None:
        self.sent.append(frame)
        if self.is_silent:
            return
        if isinstance(frame, AskFrame) and isinstance(frame.body, LoadPicture):
            name = frame.body.picture
            self.receive(AnswerFrame(to=frame.id, body=PictureLoaded(picture=name, png=sample.picture(name))))
        elif isinstance(frame, AskFrame) and isinstance(frame.body, LoadView):
            self.receive(AnswerFrame(to=frame.id, body=sample.view(frame.body.view, frame.body.customer)))
        elif isinstance(frame, AskFrame) and isinstance(frame.body, PastAsk):
            code = self.refuse.get(type(frame.body), "")
            body = None if code else past.answer(frame.body)
            self.receive(AnswerFrame(to=frame.id, body=body, code=code))
        elif isinstance(frame, CommandFrame):
            code = self.refuse.get(type(frame.body), "")
            self.receive(ReplyFrame(to=frame.id, ok=not code, code=code))

    def commands(self, kind: type[Body]) -> list[CommandFrame]:
        """What was sent of one kind, in order."""
        return [frame for frame in self.sent if isinstance(frame, CommandFrame) and isinstance(frame.body, kind)]

    def asks(self, kind: type[Body]) -> list[AskFrame]:
        return [frame for frame in self.sent if isinstance(frame, AskFrame) and isinstance(frame.body, kind)]

    def tell(self, event: LinkEvent) -> None:
        self.happened.emit(event)

    def receive(self, frame: ServerFrame) -> None:
        self.tell(Received(frame))


class HandPhone(Phone):
    """A softphone without its process: says what the test says, keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self._retry.stop()
        self.orders: list[WindowMessage] = []
        self.report()

    def report(self, state: str = "", *, call: int = sample.CALL, muted: bool = False) -> None:
        shown = PhoneCall(state=state, call=call, has_media=state == "established") if state else None
        self.status = PhoneStatus(registration="registered", audio="ok", call=shown, muted=muted)
        self.changed.emit()

    def _send(self, message: WindowMessage) -> None:
        self.orders.append(message)


class Stage:
    """A window, its view-models, and hands to feed them."""

    def __init__(self, folder: Path) -> None:
        self.link = SampleLink()
        self.now = 5_000_000
        self.phone = HandPhone()
        self.session = Session(self.link, clock=lambda: self.now)
        self.desk = Desk(self.session, self.phone, folder)
        self.window = MainWindow(self.desk, Settings(window=[1440, 900]))
        self.seq = 0

    @property
    def view(self) -> DeskView:
        assert self.window.view is not None
        return self.window.view

    def sign_in(self) -> None:
        self.session.sign_in(Target(url="ws://sample", user="lee", password="x"))
        self.link.receive(sample.welcome())
        self.link.receive(sample.snapshot(callbacks=sample.callbacks()))
        for share in (0.83, 0.82, 0.84, 0.8, 0.81, 0.79, 0.82, 0.8, 0.77, 0.78, 0.75, 0.76):
            self.link.receive(GaugeFrame(at=sample.NOW, body=QueueGauges(queues=sample.queues(share))))
        self.link.receive(GaugeFrame(at=sample.NOW, body=MyDayGauge(day=sample.my_day())))
        self.link.tell(Changed(Connection.CONNECTED, latency_ms=12.0))

    def fact(self, body: FactBody) -> None:
        self.seq += 1
        self.link.receive(FactFrame(seq=self.seq, at=sample.NOW, body=body))

    def call(self, phase: str, occupation: str, *, pending: str = "", **more: object) -> None:
        """The agent and the call, as the server would tell both."""
        later = {"pending_ready": False, "pending_reason": pending} if pending else {}
        self.fact(AgentChanged(agent=sample.agent(occupation, call=sample.CALL, **later)))
        self.fact(CallChanged(call=sample.call(phase, **more)))

    def ring(self) -> None:
        """As it goes: reserved, the card, and only then the ring."""
        self.call("reserved", "reserved")
        self.card()
        self.call("alerting", "alerting")
        self.phone.report("ringing")

    def answer(self) -> None:
        self.phone.report("established")
        self.call("connected", "connected")

    def card(self, call: int = sample.CALL, customer: str = sample.CUSTOMER) -> None:
        for section in sample.card_sections(call, customer):
            self.link.receive(section)

    def settle(self) -> None:
        for _ in range(6):
            QApplication.processEvents()

    def picture(self, path: Path) -> None:
        self.settle()
        self.window.grab().save(str(path))

    def close(self) -> None:
        self.desk.close()
        self.window.close()
        drop(self.window)
