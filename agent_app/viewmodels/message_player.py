"""The voice message that is being listened to: fetched from the server piece by piece, played by the phone's process.

Decides what the play button does, and in which words it is said why nothing is heard. Rights are the server's matter;
the sound device is the phone's.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal

from agent_app.i18n import tr
from agent_app.store import Topic
from agent_app.viewmodels.phone import Phone
from agent_app.viewmodels.session import Session, ViewModel
from cti_server.wire.client import LoadMessage
from cti_server.wire.server import CallbackView

IDLE, LOADING, PLAYING, PAUSED, FAILED = "idle", "loading", "playing", "paused", "failed"
SAMPLES_A_MS: Final = 8
SKIP_MS: Final = 5_000
PHONE_WITHIN_US: Final = 8_000_000
"""A phone process that was started for this is there within it, or not at all."""
PROBLEMS: Final = ("in_call", "no_device", "error", "failed")
"""How the phone says that it plays nothing."""


class MessagePlayer(ViewModel):
    """`callback`: whose message is in the player, 0 none; `at_ms`: where it is.

    `phone_missed`: there is no phone process to play it; whoever can shall start one.
    """

    phone_missed = Signal()

    topics = frozenset({Topic.MESSAGE, Topic.CALL, Topic.CONNECTION})

    def __init__(self, session: Session, phone: Phone) -> None:
        super().__init__(session)
        self._phone = phone
        self.callback = 0
        self.length_ms = 0
        self.at_ms = 0
        self.state = IDLE
        self.problem = ""
        self._is_wanted = False
        self._phone_until = 0
        phone.changed.connect(self._on_phone)
        session.tick.connect(self._on_tick)

    # --- what the person does --------------------------------------------------------------------------------------

    def choose(self, view: CallbackView | None) -> None:
        """Another row: what was playing stops."""
        callback = view.callback if view is not None and view.message_ms else 0
        if callback == self.callback:
            return
        if self.state == PLAYING:
            self._phone.stop_sound()
        self.callback, self.length_ms = callback, view.message_ms if view is not None else 0
        self.at_ms, self.state, self.problem, self._is_wanted, self._phone_until = 0, IDLE, "", False, 0
        self.changed.emit()

    def toggle(self) -> None:
        """Play, or pause."""
        if not self.callback:
            return
        if self.state in (PLAYING, LOADING):
            self.pause()
            return
        self._is_wanted, self.problem = True, ""
        if self.store.call is not None:
            self._fail("in_call")
        elif not self._phone.is_attached:
            self._phone_until = self.session.now() + PHONE_WITHIN_US
            self._set(LOADING)
            self.phone_missed.emit()
        else:
            self._go_on()

    def pause(self) -> None:
        self._is_wanted, self._phone_until = False, 0
        if self.state == PLAYING:
            self._phone.stop_sound()
        self._set(PAUSED if self.at_ms else IDLE)

    def seek(self, at_ms: int) -> None:
        self.at_ms = min(max(0, at_ms), self.length_ms)
        if self.state == PLAYING:
            self._phone.play_sound(self.callback, self.at_ms)
        self.changed.emit()

    def skip(self, by_ms: int) -> None:
        if self.callback:
            self.seek(self.at_ms + by_ms)

    def problem_line(self) -> str:
        """Why nothing is heard; empty while all is well."""
        match self.problem:
            case "":
                return ""
            case "in_call":
                return tr("callback.message.in_call")
            case "no_phone":
                return tr("callback.message.no_phone")
            case "no_device" | "error":
                return tr("callback.message.no_device")
            case "not_found":
                return tr("callback.message.not_found")
            case _:
                return tr("callback.message.failed")

    # --- what comes in ---------------------------------------------------------------------------------------------

    def refresh(self, topics: set[Topic]) -> None:
        if Topic.CALL in topics and self.store.call is not None and self.state in (PLAYING, LOADING):
            self.pause()
        if Topic.MESSAGE in topics and self._is_wanted and not self._phone_until:
            self._go_on()
        if Topic.CONNECTION in topics and self.state == LOADING and not self.session.is_connected:
            self._fail("unavailable")

    def _go_on(self) -> None:
        """Give the phone what is there, ask for what is not, and play when all is there."""
        sound = self.store.message
        if sound is None or sound.callback != self.callback:
            self._ask(0)
        elif sound.code:
            self.store.message = None
            self._fail(sound.code)
        elif not sound.is_whole:
            self._ask(len(sound.data))
        else:
            self._phone.load_sound(self.callback, sound.law, bytes(sound.data))
            self.length_ms = sound.total // SAMPLES_A_MS
            self._phone.play_sound(self.callback, 0 if self.at_ms >= self.length_ms else self.at_ms)
            self._set(PLAYING)

    def _ask(self, start: int) -> None:
        if not self.session.is_connected:
            self._fail("unavailable")
            return
        self._set(LOADING)
        self.session.ask(LoadMessage(callback=self.callback, start=start))

    def _on_phone(self) -> None:
        """Where the phone is in it, or how it ended."""
        status = self._phone.status
        if self._phone_until and status is not None:
            self._phone_until = 0
            if self._is_wanted:
                self._go_on()
        if self.state != PLAYING:
            return
        if status is None:
            self._fail("no_phone")
        elif status.sound is not None and status.sound.sound == self.callback:
            self._heard(status.sound.state, status.sound.at_ms)

    def _on_tick(self) -> None:
        if self._phone_until and self.session.now() > self._phone_until:
            self._phone_until = 0
            if self._is_wanted:
                self._fail("no_phone")

    def _heard(self, state: str, at_ms: int) -> None:
        if state in PROBLEMS:
            self._fail(state)
            return
        self.at_ms = at_ms
        if state == "ended":
            self.at_ms, self._is_wanted = 0, False
            self._set(IDLE)
        elif state == "stopped":
            self._set(PAUSED)
        else:
            self.changed.emit()

    def _fail(self, problem: str) -> None:
        self.problem, self._is_wanted = problem, False
        self._set(FAILED)

    def _set(self, state: str) -> None:
        self.state = state
        self.changed.emit()
