"""Customers' PINs: hashes with a keyed pepper, in a file of their own that only the web process opens.

Decides whether a PIN is right, and locks an account after five wrong ones in an hour, also across restarts. An account
without a PIN, a wrong PIN and a locked account take the same time.
"""

import hashlib
import hmac
import os
import sqlite3
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from cti_server.core.vocabulary import PinResult, Secret

FILE = "pins.db"
WRONG_MAX = 5
LOCK_US = 3600 * 1_000_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pins (customer TEXT PRIMARY KEY, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS wrong_pins (customer TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS wrong_pins_of_customer ON wrong_pins (customer, at);
"""


class PinStore:
    """``<data>/secrets/pins.db``. ``pepper``: a key of the centre; without it the hashes are worth nothing."""

    def __init__(self, file: Path, pepper: Secret, now_us: Callable[[], int]) -> None:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        self._database = sqlite3.connect(file, timeout=5, check_same_thread=False, isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._pepper = pepper
        self._now_us = now_us
        self._hasher = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)

    def set_pins(self, pins: Mapping[str, Secret]) -> None:
        """Issue or change PINs; unlocks the accounts."""
        rows = [(customer, self._hasher.hash(self._peppered(customer, pin))) for customer, pin in pins.items()]
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT OR REPLACE INTO pins VALUES (?, ?)", rows)
        self._database.executemany("DELETE FROM wrong_pins WHERE customer = ?", [(customer,) for customer in pins])
        self._database.execute("COMMIT")

    @property
    def is_empty(self) -> bool:
        return self._database.execute("SELECT 1 FROM pins LIMIT 1").fetchone() is None

    def check(self, customer: str, pin: Secret) -> PinResult:
        """Whether the PIN is right. While the account is locked the right one does not help."""
        now = self._now_us()
        is_right = self._verify(customer, pin)
        is_locked = self._wrong_since(customer, now - LOCK_US) >= WRONG_MAX
        if is_locked:
            return PinResult.LOCKED
        if is_right:
            self._database.execute("DELETE FROM wrong_pins WHERE customer = ?", (customer,))
            return PinResult.VERIFIED
        self._note_wrong(customer, now)
        return PinResult.WRONG

    def close(self) -> None:
        self._database.close()

    def _verify(self, customer: str, pin: Secret) -> bool:
        row = self._database.execute("SELECT hash FROM pins WHERE customer = ?", (customer,)).fetchone()
        try:
            return self._hasher.verify(row[0] if row else self._nobodys, self._peppered(customer, pin)) and bool(row)
        except (VerifyMismatchError, InvalidHashError):
            return False

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash("nobody has this PIN")

    def _peppered(self, customer: str, pin: Secret) -> str:
        text = f"{customer}\0{pin.reveal()}".encode()
        return hmac.new(self._pepper.reveal().encode(), text, hashlib.sha256).hexdigest()

    def _wrong_since(self, customer: str, since: int) -> int:
        query = "SELECT COUNT(*) FROM wrong_pins WHERE customer = ? AND at > ?"
        return int(self._database.execute(query, (customer, since)).fetchone()[0])

    def _note_wrong(self, customer: str, now: int) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("INSERT INTO wrong_pins VALUES (?, ?)", (customer, now))
        self._database.execute("DELETE FROM wrong_pins WHERE at < ?", (now - LOCK_US,))
        self._database.execute("COMMIT")
