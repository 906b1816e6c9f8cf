"""What surrounds the Centre on a made-up day: telephones, the customers' data, and people who react to both.

Each effect is followed by what would follow it in life: a prompt is heard and answered with keys, a phone rings and is
answered, a call is talked through, noted down and closed. Decides no more than when these signals and commands come.
"""

from collections.abc import Callable
from random import Random

from cti_server.core.effects import (
    AnswerLeg,
    CheckPin,
    ConnectLegs,
    Effect,
    LookUpCustomer,
    PlaceLeg,
    PlayMusic,
    PlayPrompts,
    PrepareCard,
    ReleaseLeg,
    RingLeg,
    ToExtension,
)
from cti_server.core.inputs import (
    Candidate,
    CompleteAfterCallWork,
    ConfirmCardShown,
    CustomersFound,
    DigitPressed,
    DisposeCall,
    EndCall,
    FollowScript,
    HoldCall,
    Input,
    LegAlerting,
    LegAnswered,
    LegCleared,
    LegFailed,
    PinChecked,
    PlayFinished,
    RetrieveCall,
    SetReady,
    TakeNote,
)
from cti_server.core.state import State
from cti_server.core.vocabulary import (
    AgentId,
    CallId,
    ClearingCause,
    CustomerRef,
    LegId,
    Occupation,
    PinResult,
    Secret,
)
from cti_server.sim.made_up_people import (
    AFTER_CALL_S,
    AGENT_ENDS_SHARE,
    HOLD_SHARE,
    MISSED_SHARE,
    REACHED_SHARE,
    Caller,
    MadeUpCentre,
    Topic,
    note,
    talk_s,
)

PROMPT_S, KEY_S = 3.0, 0.25
Plan = Callable[[float, Callable[[], Input | None]], None]


