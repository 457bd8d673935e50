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
    row: dict[str, Any] = {name: getattr(totals, name) for name in COUNTS}
    row["tokens"] = totals.tokens
    row["first"] = instant(totals.first_ms) if totals.first_ms else None
    row["last"] = instant(totals.last_ms) if totals.last_ms else None
    return row
