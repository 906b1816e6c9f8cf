"""How long callers would have waited: the Kaplan–Meier estimate (J. Amer. Statist. Assoc. 53:457–481, 1958).

Who was answered after a wait would have waited at least so long; how much longer, nobody knows (the patience is
*censored*). The estimate takes them into account, and a patience longer than the wait is drawn from it. After the last
caller who gave up, hang-ups are taken to go on at the overall rate (an exponential tail).
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

ENDLESS_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Survival:
    """``shares[i]``: of all callers, those who are still there after ``times_s[i]``. ``rate``: hang-ups per second."""

    times_s: tuple[float, ...]
    shares: tuple[float, ...]
    rate: float

    def share_after(self, waited_s: float) -> float:
        """The share that waits longer than this."""
        place = bisect_right(self.times_s, waited_s) - 1
        if place < 0:
            return 1.0
        beyond = max(0.0, waited_s - self.times_s[-1]) if place == len(self.times_s) - 1 else 0.0
        return self.shares[place] * math.exp(-self.rate * beyond)

    def draw(self, luck: float, *, longer_than_s: float) -> float:
        """A patience longer than this; ``luck`` is uniform in [0, 1)."""
        left = self.share_after(longer_than_s) * (1.0 - luck)
        if self.shares and left >= self.shares[-1]:
            low, high = 0, len(self.shares) - 1
            while low < high:
                middle = (low + high) // 2
                if self.shares[middle] <= left:
                    high = middle
                else:
                    low = middle + 1
            return max(self.times_s[low], longer_than_s)
        if self.rate <= 0 or left <= 0:
            return ENDLESS_S
        start = self.times_s[-1] if self.times_s else 0.0
        top = self.shares[-1] if self.shares else 1.0
        return min(ENDLESS_S, max(longer_than_s, start + math.log(top / left) / self.rate))


def kaplan_meier(waits: Sequence[tuple[float, bool]]) -> Survival:
    """Of (wait in seconds, hung up?). At one time hang-ups come before those who are answered."""
    at_risk = len(waits)
    share = 1.0
    times: list[float] = []
    shares: list[float] = []
    for wait_s, group in groupby(sorted(waits), key=lambda wait: wait[0]):
        here = [has_hung_up for _, has_hung_up in group]
        if any(here):
            share *= 1 - sum(here) / at_risk
            times.append(wait_s)
            shares.append(share)
        at_risk -= len(here)
    waited = sum(wait_s for wait_s, _ in waits)
    hung_up = sum(has_hung_up for _, has_hung_up in waits)
    return Survival(tuple(times), tuple(shares), hung_up / waited if waited else 0.0)
