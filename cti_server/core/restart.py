"""The core process is back: every passing state is asked about (ARCHITECTURE.md, decision 8).

Calls whose legs were adopted go on, and what was ordered for them last is ordered again; who waited keeps place and
music; a flow repeats its node; a phone that rings goes on ringing, and may have been answered meanwhile; other offers
are taken back, and after the last of them the caller returns to the head of the queue; what was being dialled is given
up. What only the journal knows is let go, what only the switch knows too. Desktops and phones have a
while to come back.
"""

from cti_server.core import agents, conversation, direct, flow, identity, legs, offers
from cti_server.core import events as e
from cti_server.core.calls import clear
from cti_server.core.entities import Agent, Call
from cti_server.core.inputs import Restarted
from cti_server.core.step import Step
from cti_server.core.vocabulary import (
    OFFERED,
    CallPhase,
    ClearingCause,
    LegId,
    LegState,
)

REASON = "server_restarted"


def restarted(step: Step, signal: Restarted) -> None:
    inventory = {alive.leg: alive.adopted for alive in signal.inventory}
    adopted = tuple(leg for leg in step.state.legs if inventory.get(leg, False))
    lost = tuple(leg for leg in step.state.legs if not inventory.get(leg, False))
    step.emit(e.CentreRestarted(at=step.now, adopted=adopted, lost=lost))
    step.around.memories.clear()
    step.around.pins.clear()
    step.around.registered = {extension: True for extension in signal.registered}
    for alive in signal.inventory:
        if alive.leg not in step.state.legs:
            legs.release_unknown(step, alive.leg, ClearingCause.SERVER_RESTARTED)
    for agent in list(step.state.agents.values()):
        _agent_after_restart(step, agent)
    for call in list(step.state.calls.values()):
        _call_after_restart(step, call, inventory)


def _agent_after_restart(step: Step, agent: Agent) -> None:
    if agent.desktop_connected:
        until = step.after(s=step.settings.desktop_lost_s)
        step.emit(e.AgentDesktopChanged(at=step.now, agent=agent.agent, is_connected=False, limit_at=until))
    if step.around.registered.get(agent.profile.extension, False):
        agents.phone_is_there(step, agent)
    elif agent.phone_registered:
        until = step.after(s=step.settings.phone_return_s)
        step.emit(e.AgentPhoneChanged(at=step.now, agent=agent.agent, is_registered=False, limit_at=until))


def _call_after_restart(step: Step, call: Call, inventory: dict[LegId, bool]) -> None:
    if call.phase is CallPhase.CLEARED:
        return
    _confirm_adopted(step, call, inventory)
    if call.phase in OFFERED:
        _take_offers_back(step, call, inventory)
    if call.cleared_at is not None:
        return
    if call.phase is CallPhase.INITIATED:
        clear(step, call, ClearingCause.SERVER_RESTARTED, reason=REASON)
    elif not all(inventory.get(leg, False) for leg in call.legs):
        known = all(leg in inventory for leg in call.legs)
        clear(step, call, ClearingCause.SERVER_RESTARTED if known else ClearingCause.MEDIA_LOST, reason=REASON)
    elif call.phase in flow.IN_FLOW:
        _wait_on(step, call)
    elif call.phase not in OFFERED:
        conversation.assure(step, call)


def _confirm_adopted(step: Step, call: Call, inventory: dict[LegId, bool]) -> None:
    """A caller's leg that was being answered when the process died, and is alive, was answered."""
    leg = call.legs.get(call.customer_leg) if call.customer_leg is not None else None
    if leg is not None and leg.state is LegState.OFFERED and inventory.get(leg.leg, False):
        step.emit(e.LegEstablished(at=step.now, call=call.call, leg=leg.leg))


def _take_offers_back(step: Step, call: Call, inventory: dict[LegId, bool]) -> None:
    """But for phones that ring on. The agents are not to blame, and keep the place among the idle."""
    is_caller_there = call.customer_leg is None or inventory.get(call.customer_leg, False)
    for agent, party in list(call.parties.items()):
        leg = call.legs.get(party.leg) if party.leg is not None else None
        rings = leg is not None and leg.state is LegState.ALERTING and inventory.get(leg.leg, False)
        if not (rings and is_caller_there):
            offers.withdraw(step, call, agent, reason=REASON)


def _wait_on(step: Step, call: Call) -> None:
    if call.position is not None:
        flow.repeat(step, call)
    elif call.phase is CallPhase.QUEUED:
        flow.play_music(step, call)
        identity.look_up_once(step, call)
    elif call.waiting_for == direct.CUSTOMER:
        flow.customer_is_known(step, call)
    else:
        clear(step, call, ClearingCause.SERVER_RESTARTED, reason="flow_gone")
