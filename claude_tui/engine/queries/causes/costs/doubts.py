"""How sure the cost of a response is, carried along while it is divided. Must not know causes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from claude_tui.model import Price


class Doubts(NamedTuple):
    """How many parts of a sum have no price, are of a response logged only in part, or have an assumed price.

    A response whose cost is divided counts in each of its parts.
    """

    unpriced: int = 0
    lower_bound: int = 0
    flagged: int = 0

    @classmethod
    def of(cls, price: Price, *, is_lower_bound: bool = False) -> Doubts:
        """Return the doubts of what was billed at one price."""
        if price.nano is not None and not is_lower_bound and not price.is_estimate:
            return NO_DOUBTS
        return cls(price.nano is None, is_lower_bound, price.is_estimate)

    @classmethod
    def together(cls, doubts: Iterable[Doubts]) -> Doubts:
        """Return the doubts of a sum."""
        unpriced = lower_bound = flagged = 0
        for one in doubts:
            unpriced, lower_bound, flagged = unpriced + one[0], lower_bound + one[1], flagged + one[2]
        return cls(unpriced, lower_bound, flagged)


NO_DOUBTS: Final = Doubts()
