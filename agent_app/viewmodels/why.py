"""Why did this call come to me, or not? One call's explanation: asked for, read, said, copied.

Decides which call is explained and in which condition the page is; the sentences are made in `i18n/explanations.py`.
"""

from __future__ import annotations

from PySide6.QtCore import Signal

from agent_app.i18n import tr, tr_or
from agent_app.i18n.explanations import Section, Words
from agent_app.store import Topic
from agent_app.viewmodels.agent_words import reason_word
from agent_app.viewmodels.caller import queue_word
from agent_app.viewmodels.session import Session, ViewModel
from cti_server.wire.client import ExplainCall
from cti_server.wire.explained import CallExplained


def desk_words(session: Session) -> Words:
    """Queues and reasons by this centre's own titles."""
    return Words(
        queue=lambda code: queue_word(session.store, code),
        reason=lambda code: reason_word(session.codes("not_ready_reasons"), code),
    )


def refusal_word(code: str) -> str:
    return tr_or(f"refusal.{code}", tr("refusal.unknown", code=code))


class Why(ViewModel):
    """`asked` when somebody wants to see it."""

    asked = Signal()
    topics = frozenset({Topic.PAST})

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.call: int | None = None

    def ask(self, call: int) -> None:
        self.call = call
        self.reload()
        self.asked.emit()

    def reload(self) -> None:
        if self.call is not None:
            ask = ExplainCall(call=self.call)
            if not self.store.is_asked(ask):
                self.session.ask(ask)
            self.changed.emit()

    @property
    def is_loading(self) -> bool:
        return self.call is not None and self.store.is_asked(ExplainCall(call=self.call))

    def failure(self) -> str:
        """Why there is nothing to read; empty: there is, or it is still coming."""
        told = self._told()
        if not isinstance(told, str) or self.is_loading:
            return ""
        return tr("why.not_found") if told == "not_found" else refusal_word(told)

    def title(self) -> str:
        return tr("why.title", call=self.call) if self.call is not None else ""

    def sections(self) -> list[Section]:
        told = self._told()
        return list(desk_words(self.session).of_call(told)) if isinstance(told, CallExplained) else []

    def text(self) -> str:
        """For copying and printing."""
        lines = [self.title()]
        for section in self.sections():
            lines += ["", section.title] if section.title else [""]
            lines += [line.text for line in section.lines]
        return "\n".join(lines) + "\n"

    def _told(self) -> object:
        return None if self.call is None else self.store.told.get(ExplainCall(call=self.call))
