"""Which configuration a process of a centre starts with: that of the files, or, when these cannot be used, the one that
was in force last. "A bad one leaves the old one running" holds across restarts as well.

What is wrong with the files is logged as an alarm by every process that notices, and noted in ``<data>/run``, where the
web process reads it for /health and /metrics. `./ieum check` knows nothing of this and fails.
"""

from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from cti_server import config
from cti_server.config import Configuration
from cti_server.config.last_good import keep, read_last_good
from cti_server.core.errors import DataError
from cti_server.customers.declarations import load_declarations
from cti_server.storage.data_folder import DataFolder
from datafiles.problems import DataErrors, Problem

BROKEN = "configuration_broken"
NOTE = "configuration_problems.json"

log = structlog.get_logger(__name__)


class Loaded(NamedTuple):
    """``problems``: of the files as they are; empty unless the configuration is the last good one."""

    configuration: Configuration
    problems: tuple[Problem, ...] = ()


def load(data: Path, file: Path | None) -> Configuration:
    """That of the files, with the declarations that it names. Raises DataErrors with everything that is wrong."""
    configuration = config.read(data, file)
    declarations = configuration.server.main_system_declarations
    if declarations is not None:
        try:
            load_declarations(declarations)
        except DataError as error:
            raise DataErrors([Problem(str(declarations), 0, str(error))]) from error
    return configuration


def load_or_last_good(data: Path, file: Path | None) -> Loaded:
    """Raises DataErrors with what is wrong with the files, where nothing good was kept of them."""
    try:
        return Loaded(load(data, file))
    except DataErrors as wrong:
        try:
            kept = read_last_good(data, _file(data, file))
        except DataErrors as also_wrong:
            raise DataErrors((*wrong.problems, *also_wrong.problems)) from wrong
        if kept is None:
            raise
        problems = wrong.problems
    log.error("alarm", alarm=BROKEN, running=kept.version, problems=[str(one) for one in problems])
    return Loaded(kept, problems)


def keep_as_good(configuration: Configuration, data: Path, file: Path | None) -> None:
    """It has taken effect. That it could not be kept is logged, and changes nothing else."""
    try:
        if keep(configuration, data, _file(data, file)):
            log.info("configuration_kept_as_good", version=configuration.version)
    except (OSError, DataErrors) as error:
        log.error("alarm", alarm="configuration_not_kept", error=str(error))


def note_problems(data: Path, problems: tuple[Problem, ...]) -> None:
    """For the web process; no problems: no note. A note that cannot be written is logged."""
    note = DataFolder(data).run / NOTE
    try:
        if problems:
            note.write_bytes(msgspec.json.encode([str(problem) for problem in problems]))
        else:
            note.unlink(missing_ok=True)
    except OSError as error:
        log.error("configuration_note_failed", error=str(error))


def is_broken(data: Path) -> bool:
    """The files cannot be used, and another configuration is in force."""
    return (DataFolder(data).run / NOTE).exists()


def _file(data: Path, file: Path | None) -> Path:
    return file if file is not None else config.config_file(data)
