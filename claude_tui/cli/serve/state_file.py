"""The headline figures in a file, for bars: written after every change, each time a whole file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import orjson

from claude_tui.cli import streams
from claude_tui.cli.serve.files import replace
from claude_tui.cli.serve.routes import Routes
from claude_tui.reports.state import state

INTERVAL_S: Final = 1.0
REFRESH_S: Final = 60.0
"""Burn and today's cost change with the clock alone."""
RETRY_S: Final = 10.0


async def keep_state(path: Path, routes: Routes) -> None:
    """Write the state at most once a second, from the end of the first count until cancelled.

    What is wrong with the file is told once, and tried again.
    """
    known, told = -1, ""
    await routes.wait_until_counted()
    while True:
        document = orjson.dumps(state(await routes.snapshot()), option=orjson.OPT_INDENT_2) + b"\n"
        trouble = ""
        try:
            await asyncio.to_thread(replace, path, document)
        except OSError as error:
            trouble = f"{path}: {error.strerror}"
        if trouble and trouble != told:
            streams.narrate(trouble)
        told = trouble
        await asyncio.sleep(RETRY_S if trouble else INTERVAL_S)
        if not trouble:
            known = await routes.wait_for_change(known, REFRESH_S)
