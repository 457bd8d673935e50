"""Totals as a flat dictionary, the same in every report, export and endpoint. Must not know which report it is for."""

from __future__ import annotations

from typing import Any, Final

from claude_tui.model import Totals
from claude_tui.moments import instant

COUNTS: Final = Totals._fields[:-2]
"""The fields of totals that add up."""

FLAT: Final = (*COUNTS, "tokens", "first", "last")
"""The keys of `flat`, in order."""


def flat(totals: Totals) -> dict[str, Any]:
    """Return every counter, the sum of tokens, and the first and last instant (null if nothing was counted)."""
    (
        responses, given, output, write_5m, write_1h, cache_read, web_search, cost_nano, read_saved_nano,
        write_extra_nano, lower_bound, flagged, unpriced_responses, unpriced_tokens, premium_milli, first_ms, last_ms,
    ) = totals  # fmt: skip
    # Written out: a report has thousands of rows.
    return {
        "responses": responses, "input": given, "output": output, "cache_write_5m": write_5m,
        "cache_write_1h": write_1h, "cache_read": cache_read, "web_search": web_search, "cost_nano": cost_nano,
        "read_saved_nano": read_saved_nano, "write_extra_nano": write_extra_nano, "lower_bound": lower_bound,
        "flagged": flagged, "unpriced_responses": unpriced_responses, "unpriced_tokens": unpriced_tokens,
        "premium_milli": premium_milli, "tokens": given + output + write_5m + write_1h + cache_read,
        "first": instant(first_ms) if first_ms else None, "last": instant(last_ms) if last_ms else None,
    }  # fmt: skip
