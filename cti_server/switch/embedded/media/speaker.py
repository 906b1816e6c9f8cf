"""What a leg is sent by us rather than by its partner: prompts, music and keys, frame by frame on the common ticker."""

from collections import deque
from collections.abc import Callable

from cti_server.media.dtmf import DigitSender
from cti_server.media.g711 import FRAME_SAMPLES
from cti_server.media.rtp import MARKER
from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.outgoing import Outgoing
from cti_server.switch.embedded.media.peer import Peer
from cti_server.switch.embedded.media.player import Player
from cti_server.switch.embedded.media.ticker import Ticker

KEYS_WAITING_MAX = 32


class Speaker:
    """Keys go before prompts. ``changed`` is called when it begins or ends to have something to say."""

    __slots__ = (
        "_call",
        "_changed",
        "_is_streaming",
        "_keys",
        "_keys_start",
        "_leg",
        "_out",
        "_peer",
        "_report",
        "player",
    )

    def __init__(
        self,
        *,
        call: int,
        leg: int,
        peer: Peer,
        out: Outgoing,
        report: Callable[[wire.AnyReport], None],
        changed: Callable[[], None],
    ) -> None:
        self.player: Player | None = None
        self._call = call
        self._leg = leg
        self._peer = peer
        self._out = out
        self._report = report
        self._changed = changed
        self._is_streaming = False
        self._keys: deque[tuple[int, DigitSender]] = deque()
        self._keys_start: int | None = None

    @property
    def has_something(self) -> bool:
        return self.player is not None or bool(self._keys)

    def attend(self, ticker: Ticker, *, can_send: bool) -> None:
        """Be ticked while there is something to say and somebody to say it to."""
        if can_send and self.has_something:
            ticker.join(self)
        else:
            ticker.leave(self)
            self._is_streaming = False

    def play(self, player: Player) -> None:
        """In place of whatever is played now."""
        self._end(wire.PlayEnd.REPLACED)
        self.player = player
        self._changed()

    def stop(self, end: wire.PlayEnd = wire.PlayEnd.STOPPED) -> None:
        """Silence; keys that wait are still sent."""
        if self.player is not None:
            self._end(end)
            self._changed()

    def key_pressed(self) -> None:
        """A prompt that allows it stops."""
        if self.player is not None and self.player.stop_on_digit:
            self.stop(wire.PlayEnd.DIGIT)

    def send_keys(self, number: int, digits: str) -> bool:
        """Queue keys as telephone events; False: too many wait."""
        if len(self._keys) >= KEYS_WAITING_MAX:
            return False
        self._keys.append((number, DigitSender(digits)))
        self._changed()
        return True

    def forget(self) -> None:
        """The leg ends."""
        self.player = None
        self._keys.clear()

    # --- on the ticker ------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        is_first = not self._is_streaming
        if is_first:
            self._out.restart()
            self._is_streaming = True
        if self._keys:
            self._tick_keys()
        elif self.player is not None:
            frame = self.player.next_frame(self._peer.codec)
            if frame is None:
                self.stop(wire.PlayEnd.DONE)
            else:
                self._out.send_frame(frame, self._peer.payload_type | (MARKER if is_first else 0))

    def skip(self, frames: int) -> None:
        self._out.skip(frames)

    def _tick_keys(self) -> None:
        number, sender = self._keys[0]
        if self._keys_start is None:
            self._keys_start = self._out.timestamp + FRAME_SAMPLES
        self._out.skip(1)
        packet, event_type = sender.next_frame(), self._peer.event_type
        if packet is not None and event_type is not None:
            start = self._keys_start + packet.start
            self._out.send_event(packet.payload, event_type, start, marker=packet.marker)
        if sender.is_done:
            self._keys.popleft()
            self._keys_start = None
            self._report(wire.DigitsSent(call=self._call, leg=self._leg, number=number))
            if not self._keys:
                self._is_streaming = False
                self._changed()

    def _end(self, end: wire.PlayEnd) -> None:
        player, self.player = self.player, None
        if player is None:
            return
        if player.digits is not None:
            self._report(wire.DigitsSent(call=self._call, leg=self._leg, number=player.digits))
        elif player.play is not None:
            self._report(wire.PlayFinished(call=self._call, leg=self._leg, play=player.play, end=end))
