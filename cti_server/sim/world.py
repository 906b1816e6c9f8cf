"""A centre in virtual time: the real Centre, simulated network and people, and faults; the same seed, the same history.

    world = World(seed=7, scenario=BUSY_DAY)
    report = world.run()          # raises Violation with the seed, the step and the law that did not hold

The world carries data between the Centre and the simulated outside exactly as the engine does: input → events durable
→ effects performed. A crash forgets the Centre and what the switch had not confirmed, and folds the journal anew from
bytes. It decides nothing about calls; what must hold is checked in `checks.py`.
"""

import hashlib
import heapq
from collections.abc import Callable
from random import Random

import msgspec

from cti_server.core.centre import Centre
from cti_server.core.effects import Effect
from cti_server.core.errors import InvariantViolated, Refused
from cti_server.core.events import AnyEvent, Event
from cti_server.core.inputs import Command, Input, LegAlive, Restarted, Signal, Tick
from cti_server.core.snapshot import decode_snapshot, encode_snapshot
from cti_server.core.state import State, fold, personal_refs
from cti_server.core.vocabulary import PersonalRef, Secret
from cti_server.sim.callers import Callers
from cti_server.sim.checks import Checks, Violation
from cti_server.sim.network import Network
from cti_server.sim.people import People
from cti_server.sim.scenarios import Scenario

START_US = 1_760_000_000_000_000
SECOND_US = 1_000_000
DRAIN_LIMIT_US = 12 * 3600 * SECOND_US
LOOK_EVERY = 10
TICKS_AT_ONE_MOMENT_MAX = 50

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(AnyEvent)


def _reveal(thing: object) -> object:
    """Secrets go into the trace's hash, and nowhere else."""
    if isinstance(thing, Secret):
        return thing.reveal()
    raise NotImplementedError(type(thing))


