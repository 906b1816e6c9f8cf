"""People for tests, with everything by hand: ``Phone`` (a caller's or an agent's) and ``Desk`` (an agent's desktop).

Both speak what real ones speak (SIP, RTP, the wire), do only what the test says, and keep what they heard and saw.
"""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np

from agent_app.link.client import Changed, Client, LinkEvent, Received, Target
from agent_app.robots.ear import tone
from agent_app.softphone.account import Account, Caller
from agent_app.softphone.audio import FRAME_BYTES, SILENCE
from agent_app.softphone.line import Line
from agent_app.softphone.voice import Voice
from agent_app.store import Connection
from cti_server.sip.offer_answer import Agreed
from cti_server.wire import client as cl
from cti_server.wire import server as sv
from tests.e2e.centre import PASSWORD, Centre

PATIENCE_S = 60.0
POLL_S = 0.02


async def until(condition: Callable[[], Any], what: str, *, timeout_s: float = PATIENCE_S) -> None:
    """Wait for a condition, not for a time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        await asyncio.sleep(POLL_S)


class Mouth:
    """The sound device of a test's phone: says a tone without end, keeps what it hears."""

    state = "ok"

    def __init__(self, frequency_hz: float) -> None:
        self._speech = tone(frequency_hz) if frequency_hz else SILENCE
        self._at = 0
        self.heard = bytearray()

    def start(self, *, speaks: bool = True) -> None:
        pass

    def stop(self) -> None:
        pass

    def read(self) -> bytes:
        frame = self._speech[self._at : self._at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        self._at = (self._at + FRAME_BYTES) % len(self._speech)
        return frame

    def write(self, frame: bytes) -> None:
        self.heard += frame


class _Voice(Voice):
    """Notes when each packet came."""

    def __init__(self, device: Mouth, on_digit: Callable[[str], None]) -> None:
        super().__init__(device, on_digit=on_digit)
        self.came_at: list[float] = []

    def datagram_received(self, data: bytes, addr: tuple[str | bytes, int]) -> None:
        before = self.packets_received
        super().datagram_received(data, addr)
        if self.packets_received > before:
            self.came_at.append(time.monotonic())


class Phone:
    """One line, one call at a time. ``answers``: picks up by itself. ``frequency_hz``: what it says."""

    def __init__(self, *, frequency_hz: float = 0.0, answers: bool = True, name: str = "") -> None:
        self.name = name
        self.answers = answers
        self.registration = "none"
        self.ringing: Caller | None = None
        self.rang: list[Caller] = []
        self.rang_at: list[float] = []
        self.is_up = False
        self.up_at: float | None = None
        self.is_alerting = False
        self.ended_by: list[str] = []
        self.statuses: list[int] = []
        self.ended_at: list[float] = []
        self.digits = ""
        self.mouth = Mouth(frequency_hz)
        self.voice: _Voice | None = None
        self._line = Line(self)
        self._host = ""
        self._tasks: set[asyncio.Task[None]] = set()

    # --- orders ------------------------------------------------------------------------------------------------------

    async def register(self, account: Account) -> None:
        await self._line.open(account)
        self._host = self._line.local_host
        self._line.register()
        await until(lambda: self.registration == "registered", f"{account} registered")

    async def dial(self, account: Account, line: str, *, number: str, name: str = "") -> None:
        """Begin to call."""
        self._host = await self._line.open(account)
        port = await self._open_voice()
        self._line.place(line, media_port=port, caller_number=number, caller_name=name or self.name)

    async def answer(self) -> None:
        port = await self._open_voice()
        self._line.answer(media_port=port)

    def hang_up(self) -> None:
        self._line.hang_up()

    def press(self, digits: str) -> None:
        assert self.voice is not None
        self.voice.send_digits(digits)

    async def pressed(self, digits: str) -> None:
        """Press, and wait until the last key is up again."""
        self.press(digits)
        voice = self.voice
        await until(lambda: voice is None or not voice.is_sending_digits, f"{digits} pressed")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self.voice is not None:
            self.voice.close()
        await self._line.close()

    async def leave(self) -> None:
        """Unregister, as a phone that is switched off properly."""
        self._line.unregister()
        await until(lambda: self.registration == "none", "unregistered")
        await self.close()

    # --- what it heard -----------------------------------------------------------------------------------------------

    @property
    def packets(self) -> int:
        return self.voice.packets_received if self.voice is not None else 0

    def gap_s(self, since: float, until: float | None = None) -> float:
        """The longest pause between two packets after a moment."""
        assert self.voice is not None
        end = until or time.monotonic()
        times = [since, *(at for at in self.voice.came_at if since < at < end), end]
        return max(after - before for before, after in itertools.pairwise(times))

    async def hears_tone(self, *, times: int = 1) -> None:
        """Wait for the tone after which a caller speaks: a fifth of a second of 1,000 Hz."""
        await until(lambda: tones_in(self.mouth.heard, 1_000.0) >= times, f"{self.name} hears the tone")

    async def hears(self, frequency_hz: float) -> None:
        """Wait for a second that is mostly this tone."""
        await until(lambda: share(self.mouth.heard[-16_000:], frequency_hz) > 0.5, f"{self.name} hears {frequency_hz}")

    # --- from the line -----------------------------------------------------------------------------------------------

    async def _open_voice(self) -> int:
        if self.voice is not None:
            self.voice.close()
        self.voice = _Voice(self.mouth, self._digit)
        return await self.voice.open(self._host)

    def _digit(self, digit: str) -> None:
        self.digits += digit

    def registration_changed(self, state: str, reason: str) -> None:
        self.registration = state

    def call_ringing(self, caller: Caller) -> None:
        self.ringing = caller
        self.rang.append(caller)
        self.rang_at.append(time.monotonic())
        if self.answers or caller.auto_answer:
            task = asyncio.get_running_loop().create_task(self.answer())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def call_alerting(self) -> None:
        self.is_alerting = True

    def call_established(self, agreed: Agreed) -> None:
        assert self.voice is not None
        self.ringing = None
        self.is_up = True
        self.up_at = time.monotonic()
        self.voice.agree(agreed)

    def media_changed(self, agreed: Agreed) -> None:
        assert self.voice is not None
        self.voice.agree(agreed)

    def call_ended(self, ended_by: str, status: int) -> None:
        self.ringing = None
        self.is_up = False
        self.ended_by.append(ended_by)
        self.statuses.append(status)
        self.ended_at.append(time.monotonic())
        if self.voice is not None:
            self.voice.close()


class Desk:
    """An agent's desktop without a window. ``confirms``: paints the card at once."""

    def __init__(self, centre: Centre, user: str, *, confirms: bool = True) -> None:
        self.user = user
        self.confirms = confirms
        self.welcome: sv.Welcome | None = None
        self.agent: sv.AgentView | None = None
        self.call: sv.CallView | None = None
        self.callbacks: dict[int, sv.CallbackView] = {}
        self.offers_ended: list[str] = []
        self.cards: list[sv.CardSection] = []
        self.card_at: dict[int, float] = {}
        self.snapshots = 0
        self.frames: list[sv.ServerFrame] = []
        self._client = Client(self._heard)
        self._target = Target(url=centre.url, user=user, password=PASSWORD)
        self._prefix = secrets.token_hex(6)
        self._count = 0
        self._replies: dict[str, sv.ReplyFrame | sv.AnswerFrame] = {}
        self._unanswered: dict[str, cl.CommandFrame] = {}
        self._running: asyncio.Task[None] | None = None
        self.connection = Connection.OFFLINE

    async def sign_in(self) -> None:
        snapshots = self.snapshots
        self._running = asyncio.create_task(self._client.run(self._target))
        await until(lambda: self.snapshots > snapshots, f"{self.user} signed in")

    async def ready(self) -> None:
        await until(lambda: self.agent is not None and self.agent.phone_registered, f"{self.user}'s phone")
        reply = await self.do(cl.SetReady())
        assert reply.ok, reply
        await until(lambda: self.state in ("ready", "busy"), f"{self.user} ready")

    async def cut(self) -> None:
        """The line to the server is gone, without a word."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    close = cut

    @property
    def state(self) -> str:
        return self.agent.state if self.agent is not None else ""

    @property
    def phase(self) -> str:
        return self.call.phase if self.call is not None else ""

    async def do(self, body: cl.CommandBody) -> sv.ReplyFrame:
        """Send a command; its reply, also when the connection broke in between."""
        reply = await self._ask(lambda number: cl.CommandFrame(id=number, body=body))
        assert isinstance(reply, sv.ReplyFrame)
        return reply

    async def done(self, body: cl.CommandBody) -> sv.ReplyFrame:
        """A command that must be accepted."""
        reply = await self.do(body)
        assert reply.ok, (body, reply)
        return reply

    def send(self, body: cl.CommandBody) -> str:
        self._count += 1
        number = f"{self._prefix}-{self._count}"
        frame = self._unanswered[number] = cl.CommandFrame(id=number, body=body)
        self._client.send(frame)
        return number

    async def ask(self, body: cl.AskBody) -> sv.AnswerFrame:
        answer = await self._ask(lambda number: cl.AskFrame(id=number, body=body))
        assert isinstance(answer, sv.AnswerFrame)
        return answer

    async def _ask(self, make: Callable[[str], Any]) -> sv.ReplyFrame | sv.AnswerFrame:
        self._count += 1
        number = f"{self._prefix}-{self._count}"
        frame = make(number)
        if isinstance(frame, cl.CommandFrame):
            self._unanswered[number] = frame
        self._client.send(frame)
        await until(lambda: number in self._replies, f"{self.user}: reply to {type(frame.body).__name__}")
        return self._replies[number]

    async def call_is(self, phase: str) -> sv.CallView:
        await until(lambda: self.phase == phase, f"{self.user}: a call that is {phase}, not {self.phase!r}")
        assert self.call is not None
        return self.call

    async def finish_call(self) -> None:
        """Dispose of the call in after-call work, and be free."""
        call = await self.call_is("after_call_work")
        await self.done(cl.DisposeCall(call=call.call, **self.disposition()))
        await self.done(cl.CompleteAfterCallWork(call=call.call))
        await until(lambda: self.call is None or self.call.call != call.call, f"{self.user} is done with {call.call}")

    def disposition(self) -> dict[str, str]:
        assert self.welcome is not None
        code = self.welcome.catalogue.dispositions[0]
        return {"code": code.code, "subcode": code.subcodes[0].code if code.subcodes else ""}

    # --- from the server ---------------------------------------------------------------------------------------------

    def _heard(self, event: LinkEvent) -> None:
        if isinstance(event, Changed):
            self.connection = event.state
            return
        assert isinstance(event, Received)
        frame = event.frame
        self.frames.append(frame)
        match frame:
            case sv.Welcome():
                self.welcome = frame
            case sv.Snapshot():
                self.agent, self.call = frame.agent, frame.call
                self.callbacks = {view.callback: view for view in frame.callbacks}
                self.snapshots += 1
                for waiting in self._unanswered.values():
                    self._client.send(waiting)
            case sv.FactFrame():
                self._fact(frame.body)
            case sv.CardSection():
                self._card(frame)
            case sv.ReplyFrame() | sv.AnswerFrame():
                self._unanswered.pop(frame.to, None)
                self._replies[frame.to] = frame
            case _:
                pass

    def _card(self, frame: sv.CardSection) -> None:
        self.cards.append(frame)
        if frame.section == "header" and frame.call:
            self.card_at.setdefault(frame.call, time.monotonic())
            if self.confirms:
                self.send(cl.ConfirmCardShown(call=frame.call))

    def _fact(self, body: sv.FactBody) -> None:
        match body:
            case sv.AgentChanged():
                self.agent = body.agent
            case sv.CallChanged():
                self.call = body.call
            case sv.CallbackChanged():
                self.callbacks[body.callback.callback] = body.callback
            case sv.CallGone() if self.call is not None and self.call.call == body.call:
                self.call = None
            case sv.OfferEnded():
                self.offers_ended.append(body.outcome)
                if self.call is not None and self.call.call == body.call:
                    self.call = None
            case _:
                pass


@contextlib.asynccontextmanager
async def leaving(*people: Phone | Desk) -> AsyncIterator[None]:
    """Everybody goes home at the end, whatever happened."""
    try:
        yield
    finally:
        for person in people:
            await person.close()


def tones_in(pcm: bytes | bytearray, frequency_hz: float) -> int:
    """How often this tone begins: windows of a tenth of a second that are hardly anything else."""
    windows = [share(pcm[at : at + 1_600], frequency_hz) > 0.7 for at in range(0, len(pcm) - 1_600, 800)]
    return sum(now and not before for before, now in itertools.pairwise([False, *windows]))


def share(pcm: bytes | bytearray, frequency_hz: float) -> float:
    """How much of the power (0–1) of 16-bit sound at 8 kHz lies within 15 Hz of a frequency."""
    samples = np.frombuffer(bytes(pcm), dtype="<i2").astype(float)
    if len(samples) < 800 or not samples.any():
        return 0.0
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    at = np.fft.rfftfreq(len(samples), 1 / 8000)
    return float(power[np.abs(at - frequency_hz) < 15].sum() / power.sum())
