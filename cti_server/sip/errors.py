"""What can go wrong in SIP, by whose fault it is. No other exception leaves this package.

SipError
|-- LocalProtocolError      the embedder asked for something impossible (unknown leg, wrong state, CR in a header)
|   `-- UnknownLeg          ... about a leg that does not exist or has already ended
|-- RemoteProtocolError     the peer sent something malformed; carries the status it deserves. `receive` handles it
|                           (answer or drop), it is seen only by callers of the parsers themselves
`-- ResumeError             bytes given to `adopt` are not a resume of this or an earlier version
"""


class SipError(Exception):
    """Base of all errors of this package."""


class LocalProtocolError(SipError):
    """The embedder's fault; nothing was changed and nothing was sent."""


class UnknownLeg(LocalProtocolError):
    """No such leg, or it has ended: when two parties hang up at once this is normal, and safe to ignore."""

    def __init__(self, leg: int) -> None:
        super().__init__(f"no leg {leg}")
        self.leg = leg


class RemoteProtocolError(SipError):
    """The peer's fault. `status` is what a request deserves (400, 505, ...); a response is dropped."""

    def __init__(self, why: str, *, status: int = 400, reason: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.status = status
        self.reason = reason


class ResumeError(SipError):
    """The bytes handed to `adopt` cannot be understood."""
