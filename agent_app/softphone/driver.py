"""What a softphone driver is: something that can register, be called, and carry a voice. Two exist.

``native``: our own SIP core and 16-bit audio. ``pyvoip``: the library of that name, 8-bit inside; selectable, and an
independent phone in tests. A driver reports to its ``DriverUser``; it decides nothing about windows.
"""

from typing import Protocol

from agent_app.softphone.account import Account, Caller


class DriverUser(Protocol):
    """Told from the event loop."""

    def registration_changed(self, state: str, reason: str) -> None: ...

    def call_ringing(self, caller: Caller) -> None: ...

    def call_established(self) -> None: ...

    def call_ended(self, ended_by: str) -> None: ...


class Driver(Protocol):
    """``configure`` may be called again with another account."""

    async def configure(self, account: Account) -> None:
        """Register. Raises OSError when the server's address cannot be used."""

    def unregister(self) -> None: ...

    async def answer(self) -> None:
        """Accept the ringing call; harmless when it is gone."""

    def hang_up(self) -> None: ...

    def mute(self, *, muted: bool) -> None: ...

    @property
    def has_media(self) -> bool:
        """Has anything been heard from the other side in this call?"""

    @property
    def levels_dbfs(self) -> tuple[float, float]:
        """Microphone and speaker, of the last frame."""

    async def close(self) -> None: ...
