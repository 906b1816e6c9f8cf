"""Written conversations with a flow: what a caller does, hears, and where the call ends. Used as tests of a flow.

    - name: a known customer with the right PIN waits for orders
      given: {weekday: mon, time: "10:00", caller_number: true}
      steps:
        - hears: [greeting, consent]
        - presses: "1"
        - customer: found
        - ends: queue orders

Decides whether a flow behaves as written. The world (customers, PINs, queues) answers as the steps say; prompts end by
themselves.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ivr.model import Flow
from ivr.orders import (
    AgentLookedUp,
    AnnouncementDue,
    Answer,
    Answered,
    CallbackRefused,
    CallbackStored,
    Collect,
    CollectTimedOut,
    CustomerIdentified,
    CustomerUnknown,
    DataWaitEnded,
    DigitsCollected,
    Enqueue,
    FindAgent,
    FlowContext,
    FlowInput,
    FlowPosition,
    HangUp,
    Identify,
    MessageBegunAnew,
    MessageRefused,
    MessageStored,
    MessageTooShort,
    Order,
    PinChecked,
    Play,
    PromptsFinished,
    QueueFacts,
    QueueKeyPressed,
    QueueRefused,
    RecordMessage,
    RequestCallback,
    Restarted,
    SetLanguage,
    SetQueueKeys,
    Step,
    Transfer,
    VerifyPin,
    WaitForData,
)
from ivr.runtime import resume, start

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MESSAGES: dict[str, FlowInput] = {
    "stored": MessageStored(),
    "too_short": MessageTooShort(),
    "anew": MessageBegunAnew(),
    "refused": MessageRefused(),
}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The world when the call comes. By queue: `waiting`, `logged_in`, `ready`; `free`: queues where somebody would
    take the call at once; `calls`: in the whole centre."""

    weekday: Weekday = "mon"
    time: Annotated[str, Meta(pattern=r"^[0-2][0-9]:[0-5][0-9]$")] = "10:00"
    holiday: bool = False
    opening: Literal["by_hours", "always_open", "always_closed"] = "by_hours"
    caller_number: bool = True
    tier: str | None = None
    language: str | None = None
    waiting: dict[str, int] = {}
    expected_wait_s: dict[str, int] = {}
    logged_in: dict[str, int] = {}
    ready: dict[str, int] = {}
    free: tuple[str, ...] = ()
    calls: int = 1
    may_promise: bool = True


class Place(msgspec.Struct, frozen=True, kw_only=True):
    position: int
    expected_wait_s: int | None = None


