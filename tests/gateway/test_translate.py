"""Every command of the wire becomes the command of the core with the same meaning."""

from typing import Any

import msgspec
import pytest

from cti_server.core import entities as core
from cti_server.core import inputs
from cti_server.core.errors import Refused
from cti_server.core.events import OrderKey
from cti_server.core.settings import AgentProfile, CentreSettings, QueueSettings
from cti_server.core.tallies import AgentDay
from cti_server.core.vocabulary import (
    AgentId,
    AgentMode,
    CallbackId,
    CallId,
    CallPhase,
    Direction,
    Extension,
    Micros,
    Occupation,
    PersonalRef,
    QueueId,
    Secret,
)
from cti_server.gateway import translate
from cti_server.wire import client as wire
from tests.gateway.floor import settings

KIM = AgentId(1)
VALUES: dict[type, Any] = {int: 7, str: "text", bool: True, tuple[str, ...]: ("a", "b"), dict[str, str]: {"k": "v"}}
RENAMED = {wire.RequestCallback: inputs.RequestCallbackFor}


def example(body: type[wire.Body]) -> Any:
    return body(**{field.name: VALUES[field.type] for field in msgspec.structs.fields(body)})


@pytest.mark.parametrize("body", translate.MAKERS, ids=lambda body: body.__name__)
def test_a_command_keeps_its_name_its_agent_its_key_and_its_fields(body: type[wire.Body]) -> None:
    sent = example(body)
    command = translate.to_command(KIM, "key-1", sent)
    assert type(command) is RENAMED.get(body, getattr(inputs, body.__name__, None))
    assert (command.agent, command.key) == (KIM, "key-1")
    for field in msgspec.structs.fields(command):
        if field.name not in ("agent", "key"):
            value = getattr(command, field.name)
            assert (value.reveal() if isinstance(value, Secret) else value) == getattr(sent, field.name)


def test_all_commands_can_be_translated() -> None:
    assert {body.__name__ for body in translate.MAKERS} == {body.__name__ for body in wire.CommandBody.__args__}


def test_digits_become_secret() -> None:
    command = translate.to_command(KIM, "", wire.SendDigits(call=1, digits="1234"))
    assert isinstance(command, inputs.SendDigits)
    assert "1234" not in repr(command)


def test_a_script_without_end_is_refused() -> None:
    path = tuple(str(n) for n in range(1000))
    with pytest.raises(Refused, match="script_too_long"):
        translate.to_command(KIM, "", wire.FollowScript(call=1, library_version="", item="", node="", path=path))


# --- views -----------------------------------------------------------------------------------------------------------


def state() -> core.State:
    """Kim, ready, with a call in after-call work."""
    made = core.State(settings=settings(), clock_offset_us=1_000)
    profile = AgentProfile(agent=KIM, extension=Extension("2001"), skills={"orders": 1})
    made.agents[KIM] = core.Agent(
        agent=KIM, profile=profile, mode=AgentMode.READY, occupation=Occupation.AFTER_CALL_WORK, since=Micros(50),
        call=CallId(9), after_call_until=Micros(90), extensions=1, phone_registered=True,
    )  # fmt: skip
    made.calls[CallId(9)] = core.Call(
        call=CallId(9), direction=Direction.INBOUND, phase=CallPhase.CLEARED, arrived_at=Micros(1), since=Micros(40),
        number=PersonalRef(3), parties={KIM: core.Party(agent=KIM, since=Micros(5))}, established_at=Micros(10),
    )  # fmt: skip
    made.personal[PersonalRef(3)] = "01023456789"
    return made


def test_times_go_out_as_utc_and_numbers_as_people_write_them() -> None:
    view = translate.call_view(state(), state().agents[KIM])
    assert view is not None
    assert (view.phase, view.since, view.after_call_until) == ("after_call_work", 1_050, 1_090)
    assert (view.established_at, view.number, view.extensions_left) == (1_010, "010-2345-6789", 1)
    assert view.ring_until is None


def test_an_erased_number_is_an_empty_one() -> None:
    made = state()
    made.personal.clear()
    view = translate.call_view(made, made.agents[KIM])
    assert view is not None
    assert view.number == ""


def callback(number: int, *, queue: str | None = "orders", agent: int | None = None, due: int = 0) -> core.Callback:
    return core.Callback(
        callback=CallbackId(number), number=PersonalRef(3), queue=QueueId(queue) if queue else None,
        key=OrderKey(rank=0, due_at=due, sequence=number), due_at=due, requested_at=Micros(0),
        agent=AgentId(agent) if agent else None,
    )  # fmt: skip


def test_callbacks_are_for_those_named_and_otherwise_for_those_who_serve_the_queue() -> None:
    made = state()
    for one in (callback(1, due=9), callback(2, queue="care"), callback(3, agent=2), callback(4, agent=1, queue="care"),
                callback(5, queue=None, due=1)):  # fmt: skip
        made.callbacks[one.callback] = one
    found = [c.callback for c in translate.waiting_callbacks(made, made.agents[KIM])]
    assert found == [4, 5, 1]
    counts = translate.callback_counts(made)
    mine = sum(n for group, n in counts.items() if translate.may_dial_callback(made, made.agents[KIM], group))
    assert mine == 3


def test_service_level_is_unknown_before_the_first_call_and_begins_anew_each_day() -> None:
    made = core.State(settings=CentreSettings(time_zone_offset_s=32_400))
    orders = QueueSettings(queue=QueueId("orders"), title={})
    assert translate.queue_gauge(made, orders, 0).service_level is None
    made.queues[QueueId("orders")] = core.Queue(
        queue=QueueId("orders"), day=0, answered=3, answered_in_time=2, abandoned=1,
        waiting={CallId(1): Micros(70), CallId(2): Micros(60)},
    )  # fmt: skip
    gauge = translate.queue_gauge(made, orders, 0)
    assert (gauge.service_level, gauge.waiting, gauge.longest_since) == (0.5, 2, 60)
    assert translate.queue_gauge(made, orders, 86_400_000_000).service_level is None


def test_my_day_knows_no_mean_before_the_first_talk() -> None:
    made = state()
    agent = made.agents[KIM]
    assert translate.my_day(made, agent, 0).talk_mean_s is None
    agent.today = AgentDay(day=0, answered=2, talks=2, talk_us=300_000_000)
    assert translate.my_day(made, agent, 0).talk_mean_s == 150.0
    assert translate.my_day(made, agent, 86_400_000_000).answered == 0
