"""The launcher sets up what is missing, once, and says what to do when it cannot."""

import importlib.machinery
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.shared_data import ROOT


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The launcher as a module, working in an empty folder that looks like a checkout."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = importlib.machinery.SourceFileLoader("launcher", str(ROOT / "ieum"))
    specification = importlib.util.spec_from_loader("launcher", loader)
    assert specification is not None
    module = importlib.util.module_from_spec(specification)
    loader.exec_module(module)
    for name, place in {
        "ROOT": tmp_path,
        "ENVIRONMENT": tmp_path / ".venv",
        "PYTHON": tmp_path / ".venv" / "bin" / "python",
        "LOCK": tmp_path / "requirements.lock",
        "WORK": tmp_path / ".ieum",
        "LOG": tmp_path / ".ieum" / "setup.log",
        "STATE": tmp_path / ".ieum" / "state.json",
        "RENDERED": tmp_path / "ivr" / "prompts" / "rendered" / "rendered.json",
    }.items():
        setattr(module, name, place)
    (tmp_path / "requirements.lock").write_text("websockets==17.4\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return module


@pytest.fixture
def steps(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the steps taken, instead of taking them; the environment's program appears by its step."""
    taken: list[str] = []

    def make_environment(_: object) -> None:
        taken.append("environment")
        launcher.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        launcher.PYTHON.touch()

    def render_prompts(_: object) -> None:
        taken.append("prompts")
        launcher.RENDERED.parent.mkdir(parents=True, exist_ok=True)
        launcher.RENDERED.touch()

    def install_packages(groups: list[str], _: object) -> None:
        taken.append("packages for " + " and ".join(groups))

    monkeypatch.setattr(launcher, "_install_packages", install_packages)
    monkeypatch.setattr(launcher, "_make_environment", make_environment)
    monkeypatch.setattr(launcher, "_install_project", lambda _: taken.append("project"))
    monkeypatch.setattr(launcher, "_render_prompts", render_prompts)
    return taken


def test_a_second_start_does_nothing(launcher: ModuleType, steps: list[str]) -> None:
    launcher.set_up("demo")
    assert steps == ["packages for run", "environment", "project"]
    launcher.set_up("demo")
    assert len(steps) == 3


def test_tests_need_more_packages_but_the_same_environment(launcher: ModuleType, steps: list[str]) -> None:
    launcher.set_up("demo")
    steps.clear()
    launcher.set_up("test")
    assert steps == ["packages for run and test"]
    launcher.set_up("demo")
    launcher.set_up("test")
    assert steps == ["packages for run and test"]


def test_a_new_lock_makes_the_environment_again(launcher: ModuleType, steps: list[str]) -> None:
    launcher.set_up("demo")
    steps.clear()
    launcher.LOCK.write_text("websockets==17.5\n")
    launcher.set_up("demo")
    assert steps == ["environment", "project"]


def test_a_deleted_environment_is_made_again(launcher: ModuleType, steps: list[str]) -> None:
    launcher.set_up("demo")
    steps.clear()
    launcher.PYTHON.unlink()
    launcher.set_up("demo")
    assert steps == ["environment", "project"]


def test_a_changed_text_is_spoken_again(launcher: ModuleType, steps: list[str], tmp_path: Path) -> None:
    text = tmp_path / "ivr" / "prompts" / "ko.yaml"
    text.parent.mkdir(parents=True)
    text.write_text("greeting: 안녕하세요\n", encoding="utf-8")
    launcher.set_up("demo")
    assert steps[-1] == "prompts"
    steps.clear()
    launcher.set_up("demo")
    assert steps == []
    text.write_text("greeting: 반갑습니다\n", encoding="utf-8")
    launcher.set_up("demo")
    assert steps == ["prompts"]
    launcher.RENDERED.unlink()
    launcher.set_up("demo")
    assert steps == ["prompts", "prompts"]


def test_an_interrupted_set_up_goes_on_where_it_was(
    launcher: ModuleType, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise launcher.SetupFailed("no network")

    with monkeypatch.context() as broken:
        broken.setattr(launcher, "_make_environment", fail)
        with pytest.raises(launcher.SetupFailed):
            launcher.set_up("demo")
    steps.clear()
    launcher.set_up("demo")
    assert steps == ["environment", "project"]


def test_a_spoilt_memory_is_forgotten(launcher: ModuleType, steps: list[str]) -> None:
    launcher.set_up("demo")
    steps.clear()
    launcher.STATE.write_text('["half a')
    launcher.set_up("demo")
    assert steps == ["packages for run", "environment", "project"]
    assert isinstance(json.loads(launcher.STATE.read_text()), dict)


def test_a_failing_program_is_shown_by_its_last_lines(launcher: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    launcher.WORK.mkdir()
    program = "print(*range(100), sep='\\n'); raise SystemExit(3)"
    with pytest.raises(launcher.SetupFailed) as failure:
        launcher._Progress("[1/1] counting").run([sys.executable, "-c", program], "it could not count")
    said = str(failure.value).splitlines()
    assert said[0] == "it could not count"
    assert said[-2:] == ["  99", f"(all of it: {launcher.LOG})"]
    assert len(said) == launcher.LINES_SHOWN_ON_FAILURE + 2
    assert "\n0\n1\n" in launcher.LOG.read_text()


def test_without_root_and_sudo_it_names_the_one_line(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(launcher.shutil, "which", lambda _: None)
    with pytest.raises(launcher.SetupFailed) as failure:
        launcher._as_root(["libegl1", "fonts-nanum"])
    said = str(failure.value).splitlines()
    assert said[1:] == ["apt-get update && apt-get install -y --no-install-recommends libegl1 fonts-nanum"]


def test_root_needs_no_sudo(launcher: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher.os, "geteuid", lambda: 0)
    assert "sudo" not in launcher._as_root(["libegl1"])


def test_a_python_that_does_not_fit_is_named(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launcher.sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setattr(launcher.shutil, "which", lambda _: None)
    assert launcher.main() == 1
    assert capsys.readouterr().err.startswith("ieum: Python 3.11 or 3.12 is needed")
