"""The simulated network: carries effects out and answers with signals, as a switch does, late, doubled or never.

Legs live here whatever the Centre believes; at the end of a run none may be left. What callers and phones do is
`people.py`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cti_server.core import effects as f
from cti_server.core import inputs as i
from cti_server.core.entities import State
from cti_server.core.vocabulary import (
    SWITCH_LEG_BIT,
    CallId,
    CallPhase,
    ClearingCause,
    CustomerRef,
    Extension,
    LegId,
    PinResult,
    RecordingId,
    RecordingState,
    Secret,
)
from cti_server.sim.private import CUSTOMER_NUMBER, RIGHT_PIN

if TYPE_CHECKING:
    from cti_server.sim.callers import Caller
    from cti_server.sim.world import World

ACK_LIMIT_US = 32_000_000
MEDIA_LIMIT_US = 30_000_000


@dataclass(slots=True)
class SimLeg:
    """``state``: offered, answering, placed, ringing, up. ``play``: the number of the prompts being heard."""

    leg: LegId
    call: CallId
    state: str
    caller: "Caller | None" = None
    extension: Extension | None = None
    play: int = 0
    is_lost: bool = False


class Network:
    def __init__(self, world: "World") -> None:
        self._world = world
        self._life = 0
        self._counter = 0
        self.legs: dict[LegId, SimLeg] = {}
        self.recordings: dict[RecordingId, f.StartRecording] = {}
        """Those being written, with their legs."""
        self.reports: dict[RecordingId, i.RecordingFinished] = {}
        """What was not yet heard of finished messages."""
        self._since: dict[RecordingId, int] = {}
        self.paused: dict[RecordingId, None] = {}
        self.joined: dict[LegId, LegId] = {}
        """Who hears whom: the customer's leg → the other one."""
        self.held: dict[LegId, None] = {}
        self.registered: dict[Extension, bool] = {}

    # --- time and signals --------------------------------------------------------------------------------------------

    def open(self) -> None:
        for profile in self._world.scenario.agents:
            self.register(profile.extension, registered=True)

    def register(self, extension: Extension, *, registered: bool) -> None:
        self.registered[extension] = registered
        signal = i.PhoneRegistered(extension=extension) if registered else i.PhoneLost(extension=extension)
        self._world.signal(signal)

    def known_registrations(self) -> tuple[Extension, ...]:
        """After a restart: the switch remembers most of them; the other phones register again when it is time."""
        known: list[Extension] = []
        for extension, there in self.registered.items():
            if there and self._world.chance(0.8):
                known.append(extension)
            elif there:
                self._world.after(self._world.between(1_000, 90_000), partial(self._register_again, extension))
        return tuple(known)

    def _register_again(self, extension: Extension) -> None:
        if self.registered[extension]:
            self._world.signal(i.PhoneRegistered(extension=extension))

    def later(self, delay_us: int, action: Callable[[], None]) -> None:
        """Something of this life of the core process: it is forgotten when that ends."""
        life = self._life

        def still() -> None:
            if life == self._life:
                action()

        self._world.after(delay_us, still)

    def _send(self, delay_us: int, signal: i.Signal) -> None:
        self.later(delay_us, lambda: self._world.signal(signal))
        if self._world.chance(self._world.scenario.faults.signal_doubled_share):
            self.later(delay_us + self._world.between(0, 3000), lambda: self._world.signal(signal))

    def crashed(self) -> list[tuple[LegId, bool]]:
        """The core process died. Unconfirmed legs are gone; of those that are up or ring most are adopted, some died
        with it. A phone that rings goes on, and may be answered while nobody hears of it."""
        self._life += 1
        inventory: list[tuple[LegId, bool]] = []
        for leg in list(self.legs.values()):
            if leg.state not in ("up", "ringing") or self._world.chance(0.05):
                self._forget(leg)
                continue
            is_adopted = self._world.chance(0.95)
            inventory.append((leg.leg, is_adopted))
            if leg.state == "ringing" and is_adopted:
                self.later(self._world.between(0, 6000), partial(self._picked_up, leg))
        return inventory

    # --- callers -----------------------------------------------------------------------------------------------------

    def arrive(self, caller: "Caller", *, line: str, number: str, name: str) -> LegId:
        self._counter += 1
        leg = LegId(SWITCH_LEG_BIT | self._counter)
        self.legs[leg] = SimLeg(leg=leg, call=CallId(0), state="offered", caller=caller)
        signal = i.LegOffered(leg=leg, line=line, trunk="sim", number=number, display_name=name, resume=b"r")
        self._world.signal(signal)
        if leg in self.legs and self._world.chance(self._world.scenario.faults.signal_doubled_share):
            self._world.signal(signal)
        return leg

    def hang_up(self, leg: LegId, cause: ClearingCause = ClearingCause.NORMAL) -> None:
        """The far end leaves."""
        found = self.legs.get(leg)
        if found is not None:
            self._forget(found)
            self._send(self._world.between(0, 30), i.LegCleared(leg=leg, cause=cause))

    def press(self, leg: LegId, digit: str) -> None:
        if leg in self.legs:
            self._world.signal(i.DigitPressed(leg=leg, digit=Secret(digit)))

    def _forget(self, leg: SimLeg) -> None:
        self.legs.pop(leg.leg, None)
        if leg.caller is not None:
            leg.caller.is_gone = True
        for order in list(self.recordings.values()):
            if order.agent_leg not in self.legs and order.customer_leg not in self.legs:
                self._finish(order.call, order.recording, delay_us=self._world.between(6_000, 20_000))

    # --- looking -----------------------------------------------------------------------------------------------------

    def agrees_with(self, state: State) -> str:
        """What the Centre believes of conversations is what people hear; empty, or what differs."""
        for call in state.calls.values():
            customer, other = call.customer_leg, call.agent_leg or call.outside_leg
            if customer not in self.legs or other not in self.legs or customer is None:
                continue
            if call.phase in (CallPhase.CONNECTED, CallPhase.HELD) and self.joined.get(customer) != other:
                return f"call {call.call} is {call.phase}, and its parties do not hear each other"
            if (call.phase is CallPhase.HELD) != (customer in self.held):
                return f"call {call.call} is {call.phase}, held: {customer in self.held}"
            is_paused = call.recording_state is RecordingState.PAUSED
            if call.recording in self.recordings and is_paused != (call.recording in self.paused):
                return f"the recording of call {call.call} is {call.recording_state}"
        return ""

    # --- effects -----------------------------------------------------------------------------------------------------

    def perform(self, effect: f.Effect) -> None:
        match effect:
            case f.PlaceLeg():
                self._place(effect)
            case f.ReleaseLeg():
                self._release(effect)
            case f.AnswerLeg():
                self._answer(effect)
            case f.ConnectLegs():
                self._connect(effect)
            case f.PlayPrompts():
                self._play(effect)
            case f.PlayMusic() | f.PlayRingback() | f.StopPlaying():
                if effect.leg in self.legs:
                    self.legs[effect.leg].play = 0
            case f.StartRecording():
                self._record(effect)
            case f.HoldLeg():
                self.held[effect.leg] = None
            case f.RetrieveLeg():
                self.held.pop(effect.leg, None)
            case f.PauseRecordingEffect():
                self.paused[effect.recording] = None
            case f.ResumeRecordingEffect():
                self.paused.pop(effect.recording, None)
            case f.StopRecording():
                if effect.recording in self.recordings and effect.discard:
                    del self.recordings[effect.recording]
                elif effect.recording in self.recordings:
                    self._finish(effect.call, effect.recording, delay_us=self._world.between(20, 400))
            case f.LookUpCustomer():
                self._look_up(effect)
            case f.CheckPin():
                result = PinResult.VERIFIED if effect.pin.reveal() == RIGHT_PIN else PinResult.WRONG
                self._reply(i.PinChecked(call=effect.call, result=result, n=effect.n))
            case f.PrepareCard():
                self._world.people.card_came(effect.agent, effect.call)

    def _place(self, effect: f.PlaceLeg) -> None:
        world = self._world
        leg = SimLeg(leg=effect.leg, call=effect.call, state="placed")
        leg.is_lost = world.chance(world.scenario.faults.leg_lost_share)
        self.legs[effect.leg] = leg
        if isinstance(effect.to, f.ToExtension):
            leg.extension = effect.to.extension
            if not self.registered.get(leg.extension, False):
                self._fail(leg, ClearingCause.UNREACHABLE, world.between(5, 40))
                return
        if leg.is_lost:
            return
        self.later(world.between(10, 200), lambda: self._ring(leg, effect.timeout_s))

    def _ring(self, leg: SimLeg, timeout_s: int) -> None:
        if leg.leg not in self.legs:
            return
        world = self._world
        leg.state = "ringing"
        world.signal(i.LegAlerting(leg=leg.leg, resume=b"ringing"))
        if leg.leg not in self.legs:
            return
        if not leg.extension and leg.leg % 3 == 0:
            world.signal(i.EarlyMediaBegan(leg=leg.leg))
            if leg.leg not in self.legs:
                return
        fate = world.random.random()
        if fate < 0.80 or world.is_draining:
            delay_us = world.between(0, 6000)
            self.later(delay_us, lambda: self._picked_up(leg))
        elif fate < 0.90:
            self._fail(leg, ClearingCause.NO_ANSWER, timeout_s * 1_000_000)
        elif fate < 0.95:
            self._fail(leg, ClearingCause.BUSY, world.between(10, 3000))
        else:
            self._fail(leg, ClearingCause.UNREACHABLE, world.between(10, 3000))

    def _picked_up(self, leg: SimLeg) -> None:
        if leg.leg not in self.legs:
            return
        leg.state = "up"
        self._send(0, i.LegAnswered(leg=leg.leg, resume=b"up"))
        if self._world.chance(0.1):
            self._send(self._world.between(100, 9000), i.LegChanged(leg=leg.leg, resume=b"re-invited"))
        if self._world.chance(self._world.scenario.faults.leg_lost_share):
            self.later(MEDIA_LIMIT_US, lambda: self.hang_up(leg.leg, ClearingCause.MEDIA_LOST))

    def _fail(self, leg: SimLeg, cause: ClearingCause, delay_us: int) -> None:
        def failed() -> None:
            if leg.leg in self.legs:
                self._forget(leg)
                self._world.signal(i.LegFailed(leg=leg.leg, cause=cause, status=480))

        self.later(delay_us, failed)

    def _release(self, effect: f.ReleaseLeg) -> None:
        leg = self.legs.get(effect.leg)
        if leg is None:
            return
        for order in self.recordings.values():
            is_open = effect.call == order.call and leg.leg in (order.agent_leg, order.customer_leg)
            assert not is_open, "a leg was let go before its recording was closed"
        self._forget(leg)
        if self._world.chance(self._world.scenario.faults.signal_doubled_share):
            self._send(self._world.between(0, 50), i.LegAnswered(leg=effect.leg))

    def _answer(self, effect: f.AnswerLeg) -> None:
        leg = self.legs.get(effect.leg)
        if leg is None or leg.state != "offered":
            return
        leg.state = "answering"
        leg.call = effect.call
        lost = self._world.chance(self._world.scenario.faults.leg_lost_share)

        def acknowledged() -> None:
            if leg.leg in self.legs:
                leg.state = "up"
                self._send(0, i.LegAnswered(leg=leg.leg, resume=b"up"))

        if lost:
            self.later(ACK_LIMIT_US, lambda: self.hang_up(leg.leg, ClearingCause.PROTOCOL_ERROR))
        else:
            self.later(self._world.between(2, 300), acknowledged)

    def _connect(self, effect: f.ConnectLegs) -> None:
        for leg_id in (effect.leg, effect.other):
            leg = self.legs.get(leg_id)
            if leg is not None:
                leg.play = 0
                leg.call = effect.call
        caller_leg, other = self.legs.get(effect.leg), self.legs.get(effect.other)
        is_new = self.joined.get(effect.leg) != effect.other
        self.joined[effect.leg] = effect.other
        self.held.pop(effect.leg, None)
        if is_new and caller_leg is not None and other is not None:
            self._world.callers.talking(caller_leg, other)

    def _play(self, effect: f.PlayPrompts) -> None:
        leg = self.legs.get(effect.leg)
        if leg is None:
            return
        assert leg.state == "up", f"prompts to a leg that is {leg.state}"
        leg.play = effect.n
        leg.call = effect.call

        def finished() -> None:
            if leg.leg in self.legs and leg.play == effect.n:
                leg.play = 0
                self._send(0, i.PlayFinished(leg=leg.leg, play=effect.n))

        self.later(self._world.between(500, 1500) * len(effect.prompts), finished)
        if leg.caller is not None:
            leg.caller.heard(effect.prompts)
        if any("message_stored" in prompt for prompt in effect.prompts):
            self._world.checks.messages.told(effect.call)

    def _record(self, effect: f.StartRecording) -> None:
        if effect.recording in self.recordings:
            self._send(self._world.between(5, 60), i.RecordingStarted(call=effect.call, recording=effect.recording))
            return
        if self._world.chance(0.03):
            failure = i.RecordingFailed(call=effect.call, recording=effect.recording, reason="disk_full")
            self._send(self._world.between(5, 500), failure)
            return
        self.recordings[effect.recording] = effect
        self._since[effect.recording] = self._world.now
        if not self._is_lost():
            self._send(self._world.between(5, 60), i.RecordingStarted(call=effect.call, recording=effect.recording))
        if effect.silence_s and self._world.chance(0.3):
            silent = i.RecordingSilent(call=effect.call, recording=effect.recording)
            self._send(self._world.between(effect.silence_s * 1_000, 60_000), silent)

    def _finish(self, call: CallId, recording: RecordingId, *, delay_us: int) -> None:
        """A recording of a message is reported until it was heard, as workers do; of a conversation perhaps never."""
        order = self.recordings.pop(recording, None)
        finished = i.RecordingFinished(
            call=call,
            recording=recording,
            path=f"{recording}.wav",
            duration_ms=(self._world.now - self._since.pop(recording, self._world.now)) // 1_000,
            size_bytes=16_044,
            customer_heard=self._world.chance(0.9),
        )
        if order is not None and order.agent_leg is None:
            self._world.checks.messages.closed(self._world.checks.shadow, finished, self._world.now)
            self.reports[recording] = finished
            self._world.after(delay_us, partial(self._report_again, recording))
        elif not self._is_lost():
            self._send(delay_us, finished)

    def _report_again(self, recording: RecordingId) -> None:
        """As a worker does: until the core process has said that it heard it, which it does when that is durable."""
        report = self.reports[recording]
        self._world.signal(report)
        if recording in self._world.centre.state.messages or self._world.chance(0.2):
            self._world.after(self._world.between(50, 90_000), partial(self._report_again, recording))
        else:
            del self.reports[recording]

    def _look_up(self, effect: f.LookUpCustomer) -> None:
        world = self._world
        known = effect.customer_number is None or effect.customer_number.reveal() == CUSTOMER_NUMBER
        count = world.random.choice((0, 1, 1, 1, 2)) if known else 0
        first = world.random.randint(1, world.scenario.customers)
        candidates = tuple(
            i.Candidate(
                customer=CustomerRef(f"C-{first + number}"),
                tier="gold",
                language="en",
                owner=Extension(str(2000 + first)),
            )
            for number in range(count)
        )
        self._reply(i.CustomersFound(call=effect.call, candidates=candidates, n=effect.n if world.chance(0.5) else 0))

    def _reply(self, signal: i.Signal) -> None:
        if not self._is_lost():
            self._send(self._world.between(1, 400), signal)

    def _is_lost(self) -> bool:
        return self._world.chance(self._world.scenario.faults.answer_lost_share)
