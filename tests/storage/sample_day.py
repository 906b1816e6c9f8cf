"""A day of a small centre as events: answered, returned, abandoned, called back, dialled, forwarded; every kind of row.

Two agents, Kim (1) and Lee (2); personal texts have references from 9000.
"""

from cti_server.core import events as e
from cti_server.core.vocabulary import (
    AgentId,
    CallbackId,
    CallId,
    CardOutcome,
    ClearingCause,
    CustomerRef,
    Direction,
    LegId,
    LegRole,
    Micros,
    OfferOutcome,
    PersonalRef,
    PinResult,
    QueueExit,
    QueueId,
    RecordingId,
    Verification,
)

SECOND = 1_000_000
BEGIN = 1_790_000_000 * SECOND
KIM, LEE = AgentId(1), AgentId(2)
ORDERS = QueueId("orders")
CUSTOMER = CustomerRef("C-004812")
CALLBACK = CallbackId(500)
TEXTS = {9001: "01011112222", 9002: "김하나", 9003: "배송 문의", 9004: '{"size": "50"}', 9005: "01033334444"}
KEY = e.OrderKey(rank=5, due_at=BEGIN, sequence=1)
ANSWERED, ABANDONED, RETURNED, DIALLED, CALLED_BACK = CallId(100), CallId(200), CallId(300), CallId(400), CallId(600)


def at(second: float) -> Micros:
    return Micros(BEGIN + int(second * SECOND))


def text(ref: int) -> PersonalRef:
    return PersonalRef(ref)


def day() -> list[e.Event]:
    return [*_agents_come(), *_answered(), *_abandoned(), *_returned(), *_dialled(), *_called_back(), *_agents_go()]


def _agents_come() -> list[e.Event]:
    return [
        e.ClockOffsetChanged(at=at(0), offset_us=2 * SECOND),
        e.AgentLoggedOn(at=at(1), agent=KIM, has_desktop=True),
        e.AgentReady(at=at(2), agent=KIM, idle_since=at(2)),
        e.AgentLoggedOn(at=at(3), agent=LEE, has_desktop=True),
        e.AgentNotReady(at=at(4), agent=LEE, reason="meeting"),
    ]


def _arrives(call: CallId, second: float) -> e.Event:
    return e.CallArrived(
        at=at(second),
        call=call,
        leg=LegId(call + 1),
        line="1588-0001",
        trunk="local",
        number=text(9001),
        display_name=text(9002),
        limit_at=at(second + 900),
    )


def _queued(call: CallId, second: float, *, entered: float, returned: bool = False) -> e.Event:
    return e.CallQueued(
        at=at(second),
        call=call,
        queue=ORDERS,
        key=KEY,
        entered_at=at(entered),
        limit_at=at(entered + 1800),
        returned=returned,
    )


def _delivered(call: CallId, agent: AgentId, second: float, *, entered: float) -> list[e.Event]:
    waited = int((second - entered) * SECOND)
    return [
        e.CallDelivered(
            at=at(second), call=call, agent=agent, queue=ORDERS, waited_us=waited, release_at=at(second + 0.15)
        ),
        e.LegPlaced(
            at=at(second + 0.1),
            call=call,
            leg=LegId(call + 2),
            role=LegRole.AGENT,
            agent=agent,
            card=CardOutcome.SHOWN,
            limit_at=at(second + 20),
        ),
        e.LegRinging(at=at(second + 0.2), call=call, leg=LegId(call + 2)),
    ]


def _talk(call: CallId, agent: AgentId, second: float, *, entered: float) -> list[e.Event]:
    waited = int((second - entered) * SECOND)
    return [
        e.LegEstablished(at=at(second), call=call, leg=LegId(call + 2)),
        e.CallLeftQueue(at=at(second), call=call, queue=ORDERS, how=QueueExit.ANSWERED, waited_us=waited),
        e.CallEstablished(at=at(second), call=call, agent=agent, limit_at=at(second + 14_400), waited_us=waited),
    ]


