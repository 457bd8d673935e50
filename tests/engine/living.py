"""A monitor that runs while a test changes files, and ways to wait for what it should come to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from claude_tui.engine.follow.tail import Tail
from claude_tui.engine.monitor import Monitor
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.setup import Setup
from claude_tui.model import Phase, Query, Snapshot
from claude_tui.sources.protocol import SourceConfig
from tests.engine.counting import NOW_MS, PRICER, UTC, canonical, config_of, counted, placeless, reference
from tests.replacing import replace

WAIT_S = 60.0


class Living:
    """A running monitor of some folders of Claude Code, or of what a configuration names."""

    def __init__(self, *folders: Path, config: SourceConfig | None = None, ledger_file: Path | None = None) -> None:
        self.folders = folders
        self.monitor = Monitor(Setup(config or config_of(*folders), PRICER, UTC, ledger_file=ledger_file))
        self._moved = asyncio.Event()
        loop = asyncio.get_running_loop()

        def moved() -> None:
            loop.call_soon_threadsafe(self._moved.set)

        self.monitor.subscribe(moved)

    @property
    def tail(self) -> Tail:
        assert self.monitor.tail is not None
        return self.monitor.tail

    def look(self) -> Snapshot:
        return self.monitor.snapshot(Query(), NOW_MS)

    async def until(self, is_so: Callable[[Snapshot], bool]) -> Snapshot:
        """Wait for a snapshot that is as it should be."""

        async def waited() -> Snapshot:
            while True:
                self._moved.clear()
                snapshot = self.look()
                if is_so(snapshot):
                    return snapshot
                await self._moved.wait()

        return await asyncio.wait_for(waited(), WAIT_S)

    async def until_counted(self, responses: int) -> Snapshot:
        return await self.until(lambda snapshot: snapshot.totals.responses == responses)

    async def until_swept(self, sweeps: int) -> None:
        """Wait for that many sweeps in all; nothing tells of one that found nothing."""
        while self.tail.work.sweeps < sweeps:  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def settle(self) -> Snapshot:
        """Take in everything that is on disk now."""
        await self.tail.sweep()
        return self.look()

    async def assert_level(self) -> None:
        """What is shown live is what a fresh count and the plain reference give."""
        live = await self.settle()
        fresh = counted(*self.folders)
        assert placeless(list_responses(self.monitor.store)) == placeless(reference(*self.folders))
        assert placeless(list_responses(self.monitor.store)) == placeless(list_responses(fresh))
        expected = SnapshotMaker(fresh, roots=live.roots).take(Query(), NOW_MS)
        assert canonical(live) == canonical(replace(expected, problems=live.problems))
        assert dict(live.problems) == dict(expected.problems)


@contextlib.asynccontextmanager
async def running(living: Living) -> AsyncIterator[None]:
    """Run a monitor: it has read everything there is, and it is stopped at the end."""
    task = asyncio.create_task(living.monitor.run())
    try:
        await living.until(lambda snapshot: snapshot.progress.phase in (Phase.LIVE, Phase.POLLING))
        await living.tail.sweep()
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def living(
    *folders: Path, config: SourceConfig | None = None, ledger_file: Path | None = None
) -> AsyncIterator[Living]:
    """A monitor that has read everything there is and follows it; stopped at the end."""
    found = Living(*folders, config=config, ledger_file=ledger_file)
    try:
        async with running(found):
            yield found
    finally:
        assert found.look().progress.phase is Phase.STOPPED
