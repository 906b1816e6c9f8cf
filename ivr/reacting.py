"""What a node does with an input it waits for. Any other input (late, doubled) changes nothing: None."""

from typing import assert_never

from ivr.entering import (
    STAGE_CHECKING,
    STAGE_LOOKING_UP,
    STAGE_NUMBER,
    STAGE_RECORDING,
    STAGE_STORING,
    ask_message,
    ask_number,
    collect,
    keys_of,
    offer_callback,
)
from ivr.model import (
    AnswerNode,
    BranchNode,
    CallbackNode,
    ExtensionNode,
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
from ivr.numbered import numbered_key, whole_minutes
from ivr.orders import (
    AgentLookedUp,
    AnnouncementDue,
    Answered,
    CallbackRefused,
    CallbackStored,
    CollectTimedOut,
    CustomerIdentified,
    CustomerUnknown,
    DataWaitEnded,
    DigitsCollected,
    FindAgent,
    FlowInput,
    FlowPosition,
    HangUp,
    Identify,
    MessageBegunAnew,
    MessageRefused,
    MessageStored,
    MessageTooShort,
    PinChecked,
    Play,
    PromptsFinished,
    QueueKeyPressed,
    QueueRefused,
    RecordMessage,
    RequestCallback,
    SetLanguage,
    Transfer,
    VerifyPin,
)
from ivr.outcomes import End, GoTo, Outcome, Stay


def react(node: Node, position: FlowPosition, input: FlowInput) -> Outcome | None:
    match node, input:
        case AnswerNode(), Answered():
            return GoTo(target=node.next)
        case PlayNode(), PromptsFinished():
            return GoTo(target=node.next)
        case WaitNode(), DataWaitEnded():
            return GoTo(target=node.next)
        case TransferNode(), PromptsFinished():
            return End(orders=(Transfer(number=node.number),))
        case HangUpNode(), PromptsFinished():
            return End(orders=(HangUp(reason=node.reason),))
    match node:
        case LanguageNode():
            return _choose_language(node, position, input)
        case MenuNode():
            return _choose(node, position, input)
        case IdentifyNode():
            return _identify(node, position, input)
        case PinNode():
            return _check_pin(node, position, input)
        case ExtensionNode():
            return _find_agent(node, position, input)
        case QueueNode():
            return _wait(node, position, input)
        case CallbackNode():
            return _call_back(node, position, input)
        case MessageNode():
            return _take_message(node, position, input)
        case AnswerNode() | PlayNode() | WaitNode() | TransferNode() | HangUpNode():
            return None
        case HoursNode() | BranchNode() | LoadNode():
            return None  # nobody waits here
        case _:
            assert_never(node)


def _choose_language(node: LanguageNode, position: FlowPosition, input: FlowInput) -> Outcome | None:
    match input:
        case DigitsCollected(digits=key) if key in node.keys:
            language = node.keys[key]
            return GoTo(target=node.next, orders=(SetLanguage(language=language),), language=language)
        case DigitsCollected() | CollectTimedOut():
            attempts = position.attempts + 1
            if attempts >= node.attempts:
                return GoTo(target=node.next)
            return Stay(orders=(collect(node, position),), attempts=attempts)
    return None


def _choose(node: MenuNode, position: FlowPosition, input: FlowInput) -> Outcome | None:
    match input:
        case DigitsCollected(digits=key) if key in node.keys:
            return GoTo(target=node.keys[key])
        case DigitsCollected():
            return _ask_again(node, position, node.invalid, given_up=node.otherwise)
        case CollectTimedOut():
            return _ask_again(node, position, node.silent, given_up=node.otherwise)
    return None


def _ask_again(
    node: MenuNode | IdentifyNode | PinNode | ExtensionNode,
    position: FlowPosition,
    said_first: tuple[PromptRef, ...],
    *,
    given_up: str,
) -> Outcome:
    attempts = position.attempts + 1
    if attempts >= node.attempts:
        return GoTo(target=given_up)
    return Stay(orders=(collect(node, position, said_first=said_first),), attempts=attempts)


def _identify(node: IdentifyNode, position: FlowPosition, input: FlowInput) -> Outcome | None:
    is_looking_up = position.stage == STAGE_LOOKING_UP
    match input:
        case DigitsCollected(digits="") if node.skip is not None and not is_looking_up:
            return GoTo(target=node.skip)
        case DigitsCollected(digits=digits) if not is_looking_up:
            if len(digits) < node.digits_min:
                return _ask_again(node, position, node.invalid, given_up=node.unknown)
            order = Identify(by="customer_number", use_collected=True)
            return Stay(orders=(order,), stage=STAGE_LOOKING_UP, attempts=position.attempts)
        case CollectTimedOut() if not is_looking_up:
            return _ask_again(node, position, node.invalid, given_up=node.unknown)
        case CustomerIdentified(candidates=1) if is_looking_up:
            return GoTo(target=node.found)
        case CustomerIdentified() if is_looking_up:
            return GoTo(target=node.several or node.unknown)
        case CustomerUnknown() if is_looking_up:
            if node.by == "caller_number":
                return GoTo(target=node.unknown)
            return _ask_again(node, position, node.invalid, given_up=node.unknown)
    return None


def _check_pin(node: PinNode, position: FlowPosition, input: FlowInput) -> Outcome | None:
    is_checking = position.stage == STAGE_CHECKING
    match input:
        case DigitsCollected(digits="") if node.skip is not None and not is_checking:
            return GoTo(target=node.skip)
        case DigitsCollected(digits=digits) if not is_checking:
            if len(digits) < node.digits_min:
                return _ask_again(node, position, node.invalid, given_up=node.failed)
            return Stay(orders=(VerifyPin(),), stage=STAGE_CHECKING, attempts=position.attempts)
        case CollectTimedOut() if not is_checking:
            return _ask_again(node, position, node.invalid, given_up=node.failed)
        case PinChecked(result="verified") if is_checking:
            return GoTo(target=node.verified)
        case PinChecked(result="wrong") if is_checking:
            return _ask_again(node, position, node.invalid, given_up=node.failed)
        case PinChecked(result="locked") if is_checking:
            return GoTo(target=node.locked)
        case PinChecked(result="unavailable") if is_checking:
            return GoTo(target=node.unavailable)
    return None


def _find_agent(node: ExtensionNode, position: FlowPosition, input: FlowInput) -> Outcome | None:
    is_looking_up = position.stage == STAGE_LOOKING_UP
    match input:
        case DigitsCollected(digits="") if node.skip is not None and not is_looking_up:
            return GoTo(target=node.skip)
        case DigitsCollected(digits=digits) if not is_looking_up:
            if len(digits) < node.digits_min:
                return _ask_again(node, position, node.invalid, given_up=node.unknown)
            return Stay(orders=(FindAgent(),), stage=STAGE_LOOKING_UP, attempts=position.attempts)
        case CollectTimedOut() if not is_looking_up:
            return _ask_again(node, position, node.invalid, given_up=node.unknown)
        case AgentLookedUp(result="found") if is_looking_up:
            return GoTo(target=node.found)
        case AgentLookedUp(result="absent") if is_looking_up:
            return GoTo(target=node.absent)
        case AgentLookedUp() if is_looking_up:
            return _ask_again(node, position, node.invalid, given_up=node.unknown)
    return None


def _wait(node: QueueNode, position: FlowPosition, input: FlowInput) -> Outcome | None:
    match input:
        case AnnouncementDue():
            prompts = _announcement(node, position, input)
            if not prompts:
                return None
            return Stay(orders=(Play(prompts=prompts, language=position.language, interruptible=True),))
        case QueueKeyPressed(key=key) if key in node.keys:
            return GoTo(target=node.keys[key])
        case QueueRefused():
            if node.refused is None:
                return End(orders=(HangUp(reason="queue_refused"),))
            return GoTo(target=node.refused, leaves_queue=True)
    return None


def _announcement(node: QueueNode, position: FlowPosition, due: AnnouncementDue) -> tuple[str, ...]:
    said: list[str] = []
    if node.position is not None and due.position >= 1:
        said.append(numbered_key(node.position, due.position, position.language))
    may_say = not due.is_raised or bool(node.wait_raised)
    if node.expected_wait is not None and due.expected_wait_s is not None and may_say:
        said += keys_of(node.wait_raised, position) if due.is_raised else ()
        said.append(numbered_key(node.expected_wait, whole_minutes(due.expected_wait_s), position.language))
    return (*said, *keys_of(node.offer, position))


def _call_back(node: CallbackNode, position: FlowPosition, input: FlowInput) -> Outcome | None:
    if position.stage == STAGE_STORING:
        return _callback_stored(node, input)
    if position.stage == STAGE_NUMBER:
        return _number_given(node, position, input)
    match input:
        case DigitsCollected(digits=key) if key == node.yes:
            return _store(node, position, number="caller")
        case DigitsCollected(digits=key) if key == node.other:
            return ask_number(node, position)
        case DigitsCollected():
            return GoTo(target=node.back)
        case CollectTimedOut() if position.attempts + 1 < node.attempts:
            return offer_callback(node, position, attempts=position.attempts + 1)
        case CollectTimedOut():
            return GoTo(target=node.back)
    return None


def _number_given(node: CallbackNode, position: FlowPosition, input: FlowInput) -> Outcome | None:
    match input:
        case DigitsCollected(digits=digits) if len(digits) >= node.digits_min:
            return _store(node, position, number="collected")
        case DigitsCollected() | CollectTimedOut():
            attempts = position.attempts + 1
            if attempts >= node.attempts:
                return GoTo(target=node.back)
            return ask_number(node, position, said_first=node.invalid, attempts=attempts)
    return None


def _store(node: CallbackNode, position: FlowPosition, *, number: str) -> Outcome:
    order = RequestCallback(number="caller" if number == "caller" else "collected", queue=node.queue or position.queue)
    return Stay(orders=(order,), stage=STAGE_STORING)


def _callback_stored(node: CallbackNode, input: FlowInput) -> Outcome | None:
    match input:
        case CallbackStored():
            return GoTo(target=node.stored)
        case CallbackRefused():
            return GoTo(target=node.refused)
    return None


def _take_message(node: MessageNode, position: FlowPosition, input: FlowInput) -> Outcome | None:
    if position.stage != STAGE_RECORDING:
        return _record(node, position) if isinstance(input, PromptsFinished) else None
    is_last = position.attempts + 1 >= node.attempts
    match input:
        case MessageStored():
            return GoTo(target=node.stored)
        case MessageRefused():
            return GoTo(target=node.refused)
        case MessageTooShort() | MessageBegunAnew() if is_last:
            return GoTo(target=node.back)
        case MessageTooShort():
            return ask_message(node, position, said_first=node.too_short, attempts=position.attempts + 1)
        case MessageBegunAnew():
            return _record(node, position, attempts=position.attempts + 1)
    return None


def _record(node: MessageNode, position: FlowPosition, *, attempts: int | None = None) -> Outcome:
    order = RecordMessage(
        queue=node.queue or position.queue,
        longest_s=node.longest_s,
        least_s=node.least_s,
        silence_s=node.silence_s,
    )
    return Stay(orders=(order,), stage=STAGE_RECORDING, attempts=position.attempts if attempts is None else attempts)
