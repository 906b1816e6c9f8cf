"""Bytes to messages and back, with the limits that both sides keep. Decides nothing else."""

import msgspec

from cti_server.wire.client import ClientFrame
from cti_server.wire.server import PassedAnswer, ServerFrame

MAX_CLIENT_BYTES = 64 * 1024
"""Longest frame that a server accepts."""
MAX_SERVER_BYTES = 8 * 1024 * 1024
"""Longest frame that a desktop accepts (a script library travels in the Welcome)."""

_encoder = msgspec.json.Encoder()
_client: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_server: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)


class FrameError(ValueError):
    """A frame that cannot be understood; ``code`` is ``too_large`` or ``malformed`` (too deep nesting included)."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


def encode(frame: ClientFrame | ServerFrame | PassedAnswer) -> bytes:
    """One JSON text frame as UTF-8."""
    return _encoder.encode(frame)


def decode_client(data: bytes | str) -> ClientFrame:
    """What a desktop sent. Raises FrameError."""
    if len(data) > MAX_CLIENT_BYTES:
        raise FrameError("too_large", str(len(data)))
    try:
        return _client.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FrameError("malformed", str(error)) from error


def decode_server(data: bytes | str) -> ServerFrame | None:
    """What a server sent; None for a frame, or a fact, that this version does not know. Raises FrameError."""
    try:
        return _server.decode(data)
    except msgspec.ValidationError as error:
        if "Invalid value" in str(error):
            return None
        raise FrameError("malformed", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameError("malformed", str(error)) from error
