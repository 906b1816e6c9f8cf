"""The kinds of argument that several subcommands take, checked before anything is started.

A demo that runs for a minute and then cannot write its report is worse than one that says so at once. Standard library
only: the launcher reads the command line before the environment exists.
"""

import argparse
from datetime import date
from pathlib import Path


def seconds(text: str) -> float:
    """A time above zero, in seconds."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text} is not a time above zero")
    return value


def count(text: str) -> int:
    """A whole number from 1."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1")
    return value


def local_day(text: str) -> date:
    """``2026-11-22``."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-11-22") from None


def output_file(text: str) -> Path:
    """A file that can be written: its folder is there, and it is no folder itself."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder, not a file")
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"the folder of {text} does not exist")
    return path


def input_file(text: str) -> Path:
    """A file that is there."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


def existing_path(text: str) -> Path:
    """A file or folder that is there."""
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"there is no {text}")
    return path


def data_folder(text: str) -> Path:
    """A centre's data folder: made at first start, so it need not be there, but must not be a file."""
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return path


def skill(text: str) -> tuple[str, int]:
    """`QUEUE=LEVEL`, the level from 1 to 10."""
    name, _, level = text.partition("=")
    if not name or not level.isdecimal() or not 1 <= int(level) <= 10:
        raise argparse.ArgumentTypeError(f"{text!r} is not QUEUE=LEVEL with a level from 1 to 10")
    return name, int(level)


def server_address(text: str) -> str:
    """`ws://HOST:PORT` or `wss://HOST:PORT`."""
    scheme, _, rest = text.partition("://")
    if scheme not in ("ws", "wss") or not rest.strip("/"):
        raise argparse.ArgumentTypeError(f"{text!r} is not an address such as wss://centre.example:7443")
    return text


def fingerprint(text: str) -> str:
    """SHA-256 of a certificate: 64 hexadecimal digits, in pairs with colons or without."""
    digits = text.replace(":", "")
    if len(digits) != 64 or not set(digits.lower()) <= set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a SHA-256 fingerprint")
    return text
