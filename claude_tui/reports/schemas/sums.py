"""Parts that the schemas of several commands have: sums, and how far telemetry covers them."""

from __future__ import annotations

from typing import Final

from claude_tui.reports.columns import COUNTS
from claude_tui.reports.schemas.terms import (
    COUNT,
    DAY,
    INSTANT,
    NANO,
    TEXT,
    Schema,
    maybe,
    record,
    rows,
)

SUMS: Final[dict[str, Schema]] = {
    **{name: NANO if name.endswith("nano") else COUNT for name in COUNTS},
    "tokens": COUNT, "first": maybe(INSTANT), "last": maybe(INSTANT),
}  # fmt: skip
"""What every sum has: the counters of its responses, the sum of their tokens, the first and last instant."""
COVERAGE: Final[dict[str, Schema]] = {
    **dict.fromkeys(("logged", "covered", "only_told", "raised"), COUNT),
    "days": rows(record({"day": DAY, "logged": COUNT, "covered": COUNT, "only_told": COUNT})),
    "kinds": rows(record({"source": TEXT, "kind": TEXT, **SUMS})),
}
