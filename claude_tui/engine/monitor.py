"""The live engine as one object: discover, scan, follow, and pictures of it for any thread. Must not draw."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from claude_tui.engine.reading import FileColumns, FileReader, Task, discover, roots_of
from claude_tui.engine.scan import Scan
from claude_tui.engine.snapshots import SnapshotMaker
from claude_tui.engine.store import Store
from claude_tui.engine.tail import Tail
from claude_tui.model import Phase, Progress, Query, Response, Snapshot
from claude_tui.pricing import Pricer
from claude_tui.sources.protocol import SourceConfig

_log = logging.getLogger(__name__)


class Monitor:
    """Counts the logs of a configuration and keeps the count current while `run` runs."""

    def __init__(self, config: SourceConfig, pricer: Pricer, zone: ZoneInfo) -> None:
        self.config = config
        self.store = Store(pricer, zone)
        self._reader = FileReader(pricer, zone)
        self.tail: Tail | None = None
        self._maker = SnapshotMaker(self.store, roots=tuple(root for _, root in roots_of(config)))
        self._callbacks: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._callbacks_lock = threading.Lock()

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback`, from any thread, whenever a snapshot may differ from the last one."""
        with self._callbacks_lock:
            self._callbacks.append(callback)

    def snapshot(self, query: Query, now_ms: int) -> Snapshot:
        """Return the state at `now_ms`; the same object again while nothing moved. Safe from any thread."""
        return self._maker.take(query, now_ms)

    def turns(self, session: str) -> Sequence[Response]:
        """Return every response of a session with its extras, by time."""
        return self.store.responses(Query(session=session))

    def refresh(self) -> None:
        """Look at every file again now. Safe from any thread."""
        if self._loop is not None and self.tail is not None:
            self._loop.call_soon_threadsafe(self.tail.refresh)

    async def run(self) -> None:
        """Count everything, then follow it until cancelled."""
        self._loop = asyncio.get_running_loop()
        try:
            files = await asyncio.to_thread(discover, self.config)
            self.tail = Tail(self.config, self.store, self._reader, self._notify)
            scan = Scan([Task(file) for file in files], self._reader)
            self._show(Progress(Phase.SCANNING, 0, scan.files_total, 0, scan.bytes_total))
            await scan.run(self._take_in, self._show)
            self._show(self._following())
            await self.tail.run()
        finally:
            self._show(replace(self._maker.progress, phase=Phase.STOPPED))

    def _following(self) -> Progress:
        """Describe what is being followed."""
        tail = self.tail
        phase = Phase.POLLING if tail is not None and tail.is_polling else Phase.LIVE
        files = tail.files if tail is not None else 0
        done = self._maker.progress.bytes_done
        return Progress(phase, files, files, done, done)

    def _take_in(self, found: Sequence[FileColumns]) -> None:
        for one in found:
            self.store.take_in(one)
            if self.tail is not None:
                self.tail.note(one)

    def _show(self, progress: Progress) -> None:
        self._maker.progress = progress
        self._notify()

    def _notify(self) -> None:
        tail = self.tail
        known = self._maker.progress
        if tail is not None and known.phase in (Phase.LIVE, Phase.POLLING) and known.files_total != tail.files:
            self._maker.progress = self._following()
        with self._callbacks_lock:
            callbacks = list(self._callbacks)
        for callback in callbacks:
            try:
                callback()
            except Exception:  # a listener's mistake must not stop the count
                _log.exception("a listener failed")
