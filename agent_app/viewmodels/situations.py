"""Which buttons are valid now: one table from the situation of agent and call to actions. Pure.

Decides what can be pressed; does not know what pressing does (state_bar.py) nor how it looks (views).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from cti_server.wire.server import AgentView, CallView


class Situation(StrEnum):
    SIGNED_OUT = "signed_out"
    IDLE = "idle"
    RESERVED = "reserved"
    RINGING = "ringing"
    DIALLING = "dialling"
    ON_CALL = "on_call"
    HELD = "held"
    WRAP_UP = "wrap_up"


class Action(StrEnum):
    DIAL = "dial"
    REDIAL = "redial"
    CALLBACKS = "callbacks"
    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    MUTE = "mute"
    HOLD = "hold"
    RETRIEVE = "retrieve"
    KEYPAD = "keypad"
    PAUSE_RECORDING = "pause_recording"
    END = "end"
    CALLBACK = "callback"
    EXTEND = "extend"
    COMPLETE = "complete"


Kind = Literal["plain", "filled", "accept", "danger"]


@dataclass(frozen=True, slots=True)
class ButtonSpec:
    """`keys`: the shortcut, in Qt's portable writing; `label` and `icon` of the normal condition."""

    action: Action
    label: str
    icon: str
    kind: Kind = "plain"
    keys: str = ""


SPECS: Final[dict[Action, ButtonSpec]] = {
    spec.action: spec
    for spec in (
        ButtonSpec(Action.DIAL, "action.dial", "phone-outgoing", keys="Ctrl+D"),
        ButtonSpec(Action.REDIAL, "action.redial", "rotate-ccw"),
        ButtonSpec(Action.CALLBACKS, "action.callbacks", "calendar-clock"),
        ButtonSpec(Action.ACCEPT, "action.accept", "phone", kind="accept", keys="Ctrl+Shift+A"),
        ButtonSpec(Action.DECLINE, "action.decline", "phone-off", keys="Ctrl+Shift+R"),
        ButtonSpec(Action.CANCEL, "action.cancel_call", "phone-off", kind="danger", keys="Ctrl+Shift+E"),
        ButtonSpec(Action.MUTE, "action.mute", "mic-off", keys="Ctrl+Shift+M"),
        ButtonSpec(Action.HOLD, "action.hold", "pause", keys="Ctrl+Shift+H"),
        ButtonSpec(Action.RETRIEVE, "action.retrieve", "play", kind="filled", keys="Ctrl+Shift+H"),
        ButtonSpec(Action.KEYPAD, "action.keypad", "grid-3x3", keys="Ctrl+Shift+K"),
        ButtonSpec(Action.PAUSE_RECORDING, "action.pause_recording", "circle-dot", keys="Ctrl+Shift+P"),
        ButtonSpec(Action.END, "action.end", "phone-off", kind="danger", keys="Ctrl+Shift+E"),
        ButtonSpec(Action.CALLBACK, "action.callback", "calendar-clock"),
        ButtonSpec(Action.EXTEND, "action.extend", "timer"),
        ButtonSpec(Action.COMPLETE, "action.complete", "check", kind="filled", keys="Ctrl+Return"),
    )
}

VALID: Final[dict[Situation, tuple[Action, ...]]] = {
    Situation.SIGNED_OUT: (),
    Situation.IDLE: (Action.DIAL, Action.REDIAL, Action.CALLBACKS),
    Situation.RESERVED: (),
    Situation.RINGING: (),
    Situation.DIALLING: (Action.KEYPAD, Action.CANCEL),
    Situation.ON_CALL: (Action.MUTE, Action.HOLD, Action.KEYPAD, Action.PAUSE_RECORDING, Action.END),
    Situation.HELD: (Action.RETRIEVE, Action.PAUSE_RECORDING, Action.END),
    Situation.WRAP_UP: (Action.DIAL, Action.EXTEND),
}
"""The call buttons of the state bar. Accept and Decline stand in the incoming panel, Complete and Callback at the
disposition: one filled button in sight."""


def situation(agent: AgentView | None, call: CallView | None) -> Situation:
    if agent is None or agent.mode == "logged_off":
        return Situation.SIGNED_OUT
    if call is None:
        return Situation.WRAP_UP if agent.occupation == "after_call_work" else Situation.IDLE
    match call.phase:
        case "reserved":
            return Situation.RESERVED
        case "alerting":
            return Situation.RINGING
        case "initiated":
            return Situation.DIALLING
        case "connected":
            return Situation.ON_CALL
        case "held":
            return Situation.HELD
        case "after_call_work" | "cleared":
            return Situation.WRAP_UP
        case _:
            return Situation.IDLE
