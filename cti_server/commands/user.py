"""`ieum user`: adds, lists and removes people. What a person may be called and do is decided in `storage.people`.

Passwords are made here and shown once; nobody types one on a command line, where others could read it.
"""

import argparse
import secrets
import sys

from sqlalchemy import Engine

from cti_server.commands.centre import open_current_centre
from cti_server.core.vocabulary import Secret
from cti_server.storage import people

PASSWORD_BYTES = 12
KNOWN_SOON = "A running server knows of it within seconds."


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "add" and "agent" in arguments.role and not arguments.extension:
        print("ieum user add: an agent needs a phone: give --extension (see ieum user add --help)", file=sys.stderr)
        return 2
    database = open_current_centre(arguments.data)
    match arguments.action:
        case "list":
            _list(database)
        case "add":
            _add(database, arguments)
        case "password":
            _show_once(arguments.login, _new_password(database, arguments.login))
        case "remove":
            people.set_active(database, arguments.login, is_active=False)
            print(f"{arguments.login} cannot sign in any more. {KNOWN_SOON}")
        case "restore":
            people.set_active(database, arguments.login, is_active=True)
            print(f"{arguments.login} can sign in again. {KNOWN_SOON}")
    return 0


def _list(database: Engine) -> None:
    rows = [("LOGIN", "NAME", "ROLES", "GROUP", "PHONE", "SKILLS", "")]
    for person in people.everybody(database):
        skills = ", ".join(f"{name}={level}" for name, level in sorted(person.skills.items()))
        roles = ", ".join(person.roles)
        state = "" if person.is_active else "removed"
        rows.append((person.login, person.name, roles, person.group, person.extension, skills, state))
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _add(database: Engine, arguments: argparse.Namespace) -> None:
    password = Secret(secrets.token_urlsafe(PASSWORD_BYTES))
    new = people.NewPerson(
        login=arguments.login,
        name=arguments.name or arguments.login,
        roles=tuple(dict.fromkeys(arguments.role)),
        group=arguments.group,
        extension=arguments.extension,
        skills=dict(arguments.skill),
    )
    people.add(database, new, password)
    _show_once(arguments.login, password)


def _new_password(database: Engine, login: str) -> Secret:
    password = Secret(secrets.token_urlsafe(PASSWORD_BYTES))
    people.set_password(database, login, password)
    return password


def _show_once(login: str, password: Secret) -> None:
    print(f"{login} signs in with the password {password.reveal()}, which is shown only now. {KNOWN_SOON}")


def _width(text: str) -> int:
    """Columns on a terminal: a Korean syllable takes two."""
    return sum(2 if "\u1100" <= letter <= "\uffdc" else 1 for letter in text)
