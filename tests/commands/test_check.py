"""`ieum check` finds the checker of each file, and says file and line of each mistake."""

import shutil
from pathlib import Path

import pytest

from cti_server import cli
from cti_server.commands.check import check
from cti_server.config import DEFAULT_FILE
from cti_server.customers.declarations import SHOP_FILE
from ivr.loader import FLOWS, PROMPTS


def test_all_that_comes_with_ieum_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check"]) == 0, capsys.readouterr().out
    assert "mistakes: 0" in capsys.readouterr().out


def test_a_mistake_is_told_by_file_and_line_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(FLOWS, tmp_path / "flows")
    flow = tmp_path / "flows" / "main.yaml"
    text = flow.read_text(encoding="utf-8").replace("\nstart: answer\n", "\nstart: anwser\n")
    flow.write_text(text, encoding="utf-8")
    assert cli.main(["check", str(tmp_path)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"{flow}:") and "anwser" in line for line in said), said


def test_a_file_that_nobody_understands_is_named(tmp_path: Path) -> None:
    stray = tmp_path / "stray.yaml"
    stray.write_text("colour: green\n", encoding="utf-8")
    (problem,) = check([stray])
    assert (problem.file, problem.line) == (str(stray), 1)


def test_a_mistake_in_the_configuration_is_told(tmp_path: Path) -> None:
    file = tmp_path / "centre.yaml"
    text = DEFAULT_FILE.read_text(encoding="utf-8").replace(
        '1588-0002: {flow: "queue:orders"}', "1588-0002: {flow: mian}"
    )
    file.write_text(text, encoding="utf-8")
    problems = check([file])
    assert problems and all(problem.file == str(file) and problem.line > 1 for problem in problems)
    assert any("main" in problem.hint for problem in problems)


def test_a_broken_file_is_told_by_its_own_checker(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("flow: broken\nnodes: [\n", encoding="utf-8")
    problems = check([broken])
    assert [problem.file for problem in problems] == [str(broken)]


@pytest.mark.parametrize(
    "source", [DEFAULT_FILE, FLOWS / "main.yaml", PROMPTS / "ko.yaml", SHOP_FILE], ids=lambda path: path.name
)
def test_each_kind_of_file_is_recognised_where_it_stands(source: Path) -> None:
    assert check([source]) == []


def test_a_folder_without_such_files_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(tmp_path)]) == 1
    assert "no .yaml" in capsys.readouterr().err
