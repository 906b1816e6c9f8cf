"""What the agent writes down about a call: note, result, script path, reason, customer; and the end of after-call work.

A note or a result may come late, from a desktop that was cut off: it is taken for a day after the call, the result
only where the centre had to put ``AUTO_TIMEOUT``. Decides nothing about the texts themselves.
"""

import msgspec

from cti_server.core import calls
from cti_server.core import events as e
from cti_server.core.entities import Call
from cti_server.core.errors import Refused
from cti_server.core.inputs import (
    AssignCustomer,
    CallCommand,
    CompleteAfterCallWork,
    CorrectReason,
    DisposeCall,
    ExtendAfterCallWork,
    FollowScript,
    TakeNote,
)
from cti_server.core.offers import prepare_card
from cti_server.core.settings import CentreSettings
from cti_server.core.step import Step
from cti_server.core.vocabulary import Micros, Occupation

NOTE_LENGTH_MAX = 20_000


def take_note(step: Step, command: TakeNote) -> None:
    if len(command.text) > NOTE_LENGTH_MAX:
        raise Refused("note_too_long", limit=NOTE_LENGTH_MAX)
    known_revision = _own_or_over(step, command)
    if command.revision > known_revision:
        step.emit(
            e.NoteTaken(
                at=step.now,
                call=command.call,
                agent=command.agent,
                note=step.keep(command.text),
                revision=command.revision,
            )
        )


def dispose(step: Step, command: DisposeCall) -> None:
    _check_disposition(step.settings, command)
    call = step.state.calls.get(command.call)
    if call is not None and step.agent(command.agent).call == call.call:
        if call.established_at is None:
            raise Refused("not_connected", call=call.call)
        if (call.disposition, call.subdisposition) == (command.code, command.subcode):
            return
    else:
        _check_late(step, command, call)
    step.emit(
        e.CallDisposed(at=step.now, call=command.call, agent=command.agent, code=command.code, subcode=command.subcode)
    )


def follow_script(step: Step, command: FollowScript) -> None:
    agent, call = step.own_call(command.agent, command.call)
    answers = step.keep(msgspec.json.encode(command.answers).decode()) if command.answers else None
    step.emit(
        e.ScriptFollowed(
            at=step.now,
            call=call.call,
            agent=agent.agent,
            library_version=command.library_version,
            item=command.item,
            node=command.node,
            path=command.path,
            reason=command.reason,
            answers=answers,
        )
    )


def correct_reason(step: Step, command: CorrectReason) -> None:
    agent, call = step.own_call(command.agent, command.call)
    if call.reason != command.reason:
        step.emit(e.ContactReasonSet(at=step.now, call=call.call, agent=agent.agent, reason=command.reason))


def assign_customer(step: Step, command: AssignCustomer) -> None:
    agent, call = step.own_call(command.agent, command.call)
    if call.customer != command.customer:
        step.emit(e.CustomerAssigned(at=step.now, call=call.call, agent=agent.agent, customer=command.customer))
    prepare_card(step, call)


def complete(step: Step, command: CompleteAfterCallWork) -> None:
    agent, call = step.own_call(command.agent, command.call)
    if agent.occupation is not Occupation.AFTER_CALL_WORK:
        raise Refused("not_in_after_call_work", call=call.call)
    if not call.disposition:
        raise Refused("disposition_required", call=call.call)
    calls.end_after_call_work(step, agent, call)


def extend(step: Step, command: ExtendAfterCallWork) -> None:
    agent, call = step.own_call(command.agent, command.call)
    if agent.occupation is not Occupation.AFTER_CALL_WORK or agent.after_call_until is None:
        raise Refused("not_in_after_call_work", call=call.call)
    if agent.extensions >= step.settings.after_call_work_extensions:
        raise Refused("no_extensions_left", limit=step.settings.after_call_work_extensions)
    step.emit(
        e.AgentWorkingAfterCall(
            at=step.now,
            agent=agent.agent,
            call=call.call,
            until=Micros(agent.after_call_until + step.settings.after_call_work_extension_s * 1_000_000),
            extensions=agent.extensions + 1,
        )
    )


def _own_or_over(step: Step, command: CallCommand) -> int:
    """The note's revision so far. Raises Refused ``not_your_call``."""
    call = step.state.calls.get(command.call)
    if call is not None and (step.agent(command.agent).call == call.call or _was_mine(call, command)):
        return call.note_revision
    over = step.state.finished.get(command.call)
    if over is None or over.agent != command.agent:
        raise Refused("not_your_call", call=command.call)
    return over.note_revision


def _check_late(step: Step, command: DisposeCall, call: Call | None) -> None:
    if call is not None:
        is_mine, is_open = _was_mine(call, command), call.disposed_automatically
    else:
        over = step.state.finished.get(command.call)
        is_mine = over is not None and over.agent == command.agent
        is_open = over is not None and over.disposed_automatically
    if not is_mine:
        raise Refused("not_your_call", call=command.call)
    if not is_open:
        raise Refused("already_disposed", call=command.call)


def _was_mine(call: Call, command: CallCommand) -> bool:
    """Over for the agent, but its recording is still being closed."""
    return call.cleared_at is not None and call.established_at is not None and call.agent == command.agent


def _check_disposition(settings: CentreSettings, command: DisposeCall) -> None:
    if not settings.dispositions:
        if not command.code:
            raise Refused("unknown_disposition", code=command.code)
        return
    for known in settings.dispositions:
        if known.code == command.code:
            if command.subcode and command.subcode not in [subcode.code for subcode in known.subcodes]:
                raise Refused("unknown_disposition", code=command.subcode)
            return
    raise Refused("unknown_disposition", code=command.code)
