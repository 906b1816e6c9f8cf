"""Names of what the processes of one centre share in its data folder."""

from pathlib import Path

from cti_server.storage.data_folder import DataFolder

WEB_SOCKET = "web.sock"
"""Where the web process answers what the core process asks."""


def media_socket(folder: DataFolder, number: int) -> Path:
    return folder.run / f"media-{number}.sock"


def hard_phones_file(folder: DataFolder) -> Path:
    """Passwords of phones that are no desktop's, by user."""
    return folder.secrets / "hard_phones.json"
