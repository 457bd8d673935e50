"""The nouns every layer shares: counters, rows, responses, totals, snapshots.

Frozen, slotted and free of behaviour beyond sums. Tokens and money are integers everywhere: money in
nanodollars (1e-9 USD), time in milliseconds since the Unix epoch, UTC. This package must not know where
numbers come from or how they are shown, and imports nothing of ours.
"""

from claude_tui.model.activity import Activity, NamedActivity, SessionState
from claude_tui.model.counted import (
    COST,
    ESTIMATE_FLAGS,
    FIRST,
    LAST,
    MAX_COUNT,
    NEVER_MS,
    PREMIUM,
    RESPONSES,
    UNLOGGED,
    UNPRICED_TOKENS,
    Extra,
    Price,
    PriceStatus,
    Problem,
    ProblemKind,
    Query,
    Response,
    Row,
    Totals,
    Usage,
)
from claude_tui.model.shown import (
    AgentRow,
    Burn,
    DayRow,
    ModelRow,
    Phase,
    Progress,
    ProjectRow,
    SessionRow,
    Snapshot,
)

__all__ = [
    "COST",
    "ESTIMATE_FLAGS",
    "FIRST",
    "LAST",
    "MAX_COUNT",
    "NEVER_MS",
    "PREMIUM",
    "RESPONSES",
    "UNLOGGED",
    "UNPRICED_TOKENS",
    "Activity",
    "AgentRow",
    "Burn",
    "DayRow",
    "Extra",
    "ModelRow",
    "NamedActivity",
    "Phase",
    "Price",
    "PriceStatus",
    "Problem",
    "ProblemKind",
    "Progress",
    "ProjectRow",
    "Query",
    "Response",
    "Row",
    "SessionRow",
    "SessionState",
    "Snapshot",
    "Totals",
    "Usage",
]
