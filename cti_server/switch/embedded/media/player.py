"""What a leg plays: clips joined in the leg's law, frame by frame, once or over and over. No time and no socket in
here."""

from cti_server.media.g711 import FRAME_SAMPLES, Codec
from cti_server.switch.embedded.media.clips import Clip


class Player:
    """``play`` names it in reports; None: music on hold, of which nothing is reported. ``digits``: keys sent as
    sound."""

    __slots__ = ("_clips", "_codec", "_data", "_position", "digits", "play", "repeat", "stop_on_digit")

    def __init__(
        self,
        clips: list[Clip],
        *,
        play: int | None,
        repeat: bool = False,
        stop_on_digit: bool = False,
        digits: int | None = None,
    ) -> None:
        self.play = play
        self.repeat = repeat
        self.stop_on_digit = stop_on_digit
        self.digits = digits
        self._clips = clips
        self._codec: Codec | None = None
        self._data = memoryview(b"")
        self._position = 0

    def next_frame(self, codec: Codec) -> memoryview | None:
        """160 bytes, or None after the last frame."""
        if codec is not self._codec:
            self._codec = codec
            self._data = memoryview(b"".join(clip.encoded(codec) for clip in self._clips))
        if self._position >= len(self._data):
            if not self.repeat or not self._data:
                return None
            self._position = 0
        frame = self._data[self._position : self._position + FRAME_SAMPLES]
        self._position += FRAME_SAMPLES
        return frame
