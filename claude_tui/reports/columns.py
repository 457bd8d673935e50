"""Totals as a flat dictionary, the same in every report, export and endpoint. Must not know which report it is for."""

from __future__ import annotations

from typing import Any, Final

from claude_tui.model import Totals
from claude_tui.moments import instant_or_none

COUNTS: Final = Totals._fields[:-2]
"""The fields of totals that add up."""

FLAT: Final = (*COUNTS, "tokens", "first", "last")
"""The keys of `flat`, in order."""


def flat(totals: Totals) -> dict[str, Any]:
    """Return every counter, the sum of tokens, and the first and last instant (null if nothing was counted)."""
    *counts, first_ms, last_ms = totals
    first = instant_or_none(first_ms)
    last = instant_or_none(last_ms)
    return dict(zip(FLAT, (*counts, totals.tokens, first, last), strict=True))
