"""What the engine needs of the outside, as protocols. Adapters implement them; only ``app.py`` knows which.

None of these methods blocks the event loop. ``perform`` returns at once: the outcome comes back as a signal.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from cti_server.core.effects import Effect
from cti_server.core.events import Event
from cti_server.core.inputs import Command, Signal
from cti_server.core.state import State
from cti_server.core.vocabulary import AgentId, CustomerRef, PersonalRef, PinResult, Secret
from cti_server.wire.client import PastAsk


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place in the journal; ``seq`` counts from 1 without gaps."""

    seq: int
    event: Event


class Journal(Protocol):
    """The truth. What is in it happened; what is not, did not."""

    async def append(self, events: Sequence[Event], personal: Mapping[PersonalRef, str]) -> int:
        """Make the events durable, all or none; the seq of the last. Raises Unavailable: nothing was kept."""


class Publisher(Protocol):
    """Tells those who watch. Called after the events are durable."""

    def publish(self, recorded: Sequence[Recorded], state: State) -> None: ...


class Performer(Protocol):
    """Carries orders out. Unknown or repeated effects are harmless; what fails comes back as a signal."""

    def perform(self, effect: Effect) -> None: ...


class Submit(Protocol):
    """The engine's door, given to adapters that bring signals. Never blocks, never refuses a signal of an existing
    leg.
    """

    def __call__(self, signal: Signal) -> None: ...


class CommandReply(msgspec.Struct, frozen=True, kw_only=True):
    """``code`` empty: carried out and durable. ``seq``: the journal's seq at which the result can be read."""

    code: str = ""
    parameters: dict[str, str | int] = {}
    result: dict[str, int] = {}
    seq: int = 0


class CommandDoor(Protocol):
    """The engine's door for people: answers once the events are durable."""

    def __call__(self, command: Command) -> Awaitable[CommandReply]: ...


class CredentialCheck(msgspec.Struct, frozen=True, kw_only=True):
    """``result``: ok, wrong, locked (too many attempts) or unavailable."""

    result: str
    user: str = ""
    agent: AgentId | None = None
    name: str = ""
    group: str = ""
    extension: str = ""
    roles: tuple[str, ...] = ()
    may_dial: bool = True


class Credentials(Protocol):
    """Passwords and PINs are checked outside the core process, one at a time (argon2id), by the web process."""

    async def check_password(self, user: str, password: Secret, address: str) -> CredentialCheck: ...

    async def check_pin(self, customer: CustomerRef, pin: Secret) -> PinResult: ...


class PastReader(Protocol):
    """Why a call went to whom, and how even a day was: read from the journal outside the core process."""

    async def answer(self, person: CredentialCheck, ask: PastAsk) -> bytes:
        """The JSON of an answer's body (``wire.explained``). Raises Refused, Unavailable."""


class PhoneSecrets(Protocol):
    """SIP credentials of our own phones."""

    def issue(self, extension: str) -> tuple[str, str]:
        """Short-lived (user, password) for a desktop's phone."""

    def password_of(self, user: str) -> Secret | None:
        """For the registrar; None: nobody of that name now."""


Clock = Callable[[], int]
"""Engine time in microseconds (see core.vocabulary.Micros)."""
