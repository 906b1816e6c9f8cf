"""The documents lead somewhere: their links exist, and the commands that they name can be given."""

import re
from pathlib import Path

import pytest

from cti_server import cli
from tests.architecture.house import tracked_files
from tests.shared_data import ROOT

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_COMMAND = re.compile(r"\./ieum ([a-z]+)")


def documents() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_leads_to_a_file(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_each_command_that_is_named_exists(document: Path) -> None:
    named = set(_COMMAND.findall(document.read_text(encoding="utf-8")))
    assert named - set(cli.COMMANDS) == set()


def test_the_readme_shows_the_two_commands_first() -> None:
    screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:30]
    assert any(line.startswith("./ieum demo") for line in screen)
    assert any(line.startswith("./ieum test") for line in screen)
