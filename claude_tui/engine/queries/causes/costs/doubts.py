"""How sure the cost of a response is, carried along while it is divided. Must not know causes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from claude_tui.model import Price
from claude_tui.records import NamedTuple


class Doubts(NamedTuple):
    """How many responses of a sum have no price, are logged only in part, or have an assumed price, as in `Totals`.

    A response whose cost is divided counts in each of its parts; its tokens without a price are divided.
    """

    unpriced_responses: int = 0
    lower_bound: int = 0
    flagged: int = 0
    unpriced_tokens: int = 0

    @classmethod
    def of(cls, price: Price, tokens: int, *, is_response: bool = True, is_lower_bound: bool = False) -> Doubts:
        """Return the doubts of so many tokens that were billed at one price, as a response or beside one."""
        if price.nano is not None and not is_lower_bound and not price.is_estimate:
            return NO_DOUBTS
        is_unpriced = price.nano is None
        return cls(
            int(is_unpriced and is_response), int(is_lower_bound), int(price.is_estimate), tokens if is_unpriced else 0
        )

    def but_for_output(self) -> Doubts:
        """Return the doubts of what is no output: only that is logged in part."""
        return self._replace(lower_bound=0) if self.lower_bound else self

    @classmethod
    def together(cls, doubts: Iterable[Doubts]) -> Doubts:
        """Return the doubts of a sum."""
        doubts = [one for one in doubts if one is not NO_DOUBTS]
        if len(doubts) < 2:
            return doubts[0] if doubts else NO_DOUBTS
        responses = lower_bound = flagged = tokens = 0
        for one in doubts:
            responses, lower_bound, flagged = responses + one[0], lower_bound + one[1], flagged + one[2]
            tokens += one[3]
        return cls(responses, lower_bound, flagged, tokens)


NO_DOUBTS: Final = Doubts()
