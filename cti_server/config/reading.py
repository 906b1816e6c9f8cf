"""Reads `centre.yaml` and the folders it names. Every part notes its mistakes and the others go on: all are told.

A configuration with a mistake is not used at all. Which values a field may have is decided in `schema.py`; here are the
rules between them: names that must exist, ports that must differ, numbers that need a line.
"""

import hashlib
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

import msgspec

import ivr.loader
import scripts.loader
from cti_server.config.places import config_file, secret_file
from cti_server.config.routing_rules import check_routing, own_holidays, queue_settings, second_of, tier_settings
from cti_server.config.schema import (
    CentreText,
    Configuration,
    LineText,
    MainSystemText,
    ServerSettings,
    Title,
    TrunkSettings,
    TrunkText,
)
from cti_server.core.settings import CentreSettings, CodeSettings, LanguageSettings, LineSettings
from cti_server.core.vocabulary import NotReadyReason, Secret, WorkOrder
from datafiles.problems import DataErrors, Problem, nearest
from datafiles.reading import Tree, line_at, read_file
from datafiles.shaping import shape
from ivr.model import FlowSet
from ivr.prompts import PromptSet
from scripts.model import Dispositions, Text

STRAIGHT_TO_QUEUE = "queue:"
LANGUAGES = ("ko", "en")
PORTS_OF_A_CALL = 4
_Loaded = TypeVar("_Loaded")


def read(
    data: Path,
    file: Path | None = None,
    *,
    named_in: Path | None = None,
    copies: Mapping[Path, Path] | None = None,
) -> Configuration:
    """The configuration of a data folder, or of another file for that folder. Raises DataErrors with all mistakes.

    A copy of a configuration (`last_good.py`) says where the file stood whose places it names, and what stands for
    each."""
    reading = _Reading(data, file or config_file(data), named_in=named_in, copies=copies or {})
    configuration = reading.configuration()
    if configuration is None or reading.problems:
        raise DataErrors(sorted(set(reading.problems)))
    return configuration


def check(file: Path, data: Path | None = None) -> list[Problem]:
    """All that is wrong with a configuration file."""
    reading = _Reading(data or file.absolute().parent.parent, file, named_in=None, copies={})
    reading.configuration()
    return sorted(set(reading.problems))


