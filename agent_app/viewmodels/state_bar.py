"""The state bar: who I am, my state and its timer, the change that waits, the call buttons that are valid now.

Decides labels, tones and what each button does; the table of valid buttons is in situations.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal

from agent_app.i18n import formats, tr, words
from agent_app.store import Topic
from agent_app.viewmodels.agent_words import phone_line, reason_word, why_not_ready
from agent_app.viewmodels.phone import Phone
from agent_app.viewmodels.session import Session, ViewModel
from agent_app.viewmodels.situations import SPECS, VALID, Action, ButtonSpec, Situation, situation
from cti_server.wire.client import (
    CancelPendingMode,
    DeclineCall,
    EndCall,
    ExtendAfterCallWork,
    HoldCall,
    MuteCall,
    PauseRecording,
    ResumeRecording,
    RetrieveCall,
    SendDigits,
    SetNotReady,
    SetReady,
)

END_THROTTLE_US = 1_500_000
WRAP_UP_WARNING_S = 10


@dataclass(frozen=True, slots=True)
class StateView:
    """The pill: word, icon, tone of tokens.py, and the timer's text."""

    label: str
    icon: str
    tone: str
    timer: str


@dataclass(frozen=True, slots=True)
class ButtonView:
    spec: ButtonSpec
    label: str
    icon: str
    is_enabled: bool
    is_requested: bool


