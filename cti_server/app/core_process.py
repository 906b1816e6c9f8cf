"""The core process: SIP, the engine with its Centre, and the desktops' gateway, joined. Decides nothing else."""

import asyncio
import contextlib
import functools
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from cti_server import config
from cti_server.app import garbage
from cti_server.app.loading import BROKEN, Loaded, keep_as_good, load, note_problems
from cti_server.app.places import WEB_SOCKET, hard_phones_file, media_socket
from cti_server.app.recovering import RecordingRecovery
from cti_server.app.tables import EffectTable, EventList
from cti_server.config import Configuration
from cti_server.core.centre import Centre
from cti_server.core.effects import CheckPin, LookUpCustomer, PrepareCard
from cti_server.core.inputs import EnrolAgents, LegAlive, LoadSettings, Restarted
from cti_server.core.settings import AgentProfile
from cti_server.core.state import State
from cti_server.core.vocabulary import CallId, LegId, RecordingId
from cti_server.customers.main_system import MainSystem, open_main_system
from cti_server.customers.performer import CustomerPerformer
from cti_server.engine import Engine, EngineClock
from cti_server.gateway.arrivals import PhonePlace
from cti_server.gateway.certificates import tls_for
from cti_server.gateway.history import StoredHistory
from cti_server.gateway.phone_secrets import SignedPhoneSecrets, read_hard_phones
from cti_server.gateway.server import Gateway, GatewaySettings
from cti_server.recording.files import relative_path
from cti_server.speech.place import RENDERED
from cti_server.storage import people
from cti_server.storage.data_folder import DataFolder
from cti_server.storage.database import open_database
from cti_server.storage.journal import SqliteJournal
from cti_server.storage.queries import Queries
from cti_server.switch.embedded.adopting import adopt
from cti_server.switch.embedded.media_link import LinkState, MediaLink
from cti_server.switch.embedded.media_protocol import AnyReport
from cti_server.switch.embedded.sip_settings import SwitchSettings, Trunk
from cti_server.switch.embedded.switch import EmbeddedSwitch
from cti_server.web.link_client import LinkClient
from datafiles.problems import DataErrors

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

ROSTER_EVERY_S = 3.0
"""How soon a change of `./ieum user` is known to routing."""
NAMES_EVERY_S = 300.0
"""How soon a trunk that is configured by name is known at another address."""


