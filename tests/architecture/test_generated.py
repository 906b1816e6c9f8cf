"""What docs/generated says is what the source says."""

import importlib.util

import pytest

from tests.shared_data import ROOT

PAGES = ("core.md", "states.md", "wire.md")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    specification = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    written: dict[str, str] = module.pages()
    return written


def test_no_page_is_left_over_or_forgotten(pages: dict[str, str]) -> None:
    kept = {path.name for path in (ROOT / "docs" / "generated").glob("*.md")}
    assert kept == set(pages) == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str, pages: dict[str, str]) -> None:
    """If this fails: `.venv/bin/python docs/generate.py`, and commit what it writes."""
    is_up_to_date = (ROOT / "docs" / "generated" / name).read_text(encoding="utf-8") == pages[name]
    assert is_up_to_date, "the source has changed: run `.venv/bin/python docs/generate.py`"
