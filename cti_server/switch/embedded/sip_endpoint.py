"""The SIP user agent on its sockets: bytes in, bytes out, one timer. Decides nothing about calls."""

import asyncio
import random
from collections.abc import Callable

from cti_server.ports import Clock
from cti_server.sip.config import Config, Listener, RegistrarConfig
from cti_server.sip.events import Event
from cti_server.sip.flow import Address, Flow
from cti_server.sip.policy import Policy
from cti_server.sip.user_agent import UserAgent
from cti_server.switch.embedded.sip_settings import SwitchSettings
from cti_server.switch.embedded.sip_sockets import SipSockets


class SipEndpoint:
    """``agent`` takes the orders; call ``pump`` after giving any. Events come to ``on_event`` in order."""

    def __init__(
        self,
        settings: SwitchSettings,
        *,
        clock: Clock,
        policy: Policy,
        new_leg: Callable[[], int],
        on_event: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._policy = policy
        self._new_leg = new_leg
        self._on_event = on_event
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0
        self._is_pumping = False
        self.sockets = SipSockets(
            host=settings.host,
            port=settings.port,
            has_tcp=settings.has_tcp,
            on_received=self._received,
            on_lost=self._lost,
            in_use=lambda: self.agent.connections_in_use(),
        )
        self.agent: UserAgent

    def bind(self) -> None:
        """Take the port and make the user agent; nothing is read before ``open``. Raises OSError."""
        self.sockets.bind()
        bound = self.sockets.local
        advertised = Address(self._settings.advertised or bound.host, bound.port)
        transports = ("udp", "tcp") if self._settings.has_tcp else ("udp",)
        listeners = tuple(Listener(transport=kind, bound=bound, advertised=advertised) for kind in transports)  # type: ignore[arg-type]  # literals of the tuple above
        config = Config(
            listeners=listeners,
            realm=self._settings.realm,
            registrar=RegistrarConfig(expires_default_s=self._settings.registration_s, expires_min_s=30),
        )
        self.agent = UserAgent(config, policy=self._policy, rng=random.SystemRandom(), new_leg=self._new_leg)

    async def open(self) -> None:
        """Begin to hear."""
        await self.sockets.open()
        self.pump()

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self.sockets.close()

    def pump(self) -> None:
        """Send what is to be sent, report what happened, set the timer; until all is quiet."""
        if self._is_pumping:
            return
        self._is_pumping = True
        try:
            while True:
                for out in self.agent.outgoing():
                    self.sockets.send(out)
                event = self.agent.next_event()
                if event is None:
                    break
                self._on_event(event)
        finally:
            self._is_pumping = False
            self._set_timer()

    def _received(self, data: bytes, flow: Flow) -> None:
        self.agent.receive(data, flow, self._clock())
        self.pump()

    def _lost(self, flow: Flow) -> None:
        self.agent.connection_lost(flow, self._clock())
        self.pump()

    def _set_timer(self) -> None:
        """A timer that is due earlier than needed only looks: most deadlines are cancelled long before, and setting
        the timer anew with each message costs more."""
        deadline = self.agent.next_deadline()
        if deadline is None or (self._timer is not None and self._timer_at <= deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        delay_s = max(0, deadline - self._clock()) / 1_000_000
        self._timer_at = deadline
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._due)

    def _due(self) -> None:
        self._timer = None
        self.agent.handle_deadline(self._clock())
        self.pump()
