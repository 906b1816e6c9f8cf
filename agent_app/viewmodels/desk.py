"""All view-models of one session, wired once: who reads whom is written here and nowhere else."""

from __future__ import annotations

from pathlib import Path

from agent_app.viewmodels.callbacks import Callbacks
from agent_app.viewmodels.card import CardModel
from agent_app.viewmodels.connection import ConnectionModel
from agent_app.viewmodels.dialling import Dialling
from agent_app.viewmodels.fairness import Fairness
from agent_app.viewmodels.incoming import Incoming
from agent_app.viewmodels.message_player import MessagePlayer
from agent_app.viewmodels.notices import Notices
from agent_app.viewmodels.phone import Phone
from agent_app.viewmodels.queue_strip import QueueStrip
from agent_app.viewmodels.records import RecordViews
from agent_app.viewmodels.script import ScriptModel
from agent_app.viewmodels.session import Session
from agent_app.viewmodels.state_bar import StateBar
from agent_app.viewmodels.subject import Subject
from agent_app.viewmodels.timeline import TimelineViewModel
from agent_app.viewmodels.why import Why
from agent_app.viewmodels.wrap_up import WrapUp
from cti_server.wire.client import LogOff
from cti_server.wire.server import ReplyFrame, TimelineRow


class Desk:
    """The order of construction is the order in which they hear of news: the subject first, so that the previous
    customer is gone before anything else looks."""

    def __init__(self, session: Session, phone: Phone, folder: Path, *, sound: Phone | None = None) -> None:
        """``sound``: what plays messages where the phone is a hard one."""
        self.session, self.phone, self.sound = session, phone, sound or phone
        self.subject = Subject(session)
        self.card = CardModel(self.subject)
        self.connection = ConnectionModel(session)
        self.notices = Notices(session)
        self.state_bar = StateBar(session, phone)
        self.incoming = Incoming(session, phone)
        self.queue_strip = QueueStrip(session)
        self.timeline = TimelineViewModel(self.subject)
        self.records = RecordViews(self.subject)
        self.script = ScriptModel(self.subject, self.records)
        self.wrap_up = WrapUp(session, folder)
        self.callbacks = Callbacks(session)
        self.message = MessagePlayer(session, self.sound)
        self.dialling = Dialling(session, self.notices)
        self.why = Why(session)
        self.fairness = Fairness(session)
        self.timeline.explained.connect(self.why.ask)
        self.timeline.opened.connect(self._on_timeline_row)
        session.signed_in.connect(self._on_signed_in)
        session.replied.connect(self._on_reply)
        self.state_bar.tested.connect(self._on_tested)

    def _on_signed_in(self) -> None:
        welcome = self.session.store.welcome
        self.phone.configure(welcome.phone if welcome else None)

    def _on_reply(self, body: object, reply: ReplyFrame) -> None:
        if isinstance(body, LogOff) and reply.ok:
            self.phone.unregister()
            self.session.leave()

    def _on_tested(self, text: str, is_good: bool) -> None:
        self.notices.say(text, "ready" if is_good else "warning")

    def _on_timeline_row(self, row: TimelineRow) -> None:
        if self.records.has(row.view):
            self.records.show(row.view, reference=row.reference)

    def close(self) -> None:
        self.wrap_up.flush()
        self.session.close()
