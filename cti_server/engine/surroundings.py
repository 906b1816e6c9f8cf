"""What the loop needs to know of the rules and of the store, and no more."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from cti_server.core.effects import Effect
from cti_server.core.events import Event
from cti_server.core.inputs import Input
from cti_server.core.state import State
from cti_server.core.vocabulary import Micros, PersonalRef
from cti_server.ports import Journal


class Step(Protocol):
    """What one input came to (`core.centre.Outcome`)."""

    @property
    def events(self) -> Sequence[Event]: ...

    @property
    def effects(self) -> Sequence[Effect]: ...

    @property
    def personal(self) -> Mapping[PersonalRef, str]: ...

    @property
    def result(self) -> Mapping[str, int]: ...


class Rules(Protocol):
    """The Centre (`core.centre.Centre`): the engine knows no more of it than this."""

    may_promise: bool

    @property
    def state(self) -> State: ...

    def handle(self, input: Input, now: Micros) -> Step: ...

    def next_deadline(self) -> int | None: ...


class Store(Journal, Protocol):
    """The journal, and what the engine needs of it beyond appending."""

    last_seq: int

    @property
    def is_degraded(self) -> bool: ...

    @property
    def is_full(self) -> bool: ...

    @property
    def kept_durably(self) -> bool: ...

    async def restore(self) -> State: ...

    async def keep_snapshot(self, seq: int, content: bytes) -> None: ...

    async def try_return(self) -> bool: ...
