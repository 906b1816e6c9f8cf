"""The recordings of one call: which leg is laid into which channel, and what became of the files.

Files are written by the sink's thread; what it reports comes back into the event loop here, once for each recording.
"""

import contextlib
import os.path

from cti_server.media.g711 import RATE
from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.leg import Leg
from cti_server.switch.embedded.media.recording import Channel, Recording
from cti_server.switch.embedded.media.sink import Finished
from cti_server.switch.embedded.media.workshop import Workshop

RECORDINGS_MAX = 16
"""Of one call at a time."""


class CallRecordings:
    """Methods return "" or the code of what is wrong with the command. ``legs``: the call's, as they come and go."""

    def __init__(self, call: int, legs: dict[int, Leg], shop: Workshop) -> None:
        self._call = call
        self._legs = legs
        self._shop = shop
        self._running: dict[int, Recording] = {}
        self._known: dict[int, None] = {}

    def __bool__(self) -> bool:
        """Is anything being written still?"""
        return bool(self._running)

    def start(self, command: wire.StartRecording) -> str:
        number = command.recording
        if number in self._known:
            return ""
        wanted = {command.agent_leg or command.customer_leg, command.customer_leg}
        if not wanted <= self._legs.keys():
            return "no_such_leg"
        if command.agent_leg == command.customer_leg:
            return "same_leg"
        if not os.path.isabs(command.path):
            return "bad_path"
        if len(self._running) >= RECORDINGS_MAX:
            return "limit"
        self._known[number] = None

        def report(what: str, outcome: Finished) -> None:
            """In the sink's thread; the loop may be closed when the process ends."""
            with contextlib.suppress(RuntimeError):
                self._shop.loop.call_soon_threadsafe(self._settled, number, what, outcome)

        recording = Recording(
            number=number,
            path=command.path,
            codec=command.codec,
            agent_leg=command.agent_leg,
            customer_leg=command.customer_leg,
            silence_s=command.silence_s,
            sink=self._shop.sink,
            report=report,
        )
        self._running[number] = recording
        self._tap(recording)
        return ""

    def pause(self, number: int) -> str:
        recording = self._running.get(number)
        if recording is None:
            return "no_such_recording"
        position_ms = recording.pause()
        self._tap(recording)
        self._shop.report(wire.RecordingPaused(call=self._call, recording=number, position_ms=position_ms))
        return ""

    def resume(self, number: int) -> str:
        recording = self._running.get(number)
        if recording is None:
            return "no_such_recording"
        position_ms = recording.resume()
        self._tap(recording)
        self._shop.report(wire.RecordingResumed(call=self._call, recording=number, position_ms=position_ms))
        return ""

    def stop(self, number: int, *, discard: bool = False) -> str:
        recording = self._running.get(number)
        if recording is None:
            return "" if number in self._known else "no_such_recording"
        recording.stop(discard=discard)
        self._tap(recording)
        return ""

    def stop_all(self) -> None:
        for number in tuple(self._running):
            self.stop(number)

    def flush(self) -> None:
        """Ten times a second."""
        for recording in tuple(self._running.values()):
            recording.flush()

    def inventory(self) -> tuple[wire.RecordingInventory, ...]:
        return tuple(
            wire.RecordingInventory(
                recording=recording.number,
                path=recording.path,
                position_ms=recording.position_ms(),
                paused=recording.is_paused,
            )
            for recording in self._running.values()
        )

    def _tap(self, recording: Recording) -> None:
        """Lay the channels to the legs, or take them away."""
        is_kept = recording.is_open and not recording.is_paused
        for number, channel in ((recording.agent_leg, recording.agent), (recording.customer_leg, recording.customer)):
            leg = self._legs.get(number)
            if leg is not None:
                self._tap_leg(leg, channel, is_kept=is_kept, is_customer=channel is recording.customer)

    def _tap_leg(self, leg: Leg, channel: Channel, *, is_kept: bool, is_customer: bool) -> None:
        if is_kept:
            channel.speak(leg.peer.codec)
            leg.tap, leg.is_speaker_kept = channel, is_customer
        elif leg.tap is channel:
            leg.tap = None
        leg.refresh()

    def _settled(self, number: int, what: str, outcome: Finished) -> None:
        """The sink did something with the file of a recording."""
        recording = self._running.get(number)
        if recording is None:
            return
        if what == "opened":
            self._shop.report(wire.RecordingStarted(call=self._call, recording=number, path=recording.path))
            return
        if what == "silent":
            self._shop.report(wire.RecordingSilent(call=self._call, recording=number))
            return
        recording.abandon()
        self._tap(recording)
        del self._running[number]
        self._shop.report(self._end_of(recording, what, outcome))

    def _end_of(self, recording: Recording, what: str, outcome: Finished) -> wire.AnyReport:
        if what == "failed":
            return wire.RecordingFailed(
                call=self._call, recording=recording.number, path=recording.path, reason=outcome.problem
            )
        return wire.RecordingFinished(
            call=self._call,
            recording=recording.number,
            path=recording.path,
            duration_ms=outcome.data_bytes // 2 * 1000 // RATE,
            size_bytes=outcome.size_bytes,
            sha256=outcome.sha256,
            agent_heard=outcome.agent_heard,
            customer_heard=outcome.customer_heard,
        )
