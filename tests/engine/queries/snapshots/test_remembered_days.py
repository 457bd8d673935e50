from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from claude_tui.engine.count import count
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query
from claude_tui.pricing import load_pricer
from claude_tui.sources.protocol import SourceConfig
from tests.logs import ClaudeHome, assistant, usage

ZONE = ZoneInfo("UTC")
DAY_MS = 86_400_000
FIRST_MS = 1_793_527_200_000  # 2026-11-01 10:00
NOW_MS = FIRST_MS + 9 * DAY_MS


async def test_days_whose_logs_are_gone_are_marked(claude_home: ClaudeHome, tmp_path: Path) -> None:
    gone = claude_home.path("gone")
    claude_home.append(assistant("msg_old", FIRST_MS, usage(10, 20), session="gone"), session="gone")
    claude_home.append(assistant("msg_new", FIRST_MS + DAY_MS, usage(10, 20), session="kept"), session="kept")
    config = SourceConfig(tmp_path, {"CLAUDE_CONFIG_DIR": str(claude_home.folder)}, sources=("claude",))
    cache, ledger = tmp_path / "cache", tmp_path / "ledger.db"
    await _until_live(Monitor(Setup(config, load_pricer(), ZONE, cache_folder=cache, ledger_file=ledger)))
    gone.unlink()

    for cache_folder in (cache, cache, None):  # from the cache, from the cache saved since, from the logs alone
        store = count(Setup(config, load_pricer(), ZONE, cache_folder=cache_folder, ledger_file=ledger))
        days = SnapshotMaker(store).take(Query(), NOW_MS).days
        assert [(row.day, row.totals.responses) for row in days] == [(date(2026, 11, 1), 1), (date(2026, 11, 2), 1)]
        assert [row.is_remembered for row in days] == [True, False]


async def _until_live(monitor: Monitor) -> None:
    loop, is_live = asyncio.get_running_loop(), asyncio.Event()

    def look() -> None:
        if monitor.snapshot(Query(), NOW_MS).progress.phase is Phase.LIVE:
            loop.call_soon_threadsafe(is_live.set)

    monitor.subscribe(look)
    running = asyncio.create_task(monitor.run())
    await asyncio.wait_for(is_live.wait(), 20)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
