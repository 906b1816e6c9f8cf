"""Legs and their counters as the controller gets to see them."""

from cti_server.switch.embedded import media_protocol as wire
from cti_server.switch.embedded.media.leg import Leg
from cti_server.switch.embedded.media.rtcp_session import RtcpSession, jitter_ms


def statistics_of(leg: Leg, session: RtcpSession) -> wire.LegStatistics:
    peer = leg.peer
    return wire.LegStatistics(
        packets_received=peer.received,
        packets_sent=leg.packets_sent,
        lost=peer.reception.lost,
        jitter_ms=jitter_ms(leg),
        from_strangers=peer.strangers,
        malformed=peer.malformed,
        round_trip_ms=session.round_trip_ms,
        remote_lost=session.remote_lost,
    )


def inventory_of(leg: Leg, session: RtcpSession) -> wire.LegInventory:
    remote, player = leg.peer.remote, leg.speaker.player
    return wire.LegInventory(
        leg=leg.number,
        port=leg.peer.pair.port,
        metadata=leg.metadata,
        remote_address="" if remote is None else remote.address,
        remote_port=0 if remote is None else remote.port,
        codec=leg.peer.codec,
        direction=wire.MediaDirection.SEND_RECEIVE if remote is None else remote.direction,
        partner=None if leg.partner is None else leg.partner.number,
        held=leg.is_held,
        muted=leg.is_muted,
        playing=None if player is None else player.play,
        in_conference=leg.conference is not None,
        lost_media=leg.is_lost,
        statistics=statistics_of(leg, session),
    )
