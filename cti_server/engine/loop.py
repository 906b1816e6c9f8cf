"""The one loop: inputs in, events durable, then visible, then done. The only task that touches the Centre.

::

    submit / carry_out → inbox → Centre.handle → one append a batch → publish → perform → replies

It decides the order of these steps, what happens when a step fails, and when to wake; never what a call does. A bug in
the rules costs the input that met it: the Centre is rebuilt from the journal. A disk that fails costs no call: see
`storage/journal.py`; only commands that promise to keep something are refused until the journal is back.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from cti_server.core.effects import Effect
from cti_server.core.errors import InvariantViolated, Refused
from cti_server.core.events import Event, InvariantBroken
from cti_server.core.inputs import (
    CancelCallback,
    ClockSet,
    Command,
    CorrectReason,
    DialCallback,
    DisposeCall,
    FollowScript,
    Input,
    LegOffered,
    RequestCallbackFor,
    Restarted,
    SettleCallback,
    Signal,
    TakeNote,
    Tick,
)
from cti_server.core.state import State, encode_snapshot
from cti_server.core.vocabulary import Micros, PersonalRef
from cti_server.engine.clock import EngineClock
from cti_server.engine.surroundings import Rules, Store
from cti_server.ports import CommandReply, Performer, Publisher, Recorded

INBOX_MAX = 2_000
"""Inputs that wait; beyond it new calls get 503 and commands `overloaded`. At 20,000 inputs a second: 0.1 s."""
BATCH_MAX = 256
"""Inputs of one append, so that the first of them does not wait for too many others."""
SNAPSHOT_EVERY = 10_000
WATCH_EVERY_S = 1.0
RETURN_EVERY_S = 5.0
DRIFT_MAX_US = 1_000_000
TICK_REST_US = 1_000_000
"""After a deadline whose handling failed: the pause before deadlines are looked at again (it would fail for ever)."""

PROMISES = (
    *(TakeNote, DisposeCall, FollowScript, CorrectReason),
    *(RequestCallbackFor, CancelCallback, SettleCallback, DialCallback),
)
"""Commands whose effect is that something is kept: refused `store_unavailable` while the journal cannot be written."""

log = structlog.get_logger(__name__)
Seen = TypeVar("Seen")
Alarm = Callable[[str, Mapping[str, str | int]], None]
"""``(name, details)``: something that a person must look at. Details hold no personal text."""


@dataclass(slots=True)
class _Entry:
    """One input, who waits for its reply, and since when (engine time)."""

    input: Input
    reply: asyncio.Future[CommandReply] | None = None

    def answer(self, reply: CommandReply) -> None:
        if self.reply is not None and not self.reply.done():
            self.reply.set_result(reply)


@dataclass(slots=True)
class _Batch:
    """What the inputs of one append came to."""

    events: list[Event] = field(default_factory=list)
    personal: dict[PersonalRef, str] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    done: list[tuple[_Entry, CommandReply]] = field(default_factory=list)


class Engine:
    """Made in the event loop; its methods are called there. ``revive`` makes a Centre of a restored state."""

    def __init__(
        self,
        *,
        centre: Rules,
        revive: Callable[[State], Rules],
        store: Store,
        publisher: Publisher,
        performer: Performer,
        clock: EngineClock,
        inventory: Callable[[], Restarted] | None = None,
        alarm: Alarm | None = None,
        snapshot_seq: int | None = None,
    ) -> None:
        """``inventory``: what the switch has; asked for when the Centre had to be built anew, as after a restart.
        ``snapshot_seq``: the snapshot that the Centre was restored from; after a long fold a new one is due at once."""
        self._centre = centre
        self._revive = revive
        self._store = store
        self._publisher = publisher
        self._performer = performer
        self._clock = clock
        self._inventory = inventory
        self._alarm = alarm or _log_alarm
        self._inbox: deque[_Entry] = deque()
        self._looks: deque[Callable[[], None]] = deque()
        self._replies: set[asyncio.Future[CommandReply]] = set()
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._tick_not_before = 0
        self._snapshot_seq = store.last_seq if snapshot_seq is None else snapshot_seq
        self._snapshot: asyncio.Task[None] | None = None
        self._was_degraded = False

    # --- doors -------------------------------------------------------------------------------------------------------

    @property
    def is_overloaded(self) -> bool:
        """True: answer new calls with 503. The signals of calls that exist are taken all the same."""
        return len(self._inbox) >= INBOX_MAX or self._store.is_full or self._is_stopping

    @property
    def is_degraded(self) -> bool:
        return self._store.is_degraded

    def submit(self, signal: Signal) -> None:
        """Never blocks. A new call is dropped when the inbox is full: the switch asks ``is_overloaded`` before."""
        if isinstance(signal, LegOffered) and self.is_overloaded:
            self._alarm("call_not_taken", {"waiting": len(self._inbox)})
            return
        self._inbox.append(_Entry(signal))
        self._wake.set()

    async def carry_out(self, command: Command) -> CommandReply:
        """Returns when the command's events are durable, or with the code of the refusal."""
        if self.is_overloaded:
            return CommandReply(code="overloaded")
        reply: asyncio.Future[CommandReply] = asyncio.get_running_loop().create_future()
        self._replies.add(reply)
        reply.add_done_callback(self._replies.discard)
        self._inbox.append(_Entry(command, reply))
        self._wake.set()
        return await reply

    async def look(self, at: Callable[[State, int], Seen]) -> Seen:
        """``at(state, seq)`` between two batches, when all that the state holds is durable and published."""
        seen: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()

        def take() -> None:
            if not seen.done():
                try:
                    seen.set_result(at(self._centre.state, self._store.last_seq))
                except Exception as error:
                    seen.set_exception(error)

        self._looks.append(take)
        self._wake.set()
        return await seen

    def stop(self) -> None:
        """Lets ``run`` finish what is in the inbox, keep a snapshot and return."""
        self._is_stopping = True
        self._wake.set()

    # --- the loop ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Runs until ``stop``. The store is closed by whoever opened it. DataError: the Centre had to be built anew,
        and the journal cannot be read; the process should end."""
        watch = asyncio.create_task(self._watch(), name="engine-watch")
        try:
            while not (self._is_stopping and not self._inbox):
                await self._sleep()
                await self._step()
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            self._is_stopping = True
            for reply in tuple(self._replies):  # only when the loop itself failed: nobody waits for ever
                if not reply.done():
                    reply.set_result(CommandReply(code="internal_error"))
        self._keep_snapshot()
        if self._snapshot is not None:
            await self._snapshot

    async def _sleep(self) -> None:
        """Until there is an input, or the next deadline."""
        self._wake.clear()
        if self._inbox or self._looks or self._is_stopping:
            await asyncio.sleep(0)  # others may run between two batches
            return
        timer = None
        deadline = self._next_deadline()
        if deadline is not None:
            delay_s = max(0, deadline - self._clock()) / 1e6
            timer = asyncio.get_running_loop().call_later(delay_s, self._wake.set)
        await self._wake.wait()
        if timer is not None:
            timer.cancel()

    def _next_deadline(self) -> int | None:
        deadline = self._centre.next_deadline()
        return None if deadline is None else max(deadline, self._tick_not_before)

    async def _step(self) -> None:
        while self._looks:
            self._looks.popleft()()
        self._centre.may_promise = not self._store.is_degraded
        batch = _Batch()
        for entry in self._drain():
            try:
                self._handle(entry, batch)
            except Refused as refusal:
                reply = CommandReply(code=refusal.code, parameters=dict(refusal.parameters))
                batch.done.append((entry, reply))
            except Exception as bug:
                # The state may hold half a step now: what came before is kept, the rest of it is forgotten.
                await self._commit(batch)
                batch = _Batch()
                await self._recover(entry, bug)
        await self._commit(batch)
        if self._store.last_seq - self._snapshot_seq >= SNAPSHOT_EVERY:
            self._keep_snapshot()

    def _drain(self) -> list[_Entry]:
        entries = [self._inbox.popleft() for _ in range(min(len(self._inbox), BATCH_MAX))]
        deadline = self._next_deadline()
        # What ran out while the process was dead is nobody's fault: first it is asked who is still there.
        entries.sort(key=lambda entry: not isinstance(entry.input, Restarted))
        if deadline is not None and deadline <= self._clock():
            is_back = bool(entries) and isinstance(entries[0].input, Restarted)
            entries.insert(1 if is_back else 0, _Entry(Tick()))
        return entries

    def _handle(self, entry: _Entry, batch: _Batch) -> None:
        if self._store.is_degraded and isinstance(entry.input, PROMISES):
            raise Refused("store_unavailable")
        outcome = self._centre.handle(entry.input, Micros(self._clock()))
        batch.events.extend(outcome.events)
        batch.personal.update(outcome.personal)
        batch.effects.extend(outcome.effects)
        batch.done.append((entry, CommandReply(result=dict(outcome.result))))

    async def _commit(self, batch: _Batch) -> None:
        """Durable, then visible, then done, then answered."""
        if batch.events:
            first_seq = self._store.last_seq + 1
            try:
                await self._store.append(batch.events, batch.personal)
            except Exception as bug:  # not the disk's fault (that never raises): something that cannot be stored
                await self._drop(batch, bug)
                return
            self._publish([Recorded(seq=first_seq + n, event=event) for n, event in enumerate(batch.events)])
            for event in batch.events:
                if isinstance(event, InvariantBroken):
                    self._alarm("invariant_broken", {"invariant": event.invariant, "detail": event.detail})
        for effect in batch.effects:
            self._perform(effect)
        for entry, reply in batch.done:
            entry.answer(self._final(entry, reply))

    def _final(self, entry: _Entry, reply: CommandReply) -> CommandReply:
        if reply.code:
            return reply
        if isinstance(entry.input, PROMISES) and not self._store.kept_durably:
            return CommandReply(code="store_unavailable")
        return CommandReply(result=reply.result, seq=self._store.last_seq)

    def _publish(self, recorded: Sequence[Recorded]) -> None:
        try:
            self._publisher.publish(recorded, self._centre.state)
        except Exception:
            log.exception("publish_failed", first_seq=recorded[0].seq, last_seq=recorded[-1].seq)
            self._alarm("publish_failed", {"seq": recorded[0].seq})

    def _perform(self, effect: Effect) -> None:
        try:
            self._performer.perform(effect)
        except Exception:
            log.exception("perform_failed", effect=type(effect).__name__, call=effect.call, n=effect.n)
            self._alarm("perform_failed", {"effect": type(effect).__name__, "call": effect.call})

    # --- when something is wrong -------------------------------------------------------------------------------------

    async def _recover(self, entry: _Entry, bug: Exception) -> None:
        """The input is lost, and said to be; nothing else is."""
        details: dict[str, str | int] = {"input": type(entry.input).__name__, "error": type(bug).__name__}
        if isinstance(bug, InvariantViolated):
            details["invariant"] = bug.invariant
        # Neither the input nor the error's text is logged: they may hold personal text. The places in the code do not.
        log.error("input_dropped", **details, where=_places(bug))
        self._alarm("input_dropped", details)
        if isinstance(entry.input, Tick):
            self._tick_not_before = self._clock() + TICK_REST_US
        await self._rebuild()
        entry.answer(CommandReply(code="internal_error"))

    async def _drop(self, batch: _Batch, bug: Exception) -> None:
        log.error("batch_dropped", events=len(batch.events), error=type(bug).__name__, where=_places(bug))
        self._alarm("batch_dropped", {"events": len(batch.events), "error": type(bug).__name__})
        await self._rebuild()
        for entry, _ in batch.done:
            entry.answer(CommandReply(code="internal_error"))

    async def _rebuild(self) -> None:
        """What the Centre remembered beside its state (keys pressed, prompts playing) is gone, as after a restart."""
        self._centre = self._revive(await self._store.restore())
        if self._inventory is not None:
            self._inbox.appendleft(_Entry(self._inventory()))

    async def _watch(self) -> None:
        """The wall clock and the journal's return; both only bring news to the loop."""
        next_return = 0.0
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            try:
                self._look_at_clock()
                self._look_at_store()
                if self._store.is_degraded and time.monotonic() >= next_return:
                    next_return = time.monotonic() + RETURN_EVERY_S
                    await self._store.try_return()
            except Exception:
                log.exception("watch_failed")

    def _look_at_clock(self) -> None:
        offset = self._clock.wall_offset_us()
        if abs(offset - self._centre.state.clock_offset_us) > DRIFT_MAX_US:
            self.submit(ClockSet(offset_us=offset))

    def _look_at_store(self) -> None:
        if self._store.is_degraded != self._was_degraded:
            self._was_degraded = self._store.is_degraded
            self._alarm("store_degraded" if self._was_degraded else "store_returned", {})

    def _keep_snapshot(self) -> None:
        """Encoded here, because the state must stand still; written elsewhere. One at a time."""
        is_writing = self._snapshot is not None and not self._snapshot.done()
        if self._store.is_degraded or (is_writing and not self._is_stopping):
            return
        self._snapshot_seq = self._store.last_seq
        content = encode_snapshot(self._centre.state)
        self._snapshot = asyncio.create_task(self._store.keep_snapshot(self._snapshot_seq, content))


def _places(bug: BaseException) -> list[str]:
    places: list[str] = []
    trace = bug.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places


def _log_alarm(name: str, details: Mapping[str, str | int]) -> None:
    log.error("alarm", alarm=name, **details)
