"""Words for the agent's state and phone: reasons of Not ready (the centre's own, and those it sets itself)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from agent_app.i18n import formats, tr, words
from agent_app.viewmodels.phone import Phone
from cti_server.wire.server import AgentView, Code

SET_BY_THE_CENTRE: Final[dict[str, Callable[[], str]]] = {
    "signed_in": lambda: tr("reason.signed_in"),
    "missed_call": lambda: tr("reason.missed_call"),
    "declined": lambda: tr("reason.declined"),
    "device_failed": lambda: tr("reason.device_failed"),
    "desktop_lost": lambda: tr("reason.desktop_lost"),
    "phone_lost": lambda: tr("reason.phone_lost"),
    "forced": lambda: tr("reason.forced"),
}


def reason_word(reasons: tuple[Code, ...], code: str) -> str:
    """The centre's own word for its reasons; ours for those that it sets by itself."""
    for reason in reasons:
        if reason.code == code:
            return words(reason.title, code)
    ours = SET_BY_THE_CENTRE.get(code)
    return ours() if ours else code or formats.UNKNOWN


def phone_line(phone: Phone, agent: AgentView | None) -> tuple[str, str]:
    """The phone in words, with its tone. A missing microphone is said, and blocks nothing: robots have none."""
    status = phone.status
    if phone.is_hard_phone:
        known = agent is not None and agent.phone_registered
        return (tr("phone.ready"), "ready") if known else (tr("phone.not_registered"), "warning")
    if status is None:
        return tr("phone.not_running"), "warning"
    if status.registration != "registered":
        return tr("phone.not_registered"), "warning"
    if status.audio != "ok":
        return (tr("phone.no_device") if status.audio == "no_device" else tr("phone.audio_error")), "warning"
    return tr("phone.ready"), "ready"


def why_not_ready(phone: Phone) -> str:
    """What blocks Ready on this workplace: the phone. Empty when nothing does."""
    if phone.is_hard_phone:
        return ""
    if not phone.is_attached:
        return tr("phone.not_running")
    return "" if phone.is_registered else tr("phone.not_registered")
