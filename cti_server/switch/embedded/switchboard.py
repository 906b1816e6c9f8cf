"""What the reporting sides of the switch may touch: the legs, the endpoint, and three ways to change a leg."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from cti_server.core.vocabulary import ClearingCause
from cti_server.ports import Clock, Submit
from cti_server.switch.embedded.admission import Admission
from cti_server.switch.embedded.legs import Leg
from cti_server.switch.embedded.media_link import MediaLink
from cti_server.switch.embedded.phones import Phones
from cti_server.switch.embedded.sip_endpoint import SipEndpoint


class Switchboard(Protocol):
    """Implemented by ``switch.EmbeddedSwitch``."""

    legs: dict[int, Leg]
    """By the Centre's number."""
    branches: dict[int, Leg]
    """By the user agent's number."""
    clock: Clock
    submit: Submit
    endpoint: SipEndpoint
    phones: Phones
    admission: Admission
    links: Sequence[MediaLink]
    recordings: Path
    worker_lost: Callable[[], None]
    """To be told that a media worker died: its recordings must be mended."""

    def forget(self, leg_id: int) -> None:
        """The leg is over: give its port back."""

    def drop(self, leg: Leg, cause: ClearingCause) -> None:
        """End a leg for a reason of the switch's own, and say so."""

    def resume_of(self, leg: Leg) -> bytes:
        """Opaque bytes from which another process can go on with this leg."""
