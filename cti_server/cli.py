"""The command line: which subcommands there are, what they take, and how an error is said.

It does nothing itself: each subcommand's work is in `cti_server.commands.<name>`, imported when it is given. Exit
status 0 is success, 1 a failure, 2 bad use; an error is one line on stderr.
Only the standard library is imported here, because the launcher asks this parser before the environment exists.
"""

import argparse
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cti_server.commands.arguments import (
    count,
    data_folder,
    existing_path,
    fingerprint,
    input_file,
    local_day,
    output_file,
    seconds,
    server_address,
    skill,
)

FAILED = 1
BAD_USE = 2
STOPPED_BY_HAND = 130
OURS = ("cti_server", "agent_app", "ivr", "scripts", "datafiles")
BENCHES = ("setup", "gap", "media", "pop", "routing")
LANGUAGES = ("ko", "en")
ROLES = ("agent", "supervisor", "reviewer", "administrator")


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USE, f"{self.prog}: {message} (see {self.prog} --help)\n")


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    detail: str = ""

    @property
    def module(self) -> str:
        return f"cti_server.commands.{self.name}"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand; gives its exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = parse(given)
    return _run(arguments.chosen, arguments)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """What was asked for; `chosen` is the Command. Prints and exits on --help and on bad use."""
    parser = build_parser()
    if not argv:
        parser.print_help()
        parser.exit(BAD_USE)
    asks_for_help = bool({"-h", "--help"} & set(argv))
    if argv[0] == "test" and not asks_for_help:
        # Everything but --long goes to pytest untouched, options and all, which argparse cannot express.
        given = [argument for argument in argv[1:] if argument != "--long"]
        return argparse.Namespace(chosen=COMMANDS["test"], is_long="--long" in argv, pytest_arguments=given)
    return parser.parse_args(argv)


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="ieum",
        description="Ieum (이음): a CTI call centre: SIP server, IVR, ACD and a desktop for agents.",
        epilog="`ieum COMMAND --help` explains one command. Start with `ieum demo`.",
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS.values():
        subparser = subparsers.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary}. {command.detail}".strip(),
            allow_abbrev=False,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(chosen=command)
    return parser


def _run(command: Command, arguments: argparse.Namespace) -> int:
    try:
        handler = importlib.import_module(command.module)
        return int(handler.run(arguments))
    except KeyboardInterrupt:
        return STOPPED_BY_HAND
    except BrokenPipeError:
        # Whoever read our output has gone, e.g. `ieum bench | head`; nothing is left to say to anybody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        print(f"ieum {command.name}: {_one_line(error)}", file=sys.stderr)
        return FAILED


def _one_line(error: Exception) -> str:
    """The error for a person. Ours and the system's are explained by their message; any other is a bug of ours."""
    from cti_server.core.errors import IeumError
    from datafiles.problems import DataErrors

    if isinstance(error, DataErrors):
        more = len(error.problems) - 1
        return str(error.problems[0]) + (f" (and {more} more; `ieum check` shows them)" if more else "")
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.split(".")[0] not in OURS:
        return f"the library {error.name} is not installed: this needs the server's part, `pip install 'ieum[server]'`"
    message = " ".join(str(error).split())
    if isinstance(error, IeumError | OSError) and message:
        return message
    trace = Path(tempfile.gettempdir()) / f"ieum-error-{os.getpid()}.txt"
    trace.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return f"unexpected {type(error).__name__}: {message} (details in {trace})"


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the result as JSON")


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=data_folder, metavar="DIR", required=True, help="the centre's data folder")


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--headless",
        action="store_true",
        help="a robot operates the desktop, unseen; so it is, too, where there is no display",
    )
    parser.add_argument(
        "--seconds", type=seconds, metavar="N", help="how long calls are offered; the demo then ends within 60 s"
    )
    parser.add_argument("--report", type=output_file, metavar="FILE.json", help="write what the robots saw as JSON")


def _test(parser: argparse.ArgumentParser) -> None:
    parser.usage = "ieum test [-h] [--long] [PYTEST ARGUMENTS]"
    parser.add_argument("--long", dest="is_long", action="store_true", help="also the tests that take minutes")


def _serve(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument(
        "--config", type=input_file, metavar="FILE", help="the configuration (default: DIR/config/centre.yaml)"
    )


def _agent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", type=server_address, metavar="URL", help="e.g. wss://centre.example:7443")
    parser.add_argument(
        "--fingerprint",
        type=fingerprint,
        metavar="SHA256",
        help="of the server's certificate, as `ieum serve` shows it",
    )
    parser.add_argument("--user", metavar="LOGIN", help="who signs in; the password is asked for")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of the screen (default: the last one)")


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=existing_path,
        metavar="PATH",
        help="a file or folder with flows, scripts or configuration (default: all that come with Ieum)",
    )


def _simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", type=input_file, nargs="?", metavar="FILE.yaml", help="the scenario")
    parser.add_argument("--day", action="store_true", help="instead: a made-up day, through the real engine")
    parser.add_argument("--data", type=data_folder, metavar="DIR", help="with --day: a new data folder for it")
    parser.add_argument(
        "--speed", type=seconds, default=0.0, metavar="N", help="with --day: N times as fast as life (default: at once)"
    )
    parser.add_argument("--replications", type=count, metavar="N", help="how many days (default: the scenario's)")
    parser.add_argument("--seed", type=count, metavar="N", help="another day, other luck (default: the scenario's)")
    _json(parser)


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("calls", type=input_file, metavar="CALLS.csv", help="the calls as they came (also .csv.gz)")
    parser.add_argument(
        "--config", type=input_file, metavar="A", required=True, help="the configuration to replay with"
    )
    parser.add_argument("--against", type=input_file, metavar="B", help="a second configuration to compare with")
    _json(parser)


