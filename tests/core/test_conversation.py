"""Agent and customer talk: hold, mute, tones, recording, the end, and what is written down."""

from cti_server.core import effects as f
from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.vocabulary import (
    AUTO_TIMEOUT,
    AgentState,
    CallPhase,
    ClearingCause,
    Occupation,
    QueueExit,
    RecordingState,
    Secret,
)
from tests.core.house import KIM, LEE, ORDERS, SECOND, House


def in_call() -> tuple[House, e.CallEstablished]:
    house = House()
    house.at_work(KIM)
    house.talking()
    return house, house.one(e.CallEstablished)


def test_an_answered_call_is_joined_then_recorded() -> None:
    house, established = in_call()
    names = [type(effect).__name__ for effect in house.effects]
    assert names == ["ConnectLegs", "StartRecording"]
    call = house.call(established.call)
    record = house.one(f.StartRecording)
    assert (record.agent_leg, record.customer_leg) == (call.agent_leg, call.customer_leg)
    assert record.started_at_us == house.now
    assert house.one(e.CallLeftQueue).how is QueueExit.ANSWERED


def test_hold_and_retrieve_are_counted() -> None:
    house, established = in_call()
    call = established.call
    house.tell(i.HoldCall(agent=KIM, call=call))
    assert house.one(f.HoldLeg).leg == house.call(call).customer_leg
    house.wait(5)
    house.tell(i.RetrieveCall(agent=KIM, call=call))
    assert house.one(e.CallRetrieved).held_us == 5 * SECOND
    assert house.one(f.RetrieveLeg)
    house.wait(2)
    house.tell(i.EndCall(agent=KIM, call=call))
    cleared = house.one(e.CallCleared)
    assert (cleared.talk_us, cleared.hold_us) == (2 * SECOND, 5 * SECOND)
    assert cleared.cause is ClearingCause.AGENT_HUNG_UP


def test_a_call_can_end_while_it_is_held() -> None:
    house, established = in_call()
    house.tell(i.HoldCall(agent=KIM, call=established.call))
    house.wait(3)
    house.hang_up(house.call(established.call))
    assert house.one(e.CallCleared).hold_us == 3 * SECOND


def test_holding_twice_is_holding_once() -> None:
    house, established = in_call()
    house.tell(i.HoldCall(agent=KIM, call=established.call))
    house.tell(i.HoldCall(agent=KIM, call=established.call))
    assert not house.events and not house.effects


def test_only_the_own_call_can_be_worked_on() -> None:
    house, established = in_call()
    for command in (
        i.HoldCall(agent=LEE, call=established.call),
        i.EndCall(agent=LEE, call=established.call),
        i.TakeNote(agent=LEE, call=established.call, text="x", revision=1),
        i.DisposeCall(agent=LEE, call=established.call, code="other"),
        i.PauseRecording(agent=LEE, call=established.call),
    ):
        assert house.refused(command) == "not_your_call"


def test_mute_and_tones_reach_the_right_leg() -> None:
    house, established = in_call()
    call = house.call(established.call)
    house.tell(i.MuteCall(agent=KIM, call=call.call, muted=True))
    assert (house.one(f.MuteLeg).leg, house.one(f.MuteLeg).muted) == (call.agent_leg, True)
    house.tell(i.SendDigits(agent=KIM, call=call.call, digits=Secret("12#")))
    assert house.one(f.SendTones).leg == call.customer_leg
    assert not house.events
    assert house.refused(i.SendDigits(agent=KIM, call=call.call, digits=Secret("12x"))) == "bad_digits"


def test_recording_pauses_and_a_script_does_not_end_a_pause_made_by_hand() -> None:
    house, established = in_call()
    call = house.call(established.call)
    assert call.recording is not None
    house.tell(i.RecordingStarted(call=call.call, recording=call.recording))
    house.tell(i.PauseRecording(agent=KIM, call=call.call))
    assert house.one(f.PauseRecordingEffect)
    house.tell(i.ResumeRecording(agent=KIM, call=call.call, by_script=True))
    assert not house.effects
    house.tell(i.ResumeRecording(agent=KIM, call=call.call))
    assert house.one(f.ResumeRecordingEffect)
    assert call.recording_state is RecordingState.RECORDING


