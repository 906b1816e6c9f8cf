"""The phone as its window knows it: one status, a few orders. Decides when to ring, to answer by itself, and to
quit.
"""

import asyncio
from collections.abc import Callable, Coroutine

import msgspec

from agent_app.softphone import messages as ms
from agent_app.softphone.account import Account, Caller
from agent_app.softphone.audio import AudioDevice, device_names
from agent_app.softphone.driver import Driver
from agent_app.softphone.player import Player

LEVEL_INTERVAL_S = 0.25
TEST_S = 1.0


class Phone:
    """``publish`` hears the whole status at each change. ``make_driver`` is given this phone as the driver's user."""

    def __init__(
        self,
        make_driver: Callable[["Phone"], Driver],
        device: AudioDevice,
        *,
        publish: Callable[[ms.PhoneStatus], None],
        quit_now: Callable[[], None],
        answer_by_itself: bool = False,
    ) -> None:
        self._driver = make_driver(self)
        self._device = device
        self._player = Player(device, tell=lambda sound: self._change(sound=sound))
        self._publish = publish
        self._quit_now = quit_now
        self._answers_by_itself = answer_by_itself
        self._is_quitting = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._account: Account | None = None
        self._levels: asyncio.TimerHandle | None = None
        microphones, speakers = device_names()
        self.status = ms.PhoneStatus(
            registration="none", audio=device.state, microphones=microphones, speakers=speakers
        )

    # --- orders of the window -------------------------------------------------------------------------------------

    def obey(self, order: ms.WindowMessage) -> None:
        match order:
            case ms.Attach():
                self._publish(self.status)
            case ms.Configure():
                self._configure(order)
            case ms.Unregister():
                self._account = None
                self._driver.unregister()
            case ms.Answer():
                self._start(self._driver.answer())
            case ms.HangUp():
                self._driver.hang_up()
            case ms.Mute():
                self._driver.mute(muted=order.muted)
                self._change(muted=order.muted)
            case ms.SelectDevices():
                self._select(order)
            case ms.TestAudio():
                self._start(self._test_audio())
            case ms.LoadSound():
                self._player.load(order)
            case ms.PlaySound():
                self._play(order)
            case ms.StopSound():
                self._player.stop()
            case ms.Quit():
                self._is_quitting = True
                self._quit_if_idle()

    def _play(self, order: ms.PlaySound) -> None:
        if self.is_in_call:
            self._change(sound=ms.Sound(sound=order.sound, state="in_call", at_ms=order.at_ms))
        else:
            self._player.play(order)

    def _configure(self, order: ms.Configure) -> None:
        account = Account(
            host=order.host,
            port=order.port,
            transport=order.transport,
            extension=order.extension,
            user=order.user,
            password=order.password,
        )
        is_same = account == self._account and self.status.registration == "registered"
        self._account = account
        if is_same or self.is_in_call:
            return
        self._start(self._register(account))

    async def _register(self, account: Account) -> None:
        try:
            await self._driver.configure(account)
        except OSError as error:
            self._change(registration="failed", reason=str(error))

    def _select(self, order: ms.SelectDevices) -> None:
        choose = getattr(self._device, "choose", None)
        if choose is not None:
            choose(microphone=order.microphone, speaker=order.speaker)
        self._change(audio=self._device.state)

    async def _test_audio(self) -> None:
        """Opens the devices for a second: the window shows the level meanwhile, and the result."""
        if self.is_in_call:
            return
        self._player.stop()
        self._change(audio_test="running")
        self._device.start()
        state = self._device.state
        await asyncio.sleep(TEST_S)
        self._device.stop()
        self._change(audio=state, audio_test=state)

    # --- what the driver reports ----------------------------------------------------------------------------------

    def registration_changed(self, state: str, reason: str) -> None:
        self._change(registration=state, reason=reason)

    def call_ringing(self, caller: Caller) -> None:
        self._player.stop()
        call = ms.PhoneCall(state="ringing", call=caller.call, number=caller.number, name=caller.name)
        self._change(call=call, muted=False)
        if caller.auto_answer or self._answers_by_itself:
            self._start(self._driver.answer())

    def call_established(self) -> None:
        if self.status.call is not None:
            self._change(call=msgspec.structs.replace(self.status.call, state="established"), audio=self._device.state)
        self._watch_levels()

    def call_ended(self, ended_by: str) -> None:
        if self._levels is not None:
            self._levels.cancel()
            self._levels = None
        if self.status.call is not None:
            ended = msgspec.structs.replace(self.status.call, state="ended", ended_by=ended_by)
            self._change(call=ended, muted=False, microphone_level_dbfs=None, speaker_level_dbfs=None)
        self._quit_if_idle()

    async def close(self) -> None:
        """Leave at once, whatever is up."""
        self._player.stop()
        if self._levels is not None:
            self._levels.cancel()
        await self._driver.close()

    # --- inside ---------------------------------------------------------------------------------------------------

    @property
    def is_in_call(self) -> bool:
        """Ringing counts."""
        return self.status.call is not None and self.status.call.state != "ended"

    def _watch_levels(self) -> None:
        if not self.is_in_call or self.status.call is None:
            return
        microphone, speaker = self._driver.levels_dbfs
        call = msgspec.structs.replace(self.status.call, has_media=self._driver.has_media)
        self._change(call=call, microphone_level_dbfs=round(microphone), speaker_level_dbfs=round(speaker))
        self._levels = asyncio.get_running_loop().call_later(LEVEL_INTERVAL_S, self._watch_levels)

    def _change(self, **fields: object) -> None:
        status = msgspec.structs.replace(self.status, **fields)
        if status != self.status:
            self.status = status
            self._publish(status)

    def _quit_if_idle(self) -> None:
        if self._is_quitting and not self.is_in_call:
            self._start(self._leave())

    async def _leave(self) -> None:
        self._driver.unregister()
        await asyncio.sleep(0.2)
        await self._driver.close()
        self._quit_now()

    def _start(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
