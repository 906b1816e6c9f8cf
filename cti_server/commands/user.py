"""`ieum user`: adds, lists and removes people. What a person may be called and do is decided in `storage.people`.

Passwords are made here and shown once; nobody types one on a command line, where others could read it.
"""

import argparse
import os
import secrets
import sys
import time
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from cti_server import config
from cti_server.app.places import hard_phones_file
from cti_server.commands.centre import open_current_centre
from cti_server.core.vocabulary import Secret
from cti_server.gateway.phone_secrets import read_hard_phones
from cti_server.storage import people
from cti_server.storage.data_folder import DataFolder
from cti_server.web.pins import PinStore

PIN_DIGITS = 6
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
        case "roles":
            people.set_roles(database, arguments.login, tuple(dict.fromkeys(arguments.role)))
            print(f"{arguments.login} is now {', '.join(dict.fromkeys(arguments.role))}. {KNOWN_SOON}")
        case "skills":
            people.set_skills(database, arguments.login, dict(arguments.skill))
            served = ", ".join(f"{queue}={level}" for queue, level in arguments.skill) or "no queue"
            print(f"{arguments.login} now serves {served}. {KNOWN_SOON}")
        case "phone":
            _new_phone_password(arguments.data, arguments.extension)
        case "pin":
            _new_pin(arguments.data, arguments.customer)
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
    groups = config.read(arguments.data).groups
    if arguments.group and arguments.group not in groups:
        raise people.PeopleError(f"there is no group {arguments.group}; centre.yaml has {', '.join(groups) or 'none'}")
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


def _new_phone_password(data: Path, extension: str) -> None:
    if not (extension.isascii() and extension.isalnum()):
        raise people.PeopleError(f"{extension!r} cannot be an extension: letters and digits")
    file = hard_phones_file(DataFolder(data))
    phones = {user: secret.reveal() for user, secret in read_hard_phones(file).items()}
    phones[extension] = secrets.token_urlsafe(PASSWORD_BYTES)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(msgspec.json.encode(phones))
    draft.replace(file)
    print(f"The phone {extension} registers with the password {phones[extension]}, which is shown only now.")
    print("A running server knows it from its next start.")


def _new_pin(data: Path, customer: str) -> None:
    pins = PinStore(data / "secrets" / "pins.db", config.secret(data, "pin_pepper"), lambda: time.time_ns() // 1000)
    pin = "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))
    pins.set_pins({customer: Secret(pin)})
    pins.close()
    print(f"The PIN of {customer} is {pin}, which is shown only now; the account is open.")


def _show_once(login: str, password: Secret) -> None:
    print(f"{login} signs in with the password {password.reveal()}, which is shown only now. {KNOWN_SOON}")


def _width(text: str) -> int:
    """Columns on a terminal: a Korean syllable takes two."""
    return sum(2 if "\u1100" <= letter <= "\uffdc" else 1 for letter in text)
