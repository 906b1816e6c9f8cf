"""Is this password or PIN right? The rules, without sockets: everything here blocks, one check at a time.

The same answer, after the same time, for a name that nobody has and for a wrong password; too many tries for one name
from one address lock that pair, and no other.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from cti_server.core.vocabulary import AgentId, PinResult, Secret
from cti_server.ports import CredentialCheck
from cti_server.storage import people
from cti_server.storage.people import NewPerson, Person
from cti_server.web.attempts import Attempts
from cti_server.web.pins import PinStore

TRIES_MAX = 20
TRIES_WINDOW_S = 15 * 60.0
ADMINISTRATOR = "admin"
ADMINISTRATOR_ROLE = "administrator"
ADMIN_PASSWORD_FILE = "admin_password"


class CredentialRules:
    """``now_s``: monotonic seconds."""

    def __init__(self, *, database: Engine, pins: PinStore, now_s: Callable[[], float]) -> None:
        self._database = database
        self._pins = pins
        self._now_s = now_s
        self._attempts = Attempts(limit=TRIES_MAX, window_s=TRIES_WINDOW_S)

    def check_password(self, user: str, password: Secret, address: str) -> CredentialCheck:
        """Who it is; ``result`` ok, wrong or locked. Raises what the database raises."""
        key, now = (user, address), self._now_s()
        if self._attempts.is_locked(key, now):
            return CredentialCheck(result="locked")
        person = people.check_password(self._database, user, password)
        if person is None:
            self._attempts.failed(key, now)
            return CredentialCheck(result="wrong")
        self._attempts.succeeded(key)
        return as_check(person)

    def check_pin(self, customer: str, pin: Secret) -> PinResult:
        return self._pins.check(customer, pin)


def as_check(person: Person) -> CredentialCheck:
    """A person as the core process knows it. Only those with the role and an extension are agents."""
    is_agent = "agent" in person.roles and bool(person.extension)
    return CredentialCheck(
        result="ok",
        user=person.login,
        agent=AgentId(person.person) if is_agent else None,
        name=person.name,
        group=person.group,
        extension=person.extension,
        roles=person.roles,
        may_dial=person.may_dial,
    )


def ensure_administrator(data_dir: Path, database: Engine) -> Secret | None:
    """On first start: an administrator with a random password, also kept in ``<data>/secrets/admin_password``.

    The password, to be printed once; None: there is an administrator already.
    """
    if any(ADMINISTRATOR_ROLE in person.roles for person in people.everybody(database)):
        return None
    password = Secret(secrets.token_urlsafe(15))
    people.add(
        database,
        NewPerson(login=ADMINISTRATOR, name="Administrator", roles=(ADMINISTRATOR_ROLE,), needs_desktop=False),
        password,
    )
    _keep(data_dir / "secrets" / ADMIN_PASSWORD_FILE, password)
    return password


def _keep(file: Path, password: Secret) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(password.reveal() + "\n")
        opened.flush()
        os.fsync(opened.fileno())