class StateBar(ViewModel):
    """`asked` carries an action that needs a window first: dial, redial, callbacks, keypad, decline reasons."""

    asked = Signal(str)
    tested = Signal(str, bool)
    ticked = Signal()
    topics = frozenset({Topic.AGENT, Topic.CALL, Topic.CARD, Topic.SESSION, Topic.REPLY, Topic.CONNECTION})

    def __init__(self, session: Session, phone: Phone) -> None:
        super().__init__(session)
        self.phone = phone
        self._ended_at = -END_THROTTLE_US
        self._audio_test = ""
        phone.changed.connect(self._on_phone)
        session.tick.connect(self.ticked)

    # --- reading ---------------------------------------------------------------------------------------------------

    @property
    def situation(self) -> Situation:
        return situation(self.store.agent, self.store.call)

    @property
    def name(self) -> str:
        return self.store.welcome.me.name if self.store.welcome else formats.UNKNOWN

    @property
    def extension(self) -> str:
        return self.store.welcome.me.extension if self.store.welcome else ""

    @property
    def group(self) -> str:
        return self.store.welcome.me.group if self.store.welcome else ""

    def state(self) -> StateView:
        agent, call = self.store.agent, self.store.call
        if agent is None:
            return StateView(formats.UNKNOWN, "circle-minus", "neutral", "")
        now = self.session.now()
        elapsed = formats.duration((now - agent.since) / 1e6)
        match self.situation:
            case Situation.RESERVED | Situation.RINGING if call is not None:
                return StateView(tr("state.ringing"), "bell-ring", "accent", formats.duration((now - call.since) / 1e6))
            case Situation.DIALLING if call is not None:
                timer = formats.duration((now - call.since) / 1e6)
                return StateView(tr("state.dialling"), "phone-outgoing", "accent", timer)
            case Situation.ON_CALL if call is not None:
                start = call.established_at or call.since
                return StateView(tr("state.on_call"), "phone-call", "accent", formats.duration((now - start) / 1e6))
            case Situation.HELD if call is not None:
                start = call.held_since or call.since
                return StateView(tr("state.held"), "pause", "warning", formats.duration((now - start) / 1e6))
            case Situation.WRAP_UP:
                left = self.wrap_up_left_s()
                timer = elapsed if left is None else formats.duration(left + 0.999)
                return StateView(tr("state.wrap_up"), "pencil", "after_call", timer)
            case _ if agent.mode == "ready":
                return StateView(tr("state.ready"), "circle-check", "ready", elapsed)
            case _ if agent.mode == "not_ready":
                word = f"{tr('state.not_ready')} · {self.reason_word(agent.reason)}"
                return StateView(word, "circle-minus", "warning", elapsed)
            case _:
                return StateView(tr("state.logged_off"), "log-out", "neutral", "")

    def wrap_up_left_s(self) -> float | None:
        call = self.store.call
        if call is None or call.after_call_until is None:
            return None
        return max(0.0, (call.after_call_until - self.session.now()) / 1e6)

    def pending(self) -> str:
        """The change that waits for the end of this call, in words; empty if there is none."""
        agent = self.store.agent
        if agent is None or agent.pending_ready is None:
            return ""
        word = tr("state.ready") if agent.pending_ready else self.reason_word(agent.pending_reason)
        return tr("state.next", state=word)

    def reason_word(self, code: str) -> str:
        return reason_word(self.session.codes("not_ready_reasons"), code)

    def reasons(self) -> list[tuple[str, str]]:
        """The reasons that an agent may choose: (code, word)."""
        return [(reason.code, words(reason.title, reason.code)) for reason in self.session.codes("not_ready_reasons")]

    def decline_reasons(self) -> list[tuple[str, str]]:
        return [(reason.code, words(reason.title, reason.code)) for reason in self.session.codes("decline_reasons")]

    def buttons(self) -> list[ButtonView]:
        return [self._button(action) for action in VALID[self.situation] if self._is_offered(action)]

    def _is_offered(self, action: Action) -> bool:
        call = self.store.call
        match action:
            case Action.DIAL | Action.REDIAL | Action.CALLBACKS:
                return self.store.welcome is not None and self.store.welcome.me.may_dial
            case Action.PAUSE_RECORDING:
                return call is not None and call.recording in ("recording", "paused", "starting")
            case Action.EXTEND:
                return call is not None and call.extensions_left > 0
            case _:
                return True

    def _button(self, action: Action) -> ButtonView:
        spec, call = SPECS[action], self.store.call
        label, icon, enabled = tr(spec.label), spec.icon, True
        if action is Action.MUTE and self.is_muted:
            label, icon = tr("action.unmute"), "mic"
        if action is Action.PAUSE_RECORDING and call is not None:
            enabled = not call.recording_paused_by_script
            if call.recording == "paused":
                label, icon = tr("action.resume_recording"), "circle-stop"
        if action in (Action.MUTE, Action.HOLD) and call is not None:
            enabled = self.phone.is_talking(call.call)
        if not self.session.is_connected and not self._is_local(action):
            enabled = False
        return ButtonView(spec, label, icon, enabled, self._is_requested(action))

    def _is_local(self, action: Action) -> bool:
        """The desktop's own phone does it, also while the server cannot be reached."""
        by_phone = action in (Action.MUTE, Action.END, Action.CANCEL) and not self.phone.is_hard_phone
        return by_phone or action is Action.CALLBACKS

    @property
    def is_muted(self) -> bool:
        call = self.store.call
        return call is not None and (call.muted if self.phone.is_hard_phone else self.phone.is_muted)

    def _is_requested(self, action: Action) -> bool:
        """Asked for and not confirmed yet: the server owns state."""
        asked = {
            Action.HOLD: HoldCall,
            Action.RETRIEVE: RetrieveCall,
            Action.END: EndCall,
            Action.CANCEL: EndCall,
            Action.DECLINE: DeclineCall,
            Action.EXTEND: ExtendAfterCallWork,
        }.get(action)
        return asked is not None and self.store.is_outstanding(asked)

    def why_not_ready(self) -> str:
        """The reason that blocks Ready; empty when nothing does."""
        return why_not_ready(self.phone)

    def phone_line(self) -> tuple[str, str]:
        return phone_line(self.phone, self.store.agent)

    def _on_phone(self) -> None:
        """The result of a sound test is news; everything else is a picture."""
        test = self.phone.status.audio_test if self.phone.status else ""
        if test != self._audio_test:
            self._audio_test = test
            if test and test != "running":
                words_of = {"ok": tr("phone.test_ok"), "no_device": tr("phone.no_device")}
                self.tested.emit(words_of.get(test, tr("phone.audio_error")), test == "ok")
        self.changed.emit()

    # --- acting ----------------------------------------------------------------------------------------------------

    def ready(self) -> None:
        self.session.do(SetReady())
        self.changed.emit()

    def not_ready(self, reason: str) -> None:
        self.session.do(SetNotReady(reason=reason))
        self.changed.emit()

    def cancel_pending(self) -> None:
        self.session.do(CancelPendingMode())

    def sign_out(self) -> None:
        """The phone is signed off once the server agreed: in a call it refuses."""
        self.session.sign_out()

    def press(self, action: Action) -> None:
        """One button. What is not valid now does nothing: a shortcut must not surprise."""
        if action not in VALID[self.situation] or not self._button(action).is_enabled:
            return
        match action:
            case Action.MUTE:
                self.toggle_mute()
            case Action.HOLD | Action.RETRIEVE | Action.PAUSE_RECORDING | Action.EXTEND | Action.END | Action.CANCEL:
                self._command(action)
            case _:
                self.asked.emit(action.value)
        self.changed.emit()

    def _command(self, action: Action) -> None:
        call = self.store.call
        if call is None or self._is_requested(action):
            return
        match action:
            case Action.HOLD:
                self.session.do(HoldCall(call=call.call))
            case Action.RETRIEVE:
                self.session.do(RetrieveCall(call=call.call))
            case Action.EXTEND:
                self.session.do(ExtendAfterCallWork(call=call.call))
            case Action.PAUSE_RECORDING if not call.recording_paused_by_script:
                paused = call.recording == "paused"
                self.session.do(ResumeRecording(call=call.call) if paused else PauseRecording(call=call.call))
            case Action.END | Action.CANCEL:
                self._end(call.call)
            case _:
                pass

    def _end(self, call: int) -> None:
        """Throttled, so that a second press meant for the first call cannot end the next one."""
        now = self.session.now()
        if now - self._ended_at < END_THROTTLE_US:
            return
        self._ended_at = now
        if self.session.is_connected or self.phone.is_hard_phone:
            self.session.do(EndCall(call=call))
        else:
            self.phone.hang_up()

    def toggle_hold(self) -> None:
        self.press(Action.RETRIEVE if self.situation is Situation.HELD else Action.HOLD)

    def toggle_mute(self) -> None:
        call = self.store.call
        if call is None or self.situation is not Situation.ON_CALL:
            return
        if self.phone.is_hard_phone:
            self.session.do(MuteCall(call=call.call, muted=not call.muted))
        else:
            self.phone.mute(not self.phone.is_muted)

    def press_digit(self, digit: str) -> None:
        if self.store.call is not None:
            self.session.do(SendDigits(call=self.store.call.call, digits=digit))
