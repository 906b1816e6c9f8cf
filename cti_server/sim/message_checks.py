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
    """``problem`` looks at each event; methods return what is wrong, or nothing."""

    def __init__(self) -> None:
        self._ends: dict[RecordingId, list[MessageEnd]] = {}
        self._calls: dict[RecordingId, CallId] = {}
        self._whole: dict[RecordingId, None] = {}
        self._stored: dict[RecordingId, None] = {}
        self._kept: dict[RecordingId, int] = {}

    def closed(self, state: State, signal: RecordingFinished, at: int) -> None:
        """The recorder has closed the file of a message; is somebody heard in it for long enough after the tone?"""
        message = state.messages.get(signal.recording)
        if message is None or message.heard_since is None or not signal.customer_heard:
            return
        if at - message.heard_since >= message.least_ms * 1_000:
            self._whole[signal.recording] = None

    def told(self, call: CallId) -> str:
        """The caller hears that the message is stored: it must be so by now."""
        is_true = any(self._calls[recording] == call for recording in self._kept)
        return "" if is_true else f"I2: the caller of {call} is told that a message is stored which is not"

    def problem(self, state: State, event: e.Event) -> str:
        """``state``: after the event."""
        match event:
            case e.MessageBegun():
                self._ends[event.recording] = []
                self._calls[event.recording] = event.call
            case e.MessageEnded():
                self._ends[event.recording].append(event.how)
                if len(self._ends[event.recording]) > 1:
                    return f"message {event.recording} ended twice"
            case e.RecordingStored():
                self._stored[event.recording] = None
            case e.CallbackRequested(recording=int(recording)):
                return self._problem_of_callback(event, recording)
            case e.CallDelivered() if state.calls[event.call].waiting_for in TAKING:
                return f"call {event.call} was offered while its caller leaves a message"
        return ""

    def _problem_of_callback(self, event: e.CallbackRequested, recording: RecordingId) -> str:
        self._kept[recording] = self._kept.get(recording, 0) + 1
        if self._kept[recording] > 1 or self._ends.get(recording) != []:
            return f"I2: message {recording} is there twice, or was thrown away"
        if recording not in self._stored or not event.path:
            return f"I2: message {recording} is kept, and its file is not"
        return ""

    def problem_at_end(self) -> str:
        if lost := [recording for recording in self._whole if recording not in self._kept]:
            return f"I2: messages {lost} are on disk, and nobody will hear them"
        return ""
