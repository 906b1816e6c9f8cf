"""One recording of a call: two channels on one clock, cut into seconds and handed to the sink.

Position 0 is the moment it was started. A second is cut when ``WAIT_S`` have passed after it, so that late packets
still find their place; with the sink's append and sync, audio older than two seconds is on disk. While paused the file
grows by silence and nothing that is said is held anywhere. Who is laid into which channel is decided in ``call``.
"""

import time
from collections.abc import Callable

from cti_server.media.g711 import RATE, Codec
from cti_server.media.timeline import ChannelTimeline
from cti_server.switch.embedded.media.sink import Finished, RecordingSink, SinkFile

CHUNK = RATE
WAIT_S = 0.35
WAIT = int(RATE * WAIT_S)
STALL = RATE // 2
"""So much time between two flushes, which are a tenth of a second apart, and the process was held up."""


class Channel(ChannelTimeline):
    """A channel that knows its recording's clock."""

    __slots__ = ("_position",)

    def __init__(self, codec: Codec, position: Callable[[], int]) -> None:
        super().__init__(codec)
        self._position = position

    def arrive(self, timestamp: int, payload: memoryview) -> None:
        """A packet arrives now."""
        self.put(timestamp, payload, self._position())

    def correct(self, timestamp: int) -> None:
        """Undo drift, given the timestamp of a packet that arrived just now."""
        self.check(timestamp, self._position())


class Recording:
    """``agent`` and ``customer`` are the channels; the numbers name the legs that fill them."""

    __slots__ = (
        "_file",
        "_flushed_at",
        "_marked_ms",
        "_sink",
        "_started",
        "agent",
        "agent_leg",
        "codec",
        "customer",
        "customer_leg",
        "is_open",
        "is_paused",
        "number",
        "path",
        "stopped_at",
    )

    def __init__(
        self,
        *,
        number: int,
        path: str,
        codec: Codec,
        agent_leg: int,
        customer_leg: int,
        silence_s: int,
        sink: RecordingSink,
        report: Callable[[str, Finished], None],
    ) -> None:
        self.number = number
        self.path = path
        self.codec = codec
        self.agent_leg = agent_leg
        self.customer_leg = customer_leg
        self.agent = Channel(codec, self.position)
        self.customer = Channel(codec, self.position)
        self.is_open = True
        self.is_paused = False
        self.stopped_at = 0
        self._marked_ms = 0
        self._flushed_at = 0
        self._sink = sink
        self._started = time.monotonic()
        self._file: SinkFile = sink.open(path, codec, report, silence_s=silence_s)

    def position(self) -> int:
        """Samples since the start, now; where the file ends once it is stopped."""
        return int((time.monotonic() - self._started) * RATE) if self.is_open else self.stopped_at

    def position_ms(self) -> int:
        return self.position() * 1000 // RATE

    def pause(self) -> int:
        """From here on there is silence. The position in milliseconds; the same again when it is paused already."""
        if not self.is_paused:
            self.is_paused = True
            self._marked_ms = self._silence_rest()
        return self._marked_ms

    def resume(self) -> int:
        """What is spoken from here on is kept. The position in milliseconds."""
        if self.is_paused:
            self.is_paused = False
            self._marked_ms = self._silence_rest()
        return self._marked_ms

    def flush(self) -> None:
        """Hand over a second, if one is due. Call ten times a second.

        After a stall of the process the packets that wait in the sockets come first: they still belong into the seconds
        that seem due.
        """
        if not self.is_open:
            return
        position = self.position()
        was_stalled = position - self._flushed_at > STALL
        self._flushed_at = position
        if not was_stalled and self.agent.origin + CHUNK <= position - WAIT:
            self._hand_over(CHUNK)

    def stop(self, *, discard: bool = False) -> None:
        """Hand over everything up to now and close the file; or remove it."""
        if not self.is_open:
            return
        if discard:
            self.abandon()
            self._sink.discard(self._file)
            return
        end = self.position()
        while self.is_open and self.agent.origin < end:
            self._hand_over(min(CHUNK, end - self.agent.origin))
        if self.is_open:
            self.is_open = False
            self.stopped_at = end
            self._sink.close(self._file)

    def abandon(self) -> None:
        """The sink reported a failure: keep nothing more."""
        self.stopped_at = self.position()
        self.is_open = False

    def _hand_over(self, samples: int) -> None:
        agent, customer = self.agent.cut(samples, self.codec), self.customer.cut(samples, self.codec)
        if not self._sink.append(self._file, agent, customer):
            self.abandon()
            self._sink.close(self._file, problem="disk_slow")

    def _silence_rest(self) -> int:
        position = self.position()
        self.agent.silence_from(position)
        self.customer.silence_from(position)
        return position * 1000 // RATE
