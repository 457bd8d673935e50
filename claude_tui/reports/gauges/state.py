"""The few figures a status bar or a dashboard shows all the time, as a dictionary: `claude-top/state@1`.

Must not write it.
"""

from __future__ import annotations

from typing import Any, Final

from claude_tui.model import Snapshot
from claude_tui.moments import instant, instant_or_none
from claude_tui.reports.columns import flat

SCHEMA: Final = "claude-top/state@1"


def state(snapshot: Snapshot) -> dict[str, Any]:
    """Return totals, today, burn and activity. Costs are in nanodollars."""
    burn = snapshot.burn
    return {
        "schema": SCHEMA,
        "revision": snapshot.revision,
        "time": instant(snapshot.taken_ms),
        "newest": instant_or_none(snapshot.newest_ms),
        "phase": snapshot.progress.phase.value,
        "totals": flat(snapshot.totals),
        "today": flat(snapshot.today),
        "burn_nano_per_hour": {
            "5m": burn.last_5m_nano, "15m": burn.last_15m_nano, "60m": burn.last_60m_nano,
        },
        "active_sessions": snapshot.active_sessions,
        "waiting_sessions": snapshot.waiting_sessions,
        "problems": sum(snapshot.problems.values()),
    }  # fmt: skip
