"""A caller leaves a voice message: recorded after the tone, kept as a callback, never promised before it is on disk."""

from msgspec.structs import replace

from cti_server.core import effects as f
from cti_server.core import events as e
from cti_server.core import inputs as i
from cti_server.core.entities import Call, Callback
from cti_server.core.vocabulary import CallbackState, CallPhase, ClearingCause, MessageEnd, QueueExit, RecordingId
from ivr.model import FlowSet, HangUpNode, MessageNode, Node, QueueNode
from tests.core.house import CARE, KIM, NUMBER, ORDERS, SECOND, SETTINGS, House
from tests.core.test_flow import answered, flow, played

MESSAGE = MessageNode(
    prompts=("leave",),
    too_short=("short",),
    queue="care",
    longest_s=30,
    stored="stored",
    refused="refused",
    back="over",
)
ENDS: dict[str, Node] = {
    "stored": HangUpNode(reason="stored", prompts=("stored",)),
    "refused": HangUpNode(reason="refused", prompts=("refused",)),
}


def at_the_tone(flows: FlowSet | None = None, *, number: str = NUMBER) -> tuple[House, Call]:
    """The announcement is over, and the recorder runs."""
    house, call = answered(flows or flow("message", message=MESSAGE, **ENDS), number=number)
    assert house.one(f.PlayPrompts).prompts == ("ko/leave",)
    played(house, call)
    order = house.one(f.StartRecording)
    assert (order.agent_leg, order.customer_leg, order.silence_s) == (None, call.customer_leg, 8)
    assert not house.seen(f.PlayPrompts), "the tone sounds before anything can be kept"
    house.tell(i.RecordingStarted(call=call.call, recording=order.recording))
    assert house.one(f.PlayPrompts).prompts == (f.TONE,)
    played(house, call)
    assert house.one(f.PlayMusic).music == f.SILENCE
    return house, call


def recording_of(call: Call) -> RecordingId:
    assert call.recording is not None
    return call.recording


def closed(house: House, call: Call, recording: RecordingId, *, ms: int = 8_000, heard: bool = True) -> None:
    """The recorder says that the file is whole."""
    house.tell(
        i.RecordingFinished(
            call=call.call, recording=recording, path="a/1.wav", duration_ms=ms, size_bytes=1, customer_heard=heard
        )
    )


def the_message(house: House) -> Callback:
    [callback] = house.state.callbacks.values()
    return callback


def test_a_message_is_kept_as_a_callback_and_only_then_said_to_be_stored() -> None:
    house, call = at_the_tone()
    house.wait(8)
    house.press(call, "#")
    assert house.one(f.StopRecording).discard is False
    assert not house.seen(f.PlayPrompts), "nothing is promised before the file is whole"
    closed(house, call, recording_of(call))
    assert [type(event) for event in house.events[:3]] == [e.RecordingStored, e.CallbackRequested, e.MessageEnded]
    assert house.one(f.PlayPrompts).prompts == ("ko/stored",)
    kept = the_message(house)
    assert (kept.queue, kept.call, kept.recording, kept.path) == (CARE, call.call, call.recording, "a/1.wav")
    assert (kept.message_ms, house.state.personal[kept.number]) == (8_000, NUMBER)
    assert not house.state.messages


def test_hanging_up_keeps_what_was_said() -> None:
    house, call = at_the_tone()
    recording = recording_of(call)
    house.wait(5)
    house.hang_up(call)
    assert house.one(f.StopRecording).discard is False
    closed(house, call, recording)
    assert the_message(house).recording == recording
    assert call.call not in house.state.calls
    closed(house, call, recording)
    assert not house.events, "a report that comes twice is one message"


def test_too_little_said_is_not_kept_and_asked_for_again() -> None:
    house, call = at_the_tone()
    house.wait(1)
    house.press(call, "#")
    assert house.one(f.StopRecording).discard
    assert house.one(e.MessageEnded).how is MessageEnd.TOO_SHORT
    assert house.one(f.PlayPrompts).prompts == ("ko/short", "ko/leave")
    assert not house.state.messages and not house.state.callbacks


