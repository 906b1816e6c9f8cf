"""Taking calls over after a restart of the core process (decision 8). Decides which legs go on.

A leg goes on when the journal has its resume bytes, the user agent can be made to speak for it again, and the media
worker still has it. What lives only in a worker is closed; what lives only in the journal is reported as lost, and
hung up.
"""

from collections.abc import Mapping

import msgspec
import structlog

from cti_server.core.inputs import LegAlive
from cti_server.core.vocabulary import LegId
from cti_server.sip.errors import SipError
from cti_server.switch.embedded.legs import Leg, LegResume, decode_resume, revived
from cti_server.switch.embedded.media_link import MediaLink
from cti_server.switch.embedded.switch import EmbeddedSwitch

log = structlog.get_logger(__name__)


def adopt(switch: EmbeddedSwitch, resumes: Mapping[LegId, bytes]) -> tuple[LegAlive, ...]:
    """``resumes``: what the journal knows of every leg that had not ended. The inventory for ``Restarted``."""
    inventory = tuple(
        LegAlive(leg=leg, adopted=_adopt_leg(switch, leg, resume)) for leg, resume in sorted(resumes.items())
    )
    _close_strangers(switch)
    switch.endpoint.pump()
    return inventory


def _adopt_leg(switch: EmbeddedSwitch, leg_id: LegId, data: bytes) -> bool:
    if not data:
        return False
    try:
        resume = decode_resume(data)
        link = _link_of(switch, resume)
        leg = revived(leg_id, resume, link)
        for branch, sip_resume in resume.branches:
            switch.endpoint.agent.adopt(branch, sip_resume, switch.clock())
    except (msgspec.DecodeError, UnicodeDecodeError, SipError) as error:
        log.warning("leg_not_adopted", leg=leg_id, error=str(error))
        return False
    if not _media_is_there(leg, link):
        for branch, _ in resume.branches:
            switch.endpoint.agent.hang_up(branch, switch.clock())
        return False
    switch.legs[leg_id] = leg
    for branch in leg.branches:
        switch.branches[branch] = leg
    if link is not None:
        switch.bind_call(leg.call, link)
    return True


def _link_of(switch: EmbeddedSwitch, resume: LegResume) -> MediaLink | None:
    return next((link for link in switch.links if link.worker and link.worker == resume.worker), None)


def _media_is_there(leg: Leg, link: MediaLink | None) -> bool:
    """A leg that never had media needs none."""
    if not leg.port:
        return True
    if link is None:
        return False
    return any(leg.leg == known.leg for call in link.inventory for known in call.legs)


def _close_strangers(switch: EmbeddedSwitch) -> None:
    """Media without a call: nobody could ever end it."""
    for link in switch.links:
        for call in link.inventory:
            for known in call.legs:
                if known.leg not in switch.legs:
                    link.close_leg(call=call.call, leg=known.leg)
