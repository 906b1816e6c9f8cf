"""What a simulated centre consists of, and what goes wrong in it."""

from dataclasses import dataclass, field, replace

from msgspec import structs

from cti_server.core.inputs import Command, EnrolAgents, LoadSettings
from cti_server.core.settings import (
    AgentProfile,
    CentreSettings,
    CodeSettings,
    LanguageSettings,
    LineSettings,
    OverflowSettings,
    QueueSettings,
    RelaxSettings,
)
from cti_server.core.vocabulary import AgentId, Extension, NamedBy, OverflowWhen, QueueId, Strategy
from ivr.loader import load_flows
from ivr.model import AnswerNode, Flow, FlowSet, HangUpNode, MessageNode, Node, QueueNode, TransferNode

NO_FLOWS = FlowSet(flows=())
ORDERS, CARE = QueueId("orders"), QueueId("care")


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Shares are per step (crash), per leg, per signal, or per act."""

    crash_share: float = 0.0
    rebuild_share: float = 0.0
    leg_lost_share: float = 0.0
    signal_doubled_share: float = 0.0
    answer_lost_share: float = 0.0
    device_act_every_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Scenario:
    settings: CentreSettings
    agents: tuple[AgentProfile, ...]
    flows: FlowSet = NO_FLOWS
    lines: tuple[str, ...] = ("1588", "direct")
    steps: int = 300
    arrival_every_s: float = 6.0
    patience_s: float = 60.0
    talk_s: float = 30.0
    customers: int = 5
    wrong_pins_share: float = 0.2
    faults: Faults = field(default_factory=Faults)

    def opening(self) -> tuple[Command, ...]:
        return (LoadSettings(settings=self.settings), EnrolAgents(agents=self.agents))


def sample_settings(*, pop_wait_ms: int = 150, after_call_work_s: int = 20) -> CentreSettings:
    """Two queues, a line with the sample flow and one straight into a queue; short limits, so that they are met."""
    return CentreSettings(
        version="sim",
        queues=(
            QueueSettings(
                queue=ORDERS,
                title={},
                after_call_work_s=after_call_work_s,
                maximum_waiting=12,
                callbacks="automatic",
                named_wait_s=8,
            ),
            QueueSettings(queue=CARE, title={}, after_call_work_s=0, maximum_wait_s=240, maximum_waiting=12),
        ),
        lines=(
            LineSettings(line="1588", flow="main", opening="always_open"),
            LineSettings(line="hours", flow="main"),
            LineSettings(line="direct", flow="queue:orders"),
            LineSettings(line="outside", flow="outside"),
            LineSettings(line="diverted", flow="diverted"),
            LineSettings(line="message", flow="message"),
            LineSettings(line="nowhere", flow="missing"),
        ),
        not_ready_reasons=(CodeSettings(code="break", title={}),),
        decline_reasons=(CodeSettings(code="busy", title={}),),
        dispositions=(
            CodeSettings(code="order", title={}, subcodes=(CodeSettings(code="new", title={}),)),
            CodeSettings(code="other", title={}),
        ),
        pop_wait_ms=pop_wait_ms,
        ring_timeout_s=12,
        dial_timeout_s=20,
        flow_limit_s=45,
        call_limit_s=900,
        callback_retry_s=60,
        callback_attempts=2,
    )


def ring_all_settings() -> CentreSettings:
    """The first queue rings at three phones at once, the other one at everybody."""
    settings = sample_settings()
    orders, care = settings.queues
    queues = (
        structs.replace(orders, strategy=Strategy.RING_ALL, ring_all_max=3),
        structs.replace(care, strategy=Strategy.RING_ALL),
    )
    return structs.replace(settings, queues=queues)


def with_names(settings: CentreSettings) -> CentreSettings:
    """Both queues give to somebody by name first, and one line is an agent's own."""
    by_name = (NamedBy.ACCOUNT_OWNER, NamedBy.LAST_AGENT)
    queues = tuple(structs.replace(queue, named=by_name, named_wait_s=8) for queue in settings.queues)
    own = LineSettings(line="own", flow="queue:care", agent="2001")
    return structs.replace(settings, queues=queues, lines=(*settings.lines, own))


def _dials_for_minutes() -> CentreSettings:
    """The centre opens at 17:53:20, and dials callbacks from 17:54 until 18:00 and on the next day."""
    return structs.replace(sample_settings(), callback_from_s=64_440, callback_until_s=64_800)


def sample_agents(count: int) -> tuple[AgentProfile, ...]:
    """Every third has no desktop, every fourth serves one queue only, the last may not dial."""
    return tuple(
        AgentProfile(
            agent=AgentId(number),
            extension=Extension(str(2000 + number)),
            skills={ORDERS: 1} if number % 4 == 0 else {ORDERS: 1, CARE: 1},
            needs_desktop=number % 3 != 0,
            may_dial=number != count,
        )
        for number in range(1, count + 1)
    )


