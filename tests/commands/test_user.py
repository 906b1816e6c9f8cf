"""People are added, listed, removed and given passwords from the command line."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cti_server import cli, config
from cti_server.app.places import hard_phones_file
from cti_server.commands.centre import open_centre
from cti_server.core.vocabulary import PinResult, Secret
from cti_server.gateway.phone_secrets import read_hard_phones
from cti_server.storage import people
from cti_server.storage.data_folder import DataFolder
from cti_server.web.pins import PinStore


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A centre that was started once. The commands keep their files private, and tests have one umask together."""
    before = os.umask(0o022)
    config.write_defaults(tmp_path)
    assert cli.main(["migrate", "--data", str(tmp_path)]) == 0
    yield tmp_path
    os.umask(before)


def added(data: Path, capsys: pytest.CaptureFixture[str], login: str = "kim") -> str:
    """Adds an agent; gives the password that was shown."""
    capsys.readouterr()
    role = ["--role", "agent", "--extension", "101", "--group", "C/S", "--skill", "orders=5", "--name", "김이음"]
    assert cli.main(["user", "add", "--data", str(data), login, *role]) == 0
    (password,) = re.findall(r"password (\S+),", capsys.readouterr().out)
    return str(password)


def test_the_password_that_is_shown_is_the_one_that_works(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    password = added(data, capsys)
    person = people.check_password(open_centre(data), "kim", Secret(password))
    assert person is not None
    assert (person.name, person.extension, person.skills) == ("김이음", "101", {"orders": 5})


def test_a_new_password_replaces_the_old_one(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = added(data, capsys)
    assert cli.main(["user", "password", "--data", str(data), "kim"]) == 0
    (new,) = re.findall(r"password (\S+),", capsys.readouterr().out)
    database = open_centre(data)
    assert people.check_password(database, "kim", Secret(old)) is None
    assert people.check_password(database, "kim", Secret(new)) is not None


def test_a_removed_person_cannot_sign_in_until_restored(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    password = Secret(added(data, capsys))
    assert cli.main(["user", "remove", "--data", str(data), "kim"]) == 0
    assert people.check_password(open_centre(data), "kim", password) is None
    assert cli.main(["user", "list", "--data", str(data)]) == 0
    assert re.search(r"^kim .* removed$", capsys.readouterr().out, re.MULTILINE)
    assert cli.main(["user", "restore", "--data", str(data), "kim"]) == 0
    assert people.check_password(open_centre(data), "kim", password) is not None


def test_the_list_shows_people_and_no_password(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    password = added(data, capsys)
    assert cli.main(["user", "list", "--data", str(data)]) == 0
    shown = capsys.readouterr().out
    assert "김이음" in shown and "orders=5" in shown
    assert password not in shown and "argon2" not in shown


@pytest.mark.parametrize("action", ["password", "remove", "restore"])
def test_somebody_unknown_is_a_failure(data: Path, action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["user", action, "--data", str(data), "nobody"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "nobody" in said


def test_a_login_is_given_once(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added(data, capsys)
    assert cli.main(["user", "add", "--data", str(data), "kim", "--role", "reviewer"]) == 1
    assert "taken" in capsys.readouterr().err


def test_an_agent_without_a_phone_is_bad_use(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["user", "add", "--data", str(data), "kim", "--role", "agent"]) == 2
    assert "--extension" in capsys.readouterr().err


def test_a_folder_without_a_centre_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["user", "list", "--data", str(tmp_path)]) == 1
    assert "there is no centre" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_database_is_readable_by_its_owner_alone(data: Path) -> None:
    assert (data / "ieum.db").stat().st_mode & 0o077 == 0


def test_migrating_twice_does_nothing_the_second_time(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.main(["migrate", "--data", str(data)]) == 0
    assert "already" in capsys.readouterr().out


def test_roles_and_skills_take_the_place_of_those_before(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added(data, capsys)
    roles = ["--role", "agent", "--role", "supervisor"]
    assert cli.main(["user", "roles", "--data", str(data), "kim", *roles]) == 0
    assert cli.main(["user", "skills", "--data", str(data), "kim", "--skill", "care=2"]) == 0
    person = people.find(open_centre(data), "kim")
    assert person is not None
    assert (person.roles, person.skills) == (("agent", "supervisor"), {"care": 2})


def test_a_new_pin_is_the_one_that_works_and_opens_a_locked_account(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pins = PinStore(data / "secrets" / "pins.db", config.secret(data, "pin_pepper"), lambda: time.time_ns() // 1000)
    for _ in range(6):
        pins.check("C-1", Secret("000"))
    assert pins.check("C-1", Secret("000")) is PinResult.LOCKED
    capsys.readouterr()
    assert cli.main(["user", "pin", "--data", str(data), "C-1"]) == 0
    (pin,) = re.findall(r"is (\d{6}),", capsys.readouterr().out)
    assert pins.check("C-1", Secret(pin)) is PinResult.VERIFIED
    pins.close()


def test_a_hard_phone_keeps_its_password_when_another_gets_one(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for extension in ("2001", "2002"):
        assert cli.main(["user", "phone", "--data", str(data), extension]) == 0
        shown += re.findall(r"password (\S+),", capsys.readouterr().out)
    known = read_hard_phones(hard_phones_file(DataFolder(data)))
    assert [known["2001"].reveal(), known["2002"].reveal()] == shown


def test_a_group_that_the_centre_does_not_have_and_a_phone_that_no_one_can_dial_are_refused(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    role = ["--role", "supervisor", "--group", "Nosuch"]
    assert cli.main(["user", "add", "--data", str(data), "park", *role]) == 1
    assert capsys.readouterr().err == "ieum user: there is no group Nosuch; centre.yaml has C/S, T/O\n"
    assert cli.main(["user", "phone", "--data", str(data), "20.90"]) == 1
    assert "cannot be an extension" in capsys.readouterr().err
    assert read_hard_phones(hard_phones_file(DataFolder(data))) == {}