def _answered() -> list[e.Event]:
    call, recording = ANSWERED, RecordingId(101)
    return [
        _arrives(call, 10),
        e.CallAnsweredByFlow(at=at(10), call=call),
        e.CallLanguageSet(at=at(12), call=call, language="ko"),
        e.CustomerMatched(at=at(13), call=call, customer=CUSTOMER, tier="gold", language="en", by="number"),
        e.PinRefused(at=at(14), call=call, result=PinResult.WRONG),
        e.CallerVerified(at=at(15), call=call, verification=Verification.VERIFIED),
        _queued(call, 16, entered=16),
        *_delivered(call, KIM, 17, entered=16),
        *_talk(call, KIM, 20, entered=16),
        e.RecordingBegun(at=at(20), call=call, recording=recording),
        e.RecordingConfirmed(at=at(20.1), call=call, recording=recording),
        e.CallHeld(at=at(30), call=call, agent=KIM),
        e.CallRetrieved(at=at(35), call=call, agent=KIM, held_us=5 * SECOND),
        e.RecordingPaused(at=at(40), call=call, recording=recording, by_script=True),
        e.RecordingResumed(at=at(45), call=call, recording=recording, by_script=True),
        e.ScriptFollowed(
            at=at(46),
            call=call,
            agent=KIM,
            library_version="v1",
            item="delivery.where",
            node="ask",
            path=("begin", "ask"),
            reason=("delivery", "where", "today"),
            answers=text(9004),
        ),
        e.NoteTaken(at=at(50), call=call, agent=KIM, note=text(9003), revision=1),
        e.CallCleared(
            at=at(80),
            call=call,
            cause=ClearingCause.CALLER_HUNG_UP,
            talk_us=60 * SECOND,
            hold_us=5 * SECOND,
            agent=KIM,
            queue=ORDERS,
        ),
        e.LegReleased(at=at(80), call=call, leg=LegId(call + 1), cause=ClearingCause.CALLER_HUNG_UP),
        e.AgentWorkingAfterCall(at=at(80), agent=KIM, call=call, until=at(110)),
        e.AgentWorkingAfterCall(at=at(81), agent=KIM, call=call, until=at(140), extensions=1),
        e.RecordingStored(
            at=at(81), call=call, recording=recording, path="2026/09/101.wav", duration_ms=60_000, size_bytes=960_044
        ),
        e.CallDisposed(at=at(90), call=call, agent=KIM, code="order", subcode="changed"),
        e.AgentAfterCallWorkEnded(at=at(92), agent=KIM, call=call, idle_since=at(92)),
        e.CommandCarriedOut(at=at(92), agent=KIM, key="k1"),
    ]


def _abandoned() -> list[e.Event]:
    call = ABANDONED
    return [
        _arrives(call, 100),
        _queued(call, 101, entered=101),
        e.CallLeftQueue(at=at(131), call=call, queue=ORDERS, how=QueueExit.ABANDONED, waited_us=30 * SECOND),
        e.CallCleared(at=at(131), call=call, cause=ClearingCause.CALLER_HUNG_UP, queue=ORDERS),
    ]


def _returned() -> list[e.Event]:
    """Kim misses it, Lee takes it; its recording fails, and nobody disposes of it."""
    call, recording = RETURNED, RecordingId(301)
    return [
        _arrives(call, 200),
        _queued(call, 201, entered=201),
        *_delivered(call, KIM, 202, entered=201),
        e.OfferEnded(at=at(222), call=call, agent=KIM, outcome=OfferOutcome.MISSED, reason="no_answer"),
        e.AgentNotReady(at=at(222), agent=KIM, reason="missed_call"),
        _queued(call, 222, entered=201, returned=True),
        e.AgentReady(at=at(223), agent=LEE, idle_since=at(223)),
        *_delivered(call, LEE, 224, entered=201),
        *_talk(call, LEE, 226, entered=201),
        e.RecordingBegun(at=at(226), call=call, recording=recording),
        e.RecordingLost(at=at(227), call=call, recording=recording, reason="disk_full"),
        e.CallCleared(
            at=at(246), call=call, cause=ClearingCause.AGENT_HUNG_UP, talk_us=20 * SECOND, agent=LEE, queue=ORDERS
        ),
        e.AgentWorkingAfterCall(at=at(246), agent=LEE, call=call, until=at(276)),
        e.CallDisposed(at=at(276), call=call, agent=LEE, code="AUTO_TIMEOUT", automatic=True),
        e.AgentAfterCallWorkEnded(at=at(276), agent=LEE, call=call, idle_since=at(276), timed_out=True),
    ]


