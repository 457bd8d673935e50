"""The live engine as one object: discover, scan, follow, and pictures of it for any thread. Must not draw."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from claude_tui.engine.archive import archive_of
from claude_tui.engine.first_read import FirstRead
from claude_tui.engine.follow.first_prompts import FirstPrompts
from claude_tui.engine.follow.processes import LOOK_S, LiveRegistry
from claude_tui.engine.follow.recent_logs import RecentLogs
from claude_tui.engine.follow.tail import Tail
from claude_tui.engine.queries.answers import Answers
from claude_tui.engine.saver import Saver
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.batch import Packed
from claude_tui.model import Phase, Progress

if TYPE_CHECKING:
    from claude_tui.engine.scan.scan import Scan

PROMPTS_S: Final = 2.0
"""How often new sessions are checked for a first prompt."""

LEDGER_LOOK_S: Final = 1.0
"""How often the ledger is checked for what others wrote."""

ENDING_S: Final = 2.0
"""So long what follows may take to end: what it brings after that does not count, and saving must not wait for it."""

_log = logging.getLogger(__name__)


class Monitor(Answers):
    """Counts the logs of a configuration and keeps the count current while `run` runs.

    Made from what the cache knows, so the first picture needs no log. What `first` has begun to read is taken in from
    now on.
    """

    def __init__(self, setup: Setup, first: FirstRead | None = None) -> None:
        self.tail: Tail | None = None
        self._first = first or FirstRead(setup)
        self._opening = self._first.opening
        super().__init__(
            self._opening.store,
            roots=self._opening.roots,
            limits_folder=setup.limits_folder,
            cache_folder=setup.cache_folder,
            archive=archive_of(setup.ledger_file),
            ticket=setup.ticket,
        )
        self.saver = Saver(self._opening, self._notify)
        self._recent = RecentLogs(self.store)
        self._registry = LiveRegistry.of(setup.config, setup.limits_folder, self._recent.of_codex)
        self._prompts: FirstPrompts | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._callbacks_lock = threading.Lock()
        if self._first.scan is not None:
            self._begin(self._first.scan)

    @property
    def saved_ms(self) -> int:
        """When the numbers of the first picture were saved; 0 if there were none."""
        return self._opening.saved_ms

    @property
    def is_counting(self) -> bool:
        """Whether the first count is still under way."""
        return self.maker.progress.phase in (Phase.DISCOVERING, Phase.SCANNING)

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback`, from any thread, whenever a snapshot may differ from the last one."""
        with self._callbacks_lock:
            self._callbacks.append(callback)

    def refresh(self) -> None:
        """Look at every file again now. Safe from any thread."""
        if self._loop is not None and self.tail is not None:
            self._loop.call_soon_threadsafe(self.tail.refresh)
            self._loop.call_soon_threadsafe(self._loop.run_in_executor, None, self.look_at_ledger)

    def call_sessions(self, by: str) -> None:
        """Call sessions by "title", "prompt" or "id". Prompts are read once all is counted, and only to be shown."""
        super().call_sessions(by)
        self._prompts = FirstPrompts(self.store) if by == "prompt" else None

    def prepare(self) -> None:
        """Find the files, begin to read them and take in what is read: before there is an event loop to `run` in."""
        self._begin(self._first.begin())

    async def run(self) -> None:
        """Count everything, then follow it until cancelled."""
        self._loop = asyncio.get_running_loop()
        watching = asyncio.create_task(self._watch_processes())
        try:
            if self._first.scan is None:
                await asyncio.to_thread(self.prepare)
            while True:
                await self._read_all()
                await self._follow()
                # The ledger is another one, so what it said no longer counts.
                self._begin(self._first.restart(await asyncio.to_thread(self.saver.forget)))
        finally:
            watching.cancel()
            self._first.end()
            self.saver.stop()
            self._show(self.maker.progress._replace(phase=Phase.STOPPED))

    async def _read_all(self) -> None:
        """Read what is left to read, and add what the ledger holds beyond it."""
        opening = self._opening
        await asyncio.to_thread(self.saver.start)
        await self._run_scan()
        if not await asyncio.to_thread(lambda: opening.load() and opening.recall()):
            self.saver.drop_unkept()
            self._begin(self._first.restart(opening.all_tasks()))
            await self._run_scan()
            await asyncio.to_thread(opening.recall)
        self.saver.is_replaced.clear()
        self._first.end()
        opening.files = []  # what the first read alone needs

    async def _follow(self) -> None:
        """Follow logs and ledger until cancelled, or until the ledger is no longer the one that was counted."""
        opening = self._opening
        tail = Tail(opening.config, self.store, opening.reader, self._notify, opening.seen, self.saver.keep)
        self.tail, self.saver.is_continued = tail, lambda: tail.is_continued
        self._show(self._following())
        following = [asyncio.create_task(task) for task in (tail.run(), self.saver.run())]
        if self._prompts is not None:
            following.append(asyncio.create_task(self._follow_prompts(self._prompts)))
        if opening.follower is not None:
            following.append(asyncio.create_task(self._follow_ledger()))
        try:
            done, _ = await asyncio.wait(following, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            tail.end()
            for task in following:
                task.cancel()
            await asyncio.wait(following, timeout=ENDING_S)

    async def _follow_prompts(self, prompts: FirstPrompts) -> None:
        """Call new sessions by their first prompt until cancelled."""
        while True:
            if await asyncio.to_thread(prompts.look):
                self.maker.prompts = prompts.found
                self._notify()
            await asyncio.sleep(PROMPTS_S)

    async def _follow_ledger(self) -> None:
        """Give the store what others write into the ledger. Returns if the ledger was replaced."""
        while not self.saver.is_replaced.is_set():
            await asyncio.sleep(LEDGER_LOOK_S)
            await asyncio.to_thread(self.look_at_ledger)

    def look_at_ledger(self) -> None:
        """Give the store what is new in the ledger. Not for the event loop."""
        follower = self._opening.follower
        if follower is None or not follower.is_behind():
            return
        from claude_tui.engine.ledger import FollowResult

        found = follower.follow(self._opening.seen)
        if found is FollowResult.REPLACED:
            self.saver.is_replaced.set()
        if found is FollowResult.GIVEN:
            self._notify()

    def _begin(self, scan: Scan) -> None:
        self._show(Progress(Phase.SCANNING, 0, scan.files_total, 0, scan.bytes_total))
        scan.begin(self._take_in, self._show)

    async def _run_scan(self) -> None:
        if self._first.scan is not None:
            await self._first.scan.run(self._take_in, self._show)

    async def _watch_processes(self) -> None:
        """Look regularly what the running sessions are doing, and send news if that changed."""
        is_over = threading.Event()

        def watch() -> None:
            while not is_over.is_set():
                if self._registry.look(int(time.time() * 1000)):
                    self.maker.presences = self._registry.sessions
                    self._notify()
                is_over.wait(LOOK_S)

        # A thread of its own: waking the event loop as often would cost more than to look.
        thread = ThreadPoolExecutor(1, "sessions")
        try:
            await asyncio.get_running_loop().run_in_executor(thread, watch)
        finally:
            is_over.set()
            thread.shutdown(wait=False)

    def _following(self) -> Progress:
        """Describe what is being followed."""
        tail = self.tail
        phase = Phase.POLLING if tail is not None and tail.is_polling else Phase.LIVE
        files = tail.files if tail is not None else 0
        done = self.maker.progress.bytes_done
        history = self.saver.keeper.status if self.saver.keeper is not None else ""
        return Progress(phase, files, files, done, done, detail=self._opening.cache.problem, history=history)

    def _take_in(self, found: Packed) -> None:
        before = [self._opening.seen.get(outcome.file.path) for outcome in found.outcomes]
        self.store.take_in(found)
        self._opening.note(found.outcomes)
        self.saver.put_off(found, before)

    def _show(self, progress: Progress) -> None:
        self.maker.progress = progress
        self._notify()

    def _notify(self) -> None:
        if self.maker.progress.phase in (Phase.LIVE, Phase.POLLING):
            following = self._following()
            if following != self.maker.progress:
                self.maker.progress = following
        with self._callbacks_lock:
            callbacks = list(self._callbacks)
        for callback in callbacks:
            try:
                callback()
            except Exception:  # a listener's mistake must not stop the count
                _log.exception("a listener failed")
