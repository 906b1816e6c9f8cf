"""What phones and trunks are told when a leg is let go (RFC 3326)."""

import pytest

from cti_server.core.vocabulary import ClearingCause
from cti_server.switch.embedded.sip_side import reason_of


@pytest.mark.parametrize("cause", list(ClearingCause))
def test_only_a_call_that_somebody_else_took_is_completed_elsewhere(cause: ClearingCause) -> None:
    """A phone that reads 200 there lists no missed call; where the caller gave up, it should list one."""
    reason = reason_of(cause)
    is_elsewhere = (reason.protocol, reason.cause) == ("SIP", 200)
    assert is_elsewhere == (cause is ClearingCause.ANSWERED_ELSEWHERE)
    assert is_elsewhere or reason.protocol == "Q.850"


@pytest.mark.parametrize(("cause", "code"), [("normal", 16), ("busy", 17), ("rejected", 21), ("overload", 42)])
def test_other_causes_are_those_of_the_public_network(cause: str, code: int) -> None:
    assert reason_of(ClearingCause(cause)).cause == code
