"""Notes and disposition of the call: chosen during it, kept on disk at once, confirmed by the server, never lost.

Decides when something is sent, sent again, and when the call may be completed. A time-out of after-call work saves the
notes; the server writes AUTO_TIMEOUT. What was typed for a call that is gone is still sent, with the same ids.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer, Signal

from agent_app.drafts import Draft, Drafts
from agent_app.i18n import words
from agent_app.store import Topic
from agent_app.viewmodels.caller import caller_of
from agent_app.viewmodels.session import Session, ViewModel
from agent_app.viewmodels.situations import Situation, situation
from cti_server.wire.client import CompleteAfterCallWork, DisposeCall, TakeNote
from cti_server.wire.server import CallView, Code, ReplyFrame

SEND_AFTER_MS = 800
KEEP_AFTER_MS = 150
RETRY_MS = 5_000
RETRY_CODES = frozenset({"store_unavailable", "overloaded", "unavailable", "too_many_requests"})
NOTE_CHARACTERS_MAX = 8_000


class WrapUp(ViewModel):
    """`note_replaced` when the text must be taken over by the editor (another call, or notes that came back)."""

    note_replaced = Signal()
    saved_changed = Signal()
    ticked = Signal()
    entered = Signal()
    topics = frozenset({Topic.CALL, Topic.AGENT, Topic.SESSION})

    def __init__(self, session: Session, folder: Path) -> None:
        super().__init__(session)
        self._folder = folder
        self._drafts: Drafts | None = None
        self.draft: Draft | None = None
        self.note = ""
        self._is_dirty = False
        self._is_wrap_up = False
        self._keep = self._timer(KEEP_AFTER_MS, self._keep_now)
        self._send = self._timer(SEND_AFTER_MS, self._send_note)
        self._retry = self._timer(RETRY_MS, self._send_again)
        session.welcomed.connect(self._on_welcome)
        session.resynced.connect(self._send_again)
        session.replied.connect(self._on_reply)
        session.tick.connect(self.ticked)

    def _timer(self, ms: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(ms)
        timer.timeout.connect(slot)
        return timer

    # --- reading ---------------------------------------------------------------------------------------------------

    @property
    def call(self) -> CallView | None:
        return self.store.call

    @property
    def is_wrap_up(self) -> bool:
        return self.call is not None and situation(self.store.agent, self.call) is Situation.WRAP_UP

    @property
    def can_write(self) -> bool:
        return self.call is not None and situation(self.store.agent, self.call) not in (
            Situation.RESERVED,
            Situation.RINGING,
        )

    def choices(self) -> tuple[Code, ...]:
        return self.session.codes("dispositions")

    def subchoices(self) -> tuple[Code, ...]:
        return next((code.subcodes for code in self.choices() if code.code == self.code), ())

    @property
    def code(self) -> str:
        return self.draft.code if self.draft else ""

    @property
    def subcode(self) -> str:
        return self.draft.subcode if self.draft else ""

    @property
    def is_chosen(self) -> bool:
        """Complete may be pressed: a code, and a subcode where that code has any."""
        return bool(self.code) and (not self.subchoices() or bool(self.subcode))

    @property
    def is_saved(self) -> bool:
        """The server confirmed what is on the screen."""
        return not self._is_dirty and (self.draft is None or self.draft.is_settled)

    @property
    def is_on_disk(self) -> bool:
        return not self._keep.isActive()

    @property
    def is_completing(self) -> bool:
        return self.store.is_outstanding(CompleteAfterCallWork)

    def left_s(self) -> float | None:
        call = self.call
        if call is None or call.after_call_until is None:
            return None
        return max(0.0, (call.after_call_until - self.session.now()) / 1e6)

    # --- acting ----------------------------------------------------------------------------------------------------

    def type_note(self, text: str) -> None:
        """Each keystroke ends here; the disk follows in a moment, the server a little later."""
        if self.draft is None or text == self.note:
            return
        self.note = text[:NOTE_CHARACTERS_MAX]
        self._is_dirty = True
        if not self._keep.isActive():
            self._keep.start()
        self._send.start()
        self.saved_changed.emit()

    def choose(self, code: str) -> None:
        """A code; choosing another drops the subcode. Sent at once where no subcode is asked."""
        if self.draft is None or code == self.draft.code:
            return
        self.draft.code, self.draft.subcode = code, ""
        self._dispose()

    def choose_sub(self, subcode: str) -> None:
        if self.draft is not None and self.draft.code:
            self.draft.subcode = subcode
            self._dispose()

    def choose_number(self, number: int) -> None:
        """Ctrl+1…9: first level, then, once a code with subcodes is chosen, the second."""
        subchoices = self.subchoices()
        if subchoices and not self.subcode:
            if number <= len(subchoices):
                self.choose_sub(subchoices[number - 1].code)
        elif number <= len(self.choices()):
            self.choose(self.choices()[number - 1].code)

    def complete(self) -> bool:
        """In after-call work, with a disposition. Notes go first, then the disposition, then this."""
        if not self.is_wrap_up or not self.is_chosen or self.draft is None or self.is_completing:
            return False
        self._send_note()
        self.draft.complete_command = self.session.new_id()
        self._keep_now()
        self.session.do(CompleteAfterCallWork(call=self.draft.call), command_id=self.draft.complete_command)
        self.changed.emit()
        return True

    def code_word(self, code: str) -> str:
        return next((words(choice.title, code) for choice in self.choices() if choice.code == code), code)

    def flush(self) -> None:
        """The window closes: on the disk before it does."""
        if self._is_dirty or self._keep.isActive():
            self._keep_now()

    # --- keeping and sending ---------------------------------------------------------------------------------------

    def _dispose(self) -> None:
        if self.draft is None:
            return
        if self.is_chosen:
            self.draft.disposition_command = self.session.new_id()
        self._keep_now()
        if self.is_chosen:
            self._send_disposition(self.draft)
        self.changed.emit()
        self.saved_changed.emit()

    def _keep_now(self) -> None:
        self._keep.stop()
        if self.draft is None or self._drafts is None:
            return
        if self.note != self.draft.note:
            self.draft.note = self.note
            self.draft.note_revision += 1
            self.draft.note_command = self.session.new_id()
        self._drafts.keep(self.draft)
        self.saved_changed.emit()

    def _send_note(self) -> None:
        self._send.stop()
        self._keep_now()
        if self.draft is not None and self.draft.note_command:
            self._is_dirty = False
            self._send_note_of(self.draft)
            self.saved_changed.emit()

    def _send_note_of(self, draft: Draft) -> None:
        if draft.note_command and draft.note_command not in self.store.commands:
            body = TakeNote(call=draft.call, text=draft.note, revision=draft.note_revision)
            self.session.do(body, command_id=draft.note_command)

    def _send_disposition(self, draft: Draft) -> None:
        if draft.disposition_command and draft.disposition_command not in self.store.commands:
            body = DisposeCall(call=draft.call, code=draft.code, subcode=draft.subcode)
            self.session.do(body, command_id=draft.disposition_command)

    def _send_again(self) -> None:
        """After a restart of the window, or when the store was not available: same ids, so nothing is done twice."""
        for draft in self._drafts.unsettled() if self._drafts else []:
            self._send_note_of(draft)
            self._send_disposition(draft)
            if draft.complete_command and draft.complete_command not in self.store.commands:
                self.session.do(CompleteAfterCallWork(call=draft.call), command_id=draft.complete_command)

    # --- hearing ---------------------------------------------------------------------------------------------------

    def _on_welcome(self) -> None:
        if self._drafts is None:
            self._drafts = Drafts(self._folder, server=self.session.server_url, user=self.session.user)

    def refresh(self, topics: set[Topic]) -> None:
        if Topic.CALL in topics:
            self._on_call()
        was, self._is_wrap_up = self._is_wrap_up, self.is_wrap_up
        self.changed.emit()
        if self._is_wrap_up and not was:
            self.entered.emit()

    def _on_call(self) -> None:
        call = self.store.call
        if call is None or (self.draft is not None and self.draft.call == call.call):
            if call is None and self.draft is not None:
                self._leave()
            return
        self._leave()
        held = self._drafts.of(call.call) if self._drafts else None
        self.draft = held or Draft(call=call.call)
        if held is None or call.note_revision > held.note_revision:
            self.draft.note, self.draft.note_revision = call.note, call.note_revision
        if not self.draft.code:
            self.draft.code, self.draft.subcode = call.disposition, call.subdisposition
        self.draft.who = caller_of(self.store, call, None).name
        self.note = self.draft.note
        self.note_replaced.emit()

    def _leave(self) -> None:
        """The call is gone: what was typed goes out, and the fields are empty for the next one."""
        if self.draft is None:
            return
        if self._is_dirty or self._keep.isActive():
            self._send_note()
        self.draft, self.note, self._is_dirty = None, "", False
        self.note_replaced.emit()

    def _on_reply(self, body: object, reply: ReplyFrame) -> None:
        if isinstance(body, TakeNote | DisposeCall | CompleteAfterCallWork):
            self._settle(body, reply)

    def _settle(self, body: TakeNote | DisposeCall | CompleteAfterCallWork, reply: ReplyFrame) -> None:
        draft = self.draft if self.draft and self.draft.call == body.call else None
        draft = draft or (self._drafts.of(body.call) if self._drafts else None)
        if draft is None:
            return
        if not reply.ok and reply.code in RETRY_CODES:
            self._retry.start()
            return
        if reply.to == draft.note_command:
            draft.note_command = ""
        if reply.to == draft.disposition_command:
            draft.disposition_command = ""
        if reply.to == draft.complete_command:
            draft.complete_command = ""
        if self._drafts is not None:
            self._drafts.keep(draft)
        self.saved_changed.emit()