def _dials(call: CallId, second: float, direction: Direction, *, callback: CallbackId | None = None) -> list[e.Event]:
    return [
        e.CallInitiated(
            at=at(second),
            call=call,
            agent=LEE,
            number=text(9005),
            direction=direction,
            customer=CUSTOMER,
            callback=callback,
        ),
        e.LegPlaced(
            at=at(second),
            call=call,
            leg=LegId(call + 2),
            role=LegRole.AGENT,
            agent=LEE,
            card=CardOutcome.SHOWN,
            limit_at=at(second + 20),
        ),
    ]


def _dialled() -> list[e.Event]:
    """One-click dial that nobody answers."""
    return [
        *_dials(DIALLED, 300, Direction.OUTBOUND),
        e.CallCleared(at=at(330), call=DIALLED, cause=ClearingCause.NO_ANSWER, agent=LEE),
    ]


def _called_back() -> list[e.Event]:
    """Asked for in the queue; the first attempt is busy, the second reaches the customer."""
    asking, first, second = CallId(510), CallId(520), CALLED_BACK
    return [
        _arrives(asking, 400),
        _queued(asking, 401, entered=401),
        e.CallbackRequested(
            at=at(410),
            callback=CALLBACK,
            number=text(9005),
            queue=ORDERS,
            key=KEY,
            due_at=at(410),
            call=asking,
            customer=CUSTOMER,
        ),
        e.CallLeftQueue(at=at(410), call=asking, queue=ORDERS, how=QueueExit.CALLBACK, waited_us=9 * SECOND),
        e.CallCleared(at=at(412), call=asking, cause=ClearingCause.FLOW_ENDED, queue=ORDERS),
        *_dials(first, 420, Direction.CALLBACK, callback=CALLBACK),
        e.CallbackAttempted(at=at(421), callback=CALLBACK, attempt=1, agent=LEE, call=first),
        e.CallbackRescheduled(at=at(425), callback=CALLBACK, due_at=at(1325), cause=ClearingCause.BUSY),
        e.CallCleared(at=at(425), call=first, cause=ClearingCause.BUSY, agent=LEE),
        *_dials(second, 1330, Direction.CALLBACK, callback=CALLBACK),
        e.CallbackAttempted(at=at(1331), callback=CALLBACK, attempt=2, agent=LEE, call=second),
        e.CallEstablished(at=at(1335), call=second, agent=LEE, limit_at=at(9000)),
        e.CallbackDone(at=at(1335), callback=CALLBACK, call=second),
        e.CallCleared(at=at(1365), call=second, cause=ClearingCause.NORMAL, talk_us=30 * SECOND, agent=LEE),
        e.AgentWorkingAfterCall(at=at(1365), agent=LEE, call=second, until=at(1395)),
        e.CallDisposed(at=at(1370), call=second, agent=LEE, code="order", subcode="new"),
        e.AgentAfterCallWorkEnded(at=at(1370), agent=LEE, call=second, idle_since=at(1370)),
    ]


def _agents_go() -> list[e.Event]:
    return [e.AgentLoggedOff(at=at(2000), agent=KIM), e.AgentLoggedOff(at=at(2001), agent=LEE)]
