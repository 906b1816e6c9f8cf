"""From Hello to Welcome: who is let in, logged on, and told what there is to choose from."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec

from cti_server.core.entities import State
from cti_server.core.inputs import LogOn
from cti_server.core.vocabulary import AgentMode
from cti_server.gateway import translate
from cti_server.gateway.sessions import NotLetIn, Session, Sessions
from cti_server.ports import CommandDoor, PhoneSecrets
from cti_server.wire import VERSION
from cti_server.wire.client import Hello
from cti_server.wire.server import Me, PhoneAccount, ViewTitle, Welcome

Seen = TypeVar("Seen")


class Look(Protocol):
    """Reads the state between two batches, when all of it is durable and published (``Engine.look``)."""

    def __call__(self, at: Callable[[State, int], Seen]) -> Awaitable[Seen]: ...


class PhonePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where the desktops' own phones register; ``port`` 0: no account is given out."""

    host: str = "127.0.0.1"
    port: int = 0
    transport: str = "udp"


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """The scripts, as JSON that desktops decode, and the record views of this centre."""

    scripts: msgspec.Raw
    scripts_version: str
    views: tuple[ViewTitle, ...] = ()


class Arrivals:
    """Lets desktops in."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        door: CommandDoor,
        look: Look,
        phones: PhoneSecrets,
        place: PhonePlace,
        library: Library,
        utc_now: Callable[[], int],
    ) -> None:
        self._sessions = sessions
        self._door = door
        self._look = look
        self._phones = phones
        self._place = place
        self.library = library
        self._utc_now = utc_now

    async def let_in(self, hello: Hello, address: str) -> Session:
        """A session whose agent is logged on. Raises NotLetIn."""
        session = await self._sessions.open(hello, address)
        if session.is_new:
            await self._log_on(session)
        elif await self._look(lambda state, _seq: _mode(state, session)) in (None, AgentMode.LOGGED_OFF):
            raise NotLetIn("token_expired")
        return session

    async def _log_on(self, session: Session) -> None:
        reply = await self._door(LogOn(agent=session.agent, key=f"sign-in:{session.claim.session}"))
        if reply.code:
            code = "not_an_agent" if reply.code == "unknown_agent" else "unavailable"
            raise NotLetIn(code)

    def welcome(self, session: Session, state: State) -> Welcome:
        """What a desktop needs before anything else; makes new credentials for its phone."""
        person, library = session.person, self.library
        return Welcome(
            version=VERSION,
            session=session.claim.session,
            token=session.token,
            token_until=session.claim.until,
            server_time=self._utc_now(),
            me=Me(
                agent=session.agent,
                name=person.name,
                extension=person.extension,
                group=person.group,
                roles=person.roles,
                may_dial=person.may_dial,
            ),
            phone=self._phone(person.extension),
            catalogue=translate.catalogue(state, library.views, library.scripts, library.scripts_version),
        )

    def _phone(self, extension: str) -> PhoneAccount | None:
        if not extension or not self._place.port:
            return None
        user, password = self._phones.issue(extension)
        return PhoneAccount(
            host=self._place.host,
            port=self._place.port,
            transport=self._place.transport,
            extension=extension,
            user=user,
            password=password,
        )


def _mode(state: State, session: Session) -> AgentMode | None:
    agent = state.agents.get(session.agent)
    return None if agent is None else agent.mode