class _Reading:
    """One reading of one file."""

    def __init__(self, data: Path, file: Path, *, named_in: Path | None, copies: Mapping[Path, Path]) -> None:
        self.data = data
        self.file = file
        self.problems: list[Problem] = []
        self._named_in = named_in or file.parent
        self._copies = copies
        self._own: list[Path] = []
        self._tree: Tree | None = None

    def configuration(self) -> Configuration | None:
        self._tree, problems = read_file(self.file)
        self.problems += problems
        if self._tree is None:
            return None
        text, problems = shape(self._tree, CentreText, str(self.file))
        self.problems += problems
        return None if text is None else self._from(text)

    def _from(self, text: CentreText) -> Configuration | None:
        self._check_words(text)
        self._check_network(text)
        trunks = tuple(self._trunk(name, trunk) for name, trunk in text.trunks.items())
        prompts = self._load(lambda: ivr.loader.load_prompts(self._own_place(text.prompts, ivr.loader.PROMPTS)))
        folder = self._own_place(text.scripts, scripts.loader.LIBRARY)
        library = self._load(lambda: scripts.loader.load_library(folder))
        dispositions = self._load(lambda: scripts.loader.load_dispositions(folder))
        flows = None if prompts is None else self._flows(text, prompts)
        check_routing(text, flows, self._wrong)
        if self.problems or prompts is None or flows is None or library is None or dispositions is None:
            return None
        version = _hash(text, *(flow.version for flow in flows.flows), library.version, dispositions.version)
        return Configuration(
            version=version,
            name=text.name,
            groups=text.groups,
            time_zone=text.time_zone,
            centre=_centre(text, dispositions, version),
            server=self._server(text, trunks),
            flows=flows,
            prompts=prompts,
            library=library,
            dispositions=dispositions,
            own=tuple(dict.fromkeys(self._own)),
        )

    def _flows(self, text: CentreText, prompts: PromptSet) -> FlowSet | None:
        places = [self._own_place(place, ivr.loader.FLOWS) for place in text.flows or ("",)]
        flows = self._load(lambda: ivr.loader.load_flows(places, prompts, text.queues))
        if flows is not None:
            self._check_lines(text, flows)
        return flows

    def _declarations(self, main_system: MainSystemText) -> Path | None:
        if not main_system.declarations:
            return None
        place = self._own_place(main_system.declarations, Path())
        if not place.is_file():
            self._wrong(("main_system", "declarations"), f"there is no file {place}")
        return place

    # --- rules between values ----------------------------------------------------------------------------------------

    def _check_words(self, text: CentreText) -> None:
        if text.time_zone not in available_timezones():
            self._wrong(("time_zone",), f"there is no time zone {text.time_zone}", _zone_hint(text.time_zone))
        if not text.queues:
            self._wrong(("queues",), "there is no queue")
        self._check_title(("name",), text.name)
        for name, queue in text.queues.items():
            self._check_name(("queues", name), name)
            self._check_title(("queues", name, "title"), queue.title)
        for language in text.languages:
            self._check_language(("languages", language), language)
        for section in ("groups", "not_ready_reasons", "decline_reasons"):
            for name, title in getattr(text, section).items():
                self._check_title((section, name), title)
        for code in text.not_ready_reasons:
            self._check_name(("not_ready_reasons", code), code)
            if code in list(NotReadyReason):
                self._wrong(("not_ready_reasons", code), f"{code} is a reason that the centre sets by itself")

    def _check_network(self, text: CentreText) -> None:
        media, server = text.server.media, text.server
        count = media.last_port - media.first_port + 1
        if count < media.workers * PORTS_OF_A_CALL:
            self._wrong(("server", "media"), f"{max(count, 0)} ports are too few for {media.workers} workers")
        places = (("sip", server.sip.port), ("gateway", server.gateway.port), ("web", server.web.port))
        for index, (name, port) in enumerate(places):
            if media.first_port <= port <= media.last_port:
                self._wrong(("server", name, "port"), f"{name}: port {port} is among those of media")
            for other, other_port in places[:index]:
                if port == other_port:
                    self._wrong(("server", name, "port"), f"{name} and {other} have the same port {port}")
        for extension, uri in text.fixed_phones.items():
            if not uri.startswith("sip:"):
                self._wrong(("fixed_phones", extension), f"{uri} is no SIP address", "sip:agent1@192.0.2.10:5060")

    def _trunk(self, name: str, trunk: TrunkText) -> TrunkSettings:
        self._check_name(("trunks", name), name)
        return TrunkSettings(
            name=name,
            host=trunk.host,
            port=trunk.port,
            transport=trunk.transport,
            may_dial=trunk.may_dial,
            numbers=trunk.numbers,
            username=trunk.username,
            password=self._trunk_password(name) if trunk.username else None,
        )

    def _trunk_password(self, name: str) -> Secret | None:
        file = secret_file(self.data, f"trunk-{name}")
        try:
            is_open_to_others = bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
            password = file.read_text(encoding="utf-8").strip()
        except OSError as error:
            self._wrong(("trunks", name, "username"), f"the password in {file} cannot be read: {error.strerror}")
            return None
        if is_open_to_others:
            self._wrong(("trunks", name, "username"), f"others may read {file}", f"chmod 600 {file}")
        return Secret(password)

    def _check_lines(self, text: CentreText, flows: FlowSet) -> None:
        known = [flow.id for flow in flows.flows]
        for line, given in text.lines.items():
            if given.language:
                self._check_language(("lines", line, "language"), given.language)
            queue = given.flow.removeprefix(STRAIGHT_TO_QUEUE)
            if given.flow.startswith(STRAIGHT_TO_QUEUE):
                if queue not in text.queues:
                    hint = nearest(queue, text.queues)
                    self._wrong(("lines", line, "flow"), f"line {line}: there is no queue {queue}", hint)
            elif given.flow not in known:
                hint = nearest(given.flow, known) or f"one of {', '.join(known)}"
                self._wrong(("lines", line, "flow"), f"line {line}: there is no flow {given.flow}", hint)
        for name, trunk in text.trunks.items():
            for number in trunk.numbers:
                if number not in text.lines:
                    what = f"trunk {name}: there is no line {number}"
                    self._wrong(("trunks", name, "numbers"), what, nearest(number, text.lines))

    def _check_title(self, path: Sequence[str], title: Title) -> None:
        for language in LANGUAGES:
            if not title.get(language, "").strip():
                self._wrong(path, f"{path[-1]} has no words in {language}")
        for language in title:
            self._check_language((*path, language), language)

    def _check_language(self, path: Sequence[str], language: str) -> None:
        if language not in LANGUAGES:
            hint = nearest(language, LANGUAGES) or f"one of {', '.join(LANGUAGES)}"
            self._wrong(path, f"there is no language {language}", hint)

    def _check_name(self, path: Sequence[str], name: str) -> None:
        if not (name.isascii() and name.replace("_", "").replace("-", "").isalnum() and name == name.lower()):
            self._wrong(path, f"{name} cannot be a name", "a–z, 0–9, _ and -")

    # --- putting it together -----------------------------------------------------------------------------------------

    def _server(self, text: CentreText, trunks: tuple[TrunkSettings, ...]) -> ServerSettings:
        server = text.server
        return ServerSettings(
            sip=server.sip,
            media=server.media,
            gateway=server.gateway,
            web=server.web,
            trunks=trunks,
            fixed_phones=text.fixed_phones,
            database_url=server.database or f"sqlite:///{(self.data / 'ieum.db').absolute()}",
            main_system_url=text.main_system.database or f"sqlite:///{(self.data / 'shop.db').absolute()}",
            main_system_declarations=self._declarations(text.main_system),
            spool=self._place(server.spool, self.data / "spool"),
            data=self.data,
        )

    def _place(self, named: str, otherwise: Path) -> Path:
        """Relative to the folder of the file that names it."""
        return self._named_in / named if named else otherwise

    def _own_place(self, named: str, otherwise: Path) -> Path:
        """Of the centre's own texts; what comes with Ieum is not among them."""
        if not named:
            return otherwise
        place = self._place(named, otherwise).absolute()
        self._own.append(place)
        return self._copies.get(place, place)

    def _load(self, load: Callable[[], _Loaded]) -> _Loaded | None:
        try:
            return load()
        except DataErrors as errors:
            self.problems += errors.problems
            return None

    def _wrong(self, path: Sequence[str | int], what: str, hint: str = "") -> None:
        line = line_at(self._tree, path) if self._tree is not None else 0
        self.problems.append(Problem(str(self.file), line, what, hint))