def test_a_file_is_one_event_however_often_it_is_reported() -> None:
    house, established = in_call()
    call = house.call(established.call)
    assert call.recording is not None
    house.hang_up(call)
    assert house.one(f.StopRecording).recording == call.recording
    finished = i.RecordingFinished(call=call.call, recording=call.recording, path="a.wav", duration_ms=1, size_bytes=2)
    house.tell(finished)
    assert house.one(e.RecordingStored).path == "a.wav"
    house.tell(finished)
    assert not house.events
    house.wait(60)
    house.tell(finished)
    assert not house.events


def test_a_file_reported_after_it_was_given_up_is_stored_all_the_same() -> None:
    house, established = in_call()
    call = house.call(established.call)
    assert call.recording is not None
    house.hang_up(call)
    house.wait(90)
    assert house.one(e.RecordingLost).reason == "not_closed"
    assert call.call not in house.state.calls
    house.tell(i.RecordingFinished(call=call.call, recording=call.recording, path="a.wav", duration_ms=1, size_bytes=2))
    assert house.one(e.RecordingStored)


def test_a_recording_that_fails_ends_no_call() -> None:
    house, established = in_call()
    call = house.call(established.call)
    assert call.recording is not None
    house.tell(i.RecordingFailed(call=call.call, recording=call.recording, reason="disk_full"))
    assert call.phase is CallPhase.CONNECTED
    house.hang_up(call)
    assert house.one(e.CallCleared).recording_limit_at is None, "nothing is awaited of it"


def test_after_call_work_runs_out_with_a_disposition_of_its_own() -> None:
    house, established = in_call()
    house.tell(i.TakeNote(agent=KIM, call=established.call, text="half a sentence", revision=1))
    house.hang_up(house.call(established.call))
    house.wait(29.9)
    assert house.agent(KIM).state is AgentState.WORKING_AFTER_CALL
    house.wait(0.1)
    disposed = house.one(e.CallDisposed)
    assert (disposed.code, disposed.automatic) == (AUTO_TIMEOUT, True)
    assert house.agent(KIM).state is AgentState.READY


def test_after_call_work_is_extended_twice_and_no_more() -> None:
    house, established = in_call()
    house.hang_up(house.call(established.call))
    for _ in range(2):
        house.tell(i.ExtendAfterCallWork(agent=KIM, call=established.call))
    assert house.refused(i.ExtendAfterCallWork(agent=KIM, call=established.call)) == "no_extensions_left"
    house.wait(89)
    assert house.agent(KIM).state is AgentState.WORKING_AFTER_CALL
    house.wait(1)
    assert house.agent(KIM).state is AgentState.READY


def test_after_call_work_ends_with_a_disposition_only() -> None:
    house, established = in_call()
    call = established.call
    assert house.refused(i.CompleteAfterCallWork(agent=KIM, call=call)) == "not_in_after_call_work"
    house.hang_up(house.call(call))
    assert house.refused(i.CompleteAfterCallWork(agent=KIM, call=call)) == "disposition_required"
    assert house.refused(i.DisposeCall(agent=KIM, call=call, code="nonsense")) == "unknown_disposition"
    assert house.refused(i.DisposeCall(agent=KIM, call=call, code="order", subcode="x")) == "unknown_disposition"
    house.tell(i.DisposeCall(agent=KIM, call=call, code="order", subcode="new"))
    house.tell(i.DisposeCall(agent=KIM, call=call, code="other"))
    house.tell(i.CompleteAfterCallWork(agent=KIM, call=call))
    assert house.agent(KIM).state is AgentState.READY


