"""Totals as a flat dictionary, the same in every report, export and endpoint. Must not know which report it is for."""

from __future__ import annotations

from typing import Any, Final

from claude_tui.figures import instant
from claude_tui.model import Totals

COUNTS: Final = Totals._fields[:-2]
"""The fields of totals that add up."""

FLAT: Final = (*COUNTS, "tokens", "first", "last")
"""The keys of `flat`, in order."""


def flat(totals: Totals) -> dict[str, Any]:
    """Return every counter, the sum of tokens, and the first and last instant (null if nothing was counted)."""
    *counts, first_ms, last_ms = totals
    first = instant(first_ms) if first_ms else None
    last = instant(last_ms) if last_ms else None
    return dict(zip(FLAT, (*counts, totals.tokens, first, last), strict=True))
