"""C1: PINs cannot be guessed: no more wrong ones within an hour than the limit, whichever call they came in."""

from cti_server.core import events as e
from cti_server.core.identity import WRONG_PINS_MAX
from cti_server.core.vocabulary import CustomerRef, PinResult

HOUR_US = 3_600_000_000


class PinChecks:
    """Raises AssertionError where it does not hold."""

    def __init__(self) -> None:
        self._wrong: dict[CustomerRef, list[int]] = {}

    def saw(self, event: e.PinRefused) -> None:
        customer = event.customer
        if event.result is not PinResult.WRONG or customer is None:
            return
        recent = [at for at in self._wrong.get(customer, []) if at > event.at - HOUR_US]
        self._wrong[customer] = [*recent, event.at]
        assert len(recent) < WRONG_PINS_MAX, f"C1: {len(recent) + 1} wrong PINs of {customer} within an hour"
