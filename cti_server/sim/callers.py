"""Simulated callers: they arrive, press keys as they are asked to, or not, lose patience, talk and hang up."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cti_server.core.effects import TONE
from cti_server.core.vocabulary import ClearingCause, LegId
from cti_server.sim.private import CUSTOMER_NUMBER, NAME, NUMBER_PREFIX, RIGHT_PIN, WRONG_PIN

if TYPE_CHECKING:
    from cti_server.sim.network import SimLeg
    from cti_server.sim.world import World

SECOND_US = 1_000_000
NOBODY = LegId(0)
KEYS_BY_PROMPT = (
    ("ask_customer_number", (CUSTOMER_NUMBER + "#", CUSTOMER_NUMBER + "#", "12#", "")),
    ("language_menu", ("1", "2", "9", "")),
    ("main_menu", ("1", "2", "1", "3", "7", "")),
    ("ask_extension", ("2001#", "2002#", "2003#", "9999#", "#", "")),
    ("offer_callback", ("", "", "2")),
    ("leave_or_callback", ("1", "1", "1", "2", "0", "")),
    ("offer_message", ("", "3", "3")),
    ("confirm_callback", ("1", "1", "2", "9", "")),
    ("confirm_later_callback", ("1", "2", "9", "")),
    ("ask_callback_number", (NUMBER_PREFIX + "4321#", "12#", "")),
)


@dataclass(slots=True)
class Caller:
    """Somebody who called us."""

    world: "World"
    leg: LegId = NOBODY
    is_gone: bool = False

    def heard(self, prompts: tuple[str, ...]) -> None:
        if TONE in prompts:
            self._speak()
            return
        if any("ask_pin" in prompt for prompt in prompts):
            is_wrong = self.world.chance(self.world.scenario.wrong_pins_share)
            self._press(WRONG_PIN + "#" if is_wrong else self.world.random.choice((RIGHT_PIN + "#",) * 3 + ("1#", "")))
            return
        for name, choices in KEYS_BY_PROMPT:
            if any(name in prompt for prompt in prompts):
                self._press(self.world.random.choice(choices))
                return
        if self.world.chance(0.05):
            self._press(self.world.random.choice("0123456789*#"))

    def _speak(self) -> None:
        """A message: for a moment or for long; then a key, or nothing more, or the line is let go."""
        spoken_us = int(self.world.random.expovariate(1 / 12) * SECOND_US)
        ends = self.world.random.choice(("#", "#", "#", "*", "5#", "hang up", "hang up", ""))
        if ends == "hang up":
            self.world.network.later(spoken_us, self.hang_up)
        else:
            self.world.network.later(spoken_us, partial(self._press, ends))

    def _press(self, keys: str) -> None:
        delay_us = self.world.between(100, 4000)
        for key in keys:
            self.world.network.later(delay_us, partial(self.world.network.press, self.leg, key))
            delay_us += self.world.between(80, 900)

    def hang_up(self) -> None:
        if not self.is_gone:
            self.world.network.hang_up(self.leg)


class Callers:
    def __init__(self, world: "World") -> None:
        self._world = world

    def open(self) -> None:
        self._world.after(0, self._next_caller)

    def _next_caller(self) -> None:
        world = self._world
        if world.is_draining:
            return
        scenario, random = world.scenario, world.random
        world.after(int(random.expovariate(1 / scenario.arrival_every_s) * SECOND_US), self._next_caller)
        caller = Caller(world)
        number = "" if world.chance(0.15) else f"{NUMBER_PREFIX}{random.randint(1000, 1040)}"
        patience_us = int(random.expovariate(1 / scenario.patience_s) * SECOND_US)
        world.after(patience_us, partial(self._impatient, caller))
        caller.leg = world.network.arrive(caller, line=random.choice(scenario.lines), number=number, name=NAME)

    def _impatient(self, caller: Caller) -> None:
        """Hangs up, unless talking to somebody: then when that is over."""
        call_id = self._world.centre.state.legs.get(caller.leg)
        call = self._world.centre.state.calls.get(call_id) if call_id is not None else None
        if call is None or call.established_at is None:
            caller.hang_up()

    def talking(self, customer: "SimLeg", agent: "SimLeg") -> None:
        """Two parties hear each other; sooner or later one of them hangs up."""
        world = self._world
        talk_us = int(world.random.expovariate(1 / world.scenario.talk_s) * SECOND_US)
        ends = customer if world.chance(0.6) else agent
        cause = ClearingCause.NORMAL if world.chance(0.95) else ClearingCause.MEDIA_LOST
        world.after(talk_us, lambda: world.network.hang_up(ends.leg, cause))
