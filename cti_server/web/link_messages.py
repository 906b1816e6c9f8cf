"""What the core process asks the web process, and what it hears: one JSON object a line, over a local socket.

Everything that takes time on a processor is asked for here, so that it does not happen in the core process: passwords,
PINs, and what the journal tells about the past.
"""

import msgspec

from cti_server.ports import CredentialCheck
from cti_server.wire.client import PastAsk

QUESTION_BYTES_MAX = 8 * 1024
ANSWER_BYTES_MAX = 4 * 1024 * 1024


class PasswordQuestion(msgspec.Struct, frozen=True, kw_only=True, tag="password"):
    id: int
    user: str
    password: str
    address: str


class PinQuestion(msgspec.Struct, frozen=True, kw_only=True, tag="pin"):
    id: int
    customer: str
    pin: str


class PastQuestion(msgspec.Struct, frozen=True, kw_only=True, tag="past"):
    """``person``: who asks; the core process knows it from the sign-in."""

    id: int
    person: CredentialCheck
    ask: PastAsk


class PasswordAnswer(msgspec.Struct, frozen=True, kw_only=True, tag="password"):
    id: int
    check: CredentialCheck


class PinAnswer(msgspec.Struct, frozen=True, kw_only=True, tag="pin"):
    """``result``: a PinResult."""

    id: int
    result: str


class PastAnswer(msgspec.Struct, frozen=True, kw_only=True, tag="past"):
    """``body``: JSON as desktops read it; the core process does not look into it. Refused: ``code``."""

    id: int
    body: msgspec.Raw = msgspec.Raw(b"null")
    code: str = ""


CredentialQuestion = PasswordQuestion | PinQuestion
CredentialAnswer = PasswordAnswer | PinAnswer
Question = CredentialQuestion | PastQuestion
Answer = CredentialAnswer | PastAnswer
_encoder = msgspec.json.Encoder()
questions: msgspec.json.Decoder[Question] = msgspec.json.Decoder(Question)
answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def line(message: Question | Answer) -> bytes:
    return _encoder.encode(message) + b"\n"
