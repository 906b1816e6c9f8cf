"""What a node does when a call comes to it. What it does with an input is `reacting.py`'s."""

from collections.abc import Sequence
from typing import assert_never

from ivr.hours import is_open
from ivr.model import (
    AnswerNode,
    BranchNode,
    CallbackNode,
    ExtensionNode,
    Flow,
    HangUpNode,
    HoursNode,
    IdentifyNode,
    LanguageNode,
    LoadNode,
    MenuNode,
    MessageNode,
    Node,
    PinNode,
    PlayNode,
    PromptRef,
    QueueNode,
    TransferNode,
    WaitNode,
)
from ivr.numbered import prompt_key
from ivr.orders import (
    Answer,
    Collect,
    Enqueue,
    FlowContext,
    FlowPosition,
    HangUp,
    Identify,
    Order,
    Play,
    QueueFacts,
    SetQueueKeys,
    Transfer,
    WaitForData,
)
from ivr.outcomes import End, GoTo, Outcome, Stay

STAGE_LOOKING_UP = "looking_up"
STAGE_CHECKING = "checking"
STAGE_NUMBER = "number"
STAGE_STORING = "storing"
STAGE_RECORDING = "recording"

Collecting = LanguageNode | MenuNode | IdentifyNode | PinNode | ExtensionNode


def enter(flow: Flow, node: Node, position: FlowPosition, context: FlowContext) -> Outcome:
    match node:
        case AnswerNode():
            return Stay(orders=(Answer(),))
        case HoursNode():
            return GoTo(target=node.open if is_open(flow.hours[node.table], context) else node.closed)
        case PlayNode():
            return Stay(orders=(play(node.prompts, position, interruptible=node.interruptible),))
        case LanguageNode() | MenuNode() | PinNode() | ExtensionNode():
            return Stay(orders=(collect(node, position),))
        case IdentifyNode():
            return _enter_identify(node, position, context)
        case BranchNode():
            return GoTo(target=node.cases.get(_value(node, position, context), node.otherwise))
        case LoadNode():
            return GoTo(target=_by_load(node, position, context))
        case WaitNode():
            return Stay(orders=(WaitForData(limit_ms=node.limit_ms),))
        case QueueNode():
            return Stay(orders=(_wait_in_queue(node, position),), queue=node.queue)
        case CallbackNode():
            return offer_callback(node, position) if context.has_caller_number else ask_number(node, position)
        case MessageNode():
            return ask_message(node, position) if context.may_promise else GoTo(target=node.refused)
        case TransferNode():
            return _say_then_end(node.prompts, Transfer(number=node.number), position)
        case HangUpNode():
            return _say_then_end(node.prompts, HangUp(reason=node.reason), position)
        case _:
            assert_never(node)


def play(prompts: Sequence[PromptRef], position: FlowPosition, *, interruptible: bool = False) -> Play:
    return Play(prompts=keys_of(prompts, position), language=position.language, interruptible=interruptible)


def keys_of(prompts: Sequence[PromptRef], position: FlowPosition) -> tuple[str, ...]:
    return tuple(prompt_key(prompt, position.language) for prompt in prompts)


def collect(node: Collecting, position: FlowPosition, *, said_first: Sequence[PromptRef] = ()) -> Collect:
    """The node's question. Numbers and PINs end with # and are secret; a menu takes one key."""
    is_number = isinstance(node, IdentifyNode | PinNode | ExtensionNode)
    return Collect(
        prompts=keys_of((*said_first, *node.prompts), position),
        language=position.language,
        digits_min=node.digits_min if isinstance(node, IdentifyNode | PinNode | ExtensionNode) else 1,
        digits_max=node.digits_max if isinstance(node, IdentifyNode | PinNode | ExtensionNode) else 1,
        terminators="#" if is_number else "",
        first_digit_timeout_ms=node.first_digit_timeout_ms,
        secret=is_number,
        keys="".join(node.keys) if isinstance(node, LanguageNode | MenuNode) else "",
    )


