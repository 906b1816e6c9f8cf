"""Listens for desktops: one connection from Hello to close.

Decides who may connect at all (origin, number of clients, time for the Hello), what ends a connection, and in which
order a desktop hears things when it comes: Welcome, one Snapshot, then facts.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

import msgspec
import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import State as Connection

from cti_server.core.effects import Effect
from cti_server.core.entities import State
from cti_server.core.inputs import DesktopConnected, DesktopLost
from cti_server.customers.main_system import MainSystem
from cti_server.gateway.arrivals import Arrivals, Library, Look, PhonePlace
from cti_server.gateway.asks import Asks
from cti_server.gateway.cards import CardDesk
from cti_server.gateway.frames import Frames, read_frame
from cti_server.gateway.gauges import Gauges
from cti_server.gateway.history import History
from cti_server.gateway.push import Outbox
from cti_server.gateway.sessions import NotLetIn, Session, Sessions
from cti_server.gateway.sounds import Sounds
from cti_server.gateway.tokens import Tokens
from cti_server.gateway.watchers import Client, Watchers
from cti_server.ports import CommandDoor, Credentials, PastReader, PhoneSecrets, Recorded, Submit
from cti_server.wire.client import Hello
from cti_server.wire.codec import MAX_CLIENT_BYTES, FrameError, encode
from cti_server.wire.server import Denied, ServerFrame

HELLO_TIMEOUT_S = 10.0
SEND_TIMEOUT_S = 10.0
PING_EVERY_S = 2.5
PING_TIMEOUT_S = 2.5
"""A dead link is noticed within 5 s; with ``desktop_lost_s`` its agent is Not Ready within 10 s."""
CLIENTS_MAX = 500
FRAMES_WAITING_MAX = 16
ELSEWHERE = 4001
DENIED = 4003

log = structlog.get_logger(__name__)


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """``port`` 0: any free one (see ``Gateway.port``). ``tls`` None: plain, for loopback only."""

    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    clients_max: int = CLIENTS_MAX


class Gateway:
    """A ``Publisher``, and a ``Performer`` of ``PrepareCard``. Lives in the event loop of ``start``."""

    def __init__(
        self,
        *,
        settings: GatewaySettings,
        door: CommandDoor,
        submit: Submit,
        look: Look,
        now: Callable[[], int],
        credentials: Credentials,
        phones: PhoneSecrets,
        place: PhonePlace,
        main: MainSystem,
        history: History,
        recordings: Path,
        past: PastReader,
        token_key: bytes,
        scripts: msgspec.Raw,
        scripts_version: str,
    ) -> None:
        """``now``: the engine's clock. ``scripts``: the library as JSON, as desktops decode it."""
        self._settings = settings
        self._submit = submit
        self._look = look
        self._now = now
        self._state = State()
        self._is_configuration_broken = False
        self._sessions = Sessions(tokens=Tokens(token_key, self.utc_now), credentials=credentials)
        self.desk = CardDesk(main=main, history=history, find=self._find, state=self.state, utc_now=self.utc_now)
        self._watchers = Watchers(card_wanted=self.desk.fill, name_of=self.desk.name_of)
        self._gauges = Gauges(watchers=self._watchers, state=self.state, now=now)
        self._sounds = Sounds(recordings)
        asks = Asks(main=main, desk=self.desk, state=self.state, sounds=self._sounds, past=past)
        self._frames = Frames(door=door, asks=asks, sessions=self._sessions)
        self._views = main.declarations.titles()
        library = Library(scripts=scripts, scripts_version=scripts_version, views=self._views)
        self._arrivals = Arrivals(
            sessions=self._sessions,
            door=door,
            look=look,
            phones=phones,
            place=place,
            library=library,
            utc_now=self.utc_now,
        )
        self._connections = 0
        self._server: Server | None = None
        self._ticker: asyncio.Task[None] | None = None

    # --- life --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen. The engine must run already."""
        self._state = await self._look(lambda state, _seq: state)
        self._ticker = asyncio.create_task(self._gauges.run(), name="gauges")
        self._server = await serve(
            self._serve,
            self._settings.host,
            self._settings.port,
            ssl=self._settings.tls,
            compression=None,
            max_size=MAX_CLIENT_BYTES,
            max_queue=FRAMES_WAITING_MAX,
            ping_interval=PING_EVERY_S,
            ping_timeout=PING_TIMEOUT_S,
            open_timeout=HELLO_TIMEOUT_S,
            close_timeout=2.0,
            process_request=self._screen,
            server_header=None,
        )

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def close(self) -> None:
        """Close all connections; desktops come back to whoever listens next."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        await self._frames.close()
        await self.desk.close()
        self._sounds.close()

    def load_scripts(self, scripts: msgspec.Raw, version: str) -> None:
        """Desktops that come from now on get these; whoever is connected keeps theirs until the next connection."""
        self._arrivals.library = Library(scripts=scripts, scripts_version=version, views=self._views)

    def note_configuration(self, *, is_broken: bool) -> None:
        """Told to those who care for the centre: now, and when they sign in while it is broken."""
        if is_broken and not self._is_configuration_broken:
            for client in self._watchers.clients.values():
                self._watchers.tell_of_configuration(client, self.utc_now())
        self._is_configuration_broken = is_broken

    def state(self) -> State:
        """The state as last published."""
        return self._state

    def utc_now(self) -> int:
        """UTC microseconds of the centre's clock."""
        return self._now() + self._state.clock_offset_us

    @property
    def clients(self) -> int:
        """How many desktops are signed in."""
        return len(self._watchers.clients)

    def _find(self, agent: int) -> Client | None:
        return self._watchers.find(agent)

    # --- from the engine ---------------------------------------------------------------------------------------------

    def publish(self, recorded: Sequence[Recorded], state: State) -> None:
        """``ports.Publisher``."""
        self._state = state
        self._watchers.publish(recorded, state)
        self._gauges.mark()

    def perform(self, effect: Effect) -> None:
        """``ports.Performer`` for ``PrepareCard``; other effects are ignored."""
        self.desk.perform(effect)

    # --- one connection ----------------------------------------------------------------------------------------------

    def _screen(self, connection: ServerConnection, request: Request) -> Response | None:
        """Before the handshake: web pages of other sites are refused, and so is one client too many."""
        if request.headers.get("Origin") is not None:
            return connection.respond(HTTPStatus.FORBIDDEN, "desktops send no Origin\n")
        if self._connections >= self._settings.clients_max:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many clients\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        self._connections += 1
        try:
            session = await self._let_in(connection)
            if session is not None:
                await self._attend(connection, session)
        except FrameError as error:
            code = CloseCode.MESSAGE_TOO_BIG if error.code == "too_large" else CloseCode.INVALID_DATA
            await _close(connection, code, error.code)
        except ConnectionClosed:
            pass
        except TimeoutError:
            await _close(connection, DENIED, "too slow")
        finally:
            self._connections -= 1

    async def _let_in(self, connection: ServerConnection) -> Session | None:
        async with asyncio.timeout(HELLO_TIMEOUT_S):
            hello = read_frame(await connection.recv())
        if not isinstance(hello, Hello):
            raise FrameError("malformed", "the first frame is a hello")
        try:
            return await self._arrivals.let_in(hello, str(connection.remote_address[0]))
        except NotLetIn as no:
            log.info("desktop_denied", code=no.denied.code)
            await _send(connection, no.denied)
            await _close(connection, ELSEWHERE if no.denied.code == "elsewhere" else DENIED, no.denied.code)
            return None

    async def _attend(self, connection: ServerConnection, session: Session) -> None:
        """From Welcome to the end of the connection."""
        transport = connection.transport
        client = Client(session=session, outbox=Outbox(unsent=transport.get_write_buffer_size, cut=transport.abort))
        try:
            await _send(connection, self._arrivals.welcome(session, self._state))
            await self._look(lambda state, _seq: self._attach(client, state))
            self._submit(DesktopConnected(agent=session.agent))
            log.info("desktop_connected", agent=session.agent)
            await self._converse(connection, client)
        finally:
            self._leave(client)

    def _attach(self, client: Client, state: State) -> None:
        """From here on the client hears facts. A desktop of the same agent that is still here has to go."""
        self._state = state
        self._sessions.settle(client.session)
        older = self._watchers.find(client.agent)
        if older is not None:
            is_same = older.session.claim.session == client.session.claim.session
            older.outbox.finish(None if is_same else encode(Denied(code="elsewhere")))
            self._forget(older)
        client.outbox.put(encode(self._watchers.attach(client, state, self._now())))
        if self._is_configuration_broken:
            self._watchers.tell_of_configuration(client, self.utc_now())
        self._gauges.send_all(client)
        self.desk.fill(client)

    async def _converse(self, connection: ServerConnection, client: Client) -> None:
        writer = asyncio.create_task(self._write(connection, client), name=f"push-{client.agent}")
        try:
            async for data in connection:
                if client.outbox.is_over:
                    break
                self._frames.take(client, read_frame(data))
        except FrameError as error:
            writer.cancel()
            await _close(connection, CloseCode.INVALID_DATA, error.code)
        finally:
            client.outbox.close()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self, connection: ServerConnection, client: Client) -> None:
        """Send until the outbox is over; then its last words."""
        while (frame := await client.outbox.next()) is not None:
            await connection.send(frame, text=True)
        if client.outbox.farewell is not None:
            await connection.send(client.outbox.farewell, text=True)
        await _close(connection, ELSEWHERE if client.outbox.farewell else CloseCode.NORMAL_CLOSURE)

    def _leave(self, client: Client) -> None:
        """Also for a client that was logged on and never came as far as being attached."""
        self._forget(client)
        if self._watchers.find(client.agent) in (client, None):
            self._watchers.detach(client)
            self._submit(DesktopLost(agent=client.agent))
            log.info("desktop_lost", agent=client.agent, cut=client.outbox.is_cut)

    def _forget(self, client: Client) -> None:
        self._gauges.forget(client)
        self.desk.forget(client)


async def _close(connection: ServerConnection, code: int, reason: str = "") -> None:
    """Close, unless it is closed: asyncio's transport does not like to be aborted a second time."""
    if connection.state is not Connection.CLOSED:
        await connection.close(code, reason)


async def _send(connection: ServerConnection, frame: ServerFrame) -> None:
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await connection.send(encode(frame), text=True)
