"""Who is let in: by password or token; one flooder does not stand in everybody's way."""

import asyncio

import pytest

from cti_server.core.errors import Unavailable
from cti_server.core.vocabulary import CustomerRef, PinResult, Secret
from cti_server.gateway import sessions as module
from cti_server.gateway.sessions import NotLetIn, Sessions
from cti_server.gateway.tokens import Tokens
from cti_server.ports import CredentialCheck
from cti_server.wire import VERSION
from cti_server.wire.client import Hello
from tests.gateway.floor import PASSWORD, FakeCredentials

HELLO = Hello(version=VERSION, user="agent1", password=PASSWORD)


class Waiting:
    """A credential service that answers when it is told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.gate = asyncio.Event()
        self.fails = fails

    async def check_password(self, user: str, password: Secret, address: str) -> CredentialCheck:
        if self.fails:
            raise Unavailable("gone")
        await self.gate.wait()
        return CredentialCheck(result="wrong")

    async def check_pin(self, customer: CustomerRef, pin: Secret) -> PinResult:
        return PinResult.UNAVAILABLE


def sessions(credentials: FakeCredentials | Waiting) -> Sessions:
    return Sessions(tokens=Tokens(b"key", lambda: 1), credentials=credentials)


def test_the_previous_wire_version_is_spoken_too() -> None:
    async def main() -> None:
        for version in module.VERSIONS:
            hello = Hello(version=version, user="agent1", password=PASSWORD)
            assert (await sessions(FakeCredentials()).open(hello, "here")).agent == 1

    asyncio.run(main())
    assert module.VERSIONS == (VERSION, VERSION - 1)


def test_a_language_that_we_do_not_speak_becomes_korean() -> None:
    async def main() -> list[str]:
        opened = [
            await sessions(FakeCredentials()).open(
                Hello(version=VERSION, user="agent1", password=PASSWORD, language=language), "here"
            )
            for language in ("ko", "en", "fr", "")
        ]
        return [session.language for session in opened]

    assert asyncio.run(main()) == ["ko", "en", "ko", "ko"]


def test_one_address_may_only_have_so_many_checks_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKS_PER_ADDRESS_MAX", 2)

    async def main() -> None:
        credentials = Waiting()
        them = sessions(credentials)
        waiting = [asyncio.create_task(them.open(HELLO, "flooder")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(NotLetIn, match="too_many_attempts"):
            await them.open(HELLO, "flooder")
        other = asyncio.create_task(them.open(HELLO, "other"))
        credentials.gate.set()
        results = await asyncio.gather(*waiting, other, return_exceptions=True)
        assert [str(result) for result in results] == ["wrong_credentials"] * 3
        assert not them.checking

    asyncio.run(main())


def test_a_credential_service_that_fails_is_unavailable_and_leaves_nothing_counted() -> None:
    async def main() -> None:
        them = sessions(Waiting(fails=True))
        with pytest.raises(NotLetIn, match="unavailable"):
            await them.open(HELLO, "here")
        assert not them.checking

    asyncio.run(main())


def test_a_revoked_sign_in_is_over_and_memory_of_them_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_MAX", 3)

    async def main() -> None:
        them = sessions(FakeCredentials())
        opened = [await them.open(HELLO, "here") for _ in range(5)]
        for session in opened:
            them.revoke(session)
        assert len(them.revoked) == 3
        with pytest.raises(NotLetIn, match="token_expired"):
            await them.open(Hello(version=VERSION, token=opened[-1].token), "here")

    asyncio.run(main())
