"""The words between the core process and a media worker, in one place, and how they are framed.

A frame is four bytes of length (big endian) and one msgpack map. This module decides nothing; it imports no socket and
no event loop.
"""

import struct

import msgspec

from cti_server.media.g711 import Codec
from cti_server.switch.embedded.media_commands import (
    PROTOCOL_VERSION,
    AcknowledgeReports,
    Annotate,
    AnyCommand,
    CallCommand,
    CloseCall,
    CloseLeg,
    ConnectLegs,
    DisconnectLeg,
    GetInventory,
    GetStatistics,
    Hello,
    HoldLeg,
    LegCommand,
    MediaDirection,
    MuteLeg,
    OpenLeg,
    PauseRecording,
    Ping,
    Play,
    Preload,
    ResumeRecording,
    RetrieveLeg,
    SendDigits,
    SetConference,
    SetRemote,
    StartRecording,
    StopPlaying,
    StopRecording,
)
from cti_server.switch.embedded.media_reports import (
    AnyDurable,
    AnyReport,
    CallEnded,
    CallInventory,
    CommandFailed,
    DigitPressed,
    DigitsSent,
    DurableReport,
    InventoryReport,
    LegClosed,
    LegHeard,
    LegInventory,
    LegStatistics,
    MediaLost,
    PlayEnd,
    PlayFinished,
    Pong,
    RecordingFailed,
    RecordingFinished,
    RecordingInventory,
    RecordingPaused,
    RecordingResumed,
    RecordingSilent,
    RecordingStarted,
    Refused,
    Report,
    StatisticsReport,
    Welcome,
)

__all__ = [
    "FRAME_BYTES_MAX",
    "PROTOCOL_VERSION",
    "AcknowledgeReports",
    "Annotate",
    "AnyCommand",
    "AnyDurable",
    "AnyReport",
    "CallCommand",
    "CallEnded",
    "CallInventory",
    "CloseCall",
    "CloseLeg",
    "Codec",
    "CommandFailed",
    "ConnectLegs",
    "DigitPressed",
    "DigitsSent",
    "DisconnectLeg",
    "DurableReport",
    "FrameReader",
    "FrameTooLong",
    "GetInventory",
    "GetStatistics",
    "Hello",
    "HoldLeg",
    "InventoryReport",
    "LegClosed",
    "LegCommand",
    "LegHeard",
    "LegInventory",
    "LegStatistics",
    "MediaDirection",
    "MediaLost",
    "MuteLeg",
    "OpenLeg",
    "PauseRecording",
    "Ping",
    "Play",
    "PlayEnd",
    "PlayFinished",
    "Pong",
    "Preload",
    "RecordingFailed",
    "RecordingFinished",
    "RecordingInventory",
    "RecordingPaused",
    "RecordingResumed",
    "RecordingSilent",
    "RecordingStarted",
    "Refused",
    "Report",
    "ResumeRecording",
    "RetrieveLeg",
    "SendDigits",
    "SetConference",
    "SetRemote",
    "StartRecording",
    "StatisticsReport",
    "StopPlaying",
    "StopRecording",
    "Welcome",
    "decode_command",
    "decode_report",
    "encode",
]

FRAME_BYTES_MAX = 8 * 1024 * 1024
"""An inventory of 1,000 calls with a kilobyte of metadata each fits several times over."""
_LENGTH = struct.Struct("!I")


class FrameTooLong(ValueError):
    """The other side announced a frame that nobody would send."""


class FrameReader:
    """Cuts a byte stream into frames. Feed what arrived; get the complete payloads."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """:raises FrameTooLong: the stream cannot be trusted any more."""
        self._held += data
        frames: list[bytes] = []
        start = 0
        while len(self._held) - start >= 4:
            (length,) = _LENGTH.unpack_from(self._held, start)
            if length > FRAME_BYTES_MAX:
                raise FrameTooLong(length)
            if len(self._held) - start - 4 < length:
                break
            frames.append(bytes(self._held[start + 4 : start + 4 + length]))
            start += 4 + length
        del self._held[:start]
        return frames


_encoder = msgspec.msgpack.Encoder()
_command_decoder: msgspec.msgpack.Decoder[AnyCommand] = msgspec.msgpack.Decoder(AnyCommand)
_report_decoder: msgspec.msgpack.Decoder[AnyReport] = msgspec.msgpack.Decoder(AnyReport)


def encode(message: AnyCommand | AnyReport) -> bytes:
    """One message as a frame."""
    payload = _encoder.encode(message)
    return _LENGTH.pack(len(payload)) + payload


def decode_command(payload: bytes) -> AnyCommand:
    """:raises msgspec.MsgspecError: not a command of this protocol."""
    return _command_decoder.decode(payload)


def decode_report(payload: bytes) -> AnyReport:
    """:raises msgspec.MsgspecError: not a report of this protocol."""
    return _report_decoder.decode(payload)
