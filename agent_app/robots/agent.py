"""A robot agent: signs in, gets Ready, answers, talks, notes, closes the call with a disposition, and is Ready again.

It holds a real phone process and speaks the real wire, in the place of a window. What it saw is its report.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import msgspec

from agent_app.link.client import Changed, Client, LinkEvent, Received, Target
from agent_app.robots.phone_process import PhoneProcess
from agent_app.softphone import messages as ms
from agent_app.store import Connection
from cti_server.wire import client as cl
from cti_server.wire import server as sv


class AgentPlan(msgspec.Struct, frozen=True, kw_only=True):
    """``driver``: native or pyvoip. Times in seconds, drawn uniformly between the two."""

    user: str
    password: str
    driver: str = "native"
    answer_s: tuple[float, float] = (0.5, 1.5)
    talk_s: tuple[float, float] = (4.0, 9.0)
    wrap_up_s: tuple[float, float] = (0.5, 2.0)
    seed: int = 0

    def __repr__(self) -> str:
        return f"AgentPlan(user={self.user!r})"


class Handled(msgspec.Struct, kw_only=True):
    """One call as this agent saw it."""

    call: int
    number: str = ""
    direction: str = ""
    verification: str = ""
    card_at: float | None = None
    ring_at: float | None = None
    talk_at: float | None = None
    ended_at: float | None = None
    disposition: str = ""
    disposition_acknowledged: bool = False
    note: str = ""
    note_acknowledged: bool = False


class AgentReport(msgspec.Struct, kw_only=True):
    user: str
    handled: dict[int, Handled] = {}
    refused: list[str] = []
    offers_lost: list[str] = []


class RobotAgent:
    """``start`` returns when the agent is Ready for the first time; ``finish`` takes no new call and leaves."""

    def __init__(self, plan: AgentPlan, *, url: str, folder: Path, speech: Path | None) -> None:
        self.report = AgentReport(user=plan.user)
        self._plan = plan
        self._chance = random.Random(f"{plan.user}:{plan.seed}")
        self._client = Client(self._heard)
        self._target = Target(url=url, user=plan.user, password=plan.password)
        sound = ("--audio", "files", "--speak", str(speech)) if speech is not None else ("--audio", "none")
        self._phone = PhoneProcess(
            folder / f"{plan.user}.phone", ("--driver", plan.driver, *sound), on_status=self._phone_said
        )
        self._prefix = secrets.token_hex(6)
        self._count = 0
        self._waiting: dict[str, tuple[cl.CommandBody, Callable[[sv.ReplyFrame], None]]] = {}
        self._welcome: sv.Welcome | None = None
        self.agent: sv.AgentView | None = None
        self.call: sv.CallView | None = None
        self._phone_call: ms.PhoneCall | None = None
        self._ringing_call = 0
        self._running: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._is_leaving = False
        self.denied = ""

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self, *, timeout_s: float = 60.0) -> None:
        """Raises TimeoutError when the agent does not become Ready."""
        await self._phone.start()
        self._running = asyncio.create_task(self._client.run(self._target))
        async with asyncio.timeout(timeout_s):
            await self._until(lambda: self.agent is not None and self.agent.phone_registered)
            self._command(cl.SetReady())
            await self._until(lambda: self.agent is not None and self.agent.state == "ready")

    async def finish(self, *, timeout_s: float = 60.0) -> None:
        """No new call; the present one is ended properly. Then away."""
        self._is_leaving = True
        self._command(cl.SetNotReady(reason="break"))
        try:
            async with asyncio.timeout(timeout_s):
                await self._until(lambda: self.call is None and not self._waiting)
        except TimeoutError:
            self.report.refused.append("did not come to rest")

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._phone.stop()

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(holds)

    def _notify(self) -> None:
        self._start(self._wake())

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _start(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- the wire -------------------------------------------------------------------------------------------------

    def _command(self, body: cl.CommandBody, done: Callable[[sv.ReplyFrame], None] = lambda reply: None) -> None:
        self._count += 1
        number = f"{self._prefix}-{self._count}"
        self._waiting[number] = (body, done)
        self._client.send(cl.CommandFrame(id=number, body=body))

    def _heard(self, event: LinkEvent) -> None:
        if isinstance(event, Changed):
            if event.state is Connection.OFFLINE:
                self.denied = event.detail
            return
        assert isinstance(event, Received)
        frame = event.frame
        match frame:
            case sv.Welcome():
                self._welcome = frame
                self._configure_phone(frame)
            case sv.Snapshot():
                self.agent, self.call = frame.agent, frame.call
                self._send_again()
                self._look()
                self._get_ready_again()
            case sv.FactFrame():
                self._fact(frame.body)
            case sv.CardSection() if frame.section == "header":
                self._card(frame)
            case sv.ReplyFrame():
                self._reply(frame)
            case _:
                pass
        self._notify()

    def _send_again(self) -> None:
        """After a reconnection: what was not answered is sent again with the same id."""
        for number, (body, _) in self._waiting.items():
            self._client.send(cl.CommandFrame(id=number, body=body))

    def _reply(self, reply: sv.ReplyFrame) -> None:
        body, done = self._waiting.pop(reply.to, (None, lambda reply: None))
        if body is not None and not reply.ok:
            self.report.refused.append(f"{type(body).__name__}: {reply.code}")
        done(reply)

    def _fact(self, body: sv.FactBody) -> None:
        match body:
            case sv.AgentChanged():
                self.agent = body.agent
                self._get_ready_again()
            case sv.CallChanged():
                self.call = body.call
                self._look()
            case sv.CallGone() if self.call is not None and self.call.call == body.call:
                self.call = None
            case sv.OfferEnded():
                self.report.offers_lost.append(body.outcome)
                if self.call is not None and self.call.call == body.call:
                    self.call = None
            case _:
                pass

    def _get_ready_again(self) -> None:
        agent = self.agent
        if agent is None or self._is_leaving or agent.state != "not_ready" or not agent.phone_registered:
            return
        if agent.reason in ("missed_call", "declined", "device_failed", "phone_lost", "desktop_lost"):
            self._command(cl.SetReady())

    # --- the call -------------------------------------------------------------------------------------------------

    def _handled(self, call: int) -> Handled:
        return self.report.handled.setdefault(call, Handled(call=call))

    def _card(self, frame: sv.CardSection) -> None:
        """A window would have painted it now."""
        if frame.call and self._handled(frame.call).card_at is None:
            self._handled(frame.call).card_at = time.time()
            self._command(cl.ConfirmCardShown(call=frame.call))

    def _look(self) -> None:
        call = self.call
        if call is None:
            return
        seen = self._handled(call.call)
        seen.number, seen.direction, seen.verification = call.number, call.direction, call.verification
        if call.established_at is not None and seen.talk_at is None:
            seen.talk_at = time.time()
            self._start(self._talk(call))
        if call.phase == "after_call_work" and seen.ended_at is None:
            seen.ended_at = time.time()
            self._start(self._wrap_up(call))

    async def _talk(self, call: sv.CallView) -> None:
        note = f"로봇 상담 {call.call}: 요청을 확인했습니다."
        seen = self._handled(call.call)
        seen.note = note

        def kept(reply: sv.ReplyFrame) -> None:
            seen.note_acknowledged = reply.ok

        self._command(cl.TakeNote(call=call.call, text=note, revision=call.note_revision + 1), kept)
        await asyncio.sleep(self._chance.uniform(*self._plan.talk_s))
        if self.call is not None and self.call.call == call.call and self.call.phase != "after_call_work":
            self._command(cl.EndCall(call=call.call))

    async def _wrap_up(self, call: sv.CallView) -> None:
        await asyncio.sleep(self._chance.uniform(*self._plan.wrap_up_s))
        seen = self._handled(call.call)
        code = self._disposition()
        seen.disposition = code.code
        sub = self._chance.choice(code.subcodes).code if code.subcodes else ""

        def kept(reply: sv.ReplyFrame) -> None:
            seen.disposition_acknowledged = reply.ok
            if reply.ok:
                self._command(cl.CompleteAfterCallWork(call=call.call))

        self._command(cl.DisposeCall(call=call.call, code=code.code, subcode=sub), kept)

    def _disposition(self) -> sv.Code:
        assert self._welcome is not None
        return self._chance.choice(self._welcome.catalogue.dispositions)

    # --- the phone ------------------------------------------------------------------------------------------------

    def _configure_phone(self, welcome: sv.Welcome) -> None:
        account = welcome.phone
        if account is not None:
            self._phone.send(
                ms.Configure(
                    host=account.host,
                    port=account.port,
                    transport=account.transport,
                    extension=account.extension,
                    user=account.user,
                    password=account.password,
                )
            )

    def _phone_said(self, status: ms.PhoneStatus) -> None:
        before, self._phone_call = self._phone_call, status.call
        if (
            status.call is not None
            and status.call.state == "ringing"
            and (before is None or before.state != "ringing" or before.call != status.call.call)
        ):
            seen = self._handled(status.call.call)
            seen.ring_at = time.time()
            self._start(self._answer())

    async def _answer(self) -> None:
        await asyncio.sleep(self._chance.uniform(*self._plan.answer_s))
        self._phone.send(ms.Answer())
