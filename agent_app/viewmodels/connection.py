"""The connection in words: connected with its delay, reconnecting with the time of the last news, offline."""

from __future__ import annotations

from PySide6.QtCore import Signal

from agent_app.i18n import formats, tr
from agent_app.store import Connection, Topic
from agent_app.viewmodels.session import Session, ViewModel


class ConnectionModel(ViewModel):
    """`banner()` is empty while all is well; it never blocks the window."""

    ticked = Signal()
    topics = frozenset({Topic.CONNECTION, Topic.SESSION})

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        session.tick.connect(self.ticked)

    @property
    def is_connected(self) -> bool:
        return self.store.connection is Connection.CONNECTED

    def line(self) -> str:
        """For the corner of the queue strip."""
        match self.store.connection:
            case Connection.CONNECTED if self.store.latency_ms is not None:
                return tr("connection.connected_ms", ms=max(1, round(self.store.latency_ms)))
            case Connection.CONNECTED:
                return tr("connection.connected")
            case Connection.RECONNECTING:
                return tr("connection.reconnecting")
            case Connection.CONNECTING:
                return tr("connection.connecting")
            case Connection.OFFLINE:
                return tr("connection.offline")

    def banner(self) -> str:
        if self.store.welcome is None or self.is_connected:
            return ""
        last = formats.time_of_day(self.store.heard_at)
        if self.store.connection is Connection.OFFLINE:
            return tr("connection.banner_offline", time=last)
        return tr("connection.banner_reconnecting", time=last)
