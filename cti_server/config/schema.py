"""What may stand in ``centre.yaml``, and what it becomes. Shapes and limits only; the reading is in `reading.py`."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from cti_server.core.settings import CentreSettings
from cti_server.core.vocabulary import Secret
from ivr.model import FlowSet
from ivr.prompts import PromptSet
from scripts.model import Dispositions, Library

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[int, Meta(ge=0, le=86_400)]
Title = dict[str, str]
ClockTime = Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


# --- the file, field by field ----------------------------------------------------------------------------------------


Level = Annotated[int, Meta(ge=0, le=10)]
AskedLevel = Annotated[int, Meta(ge=1, le=10)]
StrategyText = Literal[
    "longest_idle", "even_answered", "even_talk", "lowest_occupancy", "top_down", "round_robin", "random", "ring_all"
]


class RelaxText(msgspec.Struct, frozen=True, kw_only=True):
    after_s: Annotated[int, Meta(ge=1, le=14_400)]
    requires: dict[str, Level]


class OverflowText(msgspec.Struct, frozen=True, kw_only=True):
    """``to``: a queue, or ``refused``: the flow goes on at its node for that."""

    when: Literal["wait", "size", "expected_wait", "nobody", "nobody_ready", "per_agent"]
    to: str
    at_least: Annotated[int, Meta(ge=0, le=14_400)] = 0


class TierText(msgspec.Struct, frozen=True, kw_only=True):
    head_start_s: Annotated[int, Meta(ge=0, le=14_400)] = 0
    priority: Annotated[int, Meta(ge=0, le=9)] = 0
    wait_ceiling_s: Annotated[int, Meta(ge=0, le=14_400)] = 0


class HolidaysText(msgspec.Struct, frozen=True, kw_only=True):
    """``also``: the centre's own, by date (2026-10-02) with their words."""

    calendar: Literal["korea", "none"] = "korea"
    also: dict[str, Title] = {}


class QueueText(msgspec.Struct, frozen=True, kw_only=True):
    """Named as in QueueSettings, where their meaning stands."""

    title: Title
    strategy: StrategyText = "longest_idle"
    requires: dict[str, Level] = {}
    relax: tuple[RelaxText, ...] = ()
    weight: Annotated[int, Meta(ge=1, le=100)] = 1
    wait_ceiling_s: Annotated[int, Meta(ge=0, le=14_400)] = 0
    results_window: Literal["today", "log_on", "week", "month", "hours"] = "today"
    results_hours: Annotated[int, Meta(ge=1, le=24)] = 8
    ring_all_max: Annotated[int, Meta(ge=2, le=50)] = 10
    named: tuple[Literal["last_agent", "account_owner"], ...] = ()
    named_wait_s: Annotated[int, Meta(ge=1, le=600)] = 20
    overflow: tuple[OverflowText, ...] = ()
    callbacks: Literal["automatic", "by_hand"] = "automatic"
    minimum_level: Annotated[int, Meta(ge=1, le=10)] = 1
    service_level_s: Annotated[int, Meta(ge=1, le=600)] = 20
    service_level_target: Annotated[float, Meta(ge=0, le=1)] = 0.8
    after_call_work_s: Seconds = 30
    maximum_waiting: Annotated[int, Meta(ge=1, le=5_000)] = 500
    maximum_wait_s: Annotated[int, Meta(ge=10, le=14_400)] = 1800


class CallbackHoursText(msgspec.Struct, frozen=True, kw_only=True):
    """Local times of every day between which the centre dials callbacks by itself."""

    opens: ClockTime = "08:00"
    closes: ClockTime = "21:00"


class LanguageText(msgspec.Struct, frozen=True, kw_only=True):
    """``skills``: what its callers ask of agents, besides their queue."""

    skills: dict[str, AskedLevel] = {}


class LineText(msgspec.Struct, frozen=True, kw_only=True):
    """``flow``: a flow's name, or ``queue:`` and a queue: straight into it. ``opening``: what is said of the hours.
    ``agent``: the extension of the one whose line it is. ``use_tier``: for lines straight into a queue. ``language``:
    that its callers are taken to speak until they choose another one. ``skills``: what they ask of agents, besides
    their queue."""

    flow: Annotated[str, Meta(min_length=1)]
    opening: Literal["by_hours", "always_open", "always_closed"] = "by_hours"
    agent: str = ""
    use_tier: bool = False
    language: str = ""
    skills: dict[str, AskedLevel] = {}


