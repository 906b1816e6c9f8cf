"""What the window and the softphone's own process say to each other: JSON lines over an authenticated loopback socket.

The phone is a process of its own, so that a call survives the window and a stalled window cannot break 20 ms audio.
The phone writes host, port and a random token to a rendezvous file that only this user can read; a window attaches
with the token. The phone sends ``PhoneStatus``, the whole of what it knows, at each change and once after ``Attach``:
the latest one counts. Nothing here is known to the server: signalling is SIP. This module has no I/O.
"""

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="m", tag=True, omit_defaults=True):
    """One line; the key ``m`` names it."""


# --- window to phone -------------------------------------------------------------------------------------------------


class Attach(Message, frozen=True, kw_only=True):
    """The first line. A second window with the right token replaces the first."""

    token: str


class Configure(Message, frozen=True, kw_only=True):
    """Register with this account (again, when it changed). ``transport``: udp or tcp."""

    host: str
    port: int
    transport: str
    extension: str
    user: str
    password: str


class Unregister(Message, frozen=True, kw_only=True):
    """Signed off: no call may come in. A call that is up goes on."""


class Answer(Message, frozen=True, kw_only=True):
    """Accept the ringing call."""


class HangUp(Message, frozen=True, kw_only=True):
    """End the call, or reject the ringing one (486), by the phone itself: works while the server's link is down."""


class Mute(Message, frozen=True, kw_only=True):
    """Send silence instead of the microphone."""

    muted: bool


class SelectDevices(Message, frozen=True, kw_only=True):
    """Names as listed in PhoneStatus; empty: the system's default."""

    microphone: str = ""
    speaker: str = ""
    ringer: str = ""


class TestAudio(Message, frozen=True, kw_only=True):
    """Play a tone and listen for a second; the result comes as ``audio_test`` in PhoneStatus."""


class LoadSound(Message, frozen=True, kw_only=True):
    """A piece of a voice message: G.711 (``law``: PCMU or PCMA), from the sample ``start`` on. ``start`` 0: of another
    sound than before."""

    sound: int
    law: str
    start: int
    data: bytes


class PlaySound(Message, frozen=True, kw_only=True):
    """Play the loaded sound from there. While a call is up nothing is played."""

    sound: int
    at_ms: int = 0


class StopSound(Message, frozen=True, kw_only=True):
    """Be silent; ``sound`` in PhoneStatus says where it was."""


class Quit(Message, frozen=True, kw_only=True):
    """End the process when no call is up."""


# --- phone to window -------------------------------------------------------------------------------------------------


class PhoneCall(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: ringing, connecting, established, ended. ``call``: the server's call id (header X-Ieum-Call), 0
    unknown.

    ``ended_by``: ours, theirs, cancelled, failed; empty while it lasts."""

    state: str
    call: int = 0
    number: str = ""
    name: str = ""
    ended_by: str = ""
    has_media: bool = False


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: playing, stopped, ended, in_call, no_device, error, failed (it is not loaded)."""

    sound: int
    state: str
    at_ms: int = 0


class PhoneStatus(Message, frozen=True, kw_only=True):
    """``registration``: none, registering, registered, failed (with ``reason``). ``audio``: ok, no_device, error.

    Levels are RMS in dBFS of the last 100 ms, None when nothing is measured."""

    registration: str
    reason: str = ""
    call: PhoneCall | None = None
    muted: bool = False
    audio: str = "no_device"
    audio_test: str = ""
    microphones: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    microphone_level_dbfs: float | None = None
    speaker_level_dbfs: float | None = None
    sound: Sound | None = None


WindowMessage = (
    Attach
    | Configure
    | Unregister
    | Answer
    | HangUp
    | Mute
    | SelectDevices
    | TestAudio
    | LoadSound
    | PlaySound
    | StopSound
    | Quit
)
PhoneMessage = PhoneStatus

_encoder = msgspec.json.Encoder()
_from_window: msgspec.json.Decoder[WindowMessage] = msgspec.json.Decoder(WindowMessage)
_from_phone: msgspec.json.Decoder[PhoneMessage] = msgspec.json.Decoder(PhoneMessage)


class Rendezvous(msgspec.Struct, frozen=True, kw_only=True):
    """Content of the rendezvous file (mode 0600)."""

    port: int
    token: str
    pid: int


def encode_line(message: WindowMessage | PhoneMessage) -> bytes:
    """One line, with its newline."""
    return _encoder.encode(message) + b"\n"


def decode_from_window(line: bytes) -> WindowMessage:
    """Raises msgspec.DecodeError."""
    return _from_window.decode(line)


def decode_from_phone(line: bytes) -> PhoneMessage:
    """Raises msgspec.DecodeError."""
    return _from_phone.decode(line)
