"""Simulated agents, who use every command, and their devices, which fail.

They know what they could know (prompts, their own call), and are told no more; random acts include foolish ones. What
an agent was told (an acknowledged note, result or callback) is remembered by `checks.py` and must still be true at
the end.
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cti_server.core import inputs as i
from cti_server.core.entities import Agent, Call
from cti_server.core.settings import AgentProfile
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    CallbackId,
    CallbackState,
    CallId,
    CallPhase,
    CustomerRef,
    Occupation,
    Secret,
)
from cti_server.sim.private import ANSWER, NOTE, NUMBER_PREFIX

if TYPE_CHECKING:
    from cti_server.sim.world import World

SECOND_US = 1_000_000


@dataclass(slots=True)
class Person:
    """An agent: ``connected`` is the desktop's connection."""

    profile: AgentProfile
    connected: bool = False
    commands: int = 0


class People:
    def __init__(self, world: "World") -> None:
        self._world = world
        self._people = {profile.agent: Person(profile) for profile in world.scenario.agents}

    def open(self) -> None:
        for person in self._people.values():
            if person.profile.needs_desktop:
                person.connected = True
                self._ask(person, i.LogOn(agent=person.profile.agent))
                self._ask(person, i.SetReady(agent=person.profile.agent))
            self._world.after(self._world.between(0, 5000), partial(self._act_again, person))
        self._world.callers.open()
        if self._world.scenario.faults.device_act_every_s > 0:
            self._world.after(self._world.between(0, 9000), self._device_act)

    # --- agents ------------------------------------------------------------------------------------------------------

    def card_came(self, agent: AgentId, call: CallId) -> None:
        """The desktop paints it, mostly in time."""
        person = self._people[agent]
        if person.connected and self._world.chance(0.9):
            shown = i.ConfirmCardShown(agent=agent, call=call)
            self._world.network.later(self._world.between(5, 220), partial(self._say, shown))

    def crashed(self) -> None:
        """Desktops lose their connection and come back."""
        for person in self._people.values():
            if person.connected:
                person.connected = False
                self._world.after(self._world.between(500, 14_000), partial(self._reconnect, person))

    def _reconnect(self, person: Person) -> None:
        if not person.connected:
            person.connected = True
            self._world.signal(i.DesktopConnected(agent=person.profile.agent))

    def _act_again(self, person: Person) -> None:
        self._world.after(self._world.between(500, 9000), lambda: self._act_again(person))
        agent = self._world.centre.state.agents.get(person.profile.agent)
        if agent is None or not (person.connected or not person.profile.needs_desktop):
            return
        if not person.profile.needs_desktop and not self._world.is_draining:
            return
        self._act(person, agent)

    def _act(self, person: Person, agent: Agent) -> None:
        call = self._world.centre.state.calls.get(agent.call) if agent.call is not None else None
        if agent.mode is AgentMode.LOGGED_OFF:
            self._ask(person, i.LogOn(agent=agent.agent))
        elif call is None:
            self._act_idle(person, agent)
        elif agent.occupation is Occupation.AFTER_CALL_WORK:
            self._act_after_call(person, agent, call)
        elif call.phase in (CallPhase.CONNECTED, CallPhase.HELD):
            self._act_in_call(person, agent, call)
        elif call.phase in (CallPhase.RESERVED, CallPhase.ALERTING) and self._world.chance(0.08):
            reason = self._world.random.choice(("busy", "", "nonsense"))
            self._ask(person, i.DeclineCall(agent=agent.agent, call=call.call, reason=reason))
        elif call.phase is CallPhase.INITIATED and self._world.chance(0.2):
            self._ask(person, i.EndCall(agent=agent.agent, call=call.call))

    def _act_idle(self, person: Person, agent: Agent) -> None:
        fate = self._world.random.random()
        number = f"{NUMBER_PREFIX}{self._world.random.randint(2000, 2040)}"
        if self._world.is_draining or fate < 0.65:
            if agent.mode is not AgentMode.READY:
                self._ask(person, i.SetReady(agent=agent.agent))
        elif fate < 0.70:
            self._ask(person, i.SetNotReady(agent=agent.agent, reason="break"))
        elif fate < 0.76:
            self._ask(person, i.DialNumber(agent=agent.agent, number=number))
        elif fate < 0.91:
            self._dial_callback(person, agent)
        elif fate < 0.94:
            due_at = self._world.now + self._world.centre.state.clock_offset_us + self._world.between(1000, 100_000)
            queue = self._world.random.choice(("care", "orders", "orders", ""))
            result = self._ask(
                person, i.RequestCallbackFor(agent=agent.agent, number=number, due_at=max(1, due_at), queue=queue)
            )
            if result is not None:
                self._world.checks.told_callbacks[CallbackId(result["callback"])] = None
        elif fate < 0.95:
            self._ask(person, i.LogOff(agent=agent.agent))

    def _dial_callback(self, person: Person, agent: Agent) -> None:
        waiting = [
            callback.callback
            for callback in self._world.centre.state.callbacks.values()
            if callback.state is CallbackState.WAITING or self._world.chance(0.05)
        ]
        if not waiting:
            return
        callback = self._world.random.choice(waiting)
        fate = self._world.random.random()
        if fate < 0.05:
            self._ask(person, i.SettleCallback(agent=agent.agent, callback=callback))
        elif fate < 0.9:
            self._ask(person, i.DialCallback(agent=agent.agent, callback=callback))
        else:
            self._ask(person, i.CancelCallback(agent=agent.agent, callback=callback, reason="done"))

    def _act_in_call(self, person: Person, agent: Agent, call: Call) -> None:
        act = self._world.random.randrange(12)
        commands: tuple[i.AgentCommand, ...] = (
            i.HoldCall(agent=agent.agent, call=call.call),
            i.RetrieveCall(agent=agent.agent, call=call.call),
            i.MuteCall(agent=agent.agent, call=call.call, muted=not call.muted),
            i.PauseRecording(agent=agent.agent, call=call.call, by_script=self._world.chance(0.5)),
            i.ResumeRecording(agent=agent.agent, call=call.call, by_script=self._world.chance(0.5)),
            i.SendDigits(agent=agent.agent, call=call.call, digits=Secret("12#")),
            i.SetNotReady(agent=agent.agent, reason="break"),
            i.CancelPendingMode(agent=agent.agent),
            i.EndCall(agent=agent.agent, call=call.call),
            i.AssignCustomer(agent=agent.agent, call=call.call, customer=CustomerRef("C-9")),
            i.CorrectReason(agent=agent.agent, call=call.call, reason=("a", "b", "c")),
        )
        if act < len(commands):
            self._ask(person, commands[act])
        else:
            self._write(person, agent, call)

    def _act_after_call(self, person: Person, agent: Agent, call: Call) -> None:
        fate = self._world.random.random()
        if fate < 0.4:
            self._write(person, agent, call)
        elif fate < 0.5:
            self._ask(person, i.ExtendAfterCallWork(agent=agent.agent, call=call.call))
        elif fate < 0.6:
            self._ask(person, i.DialNumber(agent=agent.agent, number=f"{NUMBER_PREFIX}7777"))
        else:
            self._ask(person, i.CompleteAfterCallWork(agent=agent.agent, call=call.call))

    def _write(self, person: Person, agent: Agent, call: Call) -> None:
        fate = self._world.random.random()
        if fate < 0.5:
            code = self._world.random.choice(("order", "other", "nonsense"))
            subcode = "new" if code == "order" else ""
            dispose = i.DisposeCall(agent=agent.agent, call=call.call, code=code, subcode=subcode)
            crashes = self._world.crashes
            if self._ask(person, dispose) is not None:
                self._world.checks.told_dispositions[call.call] = (code, subcode)
            elif crashes != self._world.crashes:  # nobody knows whether it took effect
                self._world.checks.told_dispositions.pop(call.call, None)
        elif fate < 0.8:
            revision = call.note_revision + self._world.random.choice((0, 1, 1, 3))
            text = f"{NOTE} {self._world.random.randint(0, 999)}"
            known = call.note_revision
            taken = self._ask(person, i.TakeNote(agent=agent.agent, call=call.call, text=text, revision=revision))
            if taken is not None and revision > known:
                self._world.checks.told_notes[call.call] = (revision, text)
        else:
            follow = i.FollowScript(
                agent=agent.agent,
                call=call.call,
                library_version="1",
                item="bonus",
                node=f"n{self._world.random.randint(1, 5)}",
                path=("n1",),
                answers={"field": ANSWER} if self._world.chance(0.5) else {},
                reason=("a", "b", "c") if self._world.chance(0.3) else (),
            )
            self._ask(person, follow)

    def _ask(self, person: Person, command: i.AgentCommand) -> dict[str, int] | None:
        """A command with its idempotency key; sometimes the answer is lost and the same is sent again."""
        person.commands += 1
        command = _with_key(command, f"{person.profile.agent}-{person.commands}")
        result = self._world.command(command)
        if result is not None and self._world.chance(0.05):
            again = self._world.command(command)
            crashed_between = again is None
            assert crashed_between or again == result, f"{type(command).__name__} was answered {result}, then {again}"
        return result

    def _say(self, command: i.AgentCommand) -> None:
        self._world.command(command)

    # --- devices -----------------------------------------------------------------------------------------------------

    def _device_act(self) -> None:
        world = self._world
        if world.is_draining:
            self._repair_devices()
            return
        gap_s = world.random.expovariate(1 / world.scenario.faults.device_act_every_s)
        world.after(int(gap_s * SECOND_US), self._device_act)
        person = world.random.choice(list(self._people.values()))
        fate = world.random.random()
        if fate < 0.35:
            there = world.network.registered[person.profile.extension]
            world.network.register(person.profile.extension, registered=not there)
        elif fate < 0.70:
            self._toggle_desktop(person)
        elif fate < 0.80:
            offset_s = world.random.choice((0, 1, -1, 86_400, -86_400, 31_536_000))
            world.signal(i.ClockSet(offset_us=offset_s * SECOND_US))
        elif fate < 0.90:
            agents = tuple(p for p in world.scenario.agents if world.chance(0.85))
            world.command(i.EnrolAgents(agents=agents))
        elif fate < 0.93:
            self._erase_number()
        else:
            world.command(i.EnrolAgents(agents=world.scenario.agents))

    def _erase_number(self) -> None:
        """Somebody who waits to be called back wants to be forgotten."""
        world = self._world
        waiting = [one for one in world.centre.state.callbacks.values() if one.state is CallbackState.WAITING]
        if waiting:
            number = world.random.choice(waiting).number
            world.personal[number] = world.centre.state.personal[number] = ""

    def _repair_devices(self) -> None:
        self._world.command(i.EnrolAgents(agents=self._world.scenario.agents))
        for extension, there in list(self._world.network.registered.items()):
            if not there:
                self._world.network.register(extension, registered=True)
        for person in self._people.values():
            if person.profile.needs_desktop:
                self._reconnect(person)

    def _toggle_desktop(self, person: Person) -> None:
        if not person.profile.needs_desktop:
            return
        if not person.connected:
            self._reconnect(person)
            return
        person.connected = False
        self._world.signal(i.DesktopLost(agent=person.profile.agent))
        if self._world.chance(0.8):
            self._world.after(self._world.between(1000, 25_000), lambda: self._reconnect(person))


def _with_key(command: i.AgentCommand, key: str) -> i.AgentCommand:
    fields = {name: getattr(command, name) for name in command.__struct_fields__}
    return type(command)(**{**fields, "key": key})