class TimesText(msgspec.Struct, frozen=True, kw_only=True):
    """Named as in CentreSettings, where their meaning stands."""

    ring_timeout_s: Annotated[int, Meta(ge=5, le=120)] = 20
    dial_timeout_s: Annotated[int, Meta(ge=5, le=180)] = 45
    pop_wait_ms: Annotated[int, Meta(ge=0, le=2_000)] = 150
    outbound_after_call_work_s: Seconds = 30
    after_call_work_extension_s: Seconds = 30
    after_call_work_extensions: Annotated[int, Meta(ge=0, le=20)] = 2
    desktop_lost_s: Annotated[int, Meta(ge=1, le=300)] = 5
    rest_s: Seconds = 30
    phone_return_s: Seconds = 60
    lookup_timeout_s: Annotated[int, Meta(ge=1, le=30)] = 2
    pin_timeout_s: Annotated[int, Meta(ge=1, le=30)] = 5
    flow_limit_s: Annotated[int, Meta(ge=30, le=7_200)] = 900
    call_limit_s: Annotated[int, Meta(ge=60, le=86_400)] = 14_400
    callback_attempts: Annotated[int, Meta(ge=1, le=20)] = 3
    callback_retry_s: Annotated[int, Meta(ge=10, le=86_400)] = 900


class TrunkText(msgspec.Struct, frozen=True, kw_only=True):
    """``port`` 0: messages from any port of the host are the trunk's. With ``username`` the password is in a file."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    transport: Literal["udp", "tcp"] = "udp"
    username: str = ""
    may_dial: bool = True
    numbers: tuple[str, ...] = ()


class SipText(msgspec.Struct, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 5060
    has_tcp: bool = True
    advertised: str = ""
    realm: str = "ieum"


class MediaText(msgspec.Struct, frozen=True, kw_only=True):
    """Each worker gets an equal share of the ports; a call of two parties takes four of them."""

    host: str = ""
    advertised: str = ""
    workers: Annotated[int, Meta(ge=1, le=32)] = 1
    first_port: Annotated[int, Meta(ge=1024, le=65_000)] = 20_000
    last_port: Annotated[int, Meta(ge=1025, le=65_535)] = 20_999


class AddressText(msgspec.Struct, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 7443


class WebText(msgspec.Struct, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    port: Port = 7480


class ServerText(msgspec.Struct, frozen=True, kw_only=True):
    """``database``: an SQLAlchemy address; empty: a file in the data folder. ``spool``: where events wait when the
    journal's disk fails, best on another one."""

    sip: SipText = SipText()
    media: MediaText = MediaText()
    gateway: AddressText = AddressText()
    web: WebText = WebText()
    database: str = ""
    spool: str = ""


class MainSystemText(msgspec.Struct, frozen=True, kw_only=True):
    """``database``: an SQLAlchemy address, read only; empty: the file ``shop.db`` of the data folder. ``declarations``:
    which queries fill cards and record views; empty: those for that file.
    """

    database: str = ""
    declarations: str = ""


class CentreText(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of ``centre.yaml``."""

    name: Title
    queues: dict[str, QueueText]
    lines: dict[str, LineText]
    languages: dict[str, LanguageText] = {}
    time_zone: str = "Asia/Seoul"
    groups: dict[str, Title] = {}
    not_ready_reasons: dict[str, Title] = {}
    decline_reasons: dict[str, Title] = {}
    times: TimesText = TimesText()
    tiers: dict[str, TierText] = {}
    work_order: Literal["due_first", "level_first"] = "due_first"
    routing_seed: Annotated[int, Meta(ge=0, le=2_147_483_647)] = 0
    holidays: HolidaysText = HolidaysText()
    callback_hours: CallbackHoursText = CallbackHoursText()
    record_calls: bool = True
    outbound_number: str = ""
    trunks: dict[str, TrunkText] = {}
    fixed_phones: dict[str, str] = {}
    flows: tuple[str, ...] = ()
    prompts: str = ""
    scripts: str = ""
    main_system: MainSystemText = MainSystemText()
    server: ServerText = ServerText()


# --- what it becomes -------------------------------------------------------------------------------------------------


class TrunkSettings(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    host: str
    port: int
    transport: str
    may_dial: bool
    numbers: tuple[str, ...]
    username: str = ""
    password: Secret | None = None


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses, ports and places. ``fixed_phones``: a SIP URI by extension, for phones that never register.

    ``main_system_declarations`` None: those that come with Ieum, for its own ``shop.db``.
    """

    sip: SipText
    media: MediaText
    gateway: AddressText
    web: WebText
    trunks: tuple[TrunkSettings, ...]
    fixed_phones: dict[str, str]
    database_url: str
    main_system_url: str
    main_system_declarations: Path | None
    spool: Path
    data: Path


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """A checked configuration. ``version`` changes with its content, not with comments. ``own``: the folders and files
    with the centre's own texts that it was read from."""

    version: str
    name: Title
    groups: dict[str, Title]
    time_zone: str
    centre: CentreSettings
    server: ServerSettings
    flows: FlowSet
    prompts: PromptSet
    library: Library
    dispositions: Dispositions
    own: tuple[Path, ...] = ()