def offer_callback(
    node: CallbackNode, position: FlowPosition, *, said_first: Sequence[PromptRef] = (), attempts: int = 0
) -> Outcome:
    order = Collect(
        prompts=keys_of((*said_first, *node.prompts), position),
        language=position.language,
        digits_min=1,
        digits_max=1,
        first_digit_timeout_ms=node.first_digit_timeout_ms,
        keys=node.yes + node.other,
    )
    return Stay(orders=(order,), attempts=attempts)


def ask_number(
    node: CallbackNode, position: FlowPosition, *, said_first: Sequence[PromptRef] = (), attempts: int = 0
) -> Outcome:
    order = Collect(
        prompts=keys_of((*said_first, *node.ask_number), position),
        language=position.language,
        digits_min=node.digits_min,
        digits_max=node.digits_max,
        terminators="#",
        first_digit_timeout_ms=node.first_digit_timeout_ms,
        secret=True,
    )
    return Stay(orders=(order,), stage=STAGE_NUMBER, attempts=attempts)


def ask_message(
    node: MessageNode, position: FlowPosition, *, said_first: Sequence[PromptRef] = (), attempts: int = 0
) -> Outcome:
    return Stay(orders=(play((*said_first, *node.prompts), position),), attempts=attempts)


def _enter_identify(node: IdentifyNode, position: FlowPosition, context: FlowContext) -> Outcome:
    if node.by == "customer_number":
        return Stay(orders=(collect(node, position),))
    if not context.has_caller_number:
        return GoTo(target=node.unknown)
    return Stay(orders=(Identify(by="caller_number", use_collected=False),), stage=STAGE_LOOKING_UP)


def _wait_in_queue(node: QueueNode, position: FlowPosition) -> Enqueue | SetQueueKeys:
    """A call that already waits in this queue (back from a question, or after a restart) keeps its place."""
    if position.queue == node.queue:
        return SetQueueKeys(keys=tuple(node.keys), music=node.music, skills=node.skills)
    return Enqueue(
        queue=node.queue,
        priority=node.priority,
        use_tier=node.use_tier,
        music=node.music,
        announce_at_start=node.announce_at_start,
        announce_every_s=node.announce_every_s,
        keys=tuple(node.keys),
        skills=node.skills,
        named=node.named,
    )


def _value(node: BranchNode, position: FlowPosition, context: FlowContext) -> str:
    match node.on:
        case "tier":
            return context.tier or "none"
        case "language":
            return position.language
        case "verified":
            return _yes_or_no(context.is_verified)
        case "customer_found":
            return _yes_or_no(context.is_customer_found)
        case "caller_number":
            return _yes_or_no(context.has_caller_number)
        case "may_promise":
            return _yes_or_no(context.may_promise)
        case _:
            assert_never(node.on)


def _yes_or_no(fact: bool) -> str:
    return "yes" if fact else "no"


def _by_load(node: LoadNode, position: FlowPosition, context: FlowContext) -> str:
    of_language = context.queues.get(f"{node.queue}@{position.language}")
    facts = of_language or context.queues.get(node.queue, QueueFacts())
    if node.nobody is not None and facts.logged_in_agents == 0:
        return node.nobody
    if node.nobody_ready is not None and facts.ready_agents == 0:
        return node.nobody_ready
    is_full = node.calls_at_least is not None and context.calls >= node.calls_at_least
    is_busy = is_full or (not facts.is_free and _is_over(node, facts))
    return node.busy if is_busy and node.busy is not None else node.otherwise


def _is_over(node: LoadNode, facts: QueueFacts) -> bool:
    per_agent = node.waiting_per_agent
    reached = (
        (node.waiting_at_least, facts.waiting),
        (None if per_agent is None else per_agent * facts.logged_in_agents, facts.waiting),
        (node.expected_wait_s, facts.expected_wait_s),
    )
    return any(limit is not None and found is not None and found >= limit for limit, found in reached)


def _say_then_end(prompts: Sequence[PromptRef], last: Order, position: FlowPosition) -> Outcome:
    return Stay(orders=(play(prompts, position),)) if prompts else End(orders=(last,))
