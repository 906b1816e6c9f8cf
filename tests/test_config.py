"""A centre's configuration: what the default says, and that every mistake is told with its line and a hint."""

import os
from pathlib import Path

import pytest

from cti_server.config import check, config_file, read, secret, write_defaults
from datafiles.problems import DataErrors


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_defaults(tmp_path)
    return tmp_path


def change(data: Path, old: str, new: str) -> None:
    file = config_file(data)
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems_of(data: Path) -> list[str]:
    """As a person reads them, without the folder."""
    return [str(problem).replace(f"{config_file(data)}:", "") for problem in check(config_file(data))]


def line_of(data: Path, text: str) -> int:
    lines = config_file(data).read_text(encoding="utf-8").splitlines()
    return 1 + next(index for index, line in enumerate(lines) if text in line)


def test_the_default_is_a_centre_that_works(data: Path) -> None:
    configuration = read(data)
    centre = configuration.centre
    assert [queue.queue for queue in centre.queues] == ["orders", "care"]
    assert [(line.line, line.flow) for line in centre.lines] == [("1588-0001", "main"), ("1588-0002", "queue:orders")]
    assert centre.time_zone_offset_s == 9 * 3600
    assert centre.version == configuration.version
    assert list(configuration.groups) == ["C/S", "T/O"]
    assert centre.dispositions
    assert configuration.server.sip.host == "127.0.0.1"
    assert configuration.server.database_url == f"sqlite:///{data / 'ieum.db'}"


def test_a_first_start_writes_the_default_and_never_over_an_own_file(tmp_path: Path) -> None:
    data = tmp_path / "centre"
    file = write_defaults(data)
    assert data.stat().st_mode & 0o077 == 0, "nobody else looks in"
    file.write_text("mine", encoding="utf-8")
    write_defaults(data)
    assert file.read_text(encoding="utf-8") == "mine"


def test_the_version_changes_with_content_and_not_with_comments(data: Path) -> None:
    before = read(data).version
    change(data, "# Callers wait", "# People wait")
    assert read(data).version == before
    change(data, "service_level_s: 20", "service_level_s: 25")
    assert read(data).version != before


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{flow: main}", "{flow: mian}", "line 1588-0001: there is no flow mian (did you mean main?)"),
        ('"queue:orders"', '"queue:order"', "line 1588-0002: there is no queue order (did you mean orders?)"),
        ("Asia/Seoul", "Asia/Seuol", "there is no time zone Asia/Seuol (did you mean Asia/Seoul?)"),
        ("service_level_s: 20 ", "service_leve_s: 20 ", "has no field service_leve_s (did you mean service_level_s?)"),
        ("ring_timeout_s: 20 ", "ring_timeout_s: 2 ", "times.ring_timeout_s must be from 5 to 120, not 2"),
        ("numbers: [1588-0001,", "numbers: [1588-0009,", "trunk local: there is no line 1588-0009"),
        ("port: 7443", "port: 5060", "gateway and sip have the same port 5060"),
        ("port: 7480", "port: 20500", "web: port 20500 is among those of media"),
        ("last_port: 20999", "last_port: 20001", "2 ports are too few for 1 workers"),
        ("fixed_phones: {}", 'fixed_phones: {"1001": agent1}', "agent1 is no SIP address"),
        ("{ko: 휴식, en: Break}", "{ko: 휴식}", "break has no words in en"),
        ("break: {ko", "missed_call: {ko", "missed_call is a reason that the centre sets by itself"),
        ("  orders:\n", "  Orders Line:\n", "Orders Line cannot be a name (a–z, 0–9, _ and -)"),
        ("transport: udp", "transport: upd", "cannot be 'upd' (did you mean udp?)"),
    ],
)
def test_a_mistake_is_told_with_a_hint(data: Path, old: str, new: str, expected: str) -> None:
    change(data, old, new)
    assert any(expected in problem for problem in problems_of(data)), problems_of(data)
    with pytest.raises(DataErrors):
        read(data)


def test_mistakes_name_their_line_and_all_of_them_are_told(data: Path) -> None:
    change(data, "{flow: main}", "{flow: mian}")
    change(data, "port: 7443", "port: 5060")
    found = problems_of(data)
    assert [problem.split(":")[0] for problem in found] == [
        str(line_of(data, "mian")),
        str(line_of(data, "gateway:") + 2),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x\n",
        "name: !!python/object/apply:os.system [true]\n",
        "[" * 40 + "]" * 40,
        "name: {ko: a, ko: b}\n",
        "",
        "\x00",
    ],
    ids=["alias", "tag", "deep", "twice", "empty", "binary"],
)
def test_dangerous_or_broken_files_are_told_not_run(data: Path, text: str) -> None:
    config_file(data).write_text(text, encoding="utf-8")
    assert problems_of(data)


def test_a_trunk_with_a_user_needs_a_password_file_that_only_its_owner_reads(data: Path) -> None:
    change(data, "    transport: udp\n", "    transport: udp\n    username: ieum\n")
    assert "cannot be read" in problems_of(data)[0]
    file = data / "secrets" / "trunk-local"
    file.parent.mkdir()
    file.write_text("geheim\n", encoding="utf-8")
    file.chmod(0o644)
    assert "others may read" in problems_of(data)[0]
    file.chmod(0o600)
    (trunk,) = read(data).server.trunks
    assert trunk.password is not None
    assert trunk.password.reveal() == "geheim"
    assert "geheim" not in repr(trunk)


def test_a_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        first = secret(tmp_path, "web-token")
    finally:
        os.umask(old)
    file = tmp_path / "secrets" / "web-token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert len(first.reveal()) >= 40
    assert secret(tmp_path, "web-token").reveal() == first.reveal()
    assert secret(tmp_path, "other").reveal() != first.reveal()
