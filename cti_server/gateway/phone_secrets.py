"""SIP credentials of our own phones: short-lived ones for desktops, permanent ones for hard phones.

A short-lived user name carries its extension and its end, and the password follows from it by the centre's key: nothing
is stored, and phones keep registering after the core process was restarted. Whose extension it is, is decided by
whoever asks for it.
"""

import hashlib
import hmac
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from cti_server.core.errors import DataError
from cti_server.core.vocabulary import Secret

LIFE_S = 13 * 3600
"""A little longer than a sign-in lasts."""
USER_CHARACTERS_MAX = 64


class SignedPhoneSecrets:
    """``ports.PhoneSecrets``. ``now_us``: UTC microseconds. ``permanent``: password by user, for hard phones."""

    def __init__(self, key: bytes, now_us: Callable[[], int], permanent: Mapping[str, Secret] | None = None) -> None:
        self._key = key
        self._now_us = now_us
        self._permanent = dict(permanent or {})

    def issue(self, extension: str) -> tuple[str, str]:
        """``2003.<end>-<chance>`` and its password."""
        until_s = self._now_us() // 1_000_000 + LIFE_S
        user = f"{extension}.{until_s:x}-{secrets.token_hex(4)}"
        return user, self._password(user)

    def password_of(self, user: str) -> Secret | None:
        """None: not one of ours, or its time is over."""
        if user in self._permanent:
            return self._permanent[user]
        end = _end_s(user) if user.isascii() else None
        if end is None or end * 1_000_000 <= self._now_us():
            return None
        return Secret(self._password(user))

    def _password(self, user: str) -> str:
        return hmac.new(self._key, b"phone:" + user.encode(), hashlib.sha256).hexdigest()[:40]


def _end_s(user: str) -> int | None:
    extension, _, rest = user.partition(".")
    end, dash, chance = rest.partition("-")
    if not extension or not dash or not chance or len(user) > USER_CHARACTERS_MAX:
        return None
    try:
        return int(end, 16)
    except ValueError:
        return None


def read_hard_phones(file: Path) -> dict[str, Secret]:
    """Passwords by user from a JSON object, ``{"2001": "…"}``; empty when there is no such file.

    Raises DataError: others than the owner can read it, or it is no such object.
    """
    if not file.exists():
        return {}
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise DataError(file=str(file), line=0, what="others can read it", hint=f"chmod 600 {file}")
    try:
        found = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(file=str(file), line=0, what=str(error), hint='{"extension": "password"}') from error
    return {user: Secret(password) for user, password in found.items()}
