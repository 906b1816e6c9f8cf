"""Where a leg that we place goes: to every contact of a phone, or to the public network by a trunk.

Decides the URI, what the other side is shown, and which trunk is taken (the first that may dial).
"""

from cti_server.core.effects import PlaceLeg, ToExtension
from cti_server.sip.commands import Credentials, OutboundCall
from cti_server.sip.events import Binding
from cti_server.sip.flow import Address
from cti_server.sip.user_agent import UserAgent
from cti_server.switch.embedded.phones import Phones
from cti_server.switch.embedded.sip_settings import SwitchSettings, Trunk

AUTO_ANSWER = ("Call-Info", "<sip:ieum.invalid>;answer-after=0")


class Dialling:
    """``calls_to``: one outbound call for each place to ring; none: there is nowhere."""

    def __init__(self, settings: SwitchSettings, phones: Phones) -> None:
        self._settings = settings
        self._phones = phones

    def calls_to(self, order: PlaceLeg, agent: UserAgent, local: Address) -> list[OutboundCall]:
        domain = f"{self._settings.advertised or local.host}:{local.port}"
        if isinstance(order.to, ToExtension):
            bindings = self._phones.contacts(agent, order.to.extension)
            return [self._to_phone(order, binding, domain) for binding in bindings]
        trunk = next((trunk for trunk in self._settings.trunks if trunk.may_dial), None)
        return [self._to_trunk(order, trunk, order.to.number, domain)] if trunk is not None else []

    def _to_phone(self, order: PlaceLeg, binding: Binding, domain: str) -> OutboundCall:
        is_known_path = bool(binding.flow.remote.host)
        return OutboundCall(
            target=binding.contact,
            from_uri=f"sip:{_safe_user(order.show_number) or 'anonymous'}@{domain}",
            from_display=order.show_name,
            flow=binding.flow if is_known_path else None,
            pin_flow=is_known_path,
            headers=(("X-Ieum-Call", str(order.call)), *((AUTO_ANSWER,) if order.auto_answer else ())),
        )

    def _to_trunk(self, order: PlaceLeg, trunk: Trunk, number: str, domain: str) -> OutboundCall:
        """Our call numbers stay in the house: the public network gets no header of ours."""
        shown = _safe_user(order.show_number or self._settings.outbound_number) or "anonymous"
        transport = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
        login = Credentials(username=trunk.username, password=trunk.password) if trunk.username else None
        return OutboundCall(
            target=f"sip:{_safe_user(number)}@{trunk.host}:{trunk.port or 5060}{transport}",
            from_uri=f"sip:{shown}@{domain}",
            from_display=order.show_name,
            credentials=login,
        )


def _safe_user(number: str) -> str:
    """Only what a telephone number or an extension is made of may become part of a URI."""
    return "".join(ch for ch in number if ch.isascii() and (ch.isalnum() or ch in "+*-_."))
