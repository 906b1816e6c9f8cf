"""What the command line promises: help everywhere, and one line for bad use."""

import subprocess
import sys
from pathlib import Path

import pytest

from cti_server import cli
from tests.shared_data import ROOT


def ask(*argv: str) -> tuple[int, str, str]:
    """Runs the launcher as a person does; gives exit status, stdout, stderr. Only for calls that set nothing up."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "ieum"), *argv],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_contract_names_every_subcommand() -> None:
    assert set(cli.COMMANDS) == {
        *(
            "demo",
            "test",
            "serve",
            "agent",
            "check",
            "simulate",
            "replay",
            "why",
            "bench",
            "prompts",
            "user",
            "migrate",
        ),
        *("backup", "restore"),
    }


def test_help_lists_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    listed = capsys.readouterr().out
    for name in cli.COMMANDS:
        assert f"\n    {name} " in listed


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_subcommand_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    explained = " ".join(capsys.readouterr().out.split())
    assert f"usage: ieum {name}" in explained


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_subcommand_has_a_body(name: str) -> None:
    assert (ROOT / "cti_server" / "commands" / f"{name}.py").is_file()


@pytest.mark.parametrize(
    "argv",
    [
        ["nonsense"],
        ["demo", "--seconds", "soon"],
        ["demo", "--seconds", "0"],
        ["demo", "--seconds", "nan"],
        ["demo", "--head"],
        ["demo", "--report", "/no/such/folder/report.json"],
        ["demo", "leftover"],
        ["serve"],
        ["serve", "--data", __file__],
        ["serve", "--data", ".", "--config", "/no/such/file.yaml"],
        ["check", "/no/such/path"],
        ["bench", "nonsense"],
        ["bench", "setup", "--json", "."],
        ["user"],
        ["migrate"],
        ["agent", "--server", "centre.example"],
        ["agent", "--fingerprint", "12:34"],
        ["user", "add", "--data", ".", "kim", "--role", "king"],
        ["user", "add", "--data", ".", "kim", "--role", "agent", "--skill", "orders=11"],
    ],
    ids=" ".join,
)
def test_bad_use_is_one_line_and_exit_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(argv)
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ieum") and said.err.count("\n") == 1 and said.err.endswith(" --help)\n")


def test_nothing_given_shows_what_can_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([])
    assert ended.value.code == 2
    assert "demo" in capsys.readouterr().out


def test_everything_but_long_goes_to_pytest_in_its_order() -> None:
    arguments = cli.parse(["test", "-k", "a or b", "--long", "tests/core", "-x"])
    assert arguments.is_long
    assert arguments.pytest_arguments == ["-k", "a or b", "tests/core", "-x"]


def test_a_failure_is_one_line_and_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: object) -> int:
        raise OSError("the disk\nis gone")

    monkeypatch.setattr("cti_server.commands.test.run", run)
    assert cli.main(["test"]) == 1
    assert capsys.readouterr().err == "ieum test: the disk is gone\n"


def test_a_bug_is_one_line_that_tells_where_the_details_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: object) -> int:
        raise KeyError("ours")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("cti_server.commands.test.run", run)
    assert cli.main(["test"]) == 1
    said = capsys.readouterr().err
    (details,) = tmp_path.iterdir()
    assert said == f"ieum test: unexpected KeyError: 'ours' (details in {details})\n"
    assert "Traceback" in details.read_text(encoding="utf-8")


def test_a_desktop_without_a_display_is_a_failure_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert cli.main(["agent"]) == 1
    assert capsys.readouterr().err.startswith("ieum agent: there is no display")


def test_a_workplace_without_the_server_is_told_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: object) -> int:
        raise ModuleNotFoundError("No module named 'yaml'", name="yaml")

    monkeypatch.setattr("cti_server.commands.test.run", run)
    assert cli.main(["test"]) == 1
    said = capsys.readouterr().err
    assert "yaml" in said and "ieum[server]" in said and said.count("\n") == 1


def test_the_launcher_answers_help_and_bad_use_before_it_sets_anything_up() -> None:
    assert ask("--help")[0] == 0
    status, out, err = ask("demo", "--seconds", "x")
    assert (status, out, err.count("\n")) == (2, "", 1)
