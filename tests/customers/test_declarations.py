"""A declaration file that cannot be used is refused with its line and a suggestion."""

from pathlib import Path

import pytest

from cti_server.core.errors import DataError
from cti_server.customers.declarations import QUERIES, SHOP_FILE, load_declarations


def changed(tmp_path: Path, before: str, after: str) -> Path:
    text = SHOP_FILE.read_text(encoding="utf-8")
    assert before in text
    file = tmp_path / "shop.yaml"
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    return file


def refusal(file: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        load_declarations(file)
    return caught.value


def test_the_sample_declares_all_views_of_the_desktop_in_both_languages() -> None:
    declared = load_declarations()
    assert [view.view for view in declared.views] == [
        *("basic", "inquiries", "orders", "order", "delivery"),
        *("service", "payments", "bonus", "products", "cases"),
    ]
    assert all(set(title.title) == {"ko", "en"} for title in declared.titles())
    assert set(QUERIES) <= set(declared.queries)
    assert "view:bonus" in declared.connector_queries()


def test_a_misspelt_kind_is_told_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    error = refusal(changed(tmp_path, "kind: money", "kind: mony"))
    assert error.line == 1 + SHOP_FILE.read_text(encoding="utf-8").split("kind: money")[0].count("\n")
    assert "mony" in error.what
    assert error.hint == "did you mean 'money'?"


def test_a_missing_query_is_told(tmp_path: Path) -> None:
    assert "by_keypad" in refusal(changed(tmp_path, "  by_keypad:", "  by_keypd:")).what


def test_an_argument_must_point_at_a_column(tmp_path: Path) -> None:
    error = refusal(changed(tmp_path, "arguments: {kind: kind", "arguments: {kind: kynd"))
    assert error.hint == "did you mean 'kind'?"


def test_an_unknown_field_is_refused(tmp_path: Path) -> None:
    error = refusal(changed(tmp_path, "    keep_only: [order]", "    keep_onli: [order]"))
    assert error.line > 100
    assert "keep_onli" in error.what


def test_a_title_needs_both_languages(tmp_path: Path) -> None:
    assert "ko and en" in refusal(changed(tmp_path, "{ko: 보너스, en: Bonus points}", "{ko: 보너스}")).what


@pytest.mark.parametrize("text", ["a: [1", "!!python/object/apply:os.system ['true']", "just a text"])
def test_what_is_no_plain_yaml_object_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(text, encoding="utf-8")
    assert refusal(file).file == str(file)


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("a: 1\n" * 200_000, encoding="utf-8")
    assert "longer" in refusal(file).what
