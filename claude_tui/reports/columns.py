"""Totals as a flat dictionary, the same in every report, export and endpoint."""

from __future__ import annotations

from typing import Any, Final

from claude_tui.model import Totals
from claude_tui.reports.amounts import instant

COUNTS: Final = Totals._fields[:-2]
"""The fields of totals that add up."""

FLAT: Final = (*COUNTS, "tokens", "first", "last")
"""The keys of `flat`, in order."""


def flat(totals: Totals) -> dict[str, Any]:
    """Return every counter, the sum of tokens, and the first and last instant (null where nothing was counted)."""
    *counts, first_ms, last_ms = totals
    first, last = (instant(time_ms) if time_ms else None for time_ms in (first_ms, last_ms))
    return dict(zip(FLAT, (*counts, totals.tokens, first, last), strict=True))
