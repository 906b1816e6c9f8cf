"""A robot caller: dials, listens to the prompts, presses keys when it is its turn, talks, and hangs up.

What it does is a plan; what it saw is its report. It decides nothing else.
"""

import asyncio
import time
from collections.abc import Callable

import msgspec

from agent_app.robots.ear import Ear
from agent_app.softphone.account import Account, Caller
from agent_app.softphone.line import Line
from agent_app.softphone.voice import Voice
from cti_server.sip.offer_answer import Agreed

SPEAKS_ANYWAY_S = 14.0
"""A caller who is not asked anything for so long has somebody on the line, and talks."""


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """Press ``digits`` when the other side has finished a sentence, or ``after_s`` seconds after the step before."""

    digits: str
    after_s: float | None = None


class CallPlan(msgspec.Struct, frozen=True, kw_only=True):
    """``give_up_s``: hangs up when nothing answered by then. ``patience_s``: hangs up so long after the answer.
    ``call_s_max``: when nobody else did. ``kind``: for the reader of the report."""

    name: str
    number: str
    line: str
    kind: str = "plain"
    keys: tuple[Keys, ...] = ()
    give_up_s: float = 120.0
    patience_s: float = 600.0
    call_s_max: float = 900.0


class CallReport(msgspec.Struct, kw_only=True):
    """Times are seconds since the INVITE; None: did not happen. ``ended_by``: ours, theirs, cancelled, failed."""

    plan: CallPlan
    started_at: float
    answered_s: float | None = None
    keys_sent: int = 0
    ended_s: float | None = None
    ended_by: str = ""
    status: int = 0
    packets_received: int = 0
    heard_s: float = 0.0


class RobotCaller:
    """One call; ``run`` returns when it is over."""

    def __init__(self, plan: CallPlan, *, server: Account, speech: bytes) -> None:
        self.report = CallReport(plan=plan, started_at=time.time())
        self._plan = plan
        self._server = server
        self._ear = Ear(speech, on_quiet=self._quiet)
        self._line = Line(self)
        self._voice = Voice(self._ear)
        self._steps = list(plan.keys)
        self._over = asyncio.Event()
        self._begun = 0.0
        self._timers: list[asyncio.TimerHandle] = []

    async def run(self) -> CallReport:
        """Raises OSError when no socket could be bound."""
        host = await self._line.open(self._server)
        try:
            port = await self._voice.open(host)
            self._begun = time.monotonic()
            self._line.place(
                self._plan.line, media_port=port, caller_number=self._plan.number, caller_name=self._plan.name
            )
            self._later(self._plan.call_s_max, self._line.hang_up)
            self._later(self._plan.give_up_s, self._give_up)
            await self._over.wait()
            await asyncio.sleep(0.5)  # the last ACK or repeated BYE may still be under way
        finally:
            for timer in self._timers:
                timer.cancel()
            self._voice.close()
            await self._line.close()
        return self.report

    def hang_up(self) -> None:
        self._line.hang_up()

    def _give_up(self) -> None:
        if self.report.answered_s is None:
            self._line.hang_up()

    def _since(self) -> float:
        return time.monotonic() - self._begun

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(delay_s, action))

    # --- steps ----------------------------------------------------------------------------------------------------

    def _quiet(self) -> None:
        if self._steps and self._steps[0].after_s is None:
            self._press()

    def _press(self) -> None:
        step = self._steps.pop(0)
        self._voice.send_digits(step.digits)
        self.report.keys_sent += 1
        self._arm()

    def _arm(self) -> None:
        """A step by the clock waits from now; when no step is left, the caller begins to speak."""
        if not self._steps:
            self._speak()
        elif self._steps[0].after_s is not None:
            self._later(self._steps[0].after_s, self._press_if_due)
        else:
            self._later(SPEAKS_ANYWAY_S, self._speak)

    def _speak(self) -> None:
        self._ear.is_speaking = True

    def _press_if_due(self) -> None:
        if self._steps and not self._over.is_set():
            self._press()

    # --- from the line --------------------------------------------------------------------------------------------

    def registration_changed(self, state: str, reason: str) -> None:
        """Callers do not register."""

    def call_ringing(self, caller: Caller) -> None:
        """Nobody calls a robot caller: it has no address that anybody knows."""
        self._line.hang_up()

    def call_alerting(self) -> None:
        pass

    def call_established(self, agreed: Agreed) -> None:
        self.report.answered_s = self._since()
        self._voice.agree(agreed)
        self._later(self._plan.patience_s, self._line.hang_up)
        self._arm()

    def media_changed(self, agreed: Agreed) -> None:
        self._voice.agree(agreed)

    def call_ended(self, ended_by: str, status: int) -> None:
        self.report.ended_s = self._since()
        self.report.ended_by = ended_by
        self.report.status = status
        self.report.packets_received = self._voice.packets_received
        self.report.heard_s = self._ear.heard_frames * 0.02
        self._over.set()
