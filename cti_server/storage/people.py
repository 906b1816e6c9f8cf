"""The people of a centre: who may sign in, as what, and which calls routing may give them. Kept by commands.

Passwords are hashed with argon2id, which takes long on purpose: call `add`, `set_password` and `check_password` in a
process of their own (the command line, the web process), never in the core process.
"""

import time
from collections.abc import Mapping, Sequence
from functools import cache

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Engine, RowMapping, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from cti_server.core.errors import IeumError
from cti_server.core.settings import AgentProfile
from cti_server.core.vocabulary import AgentId, Extension, Secret
from cti_server.storage.tables import people

ROLES = ("agent", "supervisor", "reviewer", "administrator")
PASSWORD_MIN = 10
LEVEL_MAX = 10

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class PeopleError(IeumError):
    """The change cannot be made; the text says why."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """``person`` is the AgentId of those who take calls; they have an extension and the role `agent`."""

    person: int
    login: str
    name: str
    roles: tuple[str, ...]
    group: str = ""
    extension: str = ""
    skills: dict[str, int] = {}
    may_dial: bool = True
    needs_desktop: bool = True
    is_active: bool = True


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    login: str
    name: str
    roles: tuple[str, ...] = ("agent",)
    group: str = ""
    extension: str = ""
    skills: dict[str, int] = {}
    may_dial: bool = True
    needs_desktop: bool = True


def add(database: Engine, new: NewPerson, password: Secret) -> Person:
    """PeopleError: the login or extension is taken, a role is unknown, or the password too short."""
    _check(new.login, new.roles, new.skills, new.extension)
    values = {
        "login": new.login,
        "name": new.name,
        "password_hash": hash_password(password),
        "roles": _json(new.roles),
        "group_name": new.group,
        "extension": new.extension or None,
        "skills": _json(new.skills),
        "may_dial": new.may_dial,
        "needs_desktop": new.needs_desktop,
        "is_active": True,
        "created_at": time.time_ns() // 1000,
    }
    try:
        with database.begin() as connection:
            connection.execute(insert(people), values)
    except IntegrityError:
        raise PeopleError(f"the login {new.login} or the extension {new.extension} is taken") from None
    return _existing(database, new.login)


def everybody(database: Engine) -> tuple[Person, ...]:
    with database.connect() as connection:
        found = connection.execute(select(people).order_by(people.c.login)).mappings().all()
    return tuple(_person(row) for row in found)


def find(database: Engine, login: str) -> Person | None:
    with database.connect() as connection:
        row = connection.execute(select(people).where(people.c.login == login)).mappings().one_or_none()
    return None if row is None else _person(row)


def roster(database: Engine) -> tuple[AgentProfile, ...]:
    """Those who may take calls now, for `EnrolAgents`."""
    return tuple(
        AgentProfile(
            agent=AgentId(person.person),
            extension=Extension(person.extension),
            group=person.group,
            skills=person.skills,
            may_dial=person.may_dial,
            needs_desktop=person.needs_desktop,
        )
        for person in sorted(everybody(database), key=lambda person: person.person)
        if person.is_active and person.extension and "agent" in person.roles
    )


def names(database: Engine) -> dict[int, str]:
    """Everybody's name by id, also of those who left: calls keep them."""
    return {person.person: person.name for person in everybody(database)}


def set_password(database: Engine, login: str, password: Secret) -> None:
    _change(database, login, password_hash=hash_password(password))


def set_roles(database: Engine, login: str, roles: Sequence[str]) -> None:
    _check(login, roles, {}, "")
    _change(database, login, roles=_json(tuple(roles)))


def set_skills(database: Engine, login: str, skills: Mapping[str, int]) -> None:
    _check(login, (), skills, "")
    _change(database, login, skills=_json(dict(skills)))


def set_active(database: Engine, login: str, *, is_active: bool) -> None:
    """People are never removed: their calls name them."""
    _change(database, login, is_active=is_active)


def check_password(database: Engine, login: str, password: Secret) -> Person | None:
    """The person, or None. Takes the same time for a login that nobody has."""
    with database.connect() as connection:
        row = connection.execute(select(people).where(people.c.login == login)).mappings().one_or_none()
    is_right = _verify(_nobodys_hash() if row is None else str(row["password_hash"]), password)
    if row is None or not is_right or not row["is_active"]:
        return None
    return _person(row)


def export(database: Engine) -> list[dict[str, object]]:
    """Everybody as they are kept, passwords (hashed) included: for a backup."""
    with database.connect() as connection:
        found = connection.execute(select(people).order_by(people.c.person)).mappings().all()
    return [dict(row) for row in found]


def bring_back(database: Engine, exported: Sequence[Mapping[str, object]]) -> None:
    """Those of a backup, with their numbers, into a table that nobody is in. IntegrityError: somebody is."""
    if not exported:
        return
    with database.begin() as connection:
        connection.execute(insert(people), [dict(person) for person in exported])
        if database.dialect.name == "postgresql":  # it counts by itself, and has not seen these numbers
            next_number = text("SELECT setval(pg_get_serial_sequence('people', 'person'), max(person)) FROM people")
            connection.execute(next_number)


def hash_password(password: Secret) -> str:
    """PeopleError: too short."""
    if len(password) < PASSWORD_MIN:
        raise PeopleError(f"a password needs at least {PASSWORD_MIN} characters")
    return _hasher.hash(password.reveal())


def _verify(hashed: str, password: Secret) -> bool:
    try:
        return _hasher.verify(hashed, password.reveal())
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def _check(login: str, roles: Sequence[str], skills: Mapping[str, int], extension: str) -> None:
    if not login or len(login) > 60 or not all(letter.isalnum() or letter in "._-@" for letter in login):
        raise PeopleError(f"{login!r} cannot be a login: letters, digits and . _ - @")
    if unknown := [role for role in roles if role not in ROLES]:
        raise PeopleError(f"there is no role {unknown[0]}; roles are {', '.join(ROLES)}")
    if wrong := [skill for skill, level in skills.items() if not 1 <= level <= LEVEL_MAX]:
        raise PeopleError(f"the level of {wrong[0]} must be from 1 to {LEVEL_MAX}")
    if extension and not (extension.isascii() and extension.isalnum()):
        raise PeopleError(f"{extension!r} cannot be an extension: letters and digits")


def _change(database: Engine, login: str, **values: object) -> None:
    with database.begin() as connection:
        if connection.execute(update(people).where(people.c.login == login).values(**values)).rowcount == 0:
            raise PeopleError(f"there is nobody with the login {login}")


def _existing(database: Engine, login: str) -> Person:
    person = find(database, login)
    assert person is not None
    return person


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _person(row: RowMapping) -> Person:
    return Person(
        person=int(str(row["person"])),
        login=str(row["login"]),
        name=str(row["name"]),
        roles=msgspec.json.decode(str(row["roles"]), type=tuple[str, ...]),
        group=str(row["group_name"]),
        extension=str(row["extension"] or ""),
        skills=msgspec.json.decode(str(row["skills"]), type=dict[str, int]),
        may_dial=bool(row["may_dial"]),
        needs_desktop=bool(row["needs_desktop"]),
        is_active=bool(row["is_active"]),
    )
