"""Modules stay small, and say what they decide."""

import ast

import pytest

from tests.architecture.house import Module, modules

LINES_MAX = 400
# Lists of message types: nothing but declarations and their docstrings, looked up rather than read.
CATALOGUES = {"cti_server.core.inputs", "cti_server.wire.client", "cti_server.wire.server"}
CATALOGUE_LINES_MAX = 700
FUNCTION_LINES_MAX = 80


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_a_module_can_be_read_in_one_sitting(module: Module) -> None:
    lines = len(module.path.read_text(encoding="utf-8").splitlines())
    assert lines <= (CATALOGUE_LINES_MAX if module.name in CATALOGUES else LINES_MAX)
    if module.is_in("cti_server.storage.migrations.versions"):
        return  # one list of tables, top to bottom; written once and never changed
    functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {node.name: _length(node) for node in functions}
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES_MAX} == {}


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines, without those inside texts of several lines, such as a style sheet: they are read, and not followed."""
    texts = [node for node in ast.walk(function) if isinstance(node, ast.JoinedStr | ast.Constant)]
    inside = {line for text in texts for line in range(text.lineno + 1, (text.end_lineno or text.lineno) + 1)}
    return (function.end_lineno or function.lineno) - function.lineno + 1 - len(inside)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_a_module_says_what_it_is_for(module: Module) -> None:
    has_code = bool(module.tree.body)
    assert not has_code or ast.get_docstring(module.tree)


@pytest.mark.parametrize("module", [module for module in modules() if module.name in CATALOGUES], ids=lambda m: m.name)
def test_a_catalogue_declares_and_does_nothing(module: Module) -> None:
    """Being long is allowed for being plain: no function but small properties of the messages themselves."""
    functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno > 12] == []
