"""Who may speak to the switch: trunks by address, phones by digest, guessers not for long."""

import asyncio
import hashlib
from dataclasses import dataclass

from cti_server.core.vocabulary import Secret
from cti_server.sip.events import AuthenticationFailed
from cti_server.sip.flow import Address, Flow
from cti_server.sip.policy import Accept, Challenge, Ignore, Refuse, RequestInfo
from cti_server.sip.uri import Uri
from cti_server.switch.embedded.admission import Admission
from cti_server.switch.embedded.sip_settings import SwitchSettings, Trunk
from cti_server.switch.embedded.sip_sockets import addresses_of

SETTINGS = SwitchSettings(
    trunks=(Trunk(name="local", host="127.0.0.9"), Trunk(name="provider", host="sip.provider.invalid")),
    attempts_max=3,
    attempts_window_s=60,
)
SECOND = 1_000_000


class Passwords:
    def issue(self, extension: str) -> tuple[str, str]:
        return extension, "secret"

    def password_of(self, user: str) -> Secret | None:
        return Secret("secret") if user.startswith("2001") else None


@dataclass
class Door:
    """An admission with a clock that a test moves."""

    now: int = 0
    overloaded: bool = False
    registered_from: tuple[str, int] = ("", 0)

    def __post_init__(self) -> None:
        self.admission = Admission(
            SETTINGS,
            secrets=Passwords(),
            clock=lambda: self.now,
            is_overloaded=lambda: self.overloaded,
            addresses={"sip.provider.invalid": ("127.0.0.10", "127.0.0.11")},
            is_registered=lambda account, flow: (flow.remote.host, flow.remote.port) == self.registered_from,
        )

    def wrong_password(self, user: str, flow: Flow, times: int) -> None:
        for _ in range(times):
            self.admission.note_failure(AuthenticationFailed(username=user, method="REGISTER", flow=flow))


def flow_from(host: str, port: int = 5060) -> Flow:
    return Flow(transport="udp", remote=Address(host, port), local=Address("127.0.0.1", 5060))


def request(method: str, *, user: str = "2001", to: str = "2001", flow: Flow | None = None) -> RequestInfo:
    return RequestInfo(
        method=method,
        uri=Uri(user=to, host="ieum"),
        from_uri=Uri(user=user, host="ieum"),
        to_uri=Uri(user=to, host="ieum"),
        call_id="x",
        flow=flow or flow_from("127.0.0.1"),
        username=user,
    )


def test_a_trunk_is_known_by_its_address_from_any_port() -> None:
    verdict = Door().admission.admit(request("INVITE", flow=flow_from("127.0.0.9", 40_000)))
    assert verdict == Accept(trunk="local")


def test_a_trunk_that_is_configured_by_name_is_known_by_each_of_its_addresses() -> None:
    admission = Door().admission
    assert admission.admit(request("INVITE", flow=flow_from("127.0.0.10"))) == Accept(trunk="provider")
    assert admission.admit(request("INVITE", flow=flow_from("127.0.0.11"))) == Accept(trunk="provider")
    assert admission.admit(request("INVITE", flow=flow_from("127.0.0.12"))) == Challenge()


def test_a_name_is_resolved_and_one_that_nobody_knows_has_no_address() -> None:
    assert "127.0.0.1" in asyncio.run(addresses_of("localhost"))
    assert asyncio.run(addresses_of("127.0.0.9")) == ("127.0.0.9",)
    assert asyncio.run(addresses_of("nobody.invalid")) == ()


def test_a_stranger_who_names_himself_is_asked_for_a_digest_and_one_who_does_not_hears_nothing() -> None:
    door = Door()
    assert door.admission.admit(request("INVITE", user="8888")) == Challenge()
    assert door.admission.admit(request("INVITE", user="")) == Ignore()


def test_an_overloaded_centre_sheds_calls_early_and_says_when_to_try_again() -> None:
    verdict = Door(overloaded=True).admission.admit(request("INVITE", flow=flow_from("127.0.0.9")))
    assert isinstance(verdict, Refuse)
    assert verdict.status == 503
    assert verdict.retry_after_s > 0


def test_a_phone_registers_only_its_own_extension_also_under_a_short_lived_name() -> None:
    admission = Door().admission
    assert admission.authorise(request("REGISTER", to="2001"), "2001.65f-ab") == Accept(identity="2001")
    assert admission.authorise(request("REGISTER", to="2002"), "2001.65f-ab") == Refuse(status=403)
    assert admission.address_of_record(request("REGISTER", to="2001.65f-ab")) == "2001"


def test_a_phone_calls_only_as_itself() -> None:
    admission = Door().admission
    assert admission.authorise(request("INVITE", user="2001"), "2001.x") == Accept(identity="2001")
    assert admission.authorise(request("INVITE", user="2002"), "2001.x") == Refuse(status=403)


def test_guessing_is_stopped_for_that_account_and_address_alone_and_not_for_ever() -> None:
    door = Door()
    here, elsewhere = flow_from("127.0.0.3"), flow_from("127.0.0.4")
    door.wrong_password("2001", here, times=2)
    assert door.admission.admit(request("REGISTER", flow=here)) == Challenge()
    door.wrong_password("2001", here, times=1)
    assert door.admission.admit(request("REGISTER", flow=here)) == Refuse(status=403)
    assert door.admission.admit(request("REGISTER", flow=elsewhere)) == Challenge()
    assert door.admission.admit(request("REGISTER", to="2002", flow=here)) == Challenge()
    door.now += 61 * SECOND
    assert door.admission.admit(request("REGISTER", flow=here)) == Challenge()


def test_a_registered_phone_is_heard_though_somebody_guesses_behind_the_same_address() -> None:
    door = Door(registered_from=("127.0.0.3", 5060))
    door.wrong_password("2001", flow_from("127.0.0.3", 6000), times=5)
    assert door.admission.admit(request("REGISTER", flow=flow_from("127.0.0.3", 5060))) == Challenge()
    assert door.admission.admit(request("REGISTER", flow=flow_from("127.0.0.3", 6000))) == Refuse(status=403)


def test_the_digest_of_a_known_user_is_computed_and_an_unknown_one_has_none() -> None:
    admission = Door().admission
    assert admission.ha1("2001", "ieum", "MD5") == hashlib.md5(b"2001:ieum:secret").hexdigest()
    assert admission.ha1("2001", "ieum", "SHA-256") == hashlib.sha256(b"2001:ieum:secret").hexdigest()
    assert admission.ha1("2001", "ieum", "SHA-512-256") is None
    assert admission.ha1("8888", "ieum", "MD5") is None