def test_too_little_said_by_a_caller_who_hangs_up_is_nothing() -> None:
    house, call = at_the_tone()
    house.wait(1)
    house.hang_up(call)
    assert house.seen(f.StopRecording)[0].discard
    assert not house.state.calls and not house.state.messages


def test_a_message_in_which_nobody_speaks_is_none() -> None:
    house, call = at_the_tone()
    house.wait(9)
    house.tell(i.RecordingSilent(call=call.call, recording=recording_of(call)))
    assert house.one(f.StopRecording)
    closed(house, call, recording_of(call), heard=False)
    assert house.one(e.MessageEnded).how is MessageEnd.SILENT
    assert house.one(f.PlayPrompts).prompts == ("ko/short", "ko/leave")
    assert not house.state.callbacks


def test_begun_anew_throws_the_first_one_away() -> None:
    house, call = at_the_tone()
    first = recording_of(call)
    house.wait(5)
    house.press(call, "*")
    assert house.seen(f.StopRecording)[0].discard
    assert house.one(f.StartRecording).recording == recording_of(call) != first
    closed(house, call, first)
    assert not house.state.callbacks, "what was thrown away does not come back"
    house.tell(i.RecordingStarted(call=call.call, recording=recording_of(call)))
    house.wait(3)
    house.press(call, "#")
    closed(house, call, recording_of(call))
    assert the_message(house).recording == recording_of(call)


def test_the_longest_message_ends_by_itself() -> None:
    house, call = at_the_tone()
    house.wait(29.9)
    assert not house.seen(f.StopRecording)
    house.wait(0.1)
    assert house.one(f.StopRecording)
    closed(house, call, recording_of(call))
    assert house.one(f.PlayPrompts).prompts == ("ko/stored",)


def test_a_full_disk_is_told_before_anything_is_said() -> None:
    house, call = answered(flow("message", message=MESSAGE, **ENDS))
    played(house, call)
    house.tell(i.RecordingFailed(call=call.call, recording=recording_of(call), reason="disk_full"))
    assert house.one(f.PlayPrompts).prompts == ("ko/refused",)


def test_a_recorder_that_never_answers_is_no_recorder() -> None:
    house, call = answered(flow("message", message=MESSAGE, **ENDS))
    played(house, call)
    house.wait(10)
    assert house.one(f.PlayPrompts).prompts == ("ko/refused",)


def test_a_file_that_is_not_closed_in_time_is_not_promised_and_kept_all_the_same() -> None:
    house, call = at_the_tone()
    house.wait(8)
    house.press(call, "#")
    house.wait(10)
    assert house.one(f.PlayPrompts).prompts == ("ko/refused",)
    recording = recording_of(call)
    house.hang_up(call)
    house.wait(61)
    assert not house.state.calls
    closed(house, call, recording)
    assert the_message(house).recording == recording


def test_nothing_is_recorded_while_nothing_can_be_promised() -> None:
    flows = flow("message", message=MESSAGE, **ENDS)
    house = House(flows=flows)
    house.centre.may_promise = False
    call = house.arrive("1588")
    assert call.customer_leg is not None
    house.tell(i.LegAnswered(leg=call.customer_leg))
    assert house.one(f.PlayPrompts).prompts == ("ko/refused",)


def test_a_store_that_goes_away_meanwhile_promises_nothing_and_loses_nothing() -> None:
    house, call = at_the_tone()
    house.wait(8)
    house.press(call, "#")
    house.centre.may_promise = False
    closed(house, call, recording_of(call))
    assert house.one(f.PlayPrompts).prompts == ("ko/refused",)
    assert the_message(house).recording == call.recording


