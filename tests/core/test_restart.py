"""The core process dies and comes back: nobody is forgotten, nothing is doubled."""

from cti_server.core import effects as f
from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.vocabulary import (
    AgentState,
    CallbackId,
    CallbackState,
    CallId,
    CallPhase,
    ClearingCause,
    LegId,
    OfferOutcome,
)
from ivr.model import PlayNode
from tests.core.house import KIM, LEE, House, assert_delivered
from tests.core.test_flow import CALLBACK, QUEUE, answered, flow, played


def test_waiting_callers_keep_place_and_music() -> None:
    house, first = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    second = house.arrive("1588")
    assert first.customer_leg is not None and second.customer_leg is not None
    house.tell(i.LegAnswered(leg=second.customer_leg))
    keys = [first.key, second.key]
    house.crash(adopted=(first.customer_leg, second.customer_leg))
    assert len(house.seen(f.PlayMusic)) == 2
    again = [house.call(first.call), house.call(second.call)]
    assert [call.key for call in again] == keys
    house.at_work(KIM)
    assert_delivered(house, again[0], to=KIM)


def test_a_flow_repeats_its_node() -> None:
    house, call = answered(flow("hello", hello=PlayNode(prompts=("hello",), next="over")))
    assert call.customer_leg is not None
    before = house.one(f.PlayPrompts)
    house.now += 1000
    house.crash(adopted=(call.customer_leg,))
    again = house.one(f.PlayPrompts)
    assert again.prompts == before.prompts
    assert again.n > before.n, "the number was not given before"
    played(house, house.call(call.call))
    assert house.one(e.CallCleared).reason == "over"


def test_a_caller_who_was_being_answered_and_is_alive_was_answered() -> None:
    house = House(flows=flow("hello", hello=PlayNode(prompts=("hello",), next="over")))
    call = house.arrive("1588")
    assert call.customer_leg is not None
    house.crash(adopted=(call.customer_leg,))
    assert house.one(f.PlayPrompts).prompts == ("ko/hello",)


def test_an_offer_is_taken_back_and_the_caller_is_first_again() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    house.at_work(KIM)
    house.show_card(call)
    house.ring(call)
    agent_leg, since = call.agent_leg, house.agent(KIM).idle_since
    assert agent_leg is not None and call.customer_leg is not None
    house.crash(adopted=(call.customer_leg,))
    assert house.one(e.OfferEnded).outcome is OfferOutcome.WITHDRAWN
    assert any(release.leg == agent_leg for release in house.seen(f.ReleaseLeg))
    assert (house.agent(KIM).state, house.agent(KIM).idle_since) == (AgentState.READY, since)
    assert house.call(call.call).phase is CallPhase.QUEUED, "the desktop is not back yet"
    house.tell(i.DesktopConnected(agent=KIM))
    assert_delivered(house, house.call(call.call), to=KIM)


def test_a_phone_that_rings_goes_on_ringing_and_may_be_answered() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    house.at_work(KIM)
    house.show_card(call)
    house.ring(call)
    assert call.agent_leg is not None and call.customer_leg is not None
    house.crash(adopted=(call.customer_leg, call.agent_leg))
    call = house.call(call.call)
    assert call.phase is CallPhase.ALERTING and not house.effects, "nothing is asked of the phone"
    house.lift(call)
    assert call.phase is CallPhase.CONNECTED and call.agent == KIM


def test_a_phone_that_rings_on_and_is_not_answered_is_missed_when_its_time_is_over() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    house.at_work(KIM)
    house.show_card(call)
    house.ring(call)
    assert call.agent_leg is not None and call.customer_leg is not None
    house.crash(adopted=(call.customer_leg, call.agent_leg))
    house.tell(i.DesktopConnected(agent=KIM))
    house.wait(21)
    assert house.one(e.OfferEnded).outcome is OfferOutcome.MISSED
    assert house.call(call.call).phase is CallPhase.QUEUED


def test_a_phone_that_rings_for_a_caller_who_is_lost_is_let_go() -> None:
    house, call = answered(flow("queue", queue=QUEUE, callback=CALLBACK))
    house.at_work(KIM)
    house.show_card(call)
    house.ring(call)
    assert call.agent_leg is not None and call.customer_leg is not None
    house.crash(adopted=(call.agent_leg,))
    assert any(release.leg == call.agent_leg for release in house.seen(f.ReleaseLeg))
    assert call.call not in house.state.calls
    assert house.agent(KIM).call is None


