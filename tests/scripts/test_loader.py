"""A library is loaded as a whole or not at all, and every mistake stands on its line."""

import shutil
from pathlib import Path

import msgspec
import pytest

from datafiles.problems import DataErrors
from scripts.engine import code_at
from scripts.loader import LIBRARY, RECORD_VIEWS, check_paths, load_dispositions, load_library
from scripts.model import CHOICES_MAX, Library

ITEMS_IN_ALL = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LIBRARY, tmp_path / "library"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def line_of(file: Path, text: str) -> int:
    return next(n for n, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if text in line)


def test_the_shipped_library_has_no_problems_and_enough_to_say() -> None:
    library = load_library()
    assert check_paths() == []
    assert len(library.majors) == CHOICES_MAX
    items = [item for major in library.majors for middle in major.middles for item in middle.items]
    assert len(items) >= ITEMS_IN_ALL
    assert code_at(library, "221") == "delivery.delay.redelivery"


def test_every_card_payment_in_the_shipped_library_pauses_the_recording() -> None:
    for major in load_library().majors:
        for middle in major.middles:
            for item in middle.items:
                for name, node in item.nodes.items():
                    asks_card = "카드 번호" in node.say.ko
                    assert node.pause_recording == asks_card, f"{item.code}/{name}"


def test_a_library_goes_to_the_desktop_as_json() -> None:
    library = load_library()
    encoded = msgspec.json.encode(library)
    assert len(encoded) < 1_000_000
    assert msgspec.json.decode(encoded, type=Library) == library


def test_the_version_follows_the_content_and_not_the_comments(folder: Path) -> None:
    first = load_library(folder).version
    change(folder / "bonus.yaml", "code: bonus", "# a comment\ncode: bonus")
    assert load_library(folder).version == first
    change(folder / "bonus.yaml", "1,000점부터", "2,000점부터")
    assert load_library(folder).version != first


def test_a_mistake_is_told_with_file_line_and_hint(folder: Path) -> None:
    file = folder / "bonus.yaml"
    change(file, "to: bonus.points.use}", "to: bonus.points.uze}")
    line = line_of(file, "bonus.points.uze")
    with pytest.raises(DataErrors) as caught:
        load_library(folder)
    assert [str(problem) for problem in caught.value.problems] == [
        f"{file}:{line}: bonus.points.balance/tell: use leads to bonus.points.uze, which does not exist"
        " (did you mean bonus.points.use?)"
    ]


def test_a_missing_language_is_told(folder: Path) -> None:
    file = folder / "order.yaml"
    change(file, 'title: {ko: "주문", en: "Orders"}', 'title: {ko: "주문"}')
    assert [str(problem) for problem in check_paths([folder])] == [f"{file}:3: title lacks the field en"]


def test_mistakes_in_several_files_are_told_at_once(folder: Path) -> None:
    change(folder / "bonus.yaml", "view: {name: bonus", "view: {name: bonsu")
    change(folder / "order.yaml", "{product.favorite}", "{product.favourite}")
    assert {Path(problem.file).name for problem in check_paths([folder])} == {"bonus.yaml", "order.yaml"}


def test_a_view_that_the_centre_does_not_have_is_told(folder: Path) -> None:
    views = tuple(view for view in RECORD_VIEWS if view != "cases")
    with pytest.raises(DataErrors, match="there is no record view cases"):
        load_library(folder, views)


def test_a_missing_opening_item_is_told(folder: Path) -> None:
    (folder / "library.yaml").write_text("opening: reception.start.greting\n")
    (problem,) = check_paths([folder])
    assert (Path(problem.file).name, problem.line, problem.hint) == (
        "library.yaml",
        1,
        "did you mean reception.start.greeting?",
    )


def test_a_folder_without_an_index_is_no_library(tmp_path: Path) -> None:
    with pytest.raises(DataErrors, match="cannot be read"):
        load_library(tmp_path)


def test_dispositions_have_two_levels_in_both_languages(folder: Path) -> None:
    dispositions = load_dispositions()
    assert 5 <= len(dispositions.groups) <= 12
    assert all(group.choices for group in dispositions.groups)
    change(folder / "dispositions.yaml", "code: order", "code: delivery")
    with pytest.raises(DataErrors, match="the code delivery stands twice"):
        load_dispositions(folder)
