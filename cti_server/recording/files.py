"""Where recordings lie, and what is in one: ``<recordings>/YYYY/MM/DD/CALL-N.wav`` by the UTC day on which it began.

Only names and contents here; who may hear a recording and how long it is kept is decided elsewhere.
"""

import datetime
from pathlib import Path, PurePosixPath

import msgspec

from cti_server.media import wav
from cti_server.media.detect import is_voiced

SUFFIX = ".wav"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class NotARecording(ValueError):
    """The name or the content is not that of a recording; the text says why."""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording holds. ``is_finished``: its header tells its length."""

    duration_ms: int
    agent_voiced: bool
    customer_voiced: bool
    is_finished: bool

    @property
    def has_both_voices(self) -> bool:
        return self.agent_voiced and self.customer_voiced


def relative_path(*, call: int, number: int, started_at_us: int) -> PurePosixPath:
    """``YYYY/MM/DD/CALL-N.wav``. ``started_at_us``: microseconds UTC; ``number``: the recording's."""
    if call < 0 or number < 0:
        raise NotARecording("numbers of calls and recordings are not negative")
    day = _EPOCH + datetime.timedelta(microseconds=started_at_us)
    return PurePosixPath(f"{day:%Y}", f"{day:%m}", f"{day:%d}", f"{call}-{number}{SUFFIX}")


def numbers_of(path: Path | PurePosixPath) -> tuple[int, int]:
    """(call, number) of a recording's name. :raises NotARecording: another file."""
    call, _, number = path.stem.partition("-")
    if path.suffix != SUFFIX or not (call.isascii() and call.isdecimal() and number.isascii() and number.isdecimal()):
        raise NotARecording(f"{path.name}: wanted CALL-NUMBER{SUFFIX}")
    return int(call), int(number)


def resolve(root: Path, relative: str) -> Path:
    """The file of an index row, certainly inside ``root``. :raises NotARecording: it would lie outside."""
    found = (root / relative).resolve()
    if not found.is_relative_to(root.resolve()):
        raise NotARecording("a recording outside its folder")
    return found


def read_contents(path: Path) -> Contents:
    """Look into a file of two channels. :raises OSError, NotARecording:"""
    content = path.read_bytes()
    try:
        info = wav.read_info(content)
        channels = wav.read_channels(content)
    except wav.NotWav as error:
        raise NotARecording(f"{path.name}: {error}") from error
    if len(channels) != 2:
        raise NotARecording(f"{path.name}: {len(channels)} channels")
    agent, customer = channels
    return Contents(
        duration_ms=len(agent) * 1000 // info.rate,
        agent_voiced=is_voiced(agent),
        customer_voiced=is_voiced(customer),
        is_finished=info.is_finished,
    )


def has_both_voices(path: Path) -> bool:
    """Do agent and customer both speak in it? :raises OSError, NotARecording:"""
    return read_contents(path).has_both_voices