def test_no_after_call_work_when_the_queue_has_none() -> None:
    house = House()
    house.at_work(KIM)
    call = house.talking(line="care")
    house.tell(i.DisposeCall(agent=KIM, call=call.call, code="other"))
    waiting = house.arrive(line="care")
    house.hang_up(call)
    assert waiting.agent == KIM, "straight to the next caller, in the same step"
    assert not house.seen(e.CallDisposed)


def test_a_desktop_that_was_cut_off_may_still_deliver_its_note_and_result() -> None:
    house, established = in_call()
    call = established.call
    house.hang_up(house.call(call))
    house.wait(200)
    assert call not in house.state.calls
    house.tell(i.TakeNote(agent=KIM, call=call, text="late", revision=3))
    assert house.one(e.NoteTaken).revision == 3
    house.tell(i.DisposeCall(agent=KIM, call=call, code="other"))
    assert house.one(e.CallDisposed).code == "other"
    assert house.refused(i.DisposeCall(agent=KIM, call=call, code="order")) == "already_disposed"
    assert house.refused(i.TakeNote(agent=LEE, call=call, text="x", revision=9)) == "not_your_call"


def test_an_older_note_replaces_no_newer_one() -> None:
    house, established = in_call()
    house.tell(i.TakeNote(agent=KIM, call=established.call, text="new", revision=2))
    note = house.call(established.call).note
    house.tell(i.TakeNote(agent=KIM, call=established.call, text="old", revision=1))
    assert not house.events
    assert note is not None and house.personal[note] == "new"


def test_the_script_path_is_kept_and_its_answers_are_personal() -> None:
    house, established = in_call()
    follow = i.FollowScript(
        agent=KIM,
        call=established.call,
        library_version="1",
        item="bonus",
        node="n2",
        path=("n1", "n2"),
        answers={"address": "Seoul"},
        reason=("a", "b", "c"),
    )
    house.tell(follow)
    followed = house.one(e.ScriptFollowed)
    assert followed.answers is not None and "Seoul" in house.personal[followed.answers]
    assert "Seoul" not in repr(followed)
    assert house.call(established.call).reason == ("a", "b", "c")


def test_the_agent_says_who_it_is() -> None:
    house, established = in_call()
    customer = i.CustomerRef("C-1")
    house.tell(i.AssignCustomer(agent=KIM, call=established.call, customer=customer))
    assert house.one(f.PrepareCard).customer == customer
    house.tell(i.CustomersFound(call=established.call, candidates=(i.Candidate(customer=i.CustomerRef("C-2")),)))
    assert house.call(established.call).customer == customer, "a late look-up does not overrule the agent"


def test_dead_media_ends_the_call_with_its_cause() -> None:
    house, established = in_call()
    call = house.call(established.call)
    assert call.agent_leg is not None
    house.tell(i.LegCleared(leg=call.agent_leg, cause=ClearingCause.MEDIA_LOST))
    assert house.one(e.CallCleared).cause is ClearingCause.MEDIA_LOST
    assert house.agent(KIM).occupation is Occupation.AFTER_CALL_WORK


def test_the_longest_call_is_limited() -> None:
    house, _ = in_call()
    house.wait(14_400)
    assert house.seen(e.CallCleared)[0].cause is ClearingCause.TIMEOUT
    assert not house.state.queues[ORDERS].waiting


def test_signals_of_legs_that_are_gone_are_no_error() -> None:
    house, established = in_call()
    call = house.call(established.call)
    leg = call.customer_leg
    assert leg is not None
    house.hang_up(call)
    house.tell(i.LegCleared(leg=leg, cause=ClearingCause.NORMAL))
    house.tell(i.LegAlerting(leg=leg))
    house.tell(i.LegFailed(leg=leg, cause=ClearingCause.BUSY))
    assert not house.events and not house.effects
    house.tell(i.LegAnswered(leg=leg))
    first = house.one(f.ReleaseLeg)
    house.tell(i.LegAnswered(leg=leg))
    assert house.one(f.ReleaseLeg).n != first.n, "each release has a number of its own"
