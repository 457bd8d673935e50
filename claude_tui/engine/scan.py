"""The first read of everything: async workers over a known file list, parsing outside the event loop.

Must not watch for changes. What fails is read again in this process, so a broken worker loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Final

from claude_tui.engine.reading import FileColumns, batches, read_batch
from claude_tui.model import Phase, Progress
from claude_tui.sources.protocol import LogFile

MAX_IN_FLIGHT: Final = 50
"""Batches under way at once: the bound of the semaphore."""

POOL_BYTES: Final = 48 << 20
"""Below this a scan is over before worker processes have started."""

OnRead = Callable[[Sequence[FileColumns]], None]
OnProgress = Callable[[Progress], None]

_log = logging.getLogger(__name__)


async def scan(files: Sequence[LogFile], on_read: OnRead, on_progress: OnProgress, *, processes: int = 0) -> None:
    """Read every file once, in the order given, handing each batch to `on_read` (called from a worker thread).

    `processes` is the number of worker processes; 0 chooses by the size of the work. `on_progress` is called
    after each batch. Cancelling stops after the batches under way.
    """
    total_bytes = sum(file.size for file in files)
    work = list(batches(files))
    semaphore = asyncio.Semaphore(MAX_IN_FLIGHT)
    loop = asyncio.get_running_loop()
    started = time.monotonic()
    done = [0, 0]
    with ThreadPoolExecutor(1, "apply") as applier:
        pool = _pool(total_bytes, processes)

        async def worker(batch: list[LogFile]) -> None:
            async with semaphore:
                found = await _read(loop, pool or applier, applier, batch)
                await loop.run_in_executor(applier, on_read, found)
            done[0] += len(batch)
            done[1] += sum(file.size for file in batch)
            on_progress(_progress(done[0], len(files), done[1], total_bytes, time.monotonic() - started))

        try:
            await asyncio.gather(*(worker(batch) for batch in work))
        finally:
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)


async def _read(
    loop: asyncio.AbstractEventLoop, pool: Executor, fallback: Executor, batch: list[LogFile]
) -> list[FileColumns]:
    try:
        return await loop.run_in_executor(pool, read_batch, batch)
    except (BrokenProcessPool, OSError, RuntimeError) as error:
        _log.warning("reading %d files in this process: %s", len(batch), error)
        return await loop.run_in_executor(fallback, read_batch, batch)


def _pool(total_bytes: int, processes: int) -> ProcessPoolExecutor | None:
    """Start worker processes where there is enough to read; None where this process reads by itself."""
    count = processes or (os.cpu_count() or 1)
    if count < 2 or (not processes and total_bytes < POOL_BYTES):
        return None
    try:
        # Threads run already, so a plain fork could copy a held lock.
        return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_lower_priority)
    except OSError:
        return None


def _lower_priority() -> None:
    """Let the screen come first."""
    if hasattr(os, "nice"):
        os.nice(5)


def _progress(files: int, files_total: int, done: int, total: int, elapsed_s: float) -> Progress:
    eta_s = elapsed_s * (total - done) / done if done else None
    return Progress(Phase.SCANNING, files, files_total, done, total, eta_s)