def _centre(text: CentreText, dispositions: Dispositions, version: str) -> CentreSettings:
    times = {name: getattr(text.times, name) for name in text.times.__struct_fields__}
    return CentreSettings(
        version=version,
        queues=tuple(queue_settings(name, queue) for name, queue in text.queues.items()),
        lines=tuple(
            LineSettings(
                line=line,
                flow=given.flow,
                opening=given.opening,
                agent=given.agent,
                use_tier=given.use_tier,
                language=given.language,
                skills=given.skills,
            )
            for line, given in _lines(text)
        ),
        languages=tuple(
            LanguageSettings(language=language, skills=given.skills) for language, given in text.languages.items()
        ),
        tiers=tier_settings(text.tiers),
        work_order=WorkOrder(text.work_order),
        routing_seed=text.routing_seed,
        calendar=text.holidays.calendar,
        own_holidays=own_holidays(text.holidays),
        callback_from_s=second_of(text.callback_hours.opens),
        callback_until_s=second_of(text.callback_hours.closes),
        not_ready_reasons=_codes(text.not_ready_reasons),
        decline_reasons=_codes(text.decline_reasons),
        dispositions=tuple(
            CodeSettings(
                code=group.code,
                title=_title(group.title),
                subcodes=tuple(CodeSettings(code=choice.code, title=_title(choice.title)) for choice in group.choices),
            )
            for group in dispositions.groups
        ),
        time_zone_offset_s=offset_s(text.time_zone, time.time_ns() // 1000),
        record_calls=text.record_calls,
        outbound_number=text.outbound_number,
        **times,
    )


def _lines(text: CentreText) -> Sequence[tuple[str, LineText]]:
    return tuple(text.lines.items())


def _codes(titles: dict[str, Title]) -> tuple[CodeSettings, ...]:
    return tuple(CodeSettings(code=code, title=title) for code, title in titles.items())


def _title(text: Text) -> Title:
    return {language: getattr(text, language) for language in LANGUAGES}


def offset_s(zone: str, utc_us: int) -> int:
    """Local time minus UTC at that moment; a zone with summer time has another one in winter."""
    offset = datetime.fromtimestamp(utc_us / 1e6, ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _zone_hint(zone: str) -> str:
    return nearest(zone, available_timezones()) or "such as Asia/Seoul"


def _hash(text: CentreText, *versions: str) -> str:
    content = msgspec.json.encode((text, versions), order="deterministic")
    return hashlib.sha256(content).hexdigest()[:12]
