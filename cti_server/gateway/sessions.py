"""Who is signed in, and where: one session per agent; a newer sign-in with the password takes the place of the older.

Decides whether a Hello is let in. Passwords are checked elsewhere; rights for single commands stand in `rights.py`.
"""

from collections import Counter
from dataclasses import dataclass, field

from cti_server.core.errors import Unavailable
from cti_server.core.vocabulary import AgentId, Secret
from cti_server.gateway.tokens import Claim, Tokens
from cti_server.ports import CredentialCheck, Credentials
from cti_server.wire import VERSION
from cti_server.wire.client import Hello
from cti_server.wire.server import Denied, Parameters

VERSIONS = (VERSION, VERSION - 1)
USER_CHARACTERS_MAX = 80
PASSWORD_CHARACTERS_MAX = 256
REMEMBERED_MAX = 10_000
CHECKS_PER_ADDRESS_MAX = 100
"""Passwords from one address that wait to be checked: one flooder must not fill the credential service for all."""


class NotLetIn(Exception):
    """A Hello that is answered with Denied."""

    def __init__(self, code: str, parameters: Parameters | None = None) -> None:
        super().__init__(code)
        self.denied = Denied(code=code, parameters=parameters or {})


@dataclass(slots=True)
class Session:
    """One sign-in. ``is_new``: with a password, so the agent is to be logged on."""

    claim: Claim
    token: str
    agent: AgentId
    language: str
    is_new: bool

    @property
    def person(self) -> CredentialCheck:
        return self.claim.person


@dataclass(slots=True)
class Sessions:
    """``newest``: the sign-in that counts for each agent since this process began; ``revoked``: logged off."""

    tokens: Tokens
    credentials: Credentials
    newest: dict[AgentId, Claim] = field(default_factory=dict)
    revoked: dict[str, None] = field(default_factory=dict)
    checking: Counter[str] = field(default_factory=Counter)

    async def open(self, hello: Hello, address: str) -> Session:
        """Let somebody in. Raises NotLetIn."""
        if hello.version not in VERSIONS:
            raise NotLetIn("version_unsupported", {"server": VERSION})
        language = "en" if hello.language == "en" else "ko"
        if hello.token:
            return self._resume(hello.token, language)
        person = await self._check(hello, address)
        token, claim = self.tokens.issue(person)
        return Session(claim=claim, token=token, agent=_agent(person), language=language, is_new=True)

    async def _check(self, hello: Hello, address: str) -> CredentialCheck:
        if not hello.user or len(hello.user) > USER_CHARACTERS_MAX or len(hello.password) > PASSWORD_CHARACTERS_MAX:
            raise NotLetIn("wrong_credentials")
        if self.checking[address] >= CHECKS_PER_ADDRESS_MAX:
            raise NotLetIn("too_many_attempts")
        self.checking[address] += 1
        try:
            person = await self.credentials.check_password(hello.user, Secret(hello.password), address)
        except Unavailable:
            raise NotLetIn("unavailable") from None
        finally:
            self.checking[address] -= 1
            self.checking += Counter()  # forgets addresses that are at nought
        if person.result != "ok":
            codes = {"wrong": "wrong_credentials", "locked": "too_many_attempts"}
            raise NotLetIn(codes.get(person.result, "unavailable"))
        return person

    def _resume(self, token: str, language: str) -> Session:
        claim = self.tokens.read(token)
        if claim is None or claim.session in self.revoked:
            raise NotLetIn("token_expired")
        agent = _agent(claim.person)
        newest = self.newest.get(agent)
        if newest is not None and newest.session != claim.session and newest.since >= claim.since:
            raise NotLetIn("elsewhere")
        return Session(claim=claim, token=token, agent=agent, language=language, is_new=False)

    def settle(self, session: Session) -> None:
        """This sign-in counts from now on."""
        self.newest[session.agent] = session.claim

    def revoke(self, session: Session) -> None:
        """The agent logged off: the token opens nothing any more."""
        self.revoked[session.claim.session] = None
        while len(self.revoked) > REMEMBERED_MAX:
            del self.revoked[next(iter(self.revoked))]


def _agent(person: CredentialCheck) -> AgentId:
    if person.agent is None:
        raise NotLetIn("not_an_agent")
    return person.agent
