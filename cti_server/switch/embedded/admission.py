"""Who may speak to us: trunks by their address, our own phones by digest. Decides admission, never what a call may do.

An account that is guessed at from one address is not listened to any more from there for a while; phones that are
registered from another address are not touched by it, and known and unknown names get the same answers.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping

from cti_server.ports import Clock, PhoneSecrets
from cti_server.sip.events import AuthenticationFailed
from cti_server.sip.flow import Flow
from cti_server.sip.policy import Accept, Challenge, Ignore, Refuse, RequestInfo, Verdict
from cti_server.switch.embedded.sip_settings import SwitchSettings, Trunk

WATCHED_MAX = 10_000
RETRY_AFTER_S = 10
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def account_of(username: str) -> str:
    """The extension that a SIP user name stands for: short-lived names carry a suffix after a dot."""
    return username.partition(".")[0]


class Admission:
    """The user agent's policy (see ``sip.policy``). ``addresses``: of trunks that are configured by name."""

    def __init__(
        self,
        settings: SwitchSettings,
        *,
        secrets: PhoneSecrets,
        clock: Clock,
        is_overloaded: Callable[[], bool],
        addresses: Mapping[str, Collection[str]],
        is_registered: Callable[[str, Flow], bool],
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._clock = clock
        self._is_overloaded = is_overloaded
        self._addresses = addresses
        self._is_registered = is_registered
        self._failures: dict[tuple[str, str], list[int]] = {}

    def admit(self, request: RequestInfo) -> Verdict:
        if request.method == "INVITE":
            return self._admit_call(request)
        if request.method == "REGISTER":
            account = account_of(request.to_uri.user)
            return Refuse(status=403) if self._is_guessing(account, request.flow) else Challenge()
        return Accept()

    def _admit_call(self, request: RequestInfo) -> Verdict:
        if self._is_overloaded():
            return Refuse(status=503, retry_after_s=RETRY_AFTER_S)
        trunk = self.trunk_at(request.flow)
        if trunk is not None:
            return Accept(trunk=trunk.name)
        if self._is_guessing(account_of(request.username), request.flow):
            return Refuse(status=403)
        return Challenge() if request.from_uri.user else Ignore()

    def trunk_at(self, flow: Flow) -> Trunk | None:
        """The trunk whose address this is."""
        for trunk in self._settings.trunks:
            hosts = self._addresses.get(trunk.host, (trunk.host,))
            if flow.remote.host in hosts and trunk.port in (0, flow.remote.port):
                return trunk
        return None

    def ha1(self, username: str, realm: str, algorithm: str) -> str | None:
        password = self._secrets.password_of(username)
        make = _HASHES.get(algorithm)
        if password is None or make is None:
            return None
        return make(f"{username}:{realm}:{password.reveal()}".encode()).hexdigest()

    def authorise(self, request: RequestInfo, username: str) -> Verdict:
        account = account_of(username)
        if self._is_guessing(account, request.flow):
            return Refuse(status=403)
        if request.method == "REGISTER" and account_of(request.to_uri.user) != account:
            return Refuse(status=403)
        if request.method == "INVITE" and account_of(request.from_uri.user) != account:
            return Refuse(status=403)
        self._failures.pop((account, request.flow.remote.host), None)
        return Accept(identity=account)

    def address_of_record(self, request: RequestInfo) -> str | None:
        return account_of(request.to_uri.user) or None

    # --- guessing -------------------------------------------------------------------------------------------------

    def note_failure(self, failed: AuthenticationFailed) -> None:
        """A wrong digest came."""
        if len(self._failures) >= WATCHED_MAX:
            self._failures.pop(next(iter(self._failures)))
        key = (account_of(failed.username), failed.flow.remote.host)
        self._failures[key] = [*self._recent(key), self._clock()]

    def _is_guessing(self, account: str, flow: Flow) -> bool:
        if len(self._recent((account, flow.remote.host))) < self._settings.attempts_max:
            return False
        return not self._is_registered(account, flow)

    def _recent(self, key: tuple[str, str]) -> list[int]:
        since = self._clock() - self._settings.attempts_window_s * 1_000_000
        return [at for at in self._failures.get(key, ()) if at > since]
