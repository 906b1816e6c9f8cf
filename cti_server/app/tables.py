"""Who carries out which effect, and who hears of events. Decides nothing: the composition fills the tables."""

from collections.abc import Sequence

from cti_server.core.effects import Effect
from cti_server.core.state import State
from cti_server.ports import Performer, Publisher, Recorded


class EffectTable:
    """A Performer that hands each effect to the one who carries it out."""

    def __init__(self) -> None:
        self._performers: dict[type[Effect], Performer] = {}

    def add(self, kinds: Sequence[type[Effect]], performer: Performer) -> None:
        self._performers |= dict.fromkeys(kinds, performer)

    def perform(self, effect: Effect) -> None:
        self._performers[type(effect)].perform(effect)


class EventList:
    """A Publisher for several who watch."""

    def __init__(self) -> None:
        self._publishers: list[Publisher] = []

    def add(self, publisher: Publisher) -> None:
        self._publishers.append(publisher)

    def publish(self, recorded: Sequence[Recorded], state: State) -> None:
        for publisher in self._publishers:
            publisher.publish(recorded, state)
