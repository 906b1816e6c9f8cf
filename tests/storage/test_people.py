"""People: kept by commands, on both engines; passwords never in the clear."""

import pytest
from sqlalchemy import Engine, select

from cti_server.core.vocabulary import Secret
from cti_server.storage import people
from cti_server.storage.people import NewPerson, PeopleError
from cti_server.storage.tables import people as table

PASSWORD = Secret("correct horse battery")


def add_kim(database: Engine) -> people.Person:
    new = NewPerson(login="kim", name="김상담", group="T/O", extension="1001", skills={"orders": 3})
    return people.add(database, new, PASSWORD)


def test_a_person_is_kept_and_in_the_roster(database: Engine) -> None:
    kim = add_kim(database)
    assert people.find(database, "kim") == kim
    (profile,) = people.roster(database)
    assert (profile.agent, profile.extension, profile.group) == (kim.person, "1001", "T/O")
    assert profile.skills == {"orders": 3}
    assert people.names(database) == {kim.person: "김상담"}


def test_only_active_agents_with_a_phone_are_in_the_roster(database: Engine) -> None:
    add_kim(database)
    people.add(database, NewPerson(login="boss", name="Boss", roles=("supervisor",), extension="2001"), PASSWORD)
    people.add(database, NewPerson(login="nophone", name="No Phone"), PASSWORD)
    assert len(people.roster(database)) == 1
    people.set_active(database, "kim", is_active=False)
    assert people.roster(database) == ()
    assert len(people.everybody(database)) == 3


def test_logins_and_extensions_are_given_once(database: Engine) -> None:
    add_kim(database)
    with pytest.raises(PeopleError, match="is taken"):
        add_kim(database)
    with pytest.raises(PeopleError, match="is taken"):
        people.add(database, NewPerson(login="lee", name="Lee", extension="1001"), PASSWORD)
    people.add(database, NewPerson(login="lee", name="Lee"), PASSWORD)
    people.add(database, NewPerson(login="choi", name="Choi"), PASSWORD)


def test_passwords_are_checked_and_hashed(database: Engine) -> None:
    add_kim(database)
    assert people.check_password(database, "kim", PASSWORD) is not None
    assert people.check_password(database, "kim", Secret("wrong password")) is None
    assert people.check_password(database, "nobody", PASSWORD) is None
    with database.connect() as connection:
        stored = connection.execute(select(table.c.password_hash)).scalar_one()
    assert stored.startswith("$argon2id$")
    people.set_password(database, "kim", Secret("another long one"))
    assert people.check_password(database, "kim", PASSWORD) is None
    assert people.check_password(database, "kim", Secret("another long one")) is not None
    people.set_active(database, "kim", is_active=False)
    assert people.check_password(database, "kim", Secret("another long one")) is None


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (NewPerson(login="", name="x"), "cannot be a login"),
        (NewPerson(login="a b", name="x"), "cannot be a login"),
        (NewPerson(login="a", name="x", roles=("king",)), "there is no role king"),
        (NewPerson(login="a", name="x", skills={"orders": 11}), "level of orders"),
        (NewPerson(login="a", name="x", extension="10 01"), "cannot be an extension"),
    ],
)
def test_what_cannot_be_is_told(sqlite_database: Engine, new: NewPerson, expected: str) -> None:
    with pytest.raises(PeopleError, match=expected):
        people.add(sqlite_database, new, PASSWORD)
    assert people.everybody(sqlite_database) == ()


def test_a_short_password_and_an_unknown_login_are_told(sqlite_database: Engine) -> None:
    add_kim(sqlite_database)
    with pytest.raises(PeopleError, match="at least 10"):
        people.set_password(sqlite_database, "kim", Secret("short"))
    with pytest.raises(PeopleError, match="nobody with the login"):
        people.set_roles(sqlite_database, "lee", ("agent",))
    with pytest.raises(PeopleError, match="there is no role"):
        people.set_roles(sqlite_database, "kim", ("king",))


def test_roles_and_skills_can_be_changed(sqlite_database: Engine) -> None:
    add_kim(sqlite_database)
    people.set_roles(sqlite_database, "kim", ("agent", "supervisor"))
    people.set_skills(sqlite_database, "kim", {"care": 2})
    kim = people.find(sqlite_database, "kim")
    assert kim is not None
    assert (kim.roles, kim.skills) == (("agent", "supervisor"), {"care": 2})