class Outside:
    """``after(seconds, act)``: plans what somebody will do, or signal, if it still makes sense then."""

    def __init__(self, centre: MadeUpCentre, chance: Random, *, state: Callable[[], State], after: Plan) -> None:
        self._of = centre
        self._random = chance
        self._state = state
        self._after = after
        self._numbers = {caller.number: caller for caller in centre.callers}
        self._keypads = {caller.keypad: caller for caller in centre.callers if caller.keypad}
        self._pins = {caller.customer: caller.pin for caller in centre.callers if caller.pin}
        self._agent_of = {profile.extension: profile.agent for profile in centre.agents}
        self._callers: dict[LegId, Caller] = {}
        self._plays: dict[LegId, int] = {}
        self._talked: dict[CallId, None] = {}

    def calls(self, leg: LegId, caller: Caller) -> None:
        """Somebody is about to call."""
        self._callers[leg] = caller

    def follow(self, effect: Effect) -> None:
        match effect:
            case AnswerLeg():
                self._after(0.02, self._if_up(effect.leg, LegAnswered(leg=effect.leg)))
            case PlayPrompts():
                self._hear(effect)
            case PlayMusic() | RingLeg():
                self._wait(effect.leg)
            case LookUpCustomer():
                found = self._found(effect)
                self._after(0.1, lambda: found)
            case CheckPin():
                is_right = self._pins.get(effect.customer) == effect.pin.reveal()
                result = PinResult.VERIFIED if is_right else PinResult.WRONG
                self._after(0.2, lambda: PinChecked(call=effect.call, result=result, n=effect.n))
            case PrepareCard():
                self._after(0.08, lambda: ConfirmCardShown(agent=effect.agent, call=effect.call))
            case PlaceLeg(to=ToExtension() as to):
                self._ring(effect, self._agent_of[to.extension])
            case PlaceLeg():
                self._dial(effect)
            case ConnectLegs():
                self._talk(effect.call)
            case ReleaseLeg():
                self._callers.pop(effect.leg, None)
                self._plays.pop(effect.leg, None)
            case _:
                pass

    # --- callers -----------------------------------------------------------------------------------------------------

    def _if_up(self, leg: LegId, signal: Input) -> Callable[[], Input | None]:
        """Unless the leg is gone meanwhile."""
        return lambda: signal if leg in self._state().legs else None

    def _hear(self, effect: PlayPrompts) -> None:
        """Listens, and presses keys before the end of what asks for them."""
        leg, length_s = effect.leg, PROMPT_S * len(effect.prompts)
        self._plays[leg] = effect.n
        finished = PlayFinished(leg=leg, play=effect.n)
        self._after(length_s, lambda: finished if self._plays.get(leg) == effect.n else None)
        caller = self._callers.get(leg)
        keys = None if caller is None else caller.keys_for(effect.prompts[-1].rpartition("/")[2])
        if keys is None:
            return
        at_s = length_s * self._random.uniform(0.7, 1.2)
        if keys == "hang up":
            self._after(at_s, self._if_up(leg, LegCleared(leg=leg, cause=ClearingCause.NORMAL)))
            return
        for number, key in enumerate(keys):
            pressed = DigitPressed(leg=leg, digit=Secret(key))
            self._after(at_s + number * KEY_S, self._if_up(leg, pressed))

    def _wait(self, leg: LegId) -> None:
        """From the first music or ringing on, patience runs out."""
        caller = self._callers.get(leg)
        if caller is not None and not caller.has_waited:
            caller.has_waited = True
            self._after(caller.patience_s, lambda: self._lose_patience(leg))

    def _lose_patience(self, leg: LegId) -> Input | None:
        call = self._state().legs.get(leg)
        if call is None or call in self._talked:
            return None
        return LegCleared(leg=leg, cause=ClearingCause.NORMAL)

    def _found(self, effect: LookUpCustomer) -> Input:
        asked = effect.customer_number
        caller = self._numbers.get(effect.number) if asked is None else self._keypads.get(asked.reveal())
        found = (
            (Candidate(customer=CustomerRef(caller.customer), tier=caller.tier, language=caller.language),)
            if caller is not None
            else ()
        )
        return CustomersFound(call=effect.call, candidates=found, n=effect.n)

    # --- telephones --------------------------------------------------------------------------------------------------

    def _ring(self, effect: PlaceLeg, agent: AgentId) -> None:
        leg = effect.leg
        self._after(0.05, lambda: LegAlerting(leg=leg))
        if effect.auto_answer:
            self._after(0.5, self._if_up(leg, LegAnswered(leg=leg)))
        elif self._random.random() < MISSED_SHARE:
            missed = LegFailed(leg=leg, cause=ClearingCause.NO_ANSWER, status=408)
            self._after(effect.timeout_s, self._if_up(leg, missed))
            self._after(effect.timeout_s + self._random.uniform(20, 90), lambda: SetReady(agent=agent))
        else:
            self._after(self._random.uniform(1.5, 6), self._if_up(leg, LegAnswered(leg=leg)))

    def _dial(self, effect: PlaceLeg) -> None:
        """A customer is called back."""
        leg = effect.leg
        self._after(2, lambda: LegAlerting(leg=leg))
        if self._random.random() < REACHED_SHARE:
            self._after(self._random.uniform(4, 15), self._if_up(leg, LegAnswered(leg=leg)))
        else:
            failed = LegFailed(leg=leg, cause=ClearingCause.NO_ANSWER, status=408)
            self._after(effect.timeout_s, self._if_up(leg, failed))

    # --- agents ------------------------------------------------------------------------------------------------------

    def _talk(self, call: CallId) -> None:
        its = self._state().calls.get(call)
        if its is None or its.agent is None or call in self._talked:
            return
        self._talked[call] = None
        agent, chance = its.agent, self._random
        length_s = talk_s(chance)
        topic = chance.choice(self._of.topics) if self._of.topics else None
        if topic is not None:
            self._after(length_s * 0.2, lambda: self._follow_script(agent, call, topic))
        if chance.random() < HOLD_SHARE:
            self._after(length_s * 0.4, lambda: HoldCall(agent=agent, call=call))
            self._after(length_s * 0.6, lambda: RetrieveCall(agent=agent, call=call))
        if (text := note(chance, topic.reason[0] if topic is not None else "")) is not None:
            self._after(length_s * 0.7, lambda: TakeNote(agent=agent, call=call, text=text, revision=1))
        self._after(length_s, lambda: self._hang_up(agent, call))
        self._after(length_s + 3, lambda: self._dispose(agent, call, topic))

    def _hang_up(self, agent: AgentId, call: CallId) -> Input | None:
        its = self._state().calls.get(call)
        if its is None or its.customer_leg is None:
            return None
        if self._random.random() < AGENT_ENDS_SHARE:
            return EndCall(agent=agent, call=call)
        return LegCleared(leg=its.customer_leg, cause=ClearingCause.NORMAL)

    def _follow_script(self, agent: AgentId, call: CallId, topic: Topic) -> Input:
        return FollowScript(
            agent=agent,
            call=call,
            library_version=topic.library_version,
            item=topic.item,
            node=topic.node,
            path=(f"{topic.item}/{topic.node}",),
            reason=topic.reason,
        )

    def _dispose(self, agent: AgentId, call: CallId, topic: Topic | None) -> Input:
        """The result is of the same kind as what was talked about, where there is one."""
        self._after(self._random.expovariate(1 / AFTER_CALL_S), lambda: self._complete(agent, call))
        groups = self._of.settings.dispositions
        if not groups:
            return DisposeCall(agent=agent, call=call, code="done")
        alike = [group for group in groups if topic is not None and topic.reason[:1] == (group.code,)]
        chosen = alike[0] if alike else self._random.choice(groups)
        subcode = self._random.choice(chosen.subcodes).code if chosen.subcodes else ""
        return DisposeCall(agent=agent, call=call, code=chosen.code, subcode=subcode)

    def _complete(self, agent: AgentId, call: CallId) -> Input | None:
        its = self._state().agents[agent]
        is_writing = its.call == call and its.occupation is Occupation.AFTER_CALL_WORK
        return CompleteAfterCallWork(agent=agent, call=call) if is_writing else None
