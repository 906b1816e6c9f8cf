"""Any sequence of inputs, also foolish ones: the laws hold, and the state is the fold of the journal."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from cti_server.core import inputs as i
from cti_server.core.entities import Call
from cti_server.core.errors import Refused
from cti_server.core.invariants import check_all
from cti_server.core.state import decode_snapshot, encode_snapshot, fold
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CallId,
    ClearingCause,
    CustomerRef,
    LegId,
    PinResult,
    RecordingId,
    Secret,
    Strategy,
)
from ivr.loader import load_flows
from tests.core.house import KIM, LEE, PARK, SETTINGS, House, profile

FLOWS = load_flows()
ORDERS, CARE = SETTINGS.queues
QUEUES = (
    replace(ORDERS, callbacks="automatic"),
    replace(CARE, strategy=Strategy.RING_ALL, ring_all_max=2, callbacks="automatic"),
)
SETTINGS_HERE = replace(SETTINGS, queues=QUEUES, callback_from_s=8 * 3600, callback_until_s=18 * 3600)
"""One queue rings one phone at a time, the other two; both dial callbacks by themselves, from 8 to 18 o'clock."""
AGENTS = st.sampled_from((KIM, LEE, PARK))
CAUSES = st.sampled_from(tuple(ClearingCause))
PICK = st.integers(0, 1_000_000)


def of(number: int, things: Any, nothing: int) -> int:
    """One of these, or something that does not exist."""
    known = [*things, nothing]
    return int(known[number % len(known)])


class CentreMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        agents = (profile(KIM), profile(LEE), profile(PARK, needs_desktop=False))
        self.house = House(settings=SETTINGS_HERE, flows=FLOWS, agents=agents)
        self.house.at_work(KIM)
        self.house.at_work(PARK, has_desktop=False)

    def tell(self, input: i.Input) -> None:
        before = self.house.centre.state.last_at
        try:
            self.house.tell(input)
        except Refused:
            assert self.house.centre.state.last_at == before

    def leg(self, number: int) -> LegId:
        return LegId(of(number, self.house.state.legs, 999_999_999))

    def call(self, number: int) -> CallId:
        return CallId(of(number, self.house.state.calls, 888_888_888))

    def some_call(self, number: int) -> Call | None:
        return self.house.state.calls.get(self.call(number))

    # --- the network -------------------------------------------------------------------------------------------------

    @rule(line=st.sampled_from(("direct", "care", "1588", "nowhere")), known=st.booleans())
    def arrive(self, line: str, known: bool) -> None:
        self.house.arrive(line, "01012345678" if known else "")

    @rule(number=PICK)
    def answered(self, number: int) -> None:
        self.tell(i.LegAnswered(leg=self.leg(number), resume=b"x"))

    @rule(number=PICK)
    def alerting(self, number: int) -> None:
        self.tell(i.LegAlerting(leg=self.leg(number)))

    @rule(number=PICK)
    def early_media(self, number: int) -> None:
        self.tell(i.EarlyMediaBegan(leg=self.leg(number)))

    @rule(number=PICK, cause=CAUSES)
    def failed(self, number: int, cause: ClearingCause) -> None:
        self.tell(i.LegFailed(leg=self.leg(number), cause=cause))

    @rule(number=PICK, cause=CAUSES)
    def cleared(self, number: int, cause: ClearingCause) -> None:
        self.tell(i.LegCleared(leg=self.leg(number), cause=cause))

    @rule(number=PICK, digits=st.text("0123456789*#", min_size=1, max_size=6))
    def pressed(self, number: int, digits: str) -> None:
        leg = self.leg(number)
        for digit in digits:
            self.tell(i.DigitPressed(leg=leg, digit=Secret(digit)))

    @rule(number=PICK)
    def played(self, number: int) -> None:
        call = self.some_call(number)
        if call is not None and call.customer_leg is not None:
            self.tell(i.PlayFinished(leg=call.customer_leg, play=call.play))

    @rule(number=PICK, count=st.integers(0, 2))
    def looked_up(self, number: int, count: int) -> None:
        found = tuple(i.Candidate(customer=CustomerRef(f"C-{n}")) for n in range(count))
        self.tell(i.CustomersFound(call=self.call(number), candidates=found))

    @rule(number=PICK, result=st.sampled_from(tuple(PinResult)))
    def pin_checked(self, number: int, result: PinResult) -> None:
        self.tell(i.PinChecked(call=self.call(number), result=result))

    @rule(number=PICK, what=st.sampled_from(("started", "finished", "failed")))
    def recording(self, number: int, what: str) -> None:
        call = self.some_call(number)
        recording = call.recording if call is not None and call.recording is not None else RecordingId(1)
        call_id = self.call(number)
        if what == "started":
            self.tell(i.RecordingStarted(call=call_id, recording=recording))
        elif what == "failed":
            self.tell(i.RecordingFailed(call=call_id, recording=recording, reason="x"))
        else:
            self.tell(i.RecordingFinished(call=call_id, recording=recording, path="x", duration_ms=1, size_bytes=1))

    # --- agents ------------------------------------------------------------------------------------------------------

    @rule(
        agent=AGENTS,
        kind=st.sampled_from((i.LogOn, i.LogOff, i.SetReady, i.CancelPendingMode)),
        key=st.sampled_from(("", "", "k1", "k2")),
    )
    def mode(self, agent: AgentId, kind: type[i.AgentCommand], key: str) -> None:
        self.tell(kind(agent=agent, key=key))

    @rule(agent=AGENTS)
    def take_a_break(self, agent: AgentId) -> None:
        self.tell(i.SetNotReady(agent=agent, reason="break"))

    @rule(
        agent=AGENTS,
        number=PICK,
        kind=st.sampled_from(
            (
                i.ConfirmCardShown,
                i.ConfirmCardShown,
                i.DeclineCall,
                i.HoldCall,
                i.RetrieveCall,
                i.EndCall,
                i.PauseRecording,
                i.ResumeRecording,
                i.CompleteAfterCallWork,
                i.ExtendAfterCallWork,
            )
        ),
    )
    def about_a_call(self, agent: AgentId, number: int, kind: type[i.CallCommand]) -> None:
        self.tell(kind(agent=agent, call=self.call(number)))

    @rule(agent=AGENTS, number=PICK, code=st.sampled_from(("order", "other", "x")))
    def dispose(self, agent: AgentId, number: int, code: str) -> None:
        self.tell(i.DisposeCall(agent=agent, call=self.call(number), code=code))

    @rule(agent=AGENTS, number=PICK, revision=st.integers(0, 5))
    def note(self, agent: AgentId, number: int, revision: int) -> None:
        self.tell(i.TakeNote(agent=agent, call=self.call(number), text="note", revision=revision))

    @rule(agent=AGENTS, number=st.sampled_from(("021234567", "x")))
    def dial(self, agent: AgentId, number: str) -> None:
        self.tell(i.DialNumber(agent=agent, number=number))

    @rule(agent=AGENTS, queue=st.sampled_from(("orders", "care", "")), in_s=st.sampled_from((-5, 0, 60, 3_000)))
    def ask_for_callback(self, agent: AgentId, queue: str, in_s: int) -> None:
        due_at = self.house.now + self.house.state.clock_offset_us + in_s * 1_000_000
        self.tell(i.RequestCallbackFor(agent=agent, number="021234567", due_at=due_at, queue=queue))

    @rule(by_hand=st.booleans(), version=PICK)
    def other_rules(self, by_hand: bool, version: int) -> None:
        queues = tuple(replace(queue, callbacks="by_hand" if by_hand else "automatic") for queue in QUEUES)
        self.tell(i.LoadSettings(settings=replace(SETTINGS_HERE, version=str(version), queues=queues)))

    @rule(agent=AGENTS, number=PICK, cancels=st.booleans())
    def callback(self, agent: AgentId, number: int, cancels: bool) -> None:
        callback = CallbackId(of(number, self.house.state.callbacks, 7_777_777))
        if cancels:
            self.tell(i.CancelCallback(agent=agent, callback=callback, reason="x"))
        else:
            self.tell(i.DialCallback(agent=agent, callback=callback))

    # --- devices, time, crashes --------------------------------------------------------------------------------------

    @rule(agent=AGENTS, kind=st.sampled_from((i.DesktopLost, i.DesktopConnected)))
    def desktop(self, agent: AgentId, kind: type[i.DesktopLost] | type[i.DesktopConnected]) -> None:
        self.tell(kind(agent=agent))

    @rule(agent=AGENTS, kind=st.sampled_from((i.PhoneLost, i.PhoneRegistered)))
    def phone(self, agent: AgentId, kind: type[i.PhoneLost] | type[i.PhoneRegistered]) -> None:
        self.tell(kind(extension=profile(agent).extension))

    @rule(agents=st.lists(AGENTS, unique=True))
    def enrol(self, agents: list[AgentId]) -> None:
        self.tell(i.EnrolAgents(agents=tuple(profile(agent, needs_desktop=agent != PARK) for agent in agents)))

    @rule(seconds=st.sampled_from((0.0, 0.1, 0.2, 3.0, 12.0, 25.0, 200.0, 2000.0)))
    def time_passes(self, seconds: float) -> None:
        self.house.wait(seconds)

    @rule(offset_s=st.integers(-40_000_000, 40_000_000))
    def clock(self, offset_s: int) -> None:
        self.tell(i.ClockSet(offset_us=offset_s * 1_000_000))

    @rule(number=PICK)
    def crash(self, number: int) -> None:
        legs = list(self.house.state.legs)
        adopted = tuple(leg for place, leg in enumerate(legs) if number >> (place % 20) & 1 or place % 3)
        lost = tuple(leg for leg in legs if leg not in adopted and leg % 2)
        self.house.crash(adopted=adopted, lost=lost)

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def laws_hold(self) -> None:
        if hasattr(self, "house"):
            assert check_all(self.house.state, self.house.centre.deadlines) == []

    def teardown(self) -> None:
        if not hasattr(self, "house"):
            return
        state = self.house.state
        assert fold(self.house.journal) == state
        assert decode_snapshot(encode_snapshot(state)) == state
        self.house.wait(5 * 3600)
        assert not self.house.state.calls, "nobody is anywhere for five hours"


CentreMachine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestCentreMachine = CentreMachine.TestCase
