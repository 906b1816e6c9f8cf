"""`ieum check`: what is wrong with a centre's text files, before they are loaded.

Decides only which checker a file belongs to, by the keys at its top; what is a mistake is the checkers' matter. Prints
a line for each mistake and fails when there is one.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import ivr.loader
import scripts.loader
from cti_server import config
from cti_server.core.errors import DataError
from cti_server.customers.declarations import SHOP_FILE, load_declarations
from datafiles.problems import DataErrors, Problem
from datafiles.reading import SIZE_MAX

SUFFIX = ".yaml"
SHIPPED = (config.DEFAULT_FILE, ivr.loader.FLOWS, ivr.loader.PROMPTS, scripts.loader.LIBRARY, SHOP_FILE)
FILES_MAX = 2_000
_TOP_KEY = re.compile(r"^([a-z_]+):", re.MULTILINE)


def run(arguments: argparse.Namespace) -> int:
    files = list(_files(arguments.paths or SHIPPED))
    if not files:
        print("ieum check: there is no .yaml file in what was named", file=sys.stderr)
        return 1
    problems = check(files)
    for problem in problems:
        print(problem)
    print(f"files checked: {len(files)}, mistakes: {len(problems)}")
    return 1 if problems else 0


def check(files: Iterable[Path]) -> list[Problem]:
    """All mistakes, by file and line, each once."""
    problems: list[Problem] = []
    belonging: dict[Checker, list[Path]] = {}
    for file in files:
        checker = _checker_of(file, problems)
        if checker is not None:
            belonging.setdefault(checker, []).append(file)
    for checker, its_files in belonging.items():
        problems += checker(its_files)
    return sorted(set(problems))


Checker = Callable[[list[Path]], list[Problem]]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    found = 0
    for path in paths:
        for file in sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]:
            found += 1
            if found > FILES_MAX:
                return
            yield file


def _checker_of(file: Path, problems: list[Problem]) -> Checker | None:
    """Who understands this file; None, with the reason among the problems, when nobody does.

    The keys are found as text, so that a file that cannot be parsed is still told about by its own checker.
    """
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            keys = set(_TOP_KEY.findall(opened.read(SIZE_MAX)))
    except OSError as error:
        problems.append(Problem(str(file), 0, f"cannot be read: {error.strerror}"))
        return None
    for marks, checker in _CHECKERS:
        if marks <= keys:
            return checker
    problems.append(Problem(str(file), 1, "this is no configuration, flow, prompt file, script or declaration"))
    return None


def _check_flows(files: list[Path]) -> list[Problem]:
    """Flows and conversations; a conversation is talked through with the flows of its folder."""
    problems: list[Problem] = []
    for folder in dict.fromkeys(file.parent for file in files):
        prompts = folder.parent / "prompts"
        prompts = prompts if prompts.is_dir() else ivr.loader.PROMPTS
        wanted = {str(file) for file in files} | {str(file) for file in prompts.glob(f"*{SUFFIX}")}
        problems += [problem for problem in ivr.loader.check_paths((folder,), prompts) if problem.file in wanted]
    return problems


def _check_prompts(files: list[Path]) -> list[Problem]:
    problems: list[Problem] = []
    for folder in dict.fromkeys(file.parent for file in files):
        problems += ivr.loader.check_paths((), folder)
    return problems


def _check_scripts(files: list[Path]) -> list[Problem]:
    return scripts.loader.check_paths(files)


def _check_declarations(files: list[Path]) -> list[Problem]:
    problems: list[Problem] = []
    for file in files:
        try:
            load_declarations(file)
        except DataError as error:
            problems.append(Problem(error.file, error.line, error.what, error.hint))
    return problems


def _check_configurations(files: list[Path]) -> list[Problem]:
    return [problem for file in files for problem in config.check(file)]


def _check_simulations(files: list[Path]) -> list[Problem]:
    """Scenarios, replays and the mappings of their logs. Their readers need numpy, which other files do not."""
    from cti_server.sim import calllog, replaying, scenario

    readers: dict[str, Callable[[Path], object]] = {
        "scenario": scenario.load,
        "replay": replaying.load_plan,
        "log": calllog.load_mapping,
    }
    problems: list[Problem] = []
    for file in files:
        keys = _TOP_KEY.findall(file.read_text(encoding="utf-8", errors="replace"))
        try:
            next(reader for key, reader in readers.items() if key in keys)(file)
        except DataErrors as errors:
            problems += errors.problems
    return problems


# The first row whose keys all stand at the top of a file decides.
_CHECKERS: tuple[tuple[set[str], Checker], ...] = (
    ({"flow", "nodes"}, _check_flows),
    ({"conversations"}, _check_flows),
    ({"language", "prompts"}, _check_prompts),
    ({"queries", "views"}, _check_declarations),
    ({"queues", "lines"}, _check_configurations),
    ({"scenario"}, _check_simulations),
    ({"replay"}, _check_simulations),
    ({"log", "columns"}, _check_simulations),
    ({"opening"}, _check_scripts),
    ({"dispositions"}, _check_scripts),
    ({"middles"}, _check_scripts),
)
