"""A caller on pyVoIP: somebody else's SIP, so that the server is not only spoken to by our own.

pyVoIP cannot press keys, so it calls lines that ask for none. It registers first (it knows no other way), then dials,
talks until it is hung up on, or hangs up when its patience is over. Works in threads of its own.
"""

import time
import warnings
from typing import Any

from agent_app.robots.caller import CallPlan, CallReport
from agent_app.softphone.account import Account
from agent_app.softphone.audio import FRAME_BYTES
from agent_app.softphone.pyvoip_driver import (
    FRAME_S,
    RTP_PORTS_WANTED,
    free_port,
    free_rtp_ports,
    local_host,
    narrowed,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pyVoIP imports audioop
    from pyVoIP.VoIP import CallState, VoIPPhone

FRAME_SAMPLES = FRAME_BYTES // 2
ANSWER_S_MAX = 120.0


def call_once(plan: CallPlan, *, account: Account, speech: bytes, stop: Any) -> CallReport:
    """Blocks until the call is over. ``stop``: a threading.Event that ends it early. Raises what pyVoIP raises."""
    report = CallReport(plan=plan, started_at=time.time())
    host = local_host(account)
    first = free_rtp_ports(host)
    phone = VoIPPhone(
        account.host,
        account.port,
        account.user,
        account.password,
        myIP=host,
        callCallback=None,
        sipPort=free_port(host),
        rtpPortLow=first,
        rtpPortHigh=first + RTP_PORTS_WANTED,
    )
    phone.start()
    try:
        begun = time.monotonic()
        call = phone.call(plan.line)
        while call.state in (CallState.DIALING, CallState.RINGING) and not stop.is_set():
            if time.monotonic() - begun > min(ANSWER_S_MAX, plan.call_s_max):
                break
            time.sleep(0.02)
        if call.state == CallState.ANSWERED:
            report.answered_s = time.monotonic() - begun
            _talk(call, plan, report, speech, stop)
        report.ended_s = time.monotonic() - begun
        report.ended_by = report.ended_by or ("failed" if report.answered_s is None else "theirs")
    finally:
        phone.stop()
    return report


def _talk(call: Any, plan: CallPlan, report: CallReport, speech: bytes, stop: Any) -> None:
    begun = next_at = time.monotonic()
    position = 0
    while call.state == CallState.ANSWERED:
        if stop.is_set() or time.monotonic() - begun > plan.patience_s:
            report.ended_by = "ours"
            call.hangup()
            return
        heard = call.read_audio(FRAME_SAMPLES, blocking=False)
        if any(abs(sample - 128) > 2 for sample in heard):
            report.heard_s += FRAME_S
            report.packets_received += 1
        frame = speech[position : position + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        position = (position + FRAME_BYTES) % max(1, len(speech))
        call.write_audio(narrowed(frame))
        next_at += FRAME_S
        time.sleep(max(0.0, next_at - time.monotonic()))