class TalkStep(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a conversation; exactly one field is given.

    hears: the next prompts, in order and without gaps (`id`, or `id@en` for another language than the caller's).
    presses: a key, or a number. silence: no key in time. interrupts: a key pressed while the announcement before the
    question was still being said; it counts as it does on the telephone. customer, pin, agent, callback, message,
    queue: how the world answers. language: the one that the call has now. queued: the queue where the call waits;
    named: for whom first. ends: `hang_up <reason>`, `transfer <number>` or `queue <name>` (waiting there, nothing
    more to come).
    """

    hears: tuple[str, ...] | None = None
    presses: str | None = None
    interrupts: str | None = None
    silence: bool | None = None
    customer: Literal["found", "several", "unknown"] | None = None
    pin: Literal["verified", "wrong", "locked", "unavailable"] | None = None
    agent: Literal["found", "absent", "unknown"] | None = None
    callback: Literal["stored", "refused"] | None = None
    message: Literal["stored", "too_short", "anew", "refused"] | None = None
    queue: Literal["refused"] | None = None
    announced: Place | None = None
    restarted: bool | None = None
    language: str | None = None
    queued: str | None = None
    named: Literal["asked_for", "nobody"] | None = None
    ends: str | None = None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    steps: tuple[TalkStep, ...]
    given: Given = Given()
    flow: str | None = None


class ConversationFile(msgspec.Struct, frozen=True, kw_only=True):
    flow: str
    conversations: tuple[Conversation, ...]


class Difference(Exception):
    """The flow does something else than was written."""


def talk_through(flow: Flow, conversation: Conversation) -> str:
    """What differs, with the number of the step; empty when all is as written."""
    talk = Talk(flow, conversation.given)
    for number, step in enumerate(conversation.steps, start=1):
        try:
            talk.take(step)
        except Difference as difference:
            return f"step {number}: {difference}"
    return ""


class Talk:
    """One call through one flow, with a world that answers on demand."""

    def __init__(self, flow: Flow, given: Given) -> None:
        self._flow = flow
        self._context = _context(given)
        self._heard: list[str] = []
        self._queue = ""
        self._awaited: Order | None = None
        self._ended = ""
        self._can_interrupt = False
        """Whether what was said before the present question is interruptible."""
        self._follow(start(flow, self._context))

    def take(self, step: TalkStep) -> None:
        given = [name for name in step.__struct_fields__ if getattr(step, name) is not None]
        if len(given) != 1:
            raise Difference(f"write one thing a step, not {', '.join(given) or 'none'}")
        if step.hears is not None:
            self._hear(step.hears)
        elif step.language is not None:
            self._expect(step.language, self._step.position.language if self._step.position else "no call", "language")
        elif step.queued is not None:
            self._expect(step.queued, self._queue or "no queue", "queue")
        elif step.named is not None:
            named = self._awaited.named if isinstance(self._awaited, Enqueue) else None
            self._expect(step.named, named or "nobody", "one waited for")
        elif step.ends is not None:
            self._end(step.ends)
        elif step.interrupts is not None and not self._counts(step.interrupts):
            pass  # it cut the announcement short, at most
        else:
            if step.presses is not None or step.interrupts is not None or step.silence is not None:
                self._heard.clear()  # whoever acts has heard enough
            self._learn(step)
            self._can_interrupt = False
            self._follow(resume(self._flow, self._position(), self._input(step), self._context))

    def _hear(self, prompts: tuple[str, ...]) -> None:
        for prompt in prompts:
            if not self._heard:
                raise Difference(f"the caller should hear {prompt}, but hears nothing more; {self._now()}")
            heard = self._heard.pop(0)
            if heard != prompt:
                raise Difference(f"the caller should hear {prompt}, but hears {heard}")

    def _end(self, expected: str) -> None:
        waiting = f"queue {self._queue}" if isinstance(self._awaited, Enqueue | SetQueueKeys) else self._now()
        self._expect(expected, self._ended or waiting, "end")

    def _expect(self, expected: str, actual: str, what: str) -> None:
        if expected != actual:
            raise Difference(f"the {what} should be {expected}, but is {actual}")

    def _position(self) -> FlowPosition:
        if self._step.position is None:
            raise Difference(f"the call has ended already: {self._ended}")
        return self._step.position

    def _learn(self, step: TalkStep) -> None:
        """What the centre would know from now on."""
        if step.customer is not None:
            self._context = msgspec.structs.replace(self._context, is_customer_found=step.customer == "found")
        if step.pin is not None:
            self._context = msgspec.structs.replace(self._context, is_verified=step.pin == "verified")

    def _counts(self, key: str) -> bool:
        return self._can_interrupt and isinstance(self._awaited, Collect) and self._awaited.takes_early(key)

    def _input(self, step: TalkStep) -> FlowInput:
        """The input that a step stands for; it must be one that the flow waits for."""
        match step, self._awaited:
            case TalkStep(restarted=True), _:
                return Restarted()
            case TalkStep(presses=str(digits)) | TalkStep(interrupts=str(digits)), Collect():
                return DigitsCollected(digits=digits)
            case TalkStep(presses=str(key)), Enqueue() | SetQueueKeys():
                return QueueKeyPressed(key=key)
            case TalkStep(silence=True), Collect():
                return CollectTimedOut()
            case TalkStep(customer="unknown"), Identify():
                return CustomerUnknown()
            case TalkStep(customer=str(found)), Identify():
                return CustomerIdentified(candidates=1 if found == "found" else 2)
            case TalkStep(pin=str(result)), VerifyPin():
                return PinChecked(result=result)
            case TalkStep(agent=str(result)), FindAgent():
                return AgentLookedUp(result=result)
            case TalkStep(callback=str(result)), RequestCallback():
                return CallbackStored() if result == "stored" else CallbackRefused()
            case TalkStep(message=str(result)), RecordMessage():
                return MESSAGES[result]
            case TalkStep(queue="refused"), Enqueue():
                return QueueRefused()
            case TalkStep(announced=Place() as place), Enqueue() | SetQueueKeys():
                return AnnouncementDue(position=place.position, expected_wait_s=place.expected_wait_s)
        raise Difference(f"nothing like this is waited for; {self._now()}")

    def _follow(self, step: Step) -> None:
        """Carries the orders out; prompts, answering and waiting for data are over at once."""
        self._step = step
        for order in step.orders:
            self._carry_out(order)
        last = step.orders[-1] if step.orders else None
        done: FlowInput | None = None
        match last:
            case Play():
                done = PromptsFinished()
            case Answer():
                done = Answered()
            case WaitForData():
                done = DataWaitEnded()
            case _:
                pass
        if done is not None and step.position is not None:
            self._follow(resume(self._flow, step.position, done, self._context))

    def _carry_out(self, order: Order) -> None:
        match order:
            case Play() | Collect():
                language = self._step.position.language if self._step.position else order.language
                self._heard += [_shown(prompt, language) for prompt in order.prompts]
                if isinstance(order, Collect):
                    self._awaited = order
                else:
                    self._can_interrupt = order.interruptible
            case Enqueue():
                self._queue, self._awaited = order.queue, order
            case HangUp():
                self._ended = f"hang_up {order.reason}"
            case Transfer():
                self._ended = f"transfer {order.number}"
            case Identify() | VerifyPin() | FindAgent() | RequestCallback() | RecordMessage() | SetQueueKeys():
                self._awaited = order
            case Answer() | WaitForData() | SetLanguage():
                pass

    def _now(self) -> str:
        if self._ended:
            return f"the call has ended: {self._ended}"
        return f"the call is at {self._position().node} and waits for {type(self._awaited).__name__}"


def _shown(key: str, language: str) -> str:
    spoken, _, prompt = key.partition("/")
    return prompt if spoken == language else f"{prompt}@{spoken}"


def _context(given: Given) -> FlowContext:
    hour, minute = given.time.split(":")
    queues = {
        name: QueueFacts(
            waiting=given.waiting.get(name, 0),
            is_free=name in given.free,
            logged_in_agents=given.logged_in.get(name, 1),
            ready_agents=given.ready.get(name, given.logged_in.get(name, 1)),
            expected_wait_s=given.expected_wait_s.get(name),
        )
        for name in (*given.waiting, *given.expected_wait_s, *given.logged_in, *given.ready, *given.free)
    }
    return FlowContext(
        weekday=_WEEKDAYS.index(given.weekday),
        minute=int(hour) * 60 + int(minute),
        is_holiday=given.holiday,
        opening=given.opening,
        has_caller_number=given.caller_number,
        tier=given.tier,
        language=given.language,
        may_promise=given.may_promise,
        calls=given.calls,
        queues=queues,
    )