def outside_flows() -> tuple[Flow, Flow]:
    """The caller is handed to a number outside: answered first, or not."""
    leave = TransferNode(number="021234567")
    outside: dict[str, Node] = {"answer": AnswerNode(next="leave"), "leave": leave}
    diverted: dict[str, Node] = {"leave": leave}
    return (
        Flow(id="outside", version="1", title={}, languages=("ko",), start="answer", nodes=outside),
        Flow(id="diverted", version="1", title={}, languages=("ko",), start="leave", nodes=diverted),
    )


def message_flow() -> Flow:
    """Waiting callers may leave a message instead; who says nothing waits again."""
    nodes: dict[str, Node] = {
        "answer": AnswerNode(next="queue"),
        "queue": QueueNode(queue="care", offer=("offer_message",), announce_every_s=10, keys={"3": "message"}),
        "message": MessageNode(
            prompts=("leave_message",), too_short=("message_too_short",), longest_s=30, stored="stored",
            refused="queue", back="queue",
        ),
        "stored": HangUpNode(reason="stored", prompts=("message_stored",)),
    }  # fmt: skip
    return Flow(id="message", version="1", title={}, languages=("ko",), start="answer", nodes=nodes)


FAULTS = Faults(
    crash_share=0.006,
    rebuild_share=0.004,
    leg_lost_share=0.04,
    signal_doubled_share=0.03,
    answer_lost_share=0.05,
    device_act_every_s=25.0,
)
LINES = ("1588",) * 6 + ("direct",) * 4 + ("hours", "outside", "diverted", "nowhere", "unknown", "message")


def busy_day(*, steps: int = 300, agents: int = 6, faults: Faults = FAULTS) -> Scenario:
    """More callers than agents, everything that people do, and everything that breaks."""
    flows = FlowSet(flows=(*load_flows().flows, *outside_flows(), message_flow()))
    return Scenario(
        settings=sample_settings(), agents=sample_agents(agents), flows=flows, lines=LINES, steps=steps, faults=faults
    )


def of_two_languages(day: Scenario) -> Scenario:
    """Those who press 2 speak English, and so does one line; every other agent does. After half a minute anybody is
    good enough for orders; who cannot be served at all goes to care, and from there soon back to the flow."""
    orders, care = day.settings.queues
    orders = structs.replace(
        orders,
        relax=(RelaxSettings(after_s=30, requires={"english": 0}),),
        overflow=(OverflowSettings(when=OverflowWhen.NOBODY, to=CARE),),
    )
    gone = OverflowSettings(when=OverflowWhen.NOBODY, to="refused", at_least=10)
    resting = OverflowSettings(when=OverflowWhen.NOBODY_READY, to="refused", at_least=40)
    care = structs.replace(care, overflow=(gone, resting))
    english = {"english": 2}
    lines = (*day.settings.lines, LineSettings(line="english", flow="queue:orders", skills=english))
    settings = structs.replace(
        day.settings,
        queues=(orders, care),
        lines=lines,
        languages=(LanguageSettings(language="en", skills=english),),
    )
    agents = tuple(
        structs.replace(agent, skills={**agent.skills, **english}) if number % 2 else agent
        for number, agent in enumerate(day.agents)
    )
    return replace(day, settings=settings, agents=agents, lines=(*day.lines, "english", "english", "english"))


def variants(*, steps: int = 300) -> tuple[Scenario, ...]:
    """What a seed chooses among: an ordinary bad day, few agents, guessed PINs, many crashes, nothing broken, two
    languages, and the same where queues ring everybody, names."""
    day = busy_day(steps=steps)
    return (
        day,
        replace(day, agents=sample_agents(2), patience_s=120.0, talk_s=15.0, settings=_dials_for_minutes()),
        replace(day, customers=1, wrong_pins_share=0.8, arrival_every_s=3.0, lines=("1588",)),
        replace(day, faults=replace(FAULTS, crash_share=0.03, signal_doubled_share=0.15)),
        replace(day, faults=Faults(), agents=sample_agents(9), settings=sample_settings(pop_wait_ms=0)),
        of_two_languages(replace(day, agents=sample_agents(3))),
        of_two_languages(replace(day, settings=ring_all_settings(), patience_s=25.0)),
        replace(day, settings=with_names(sample_settings()), lines=("direct", "direct", "own", "1588")),
    )


def variant(seed: int, scenarios: tuple[Scenario, ...]) -> Scenario:
    return scenarios[seed % len(scenarios)]
