"""What we import is what we declare, is locked with hashes, and has a licence that goes with ours."""

import importlib.metadata
import itertools
import re
import sys
import tomllib

import pytest

from tests.architecture.house import PACKAGES, imports, modules
from tests.shared_data import ROOT

LOCK = ROOT / "requirements.lock"
LICENCES = ROOT / "docs" / "licences.md"

# Licences under which a library may be used by, and shipped with, a program under the GPL, version 3 or later.
COMPATIBLE = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "GPL-3.0-only", "GPL-3.0-or-later", "ISC"),
    *("LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Python-2.0"),
    *("Zlib", "Unlicense"),
}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _locked() -> dict[str, str]:
    """Distribution → version, of the lock."""
    lines = re.findall(r"^([A-Za-z0-9_.-]+)==(\S+) \\$", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return {_canonical(name): version for name, version in lines}


def _declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = itertools.chain.from_iterable(project["optional-dependencies"].values())
    entries = [*project["dependencies"], *extras]
    return {_canonical(re.split(r"[\[<>=;! ]", entry)[0]) for entry in entries}


def test_every_library_that_we_import_is_declared() -> None:
    distributions = importlib.metadata.packages_distributions()
    undeclared = {
        f"{module.name} imports {root}"
        for module in modules()
        for entry in imports(module)
        if (root := entry.target.split(".")[0]) not in sys.stdlib_module_names
        and root not in (*PACKAGES, "tests")
        and not {_canonical(name) for name in distributions.get(root, [])} & _declared()
    }
    assert undeclared == set()


def test_the_lock_holds_all_that_is_declared_with_hashes_and_no_host() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert _declared() - set(_locked()) == set()
    assert "://" not in text
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(_locked())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def _listed() -> dict[str, str]:
    """Distribution → SPDX expression, of the table in docs/licences.md."""
    rows = re.findall(r"^\| ([A-Za-z0-9_.-]+) \| ([^|]+) \|", LICENCES.read_text(encoding="utf-8"), re.MULTILINE)
    return {_canonical(name): licence.strip() for name, licence in rows if not name.startswith("-")}


def test_the_licence_list_is_complete() -> None:
    assert set(_locked()) == set(_listed()) - {"distribution"}


@pytest.mark.parametrize("name", sorted(_locked()))
def test_each_licence_goes_with_ours(name: str) -> None:
    """`A OR B` is ours to choose, `A AND B` binds by both."""
    expression = _listed()[name]
    choices = [part.strip(" ()") for part in expression.split(" OR ")]
    fitting = [choice for choice in choices if all(term.strip(" ()") in COMPATIBLE for term in choice.split(" AND "))]
    assert fitting, f"{name}: {expression}"


@pytest.mark.parametrize("name", sorted(_locked()))
def test_each_licence_is_what_the_library_says(name: str) -> None:
    """An update that changes the licence is noticed: a library that names its licence in SPDX must agree with us."""
    try:
        said = importlib.metadata.metadata(name).get("License-Expression")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{name} is not installed here")
    if said is None:
        return  # older metadata: free text, compared by a person when the list was written
    assert _listed()[name] == said
