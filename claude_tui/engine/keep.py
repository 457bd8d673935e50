"""Writes to the ledger whatever the logs say, once and without a screen. Must not draw, and follows nothing.

It is the monitor itself that runs, up to where its first count is complete and kept: the ledger gets what it would get
from a screen that was opened and left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from claude_tui.engine.monitor import Monitor
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Progress
from claude_tui.records import NamedTuple

if TYPE_CHECKING:
    from claude_tui.engine.ledger.results import Summary


class KeepResult(NamedTuple):
    """What a count left in the ledger: files and responses it holds now, responses it did not hold before.

    `events` are what telemetry told, `added_events` those that are new. `error` says why something could not be
    written; "" if all was.
    """

    files: int
    responses: int
    added: int
    error: str = ""
    events: int = 0
    added_events: int = 0


async def keep(setup: Setup, on_progress: Callable[[Progress], object] = lambda progress: None) -> KeepResult:
    """Count all logs and write to the ledger what it does not hold. Waits for another process that writes.

    Raises whatever ends the count. Without a ledger file in `setup` there is nothing to do: ValueError.
    """
    monitor = Monitor(setup)
    saver = monitor.saver
    if saver.keeper is None:
        raise ValueError("no ledger to keep")
    ledger = saver.keeper.ledger
    before = await asyncio.to_thread(ledger.summary)
    counted = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look() -> None:
        on_progress(monitor.maker.progress)
        if monitor.maker.progress.phase in (Phase.LIVE, Phase.POLLING):
            loop.call_soon_threadsafe(counted.set)

    monitor.subscribe(look)
    running = asyncio.create_task(monitor.run())
    waiting = asyncio.create_task(counted.wait())
    try:
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        await asyncio.to_thread(saver.keep_first_count)
        is_written = await asyncio.to_thread(saver.keeper.settle)
        await asyncio.to_thread(saver.keeper.keep_causes)
        await asyncio.to_thread(saver.prune_spool)
    finally:
        waiting.cancel()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    after = await asyncio.to_thread(ledger.summary)
    error = saver.keeper.status or ("" if is_written else "another process keeps the ledger busy")
    added, told = (max(0, now - then) for now, then in zip(_counts(after), _counts(before), strict=True))
    return KeepResult(after.files, after.responses, added, error, after.events, told)


def _counts(summary: Summary) -> tuple[int, int]:
    return summary.responses, summary.events
