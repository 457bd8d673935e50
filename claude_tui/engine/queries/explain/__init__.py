"""Where a number comes from: lines read, rows dropped and why, prices used, what is a bound or an estimate.

Computed on request, from the store and by reading the logs involved again. Bounded in time: the result says what was
not examined. Not for the event loop. Must not draw.
"""

from __future__ import annotations

from typing import Final

from claude_tui.engine.queries.explain.explanation import (
    COUNTED,
    FLAGS,
    FORKED,
    REASONS,
    REPEATED,
    Explanation,
    RateUse,
    RowFound,
    Unpriced,
)
from claude_tui.engine.queries.explain.of_query import explain_query
from claude_tui.engine.queries.explain.of_response import explain_response
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, Response
from claude_tui.sources.auditing.audit import COPY, INHERITED, MIGRATED, PROGRESS, RESTATED, SIDE_QUESTION

__all__ = [
    "COPY", "COUNTED", "FLAGS", "FORKED", "INHERITED", "MIGRATED", "PROGRESS", "REASONS", "REPEATED", "RESTATED",
    "SIDE_QUESTION", "Explanation", "RateUse", "RowFound", "Unpriced", "explain",
]  # fmt: skip

FILES_S: Final = 2.0
"""Longest time for reading logs again for one explanation."""
ROWS_S: Final = 3.0
"""Longest time for examining responses for one explanation."""


def explain(store: Store, about: Query | Response, *, files_s: float = FILES_S, rows_s: float = ROWS_S) -> Explanation:
    """Explain the sum over a query, or a single response. Takes about `files_s` + `rows_s` seconds at most."""
    if isinstance(about, Response):
        return explain_response(store, about, files_s)
    return explain_query(store, about, files_s, rows_s)
