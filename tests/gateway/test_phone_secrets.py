"""Phones' credentials: short-lived ones follow from a key, permanent ones stand in a file that nobody else reads."""

from pathlib import Path

import pytest

from cti_server.core.errors import DataError
from cti_server.core.vocabulary import Secret
from cti_server.gateway.phone_secrets import LIFE_S, SignedPhoneSecrets, read_hard_phones
from cti_server.switch.embedded.admission import account_of


class Clock:
    now = 1_700_000_000_000_000

    def __call__(self) -> int:
        return self.now


def test_what_was_issued_is_known_until_its_end_also_to_the_next_process() -> None:
    clock = Clock()
    user, password = SignedPhoneSecrets(b"key", clock).issue("2003")
    assert account_of(user) == "2003"
    after_restart = SignedPhoneSecrets(b"key", clock)
    found = after_restart.password_of(user)
    assert found is not None
    assert found.reveal() == password
    clock.now += LIFE_S * 1_000_000
    assert after_restart.password_of(user) is None


def test_each_issue_is_another() -> None:
    secrets = SignedPhoneSecrets(b"key", Clock())
    assert secrets.issue("2003") != secrets.issue("2003")


def test_another_end_has_another_password() -> None:
    secrets = SignedPhoneSecrets(b"key", Clock())
    user, password = secrets.issue("2003")
    extension, rest = user.split(".")
    end, chance = rest.split("-")
    longer = f"{extension}.{int(end, 16) + 1000:x}-{chance}"
    found = secrets.password_of(longer)
    assert found is not None
    assert found.reveal() != password


@pytest.mark.parametrize(
    "user",
    ["", "2003", "2003.", "2003.zz-11", "2003.-", ".ffffffff-1", "2003.ffffffff", "2003.ffffffff-\udcb1", "x" * 99],
)
def test_names_that_were_never_issued_are_nobody(user: str) -> None:
    assert SignedPhoneSecrets(b"key", Clock()).password_of(user) is None


def test_hard_phones_keep_theirs(tmp_path: Path) -> None:
    file = tmp_path / "phones.json"
    file.write_text('{"2001": "long and permanent"}', encoding="utf-8")
    file.chmod(0o600)
    secrets = SignedPhoneSecrets(b"key", Clock(), read_hard_phones(file))
    found = secrets.password_of("2001")
    assert isinstance(found, Secret)
    assert found.reveal() == "long and permanent"
    assert read_hard_phones(tmp_path / "none.json") == {}


@pytest.mark.parametrize(
    ("mode", "text"), [(0o644, b"{}"), (0o600, b"[1]"), (0o600, b"no json"), (0o600, b'{"2001":"\xff"}')]
)
def test_a_file_that_others_can_read_or_that_is_wrong_is_refused(tmp_path: Path, mode: int, text: bytes) -> None:
    file = tmp_path / "phones.json"
    file.write_bytes(text)
    file.chmod(mode)
    with pytest.raises(DataError):
        read_hard_phones(file)
