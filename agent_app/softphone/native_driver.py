"""Our own phone: ``Line`` for SIP, ``Voice`` for sound. Joins the two; decides nothing else."""

from agent_app.softphone.account import Account, Caller
from agent_app.softphone.audio import AudioDevice
from agent_app.softphone.driver import DriverUser
from agent_app.softphone.line import Line
from agent_app.softphone.voice import Voice
from cti_server.sip.offer_answer import Agreed


class NativeDriver:
    """See ``driver.Driver``."""

    def __init__(self, user: DriverUser, device: AudioDevice) -> None:
        self._user = user
        self._device = device
        self._line = Line(self)
        self._voice: Voice | None = None
        self._muted = False

    async def configure(self, account: Account) -> None:
        await self._line.open(account)
        self._line.register()

    def unregister(self) -> None:
        self._line.unregister()

    async def answer(self) -> None:
        if self._voice is not None:
            return
        voice = self._voice = Voice(self._device)
        voice.muted = self._muted
        try:
            port = await voice.open(self._line.local_host)
        except OSError:
            # Better back to the queue at once than ringing at somebody who pressed "accept".
            self._silence()
            self._line.hang_up()
            return
        if self._line.is_busy:
            self._line.answer(media_port=port)
        else:
            self._silence()

    def hang_up(self) -> None:
        self._line.hang_up()

    def mute(self, *, muted: bool) -> None:
        self._muted = muted
        if self._voice is not None:
            self._voice.muted = muted

    @property
    def has_media(self) -> bool:
        return self._voice is not None and self._voice.packets_received > 0

    @property
    def levels_dbfs(self) -> tuple[float, float]:
        if self._voice is None:
            return -90.0, -90.0
        return self._voice.microphone_dbfs, self._voice.speaker_dbfs

    async def close(self) -> None:
        self._silence()
        await self._line.close()

    def _silence(self) -> None:
        if self._voice is not None:
            self._voice.close()
            self._voice = None

    # --- from the line --------------------------------------------------------------------------------------------

    def registration_changed(self, state: str, reason: str) -> None:
        self._user.registration_changed(state, reason)

    def call_ringing(self, caller: Caller) -> None:
        self._user.call_ringing(caller)

    def call_alerting(self) -> None:
        """Only calls that we place alert; this driver places none."""

    def call_established(self, agreed: Agreed) -> None:
        if self._voice is not None:
            self._voice.agree(agreed)
        self._user.call_established()

    def media_changed(self, agreed: Agreed) -> None:
        if self._voice is not None:
            self._voice.agree(agreed)

    def call_ended(self, ended_by: str, status: int) -> None:
        self._silence()
        self._muted = False
        self._user.call_ended(ended_by)
