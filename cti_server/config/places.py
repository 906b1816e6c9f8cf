"""Files of a centre that configuration makes: the default `centre.yaml`, and secrets."""

import os
import secrets
import shutil
from pathlib import Path

from cti_server.core.vocabulary import Secret

DEFAULT_FILE = Path(__file__).with_name("centre.yaml")


def config_file(data: Path) -> Path:
    return data / "config" / "centre.yaml"


def write_defaults(data: Path) -> Path:
    """The sample centre's configuration, with comments, for a first start; an existing file is left as it is."""
    file = config_file(data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    if not file.exists():
        shutil.copyfile(DEFAULT_FILE, file)
    return file


def secret(data: Path, name: str) -> Secret:
    """``<data>/secrets/<name>``, made at random when it is not there; readable by its owner alone."""
    file = secret_file(data, name)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return Secret(file.read_text(encoding="utf-8").strip())
    text = secrets.token_urlsafe(32)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    return Secret(text)


def secret_file(data: Path, name: str) -> Path:
    return data / "secrets" / name
