"""What must hold of voice messages in a simulated centre, judged by the journal, the recorder and what callers heard.

What a caller was told to be stored, and what the recorder closed after the caller hung up, is a callback exactly once;
no callback speaks of a file that is not whole, or that the caller threw away; whoever speaks is offered to nobody.
"""

from cti_server.core import events as e
from cti_server.core.entities import State
from cti_server.core.inputs import RecordingFinished
from cti_server.core.messages import TAKING
from cti_server.core.vocabulary import CallId, MessageEnd, RecordingId


class MessageChecks:
    """Every method raises AssertionError where something does not hold."""

    def __init__(self) -> None:
        self._ends: dict[RecordingId, list[MessageEnd]] = {}
        self._calls: dict[RecordingId, CallId] = {}
        self._whole: dict[RecordingId, None] = {}
        self._stored: dict[RecordingId, None] = {}
        self._kept: dict[RecordingId, None] = {}

    def closed(self, state: State, signal: RecordingFinished, at: int) -> None:
        """The recorder has closed the file of a message; is somebody heard in it for long enough after the tone?"""
        message = state.messages.get(signal.recording)
        if message is None or message.heard_since is None or not signal.customer_heard:
            return
        if at - message.heard_since >= message.least_ms * 1_000:
            self._whole[signal.recording] = None

    def told(self, call: CallId) -> None:
        """The caller hears that the message is stored: it must be so by now."""
        is_true = any(self._calls[recording] == call for recording in self._kept)
        assert is_true, f"I2: the caller of {call} is told that a message is stored which is not"

    def saw(self, state: State, event: e.Event) -> None:
        """``state``: after the event."""
        match event:
            case e.MessageBegun():
                self._ends[event.recording] = []
                self._calls[event.recording] = event.call
            case e.MessageEnded():
                self._ends[event.recording].append(event.how)
                assert len(self._ends[event.recording]) == 1, f"message {event.recording} ended twice"
            case e.RecordingStored():
                self._stored[event.recording] = None
            case e.CallbackRequested(recording=int()):
                self._became_callback(event)
            case e.CallDelivered():
                speaks = state.calls[event.call].waiting_for in TAKING
                assert not speaks, f"call {event.call} was offered while its caller leaves a message"

    def _became_callback(self, event: e.CallbackRequested) -> None:
        recording = event.recording
        assert recording is not None
        is_first = recording not in self._kept and self._ends.get(recording) == []
        assert is_first, f"I2: message {recording} is there twice, or was thrown away"
        assert recording in self._stored and event.path, f"I2: message {recording} is kept, and its file is not"
        self._kept[recording] = None

    def at_end(self) -> None:
        lost = [recording for recording in self._whole if recording not in self._kept]
        assert not lost, f"I2: messages {lost} are on disk, and nobody will hear them"
