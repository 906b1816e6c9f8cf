"""Which configuration a process starts with when the files are broken; and what is kept so that it can."""

import os
import shutil
from pathlib import Path

import pytest

from cti_server import config
from cti_server.app.loading import is_broken, keep_as_good, load, load_or_last_good, note_problems
from cti_server.config.last_good import keep, read_last_good
from cti_server.customers.declarations import SHOP_FILE
from cti_server.storage.data_folder import DataFolder
from datafiles.problems import DataErrors
from ivr.loader import FLOWS, PROMPTS

OWN = """
flows: [flows]
prompts: prompts
main_system: {declarations: shop.yaml}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A centre with flows, prompts and declarations of its own."""
    data = tmp_path / "data"
    DataFolder(data).prepare()
    file = config.write_defaults(data)
    file.write_text(file.read_text(encoding="utf-8") + OWN, encoding="utf-8")
    shutil.copytree(FLOWS, file.parent / "flows")
    shutil.copytree(PROMPTS, file.parent / "prompts", ignore=shutil.ignore_patterns("rendered"))
    shutil.copyfile(SHOP_FILE, file.parent / "shop.yaml")
    return data


def break_file(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + "\nnonsense: [\n", encoding="utf-8")


def test_a_first_start_with_a_broken_file_is_refused(data: Path) -> None:
    break_file(config.config_file(data))
    with pytest.raises(DataErrors, match=r"centre\.yaml:\d+"):
        load_or_last_good(data, None)


@pytest.mark.parametrize("broken", ["centre.yaml", "flows/main.yaml", "prompts/ko.yaml", "shop.yaml"])
def test_a_later_one_takes_the_last_good_set_whatever_part_is_broken(data: Path, broken: str) -> None:
    good = load(data, None)
    keep_as_good(good, data, None)
    break_file(data / "config" / broken)
    with pytest.raises(DataErrors):
        load(data, None)
    found, problems = load_or_last_good(data, None)
    assert (found.version, found.centre, found.flows, found.prompts) == (
        good.version,
        good.centre,
        good.flows,
        good.prompts,
    )
    assert problems and broken in problems[0].file
    declarations = found.server.main_system_declarations
    assert declarations is not None and declarations.read_bytes() == SHOP_FILE.read_bytes()


def test_the_files_may_even_be_gone(data: Path) -> None:
    keep_as_good(load(data, None), data, None)
    shutil.rmtree(data / "config")
    assert load_or_last_good(data, None).problems


def test_a_good_configuration_is_taken_as_it_is(data: Path) -> None:
    keep_as_good(load(data, None), data, None)
    file = config.config_file(data)
    file.write_text(file.read_text(encoding="utf-8").replace("pop_wait_ms: 150", "pop_wait_ms: 250"), encoding="utf-8")
    found, problems = load_or_last_good(data, None)
    assert found.centre.pop_wait_ms == 250 and problems == ()


def test_the_same_is_kept_once_and_another_replaces_it(data: Path) -> None:
    file = config.config_file(data)
    assert keep(load(data, None), data, file)
    assert not keep(load(data, None), data, file)
    file.write_text(file.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    assert keep(load(data, None), data, file)
    assert len(list((data / "last_good").iterdir())) == 2, "one set, and the link to it"


def test_files_that_change_while_they_are_copied_are_not_kept(data: Path) -> None:
    file = config.config_file(data)
    good = load(data, None)
    assert keep(good, data, file)
    before = os.readlink(data / "last_good" / "current")
    file.write_text(file.read_text(encoding="utf-8").replace("pop_wait_ms: 150", "pop_wait_ms: 250"), encoding="utf-8")
    with pytest.raises(DataErrors, match="changed while"):
        keep(good, data, file)
    assert os.readlink(data / "last_good" / "current") == before


def test_a_copy_that_was_cut_off_is_not_used_and_done_again(data: Path) -> None:
    file = config.config_file(data)
    good = load(data, None)
    assert keep(good, data, file)
    name = os.readlink(data / "last_good" / "current")
    (data / "last_good" / "current").unlink()
    (data / "last_good" / name).rename(data / "last_good" / f"{name}.new")
    assert read_last_good(data, file) is None
    assert keep(good, data, file)
    assert read_last_good(data, file) is not None


def test_another_file_than_the_kept_one_is_refused(data: Path, tmp_path: Path) -> None:
    keep_as_good(load(data, None), data, None)
    other = tmp_path / "other.yaml"
    other.write_text("nonsense: [\n", encoding="utf-8")
    with pytest.raises(DataErrors):
        load_or_last_good(data, other)


def test_a_kept_set_that_cannot_be_used_either_tells_both(data: Path) -> None:
    keep_as_good(load(data, None), data, None)
    (data / "last_good" / "current" / "centre.yaml").write_text("worse: [\n", encoding="utf-8")
    break_file(config.config_file(data))
    with pytest.raises(DataErrors) as told:
        load_or_last_good(data, None)
    assert {Path(problem.file).parent.name for problem in told.value.problems} >= {"config"}
    assert len({problem.file for problem in told.value.problems}) == 2


def test_the_web_process_learns_of_it_by_a_note(data: Path) -> None:
    assert not is_broken(data)
    break_file(config.config_file(data))
    with pytest.raises(DataErrors) as told:
        load(data, None)
    note_problems(data, told.value.problems)
    assert is_broken(data)
    note_problems(data, ())
    note_problems(data, ())
    assert not is_broken(data)


def test_a_disk_that_is_full_leaves_the_running_configuration_alone(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cti_server.config.last_good.shutil.copyfile", full)
    keep_as_good(load(data, None), data, None)
    assert read_last_good(data, config.config_file(data)) is None
