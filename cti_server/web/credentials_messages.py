"""What the core process and the credential service say to each other: one JSON object a line, over a local socket."""

import msgspec

from cti_server.ports import CredentialCheck

LINE_BYTES_MAX = 8 * 1024


class PasswordQuestion(msgspec.Struct, frozen=True, kw_only=True, tag="password"):
    id: int
    user: str
    password: str
    address: str


class PinQuestion(msgspec.Struct, frozen=True, kw_only=True, tag="pin"):
    id: int
    customer: str
    pin: str


class PasswordAnswer(msgspec.Struct, frozen=True, kw_only=True, tag="password"):
    id: int
    check: CredentialCheck


class PinAnswer(msgspec.Struct, frozen=True, kw_only=True, tag="pin"):
    """``result``: a PinResult."""

    id: int
    result: str


Question = PasswordQuestion | PinQuestion
Answer = PasswordAnswer | PinAnswer
_encoder = msgspec.json.Encoder()
questions: msgspec.json.Decoder[Question] = msgspec.json.Decoder(Question)
answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def line(message: Question | Answer) -> bytes:
    return _encoder.encode(message) + b"\n"