def test_a_withheld_number_leaves_a_message_that_can_be_heard_and_not_dialled() -> None:
    house, call = at_the_tone(number="")
    house.wait(8)
    house.press(call, "#")
    closed(house, call, recording_of(call))
    kept = the_message(house)
    house.at_work(KIM)
    assert house.refused(i.DialCallback(agent=KIM, callback=kept.callback)) == "number_erased"
    house.tell(i.SettleCallback(agent=KIM, callback=kept.callback))
    assert kept.state is CallbackState.DONE


def test_whoever_leaves_a_message_gives_up_the_queue_and_keeps_the_place() -> None:
    """An agent who becomes free does not break into the middle of it."""
    queue = QueueNode(queue="orders", offer=("offer",), keys={"3": "message"})
    message = MessageNode(prompts=("leave",), stored="stored", refused="queue", back="queue", longest_s=30)
    house, call = answered(flow("queue", queue=queue, message=message, **ENDS))
    key = call.key
    house.press(call, "3")
    assert call.phase is CallPhase.QUEUED, "who listens to the announcement still waits"
    played(house, call)
    assert house.one(e.CallLeftQueue).how is QueueExit.FLOWED_OUT
    house.tell(i.RecordingStarted(call=call.call, recording=recording_of(call)))
    house.at_work(KIM)
    assert call.agent is None
    house.wait(5)
    house.hang_up(call)
    closed(house, call, recording_of(call))
    assert (the_message(house).queue, the_message(house).key) == (ORDERS, key)


def test_a_message_outlasts_a_restart_in_the_middle() -> None:
    """The recorder went on; the tone says that we listen again."""
    house, call = at_the_tone()
    assert call.customer_leg is not None
    recording = recording_of(call)
    house.wait(5)
    house.now += 2 * SECOND
    house.crash(adopted=(call.customer_leg,))
    assert house.one(f.PlayPrompts).prompts == (f.TONE,)
    assert not house.seen(f.StartRecording)
    call = house.call(call.call)
    house.wait(5)
    house.press(call, "#")
    closed(house, call, recording, ms=12_000)
    assert (the_message(house).recording, the_message(house).message_ms) == (recording, 12_000)


def test_a_message_whose_end_was_being_written_is_asked_for_again_after_a_restart() -> None:
    house, call = at_the_tone()
    assert call.customer_leg is not None
    house.wait(5)
    house.press(call, "#")
    house.crash(adopted=(call.customer_leg,))
    assert house.one(f.StopRecording).recording == call.recording
    call = house.call(call.call)
    closed(house, call, recording_of(call))
    assert house.one(f.PlayPrompts).prompts == ("ko/stored",)


def test_a_dead_media_worker_takes_the_line_and_not_the_message() -> None:
    """The file is mended afterwards, and reported as any other."""
    house, call = at_the_tone()
    recording = recording_of(call)
    house.wait(5)
    house.hang_up(call, ClearingCause.MEDIA_LOST)
    house.wait(61)
    assert not house.state.calls
    house.crash(adopted=())
    closed(house, call, recording)
    assert the_message(house).recording == recording


def test_a_settled_callback_is_over() -> None:
    house, call = at_the_tone()
    house.wait(5)
    house.hang_up(call)
    closed(house, call, recording_of(call))
    kept = the_message(house)
    house.at_work(KIM)
    house.tell(i.SettleCallback(agent=KIM, callback=kept.callback))
    assert house.one(e.CallbackSettled).agent == KIM
    assert house.refused(i.DialCallback(agent=KIM, callback=kept.callback)) == "callback_over"


def test_the_centre_itself_never_dials_who_left_a_message() -> None:
    """Somebody shall hear it first, also in a queue whose callbacks are dialled by themselves."""
    queues = tuple(replace(queue, callbacks="automatic") for queue in SETTINGS.queues)
    house, call = at_the_tone()
    house.tell(i.LoadSettings(settings=replace(SETTINGS, queues=queues)))
    house.at_work(KIM)
    house.wait(5)
    house.hang_up(call)
    closed(house, call, recording_of(call))
    house.wait(3_600)
    assert the_message(house).state is CallbackState.WAITING
    assert house.agent(KIM).call is None
