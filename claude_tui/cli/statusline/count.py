"""The background count for the statusline, in its own process.

    python -m claude_tui.cli.statusline.count FOLDER [ZONE [SESSION]]

Writes what the statusline shows to one small file. Nobody waits for it and nobody reads its output. Must not print.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from argparse import Namespace
from datetime import date, datetime, timedelta
from datetime import time as day_time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from claude_tui import files
from claude_tui.cli.counting.setup import counted, snapshot_of
from claude_tui.cli.environment import now_ms
from claude_tui.cli.options.places import source_config, timezone
from claude_tui.cli.statusline.files import SCHEMA, count_path, lock_path, place_of
from claude_tui.engine.queries.allowances.blocks import LENGTH_MS, blocks, entries_of
from claude_tui.engine.queries.responses import list_responses
from claude_tui.figures import written_cost
from claude_tui.units import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from claude_tui.engine.state.store import Store
    from claude_tui.model import Response


def day_of(store: Store, zone: ZoneInfo, at_ms: int, session: str = "") -> dict[str, Any]:
    """Return the figures of the current local day and block, in the form reports.statusline takes.

    Includes the sessions of the last hours and the requested session; a session without a response has cost 0.
    """
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    tomorrow = datetime.combine(local.date() + timedelta(days=1), day_time(), zone)
    recent = _since_a_pause(store, local.date())
    active = [block for block in blocks(entries_of(recent)) if block.is_active(at_ms)]
    snapshot = snapshot_of(store)
    return {
        "schema": SCHEMA,
        "today": written_cost(snapshot.today),
        "today_nano": snapshot.today.cost_nano,
        "day_end_ms": int(tomorrow.timestamp() * 1000),
        "block_start_ms": active[-1].start_ms if active else 0,
        "block_end_ms": active[-1].end_ms if active else 0,
        "block_nano": active[-1].nano if active else 0,
        "block_first_ms": active[-1].first_ms if active else 0,
        "recent": [
            [response.time_ms, response.price.nano or 0, response.usage.input + response.usage.output]
            for response in recent
            if at_ms - HOUR_MS < response.time_ms <= at_ms
        ],
        "minutes": _minutes(recent, at_ms),
        "sessions": ({session: 0} if session else {})
        | {
            row.key: row.totals.cost_nano
            for row in snapshot.sessions
            if row.key == session or at_ms - row.totals.last_ms < 2 * LENGTH_MS
        },
    }


def _minutes(recent: list[Response], at_ms: int) -> list[list[int]]:
    """Return what each minute of the last five hours cost: [minute since the epoch, nanodollars]."""
    spent: dict[int, int] = {}
    for response in recent:
        if at_ms - LENGTH_MS - MINUTE_MS < response.time_ms <= at_ms:
            minute = response.time_ms // MINUTE_MS
            spent[minute] = spent.get(minute, 0) + (response.price.nano or 0)
    return [[minute, nano] for minute, nano in sorted(spent.items())]


def _since_a_pause(store: Store, today: date) -> list[Response]:
    """Return the responses that decide where the current block began: all since a pause longer than a block."""
    from claude_tui.model import Query

    for days in (2, 8, 32):
        found = list_responses(store, Query(since=today - timedelta(days=days)))
        times = [response.time_ms for response in found]
        if any(later - earlier > LENGTH_MS for earlier, later in pairwise(times)):
            return found
    return list_responses(store)


def _codex_limits(at_ms: int) -> list[list[Any]]:
    """Return the windows Codex logged of its plan, those of the folder it uses: [name, percent used, end]."""
    from claude_tui.engine.queries.plan_limits import plan_limits

    windows = plan_limits("", source_config(Namespace(source=("codex",))), at_ms).windows
    return [[window.name, window.used_percent, window.resets_ms] for window in windows]


def main(folder: str, zone_name: str = "", session: str = "") -> int:
    """Count, write the file, and release the lock for the next count."""
    path = count_path(folder, place_of(zone_name))
    try:
        with contextlib.suppress(AttributeError, OSError):
            os.nice(10)
        started_s = time.monotonic()
        options = Namespace(timezone=zone_name, source=("claude",))
        zone = timezone(options)
        at_ms = now_ms()
        day = day_of(counted(options, is_empty_fine=True), zone, at_ms, session)
        day |= {
            "codex_limits": _codex_limits(at_ms),
            "place": place_of(zone_name),
            "taken_ms": at_ms,
            "took_ms": int((time.monotonic() - started_s) * 1000),
        }
        files.replace(path, json.dumps(day, separators=(",", ":")).encode(), files.OWN)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(lock_path(path))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