def test_conversations_that_were_adopted_go_on() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    assert call.agent_leg is not None and call.customer_leg is not None
    house.crash(adopted=(call.agent_leg, call.customer_leg))
    call = house.call(call.call)
    assert call.phase is CallPhase.CONNECTED
    assert [type(effect).__name__ for effect in house.effects] == ["ConnectLegs", "MuteLeg", "StartRecording"]
    assert call.recording is not None
    house.tell(i.RecordingStarted(call=call.call, recording=call.recording))
    house.tell(i.HoldCall(agent=KIM, call=call.call))
    assert house.one(f.HoldLeg)
    house.tell(i.EndCall(agent=KIM, call=call.call))
    assert len(house.seen(f.ReleaseLeg)) == 2


def test_a_paused_recording_is_paused_again_because_the_order_may_have_been_lost() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    assert call.agent_leg is not None and call.customer_leg is not None and call.recording is not None
    house.tell(i.RecordingStarted(call=call.call, recording=call.recording))
    house.tell(i.PauseRecording(agent=KIM, call=call.call))
    house.tell(i.HoldCall(agent=KIM, call=call.call))
    house.crash(adopted=(call.agent_leg, call.customer_leg))
    assert [type(effect).__name__ for effect in house.effects] == ["HoldLeg", "MuteLeg", "PauseRecordingEffect"]


def test_a_recording_asked_for_again_has_time_to_answer() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    assert call.agent_leg is not None and call.customer_leg is not None
    house.now += 9_900_000
    house.crash(adopted=(call.agent_leg, call.customer_leg))
    house.wait(9.9)
    assert not house.seen(e.RecordingLost)
    house.wait(0.1)
    assert house.one(e.RecordingLost).reason == "no_answer"


def test_a_conversation_of_which_one_side_is_gone_ends() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    assert call.customer_leg is not None
    house.crash(adopted=(call.customer_leg,))
    assert house.one(e.CallCleared).cause is ClearingCause.MEDIA_LOST
    assert house.agent(KIM).state is AgentState.WORKING_AFTER_CALL
    assert len(house.seen(f.ReleaseLeg)) == 2


def test_legs_that_are_there_and_not_adopted_are_let_go() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    assert call.agent_leg is not None and call.customer_leg is not None
    house.crash(adopted=(call.customer_leg,), lost=(call.agent_leg,))
    assert house.one(e.CallCleared).cause is ClearingCause.SERVER_RESTARTED


def test_legs_that_nobody_knows_are_let_go() -> None:
    house = House()
    house.crash(adopted=(LegId(77),))
    release = house.one(f.ReleaseLeg)
    assert (release.leg, release.call) == (77, 0)


def test_what_was_being_dialled_is_given_up_and_the_attempt_counts() -> None:
    house = House()
    house.at_work(KIM)
    result = house.tell(i.RequestCallbackFor(agent=KIM, number="021234567", due_at=house.now))
    callback = CallbackId(result["callback"])
    call = house.call(CallId(house.tell(i.DialCallback(agent=KIM, callback=callback))["call"]))
    assert call.agent_leg is not None
    house.tell(i.LegAnswered(leg=call.agent_leg))
    house.crash(adopted=(call.agent_leg,))
    assert house.one(e.CallCleared).cause is ClearingCause.SERVER_RESTARTED
    kept = house.state.callbacks[callback]
    assert (kept.state, kept.attempts) == (CallbackState.WAITING, 1)


def test_phones_have_a_minute_to_register_again() -> None:
    house = House()
    house.at_work(KIM, LEE)
    house.crash(adopted=(), registered=(house.agent(LEE).profile.extension,))
    house.tell(i.DesktopConnected(agent=KIM))
    house.tell(i.DesktopConnected(agent=LEE))
    assert_delivered(house, house.arrive(), to=LEE)
    house.wait(59)
    assert house.agent(KIM).state is AgentState.READY
    house.wait(1)
    assert house.agent(KIM).reason == "phone_lost"


def test_desktops_have_ten_seconds_to_come_back() -> None:
    house = House()
    house.at_work(KIM, LEE)
    house.crash(adopted=())
    house.tell(i.DesktopConnected(agent=KIM))
    house.wait(10)
    assert house.agent(KIM).state is AgentState.READY
    assert house.agent(LEE).reason == "desktop_lost"


def test_after_call_work_goes_on_with_its_limit() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking()
    house.hang_up(call)
    house.crash(adopted=())
    house.tell(i.DesktopConnected(agent=KIM))
    assert house.agent(KIM).state is AgentState.WORKING_AFTER_CALL
    house.wait(30)
    assert house.agent(KIM).state is AgentState.READY