_effect_encoder = msgspec.msgpack.Encoder(enc_hook=_reveal)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was: ``trace`` is the hash of every event and effect in order."""

    seed: int
    steps: int
    events: int
    crashes: int
    calls: int
    answered: int
    trace: str


class World:
    def __init__(self, *, seed: int, scenario: Scenario) -> None:
        self.seed = seed
        self.scenario = scenario
        self.random = Random(seed)
        self.now = START_US
        self.steps = 0
        self.crashes = 0
        self.is_open = False
        self.is_draining = False
        self.journal: list[bytes] = []
        self.personal: dict[PersonalRef, str] = {}
        self.checks = Checks()
        self._snapshot: tuple[int, bytes] = (0, b"")
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self._trace = hashlib.blake2b(digest_size=16)
        self.centre = Centre(State(), scenario.flows, strict=True)
        self.network = Network(self)
        self.callers = Callers(self)
        self.people = People(self)

    # --- time --------------------------------------------------------------------------------------------------------

    def after(self, delay_us: int, action: Callable[[], None]) -> None:
        self._order += 1
        heapq.heappush(self._agenda, (self.now + max(0, delay_us), self._order, action))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def between(self, least_ms: int, most_ms: int) -> int:
        """A random delay in microseconds."""
        return self.random.randint(least_ms, most_ms) * 1000

    def run(self) -> Report:
        """``scenario.steps`` steps of opened doors, then until everybody has gone home."""
        try:
            self._open()
            while self.steps < self.scenario.steps:
                self._advance()
            self._drain()
        except (InvariantViolated, AssertionError, KeyError, AttributeError, Violation) as error:
            raise Violation(f"seed {self.seed}, step {self.steps}: {type(error).__name__}: {error}") from error
        answered = self.checks.established
        return Report(
            seed=self.seed,
            steps=self.steps,
            events=len(self.journal),
            crashes=self.crashes,
            calls=len(self.checks.terminal),
            answered=answered,
            trace=self._trace.hexdigest(),
        )

    def _open(self) -> None:
        for command in self.scenario.opening():
            self.command(command)
        self.network.open()
        self.people.open()
        self.is_open = True

    def _advance(self) -> None:
        deadline = self.centre.next_deadline()
        at = self._agenda[0][0] if self._agenda else None
        if deadline is not None and (at is None or deadline <= at):
            self.now = max(self.now, deadline)
            self._tick()
            return
        assert at is not None, "nothing will ever happen again"
        at, _, action = heapq.heappop(self._agenda)
        self.now = max(self.now, at)
        action()

    def _tick(self) -> None:
        for _ in range(TICKS_AT_ONE_MOMENT_MAX):
            self._handle(Tick())
            deadline = self.centre.next_deadline()
            if deadline is None or deadline > self.now:
                return
        raise Violation("I4: deadlines come again and again")

    def _drain(self) -> None:
        self.is_draining = True
        until = self.now + DRAIN_LIMIT_US
        while self.centre.state.calls or self.network.legs or self.network.recordings or self.network.reports:
            if self.now > until:
                stuck = [(call.call, call.phase) for call in self.centre.state.calls.values()]
                raise Violation(f"stuck for 12 hours: calls {stuck}, legs {list(self.network.legs)}")
            self._advance()
        self.checks.at_end(self.centre.state, self._rebuilt(from_snapshot=False), self.personal)

    # --- the engine's part -------------------------------------------------------------------------------------------

    def signal(self, signal: Signal) -> None:
        self._handle(signal)

    def command(self, command: Command) -> dict[str, int] | None:
        """The result once it is durable; None: refused, or the process died before it answered."""
        try:
            return self._handle(command)
        except Refused as refusal:
            self._trace.update(refusal.code.encode())
            return None

    def _handle(self, input: Input) -> dict[str, int] | None:
        self.steps += 1
        outcome = self.centre.handle(input, self.now)
        may_crash = self.is_open and not self.is_draining and self.scenario.faults.crash_share > 0
        if may_crash and self.chance(self.scenario.faults.crash_share):
            return self._crash_within(outcome.events, outcome.personal, outcome.effects)
        self._keep(outcome.events, outcome.personal)
        for effect in outcome.effects:
            self._trace.update(_effect_encoder.encode(effect))
            self.checks.ordered(effect)
            self.network.perform(effect)
        if may_crash and self.chance(self.scenario.faults.rebuild_share):
            self._rebuild()
        if self.steps % LOOK_EVERY == 0:
            self.checks.at_moment(self.now)
            if differs := self.network.agrees_with(self.centre.state):
                raise Violation(differs)
        return outcome.result

    def _keep(self, events: list[Event], personal: dict[PersonalRef, str]) -> None:
        for event in events:
            data = _encoder.encode(event)
            self._trace.update(data)
            self.journal.append(data)
            self.checks.saw(event, data)
        self.checks.step_over(events)
        self.personal.update(personal)

    # --- crashes -----------------------------------------------------------------------------------------------------

    def _crash_within(
        self, events: list[Event], personal: dict[PersonalRef, str], effects: list[Effect]
    ) -> dict[str, int] | None:
        """Before the append (the step never was), or after it and before some of the effects. Nobody was answered."""
        if self.chance(0.5):
            self._keep(events, personal)
            for effect in effects[: self.random.randint(0, len(effects))]:
                self.network.perform(effect)
        self.crash()
        return None

    def crash(self) -> None:
        """kill −9 of the core process, and its start."""
        self.crashes += 1
        self._rebuild()
        inventory = self.network.crashed()
        self.people.crashed()
        self.now += self.between(300, 4000)
        self.steps += 1
        restarted = Restarted(
            inventory=tuple(LegAlive(leg=leg, adopted=adopted) for leg, adopted in inventory),
            registered=self.network.known_registrations(),
        )
        outcome = self.centre.handle(restarted, self.now)
        self._keep(outcome.events, outcome.personal)
        for effect in outcome.effects:
            self.network.perform(effect)
        self.checks.after_restart(self.centre, [leg for leg, is_adopted in inventory if is_adopted])
        if self.chance(0.5):
            self._snapshot = (len(self.journal), encode_snapshot(self.centre.state))

    def _rebuild(self) -> None:
        """A Centre from the journal, as after a crash, or after a bug in a step while the process lives.

        That takes time; effects are numbered on from the call's age, which has grown by then.
        """
        self.now += self.between(1, 30)
        rebuilt = self._rebuilt(from_snapshot=True)
        rebuilt.personal.update({ref: self.personal[ref] for ref in personal_refs(rebuilt)})
        self.centre = Centre(rebuilt, self.scenario.flows, strict=True)

    def _rebuilt(self, *, from_snapshot: bool) -> State:
        seq, data = self._snapshot
        events = (_decoder.decode(event) for event in self.journal[seq if from_snapshot and data else 0 :])
        return fold(events, decode_snapshot(data) if from_snapshot and data else None)
