"""Where a plan limit is heading until it is reset, and how sure that is. Pure. Must not read limits.

What was used of a limit since it began, and what the responses since then cost at list prices, tell how much of the
limit a dollar takes. What the rest of the time may cost is not guessed: it is looked up in the past, as the cost of
stretches as long, each beginning at this hour of an earlier day. The middle eight of ten of them are the band.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from claude_tui.records import NamedTuple

LEAST_STRETCHES: Final = 8
"""Nothing is said from fewer stretches of the past."""
LEAST_PERCENT: Final = 2.0
"""Nothing is said while so little is used: clients report whole percents."""
DAY_H: Final = 24


class Forecast(NamedTuple):
    """What a limit will be used to at its reset: between `low` and `high` percent in eight of ten cases.

    `reached` of `stretches` past stretches would use all of it.
    """

    low: float
    high: float
    reached: int
    stretches: int


def forecast(percent: float, hourly_nano: Sequence[int], hours_gone: int, hours_left: int) -> Forecast | None:
    """Return where a limit is heading, None if too little is known.

    Args:
        percent: What is used of it now.
        hourly_nano: The cost of each hour up to now, the oldest first; zeros before the first use do not count.
        hours_gone: Whole hours since the limit began.
        hours_left: Whole hours until it is reset.
    """
    known = list(hourly_nano)
    while known and not known[0]:
        del known[0]
    spent = sum(known[-hours_gone:]) if hours_gone > 0 else 0
    ends = range(len(known), hours_left - 1, -DAY_H)
    if percent < LEAST_PERCENT or spent <= 0 or hours_left <= 0 or len(ends) < LEAST_STRETCHES:
        return None
    reached = sorted(percent + percent * sum(known[end - hours_left : end]) / spent for end in ends)
    tenth = len(reached) // 10
    return Forecast(reached[tenth], reached[-1 - tenth], sum(one >= 100 for one in reached), len(reached))
