"""Which of our phones can ring, and where. Keeps the registrar's bindings through a restart; decides nothing else.

A phone that registered for minutes does not know that the server was restarted; without the file it could not ring
until it registers again. The file is a cache: lost, it costs one registration interval.
"""

import os
from pathlib import Path

import msgspec
import structlog

from cti_server.core.inputs import PhoneLost, PhoneRegistered
from cti_server.core.vocabulary import Extension
from cti_server.ports import Submit
from cti_server.sip.events import Binding
from cti_server.sip.flow import Address, Flow
from cti_server.sip.user_agent import UserAgent
from cti_server.switch.embedded.sip_settings import SwitchSettings

log = structlog.get_logger(__name__)

_NO_FLOW = Flow(transport="udp", remote=Address("", 0), local=Address("", 0))
_decoder = msgspec.msgpack.Decoder(dict[str, tuple[Binding, ...]])


class Phones:
    """``submit`` hears of the first and of the last contact of each extension."""

    def __init__(self, settings: SwitchSettings, *, submit: Submit, file: Path) -> None:
        self._fixed = settings.contacts
        self._submit = submit
        self._file = file
        self._bindings: dict[str, tuple[Binding, ...]] = {}

    @property
    def registered(self) -> tuple[Extension, ...]:
        """Every extension that can ring now."""
        return tuple(Extension(account) for account in sorted({*self._fixed, *self._bindings}))

    def restore(self, agent: UserAgent, now_us: int) -> None:
        """What was registered before a restart, as far as it has not expired."""
        try:
            kept = _decoder.decode(self._file.read_bytes())
        except FileNotFoundError:
            kept = {}
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("registrations_unreadable", error=str(error))
            kept = {}
        for account, bindings in kept.items():
            agent.restore_bindings(account, bindings, now_us)
            live = agent.bindings(account)
            if live:
                self._bindings[account] = live

    def announce(self) -> None:
        """Tell the Centre of every phone that can ring (after a start)."""
        for extension in self.registered:
            self._submit(PhoneRegistered(extension=extension))

    def changed(self, account: str, bindings: tuple[Binding, ...]) -> None:
        """The registrar's list of an account changed."""
        had = account in self._bindings
        if bindings:
            self._bindings[account] = bindings
        else:
            self._bindings.pop(account, None)
        self._keep()
        if bindings and not had:
            self._submit(PhoneRegistered(extension=Extension(account)))
        elif had and not bindings and account not in self._fixed:
            self._submit(PhoneLost(extension=Extension(account)))

    def contacts(self, agent: UserAgent, extension: str) -> tuple[Binding, ...]:
        """Where to ring an extension: its live contacts, else its fixed one."""
        live = agent.bindings(extension)
        if live:
            return live
        fixed = self._fixed.get(extension)
        return (Binding(contact=fixed, flow=_NO_FLOW, expires_at_us=0),) if fixed else ()

    def is_registered_from(self, account: str, flow: Flow) -> bool:
        """Does this account have a live contact at this address and port?"""
        return any(binding.flow.remote == flow.remote for binding in self._bindings.get(account, ()))

    def _keep(self) -> None:
        try:
            draft = self._file.with_suffix(".new")
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(msgspec.msgpack.encode(self._bindings))
            os.replace(draft, self._file)
        except (OSError, UnicodeEncodeError) as error:  # the latter: a contact in no encoding that can be stored
            log.warning("registrations_not_kept", error=type(error).__name__)
