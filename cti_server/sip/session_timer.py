"""Session timers (RFC 4028): agreeing on an interval and a refresher. Decides numbers only; `Sessions` sends.

We offer a timer to every peer and insist with none: a peer that does not support timers gets none, so that simple
phones never see a refresh.
"""

from __future__ import annotations

from cti_server.sip.config import Config
from cti_server.sip.errors import RemoteProtocolError
from cti_server.sip.headers import delta_seconds, parse_session_expires
from cti_server.sip.leg import SessionTimer
from cti_server.sip.message import Header, Message, Request, header

ABSOLUTE_MIN_S = 90


class IntervalTooSmall(RemoteProtocolError):
    """422; `min_se_s` is what we accept."""

    def __init__(self, min_se_s: int) -> None:
        super().__init__("session interval too small", status=422)
        self.min_se_s = min_se_s


def supports_timer(message: Message) -> bool:
    return message.has_option("supported", "timer") or message.has_option("require", "timer")


def offered_headers(config: Config, timer: SessionTimer | None, *, min_se_s: int) -> list[Header]:
    """For our INVITE or UPDATE; `timer` is the running one, so that a refresh keeps the roles."""
    headers = [header("Supported", "timer")]
    seconds = timer.interval_s if timer is not None and timer.interval_s else config.session_expires_s
    if not seconds:
        return headers
    role = ""
    if timer is not None and timer.interval_s:
        role = ";refresher=uac" if timer.we_refresh else ";refresher=uas"
    headers.append(header("Session-Expires", f"{max(seconds, min_se_s)}{role}"))
    if min_se_s or config.session_expires_min_s > ABSOLUTE_MIN_S:
        headers.append(header("Min-SE", str(max(min_se_s, config.session_expires_min_s))))
    return headers


def agree_as_server(config: Config, request: Request) -> tuple[SessionTimer, list[Header]]:
    """(the timer, headers of our 2xx). Raises IntervalTooSmall, or RemoteProtocolError if malformed."""
    asked = parse_session_expires(request.header("session-expires"))
    peer_supports = supports_timer(request)
    if asked is None and (not peer_supports or not config.session_expires_s):
        return SessionTimer(), []
    if asked is not None and asked.seconds < config.session_expires_min_s and peer_supports:
        raise IntervalTooSmall(config.session_expires_min_s)
    floor = max(delta_seconds(request.header("min-se") or "") or 0, config.session_expires_min_s)
    wanted = asked.seconds if asked is not None else config.session_expires_s
    if config.session_expires_s:
        wanted = min(wanted, config.session_expires_s)
    seconds = max(wanted, floor)
    refresher = (asked.refresher if asked is not None else "") or ("uac" if peer_supports else "uas")
    headers = [header("Session-Expires", f"{seconds};refresher={refresher}")]
    if refresher == "uac":
        headers.append(header("Require", "timer"))
    return SessionTimer(interval_s=seconds, we_refresh=refresher == "uas"), headers


def agree_as_client(response: Message) -> SessionTimer:
    """What a 2xx to our INVITE or UPDATE says; no timer if it says nothing."""
    try:
        agreed = parse_session_expires(response.header("session-expires"))
    except RemoteProtocolError:
        agreed = None
    if agreed is None or agreed.seconds < ABSOLUTE_MIN_S:
        return SessionTimer()
    return SessionTimer(interval_s=agreed.seconds, we_refresh=agreed.refresher != "uas")
