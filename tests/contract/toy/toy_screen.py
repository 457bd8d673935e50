"""Prints the screen over the logs of a home; then the log given grows by the line given, and the screen follows."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from claude_tui.engine.monitor import Monitor
from claude_tui.engine.setup import Setup
from claude_tui.paths import cache_folder, ledger_file
from claude_tui.pricing import load_pricer
from claude_tui.sources.protocol import SourceConfig
from claude_tui.ui.app import ClaudeTop
from claude_tui.ui.settings.file import Settings
from tests.ui.helpers import screen_text, settled, wait_until


def grow(log: str, line: str) -> None:
    with open(log, "a") as grown:
        grown.write(line + "\n")


async def show(log: str, line: str) -> None:
    config = SourceConfig(Path.home(), dict(os.environ))
    setup = Setup(config, load_pricer(), ZoneInfo("UTC"), cache_folder=cache_folder(), ledger_file=ledger_file())
    app = ClaudeTop(Monitor(setup), Settings(view="models"))
    async with app.run_test(size=(160, 40)) as pilot:
        await wait_until(pilot, lambda: app.snapshot is not None and app.snapshot.totals.responses == 2)
        await settled(pilot)
        print(screen_text(app))
        grow(log, line)
        await wait_until(pilot, lambda: app.snapshot is not None and app.snapshot.totals.responses == 3)


asyncio.run(show(*sys.argv[1:]))
