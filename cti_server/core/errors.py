"""The error tree, drawn once.

::

    IeumError
    ├── Refused              a person asked for what cannot be; carries a stable code and parameters, changes nothing
    ├── ProtocolError
    │   ├── LocalProtocolError    our own side broke a rule
    │   └── RemoteProtocolError   the peer did
    ├── DataError            a file is wrong: file, line, what, hint
    ├── Unavailable          an engine that we need does not answer now
    └── InvariantViolated    a law of the centre does not hold: our own bug
"""

from collections.abc import Mapping


class IeumError(Exception):
    """Any error that Ieum names itself."""


class Refused(IeumError):
    """A command was refused. The desktop turns the code into a sentence of the person's language."""

    def __init__(self, code: str, /, **parameters: str | int) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters: Mapping[str, str | int] = parameters


class ProtocolError(IeumError):
    """A message broke the rules of its protocol."""


class LocalProtocolError(ProtocolError):
    """We were about to break the rules."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the rules."""


class DataError(IeumError):
    """A file cannot be used. Line numbers start at 1; 0 where no line applies."""

    def __init__(self, *, file: str, line: int, what: str, hint: str = "") -> None:
        place = f"{file}:{line}" if line else file
        super().__init__(f"{place}: {what}" + (f" ({hint})" if hint else ""))
        self.file = file
        self.line = line
        self.what = what
        self.hint = hint


class Unavailable(IeumError):
    """An engine that we depend on does not answer now."""


class InvariantViolated(IeumError):
    """A law of the centre does not hold; the number is that of docs/reliability.md (I1 … I11)."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant
        self.detail = detail