class CoreProcess:
    """The parts of the core process. ``start`` brings a centre to life, ``stop`` lets it go on another day."""

    def __init__(self, loaded: Loaded, *, file: Path | None) -> None:
        self._file = file
        self._configuration, self._problems = loaded
        configuration = self._configuration
        self._folder = DataFolder(configuration.server.data)
        self._journal = SqliteJournal(self._folder, spool=configuration.server.spool)
        restored = self._journal.restore_now()
        self._clock = EngineClock(self._journal.last_at)
        self._performers = EffectTable()
        self._publishers = EventList()
        self._centre = self._revive(restored.state)
        self.engine = Engine(
            centre=self._centre,
            revive=self._revive,
            store=self._journal,
            publisher=self._publishers,
            performer=self._performers,
            clock=self._clock,
            inventory=self._inventory,
            alarm=self._alarm,
            snapshot_seq=restored.snapshot_seq,
        )
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="roster")
        self._files = ThreadPoolExecutor(1, thread_name_prefix="configuration")
        self._reloading = asyncio.Lock()
        self._database = open_database(configuration.server.database_url)
        self._token_key = config.secret(self._folder.path, "token_key").reveal().encode()
        self._phone_secrets = SignedPhoneSecrets(
            self._token_key, self._utc_now, read_hard_phones(hard_phones_file(self._folder))
        )
        self._main_system = self._open_main_system()
        self._history = StoredHistory(Queries(self._database))
        self._web = LinkClient(self._folder.run / WEB_SOCKET)
        self._recovery = RecordingRecovery(
            self._folder.recordings,
            links=lambda: self._switch.links,
            submit=self.engine.submit,
            utc_now=self._utc_now,
        )
        self._switch = self._make_switch()
        self._gateway = self._make_gateway()
        self._customers = CustomerPerformer(
            directory=self._main_system.directory,
            credentials=self._web,
            submit=self.engine.submit,
            warm=self._gateway.desk.warm,
        )
        self._performers.add(self._switch.effects, self._switch)
        self._performers.add((LookUpCustomer, CheckPin), self._customers)
        self._performers.add((PrepareCard,), self._gateway)
        self._publishers.add(self._gateway)
        self._enrolled: tuple[AgentProfile, ...] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def _revive(self, state: State) -> Centre:
        self._centre = Centre(state, self._configuration.flows)
        return self._centre

    def _alarm(self, name: str, details: Mapping[str, str | int]) -> None:
        log.error("alarm", alarm=name, **details)

    def _inventory(self) -> Restarted:
        """What goes on when the Centre alone had to be built anew."""
        alive = tuple(LegAlive(leg=LegId(leg), adopted=True) for leg in sorted(self._switch.legs))
        return Restarted(inventory=alive, registered=self._switch.phones.registered)

    def _utc_now(self) -> int:
        return self._clock() + self._centre.state.clock_offset_us

    def _open_main_system(self) -> MainSystem:
        server = self._configuration.server
        if server.main_system_declarations is None:
            return open_main_system(server.main_system_url)
        return open_main_system(server.main_system_url, server.main_system_declarations)

    def _recording_path(self, call: CallId, recording: RecordingId, started_at_us: int) -> Path:
        return self._folder.recordings / relative_path(call=call, number=recording, started_at_us=started_at_us)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _make_switch(self) -> EmbeddedSwitch:
        server = self._configuration.server
        trunks = tuple(
            Trunk(
                name=trunk.name,
                host=trunk.host,
                port=trunk.port,
                transport=trunk.transport,
                username=trunk.username,
                password=trunk.password.reveal() if trunk.password else "",
                may_dial=trunk.may_dial,
            )
            for trunk in server.trunks
        )
        settings = SwitchSettings(
            host=server.sip.host,
            port=server.sip.port,
            has_tcp=server.sip.has_tcp,
            advertised=server.sip.advertised,
            media_advertised=server.media.advertised,
            realm=server.sip.realm,
            trunks=trunks,
            contacts=server.fixed_phones,
            outbound_number=self._configuration.centre.outbound_number,
        )
        epoch = _next_epoch(self._folder.run / "epoch")

        def links(reported: Callable[[AnyReport], None], changed: Callable[[int, LinkState], None]) -> list[MediaLink]:
            return [
                MediaLink(
                    socket_path=media_socket(self._folder, number),
                    epoch=epoch,
                    on_report=reported,
                    on_state=functools.partial(changed, number),
                )
                for number in range(server.media.workers)
            ]

        return EmbeddedSwitch(
            settings,
            clock=self._clock,
            submit=self.engine.submit,
            is_overloaded=lambda: self.engine.is_overloaded,
            secrets=self._phone_secrets,
            links=links,
            prompts=RENDERED,
            recordings=self._folder.recordings,
            recording_path=lambda call, recording, at: (
                self._folder.recordings / relative_path(call=call, number=recording, started_at_us=at)
            ),
            run=self._folder.run,
            worker_lost=self._recovery.begin,
        )

    def _make_gateway(self) -> Gateway:
        server = self._configuration.server
        return Gateway(
            settings=GatewaySettings(
                host=server.gateway.host,
                port=server.gateway.port,
                tls=tls_for(server.gateway.host, self._folder.secrets),
            ),
            place=PhonePlace(host=server.sip.advertised or server.sip.host, port=server.sip.port),
            door=self.engine.carry_out,
            submit=self.engine.submit,
            look=self.engine.look,
            now=self._clock,
            credentials=self._web,
            phones=self._phone_secrets,
            main=self._main_system,
            history=self._history,
            recordings=self._folder.recordings,
            past=self._web,
            token_key=self._token_key,
            scripts=_as_json(self._configuration),
            scripts_version=self._configuration.library.version,
        )

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Adopt what goes on, then hear phones, then let desktops in. Raises OSError, MediaUnavailable."""
        await self._switch.prepare()
        resumes = {
            LegId(leg.leg): leg.resume for call in self._centre.state.calls.values() for leg in call.legs.values()
        }
        inventory = adopt(self._switch, resumes)
        self.engine.submit(Restarted(inventory=inventory, registered=self._switch.phones.registered))
        self._running = asyncio.create_task(self.engine.run(), name="engine")
        self._recovery.begin()
        await self._load()
        await self._switch.open()
        self._switch.phones.announce()
        await self._gateway.start()
        self._tasks.append(asyncio.create_task(self._watch_roster(), name="roster"))
        self._tasks.append(asyncio.create_task(self._watch_names(), name="names"))
        garbage.keep_pauses_short()
        collecting = garbage.collect_while_quiet(lambda: not self._centre.state.calls)
        self._tasks.append(asyncio.create_task(collecting, name="garbage"))
        log.info("core_ready", version=self._configuration.version, adopted=sum(leg.adopted for leg in inventory))

    async def stop(self) -> None:
        """Desktops and phones are left as they are; a snapshot is kept."""
        for task in self._tasks:
            task.cancel()
        await self._gateway.close()
        await self._recovery.close()
        await self._switch.close()
        await self._customers.close()
        self.engine.stop()
        await asyncio.gather(self._running, *self._tasks, return_exceptions=True)
        await self._journal.close()
        await self._web.close()
        await self._history.close()
        await self._main_system.connector.close()
        self._readers.shutdown(wait=False)
        self._files.shutdown(wait=False)
        self._database.dispose()

    async def until_ended(self) -> None:
        """Returns when the engine ends by itself, which only a journal that cannot be read any more makes it do."""
        await asyncio.wait([self._running])

    async def _load(self) -> None:
        is_loaded = await self._load_settings()
        if self._problems:
            self._gateway.note_configuration(is_broken=True)
        elif is_loaded:
            await self._keep_as_good()
        await self._look_at_roster()

    async def _load_settings(self) -> bool:
        reply = await self.engine.carry_out(LoadSettings(settings=self._configuration.centre))
        if reply.code:
            log.error("settings_refused", code=reply.code, **reply.parameters)
        return not reply.code

    async def reload(self) -> None:
        """The configuration's text was changed: all of it takes effect, or nothing. Addresses and ports wait for a
        restart."""
        async with self._reloading:
            try:
                fresh = await self._beside(load, self._folder.path, self._file)
            except DataErrors as error:
                note_problems(self._folder.path, error.problems)
                self._gateway.note_configuration(is_broken=True)
                problems = [str(problem) for problem in error.problems]
                running = self._configuration.version
                log.error("alarm", alarm=BROKEN, running=running, problems=problems)
                return
            before, self._configuration = self._configuration, fresh
            self._centre.stage_flows(fresh.flows)
            if not await self._load_settings():
                self._configuration = before
                self._centre.stage_flows(None)
                return
            self._gateway.load_scripts(_as_json(fresh), fresh.library.version)
            await self._keep_as_good()
            self._enrolled = None
            await self._look_at_roster()
            await self._switch.look_up_trunks()
            log.info("configuration_loaded", version=fresh.version)

    async def _keep_as_good(self) -> None:
        """What is in force now is what a process that must start again can start with."""
        note_problems(self._folder.path, ())
        self._gateway.note_configuration(is_broken=False)
        await self._beside(keep_as_good, self._configuration, self._folder.path, self._file)

    async def _beside(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """In the thread for the configuration's files: nobody waits for a disk."""
        call = functools.partial(work, *arguments, **named)
        return await asyncio.get_running_loop().run_in_executor(self._files, call)

    async def _roster(self) -> tuple[AgentProfile, ...]:
        return await asyncio.get_running_loop().run_in_executor(self._readers, people.roster, self._database)

    async def _enrol(self, roster: tuple[AgentProfile, ...]) -> None:
        reply = await self.engine.carry_out(EnrolAgents(agents=roster))
        if reply.code:
            log.error("roster_refused", code=reply.code, **reply.parameters)

    async def _look_at_roster(self) -> None:
        """Without the main database the agents stay who they were: the journal knows them, and calls go on."""
        try:
            roster = await self._roster()
        except SQLAlchemyError as error:
            log.warning("roster_unreadable", error=type(error).__name__)
            return
        if roster != self._enrolled:
            self._enrolled = roster
            await self._enrol(roster)

    async def _watch_roster(self) -> None:
        """People are data: what `./ieum user` changes is known to routing within seconds."""
        while True:
            await asyncio.sleep(ROSTER_EVERY_S)
            await self._look_at_roster()
            await self._follow_zone()

    async def _watch_names(self) -> None:
        while True:
            await asyncio.sleep(NAMES_EVERY_S)
            await self._switch.look_up_trunks()

    async def _follow_zone(self) -> None:
        """Summer time begins and ends by itself."""
        async with self._reloading:
            centre = self._configuration.centre
            offset_s = config.offset_s(self._configuration.time_zone, self._utc_now())
            if offset_s != centre.time_zone_offset_s:
                moved = msgspec.structs.replace(centre, time_zone_offset_s=offset_s)
                before = self._configuration
                self._configuration = msgspec.structs.replace(before, centre=moved)
                if await self._load_settings():
                    log.info("zone_offset_changed", offset_s=offset_s)
                else:
                    self._configuration = before


def _as_json(configuration: Configuration) -> msgspec.Raw:
    """The scripts as desktops read them."""
    return msgspec.Raw(msgspec.json.encode(configuration.library))


def _next_epoch(file: Path) -> int:
    """Higher than that of every earlier core process of this folder."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        epoch = int(file.read_text()) + 1
        file.write_text(f"{epoch}\n")
        return epoch
    file.write_text("1\n")
    return 1
