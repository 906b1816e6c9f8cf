"""A crowd: agents who come to work, callers who call by a timetable, and one report of what all of them saw.

Decides when the day begins (all agents Ready), when no more calls are offered, and when it is over.
"""

import asyncio
import contextlib
import sys
import threading
import time
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from agent_app.robots.agent import AgentPlan, AgentReport, RobotAgent
from agent_app.robots.caller import CallPlan, CallReport, RobotCaller
from agent_app.softphone.account import Account

PYVOIP_CALLERS_MAX = 4


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """A call and when it is made, in seconds from the day's beginning. ``speech``: WAV of 8 kHz, 16 bit, mono."""

    at_s: float
    plan: CallPlan
    speech: str = ""
    account: Account | None = None
    """With an account the caller is pyVoIP (which must register); without, our own phone."""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """``folder``: for the phones' rendezvous files. ``agent_speech``: what each agent says."""

    url: str
    sip: Account
    folder: str
    agents: tuple[AgentPlan, ...] = ()
    agent_speech: tuple[str, ...] = ()
    calls: tuple[Appointment, ...] = ()
    drain_s: float = 60.0


class DayReport(msgspec.Struct, kw_only=True):
    """``problems``: what went wrong with the robots themselves."""

    began_at: float = 0.0
    calls: list[CallReport] = []
    agents: list[AgentReport] = []
    problems: list[str] = []


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """One line on standard output, at each change."""

    phase: str
    calling: int = 0
    called: int = 0
    talking: int = 0
    handled: int = 0


class Crowd:
    """``run`` returns the report. ``tell`` hears of progress."""

    def __init__(self, day: Day, *, tell: Callable[[Progress], None]) -> None:
        self._day = day
        self._tell = tell
        self._report = DayReport()
        self._callers: set[RobotCaller] = set()
        self._threads = ThreadPoolExecutor(PYVOIP_CALLERS_MAX, thread_name_prefix="pyvoip")
        self._stop_threads = threading.Event()
        self._no_more = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._agents = [
            RobotAgent(plan, url=day.url, folder=Path(day.folder), speech=self._speech_of(number))
            for number, plan in enumerate(day.agents)
        ]

    def _speech_of(self, number: int) -> Path | None:
        speeches = self._day.agent_speech
        return Path(speeches[number % len(speeches)]) if speeches else None

    def stop_offering(self) -> None:
        """No more calls; those that are up end properly."""
        self._no_more.set()

    async def run(self) -> DayReport:
        """Raises TimeoutError when an agent cannot begin the day."""
        try:
            self._progress("agents sign in")
            await asyncio.gather(*(agent.start() for agent in self._agents))
            self._report.began_at = time.time()
            await self._offer()
            self._progress("draining")
            await self._drain()
        finally:
            self._stop_threads.set()
            await asyncio.gather(*(agent.stop() for agent in self._agents), return_exceptions=True)
            self._threads.shutdown(wait=True)
        self._report.agents = [agent.report for agent in self._agents]
        self._progress("over")
        return self._report

    async def _offer(self) -> None:
        begun = time.monotonic()
        for appointment in sorted(self._day.calls, key=lambda item: item.at_s):
            wait_s = max(0.0, begun + appointment.at_s - time.monotonic())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._no_more.wait(), wait_s)
            if self._no_more.is_set():
                return
            task = asyncio.create_task(self._one_call(appointment))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._progress("calls are offered")

    async def _one_call(self, appointment: Appointment) -> None:
        try:
            if appointment.account is not None:
                report = await self._by_pyvoip(appointment, appointment.account)
            else:
                caller = RobotCaller(appointment.plan, server=self._day.sip, speech=_pcm(appointment.speech))
                self._callers.add(caller)
                try:
                    report = await caller.run()
                finally:
                    self._callers.discard(caller)
        except Exception as error:  # the robot broke, not the call: say so in the report
            self._report.problems.append(f"{appointment.plan.name}: {type(error).__name__}: {error}")
            return
        self._report.calls.append(report)
        self._progress("calls are offered")

    async def _by_pyvoip(self, appointment: Appointment, account: Account) -> CallReport:
        from agent_app.robots.pyvoip_caller import call_once

        def work() -> CallReport:
            return call_once(
                appointment.plan, account=account, speech=_pcm(appointment.speech), stop=self._stop_threads
            )

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _drain(self) -> None:
        """Callers still in line are served; after the time for it they hang up. Then the agents go home."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=self._day.drain_s)
        for caller in list(self._callers):
            caller.hang_up()
        self._stop_threads.set()
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=20)
            self._report.problems += [f"{len(late)} calls did not end"] if late else []
        await asyncio.gather(*(agent.finish(timeout_s=45) for agent in self._agents))

    def _progress(self, phase: str) -> None:
        handled = [call for agent in self._agents for call in agent.report.handled.values()]
        self._tell(
            Progress(
                phase=phase,
                calling=len(self._callers),
                called=len(self._report.calls),
                talking=sum(1 for call in handled if call.talk_at and not call.ended_at),
                handled=sum(1 for call in handled if call.disposition_acknowledged),
            )
        )


def _pcm(path: str) -> bytes:
    if not path:
        return b""
    with wave.open(path, "rb") as source:
        return source.readframes(source.getnframes())


def print_progress(progress: Progress) -> None:
    sys.stdout.write(msgspec.json.encode(progress).decode() + "\n")
    sys.stdout.flush()