def _why(parser: argparse.ArgumentParser) -> None:
    help_of_call = "the call's number, as it stands in the record; left out: how evenly the day's work fell on people"
    parser.add_argument("call", nargs="?", type=count, metavar="CALL", help=help_of_call)
    parser.add_argument(
        "--data",
        type=data_folder,
        metavar="DIR",
        help="the centre's data folder (default: $IEUM_DATA, else that of the last demo)",
    )
    parser.add_argument("--day", type=local_day, metavar="DATE", help="without a call: of this day (default: the last)")
    parser.add_argument("--language", choices=("ko", "en"), help="default: that of the system")
    _json(parser)


def _bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", choices=BENCHES, help=f"one of {', '.join(BENCHES)}")
    _json(parser)


def _user(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="what to do", metavar="ACTION", dest="action", required=True)

    def action(name: str, summary: str) -> argparse.ArgumentParser:
        subparser = actions.add_parser(name, help=summary, description=f"{summary}.", allow_abbrev=False)
        _data(subparser)
        return subparser

    def person(name: str, summary: str) -> argparse.ArgumentParser:
        subparser = action(name, summary)
        subparser.add_argument("login", metavar="LOGIN", help="the name to sign in with")
        return subparser

    action("list", "Show who may sign in, and as what")
    add = person("add", "Add a person; the password is made up and shown once")
    add.add_argument("--name", metavar="TEXT", help="the name that others see (default: LOGIN)")
    add.add_argument("--role", action="append", choices=ROLES, required=True, help="may be given several times")
    add.add_argument("--extension", metavar="NUMBER", default="", help="the phone of an agent")
    add.add_argument("--group", metavar="GROUP", default="", help="the group that the person works in")
    add.add_argument(
        "--skill",
        action="append",
        type=skill,
        default=[],
        metavar="QUEUE=LEVEL",
        help="a queue that an agent serves, and how well, from 1 to 10; may be given several times",
    )
    person("password", "Give a person a new password, which is shown once")
    roles = person("roles", "Give a person these roles in place of those before")
    roles.add_argument("--role", action="append", choices=ROLES, required=True, help="may be given several times")
    skills = person("skills", "Let an agent serve these queues in place of those before")
    skills.add_argument("--skill", action="append", type=skill, default=[], metavar="QUEUE=LEVEL", help="as with add")
    phone = action("phone", "Give a hard phone a new SIP password, which is shown once")
    phone.add_argument("extension", metavar="EXTENSION", help="the phone's number and SIP user name")
    pin = action("pin", "Give a customer a new PIN, which is shown once; a locked account is open again")
    pin.add_argument("customer", metavar="CUSTOMER", help="the customer's number in the main system")
    person("remove", "Let a person sign in no more; the records of their calls stay")
    person("restore", "Let a removed person sign in again")


def _backup(parser: argparse.ArgumentParser) -> None:
    _data(parser)
    parser.add_argument("archive", type=output_file, metavar="FILE", help="the archive to write, such as ieum.tar.gz")
    parser.add_argument("--without-recordings", action="store_true", help="save everything but the recordings")


def _restore(parser: argparse.ArgumentParser) -> None:
    help_of_data = "the folder to bring it back to, which must be new or empty; left out: the archive is only checked"
    parser.add_argument("--data", type=data_folder, metavar="DIR", help=help_of_data)
    parser.add_argument("archive", type=input_file, metavar="FILE", help="the archive to read")


_ALL = (
    Command("demo", "Run a whole call centre with robot callers, and a desktop for you", _demo),
    Command(
        "test",
        "Run the checks and the tests",
        _test,
        detail="With pytest arguments: pytest only. Without: lint, format, types, import contracts, then every test.",
    ),
    Command("serve", "Run the server of a centre", _serve),
    Command("agent", "Open the desktop", _agent),
    Command("check", "Check flows, scripts and configuration", _check),
    Command(
        "simulate",
        "Simulate days of a centre in virtual time",
        _simulate,
        detail="How to write a scenario: docs/simulation.md; examples: docs/scenarios.",
    ),
    Command(
        "replay",
        "Replay recorded calls through the routing with another configuration",
        _replay,
        detail="How to map a log and write a configuration: docs/simulation.md; examples: docs/replay.",
    ),
    Command("why", "Explain who was offered a call, and who was not; or how even a day was", _why),
    Command(
        "bench",
        "Measure call set-up, the gap between calls, media, the card and routing",
        _bench,
        detail="The method is in docs/performance.md.",
    ),
    Command("prompts", "Render the spoken prompts that are missing or have changed", _no_arguments),
    Command("user", "Add, list and remove the people who may sign in", _user),
    Command("migrate", "Bring the database of a centre to this release", _data),
    Command(
        "backup",
        "Save a centre to one archive, while it runs or not",
        _backup,
        detail="The archive holds everything, secrets and recordings included: keep it where nobody else reads it.",
    ),
    Command("restore", "Bring a centre back from an archive, into a folder that is not there yet", _restore),
)
COMMANDS = {command.name: command for command in _ALL}


if __name__ == "__main__":
    sys.exit(main())
