"""The live engine as one object: discover, scan, follow, and pictures of it for any thread. Must not draw."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from claude_tui.engine.cache.seen import Seen
from claude_tui.engine.follow.processes import LOOK_S, LiveRegistry
from claude_tui.engine.follow.tail import Tail
from claude_tui.engine.queries.budgets import Budget, BudgetState, check
from claude_tui.engine.queries.explain import Explanation, explain
from claude_tui.engine.queries.hours import HourBook, Hours
from claude_tui.engine.queries.limits import Limits
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots import SnapshotMaker
from claude_tui.engine.queries.turns import TurnDetails, turn_details
from claude_tui.engine.queries.windows import BlocksPicture, WindowBook
from claude_tui.engine.scan.memory import give_back, trim
from claude_tui.engine.scan.reading import Task
from claude_tui.engine.scan.scan import Scan
from claude_tui.engine.start import Opening
from claude_tui.engine.state.batch import FileColumns, Packed
from claude_tui.model import Phase, Progress, Query, Response, Snapshot
from claude_tui.pricing import Pricer
from claude_tui.sources.protocol import SourceConfig

if TYPE_CHECKING:
    from claude_tui.engine.ledger import LedgerFollower

SAVE_INTERVAL_S: Final = 60.0
"""How often what is new is saved for the next start."""

FIRST_PICTURE_S: Final = 0.5
"""So long what can wait leaves the store to the picture of everything counted."""

MAX_UNKEPT: Final = 100_000
"""So many responses of the first count wait in memory for the ledger, which is written when they are on screen."""

LEDGER_LOOK_S: Final = 1.0
"""How often it is looked whether others wrote into the ledger."""

WORKER_NICENESS: Final = 5
"""The screen comes before what reads for it."""

_log = logging.getLogger(__name__)


class Monitor:
    """Counts the logs of a configuration and keeps the count current while `run` runs.

    Made from what the cache knows, so the first picture needs no log. `reported_folder` is where limits that the
    client reported are kept (see `limits`).
    """

    def __init__(
        self,
        config: SourceConfig,
        pricer: Pricer,
        zone: ZoneInfo,
        *,
        cache_folder: Path | None = None,
        ledger_file: Path | None = None,
        reported_folder: Path | None = None,
    ) -> None:
        self.tail: Tail | None = None
        self._opening = Opening(
            config, pricer, zone, cache_folder=cache_folder, ledger_file=ledger_file, note_names=ledger_file is not None
        )
        self.store = self._opening.store
        self._maker = SnapshotMaker(self.store, roots=tuple(root for _, root in self._opening.roots))
        self._registry = LiveRegistry.of(config)
        self._hours = HourBook(self.store)
        self._windows = WindowBook(self.store, reported_folder)
        self._follower = self._opening.follower
        self._keeper = self._opening.keeper(self._notify)
        self._is_replaced = threading.Event()
        self._scan: Scan | None = None
        self._saved_revision = -1
        self._saving, self._is_stopped = threading.Lock(), False
        self._keeping = threading.Lock()
        self._unkept: list[Packed] = []
        self._callbacks: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._callbacks_lock = threading.Lock()

    @property
    def saved_ms(self) -> int:
        """When the numbers of the first picture were saved; 0 where there were none."""
        return self._opening.saved_ms

    @property
    def is_counting(self) -> bool:
        """Whether the first count is still under way."""
        return self._maker.progress.phase in (Phase.DISCOVERING, Phase.SCANNING)

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback`, from any thread, whenever a snapshot may differ from the last one."""
        with self._callbacks_lock:
            self._callbacks.append(callback)

    def snapshot(self, query: Query, now_ms: int) -> Snapshot:
        """Return the state at `now_ms`; the same object again while nothing moved. Safe from any thread."""
        return self._maker.take(query, now_ms)

    def turns(self, session: str) -> Sequence[Response]:
        """Return every response of a session with its extras, by time."""
        return list_responses(self.store, Query(session=session))

    def responses(self, query: Query) -> Sequence[Response]:
        """Return every response a query covers with its extras, by time. Not for the event loop."""
        return list_responses(self.store, query)

    def budgets(self, budgets: Iterable[Budget], now_ms: int, week_starts_on: str = "monday") -> list[BudgetState]:
        """Return how budgets stand. Takes a few milliseconds."""
        return check(self.store, budgets, now_ms, week_starts_on=week_starts_on)

    def hours(self, query: Query) -> Hours | None:
        """Return the cost of each local hour of the day over `query`; None while responses are still loaded.

        Not for the event loop: the first answer for a query takes a few microseconds per response.
        """
        return self._hours.hours(query)

    def blocks(self, now_ms: int) -> BlocksPicture:
        """Return the five-hour blocks and the window that is open; the same object while nothing moved.

        Not for the event loop: the first answer takes a few microseconds per response.
        """
        return self._windows.picture(now_ms)

    def limits(self) -> Limits:
        """Return the limits and prompt caches the client reported last."""
        return self._windows.limits()

    def turn_details(self, response: Response) -> TurnDetails:
        """Return what the log says of one response beside its numbers. Reads its file: not for the event loop."""
        return turn_details(response)

    def explain(self, about: Query | Response) -> Explanation:
        """Explain the sum over a query, or a single response. Takes seconds at most; not for the event loop."""
        return explain(self.store, about)

    def refresh(self) -> None:
        """Look at every file again now. Safe from any thread."""
        if self._loop is not None and self.tail is not None:
            self._loop.call_soon_threadsafe(self.tail.refresh)
            self._loop.call_soon_threadsafe(self._loop.run_in_executor, None, self.look_at_ledger)

    def prepare(self) -> None:
        """Find the files and start the workers: as early as possible, before the screen's code is loaded."""
        self._scan = Scan(self._opening.discover(), self._opening.reader, niceness=WORKER_NICENESS)

    async def run(self) -> None:
        """Count everything, then follow it until cancelled."""
        self._loop = asyncio.get_running_loop()
        watching = asyncio.create_task(self._watch_processes())
        try:
            if self._scan is None:
                await asyncio.to_thread(self.prepare)
            while True:
                await self._read_all()
                await self._follow()
                # The ledger is another one, so what it said no longer counts.
                self._restart_scan(await asyncio.to_thread(self._forget))
        finally:
            watching.cancel()
            if self._scan is not None:
                self._scan.stop()
            self._stop_saving()
            self._show(self._maker.progress._replace(phase=Phase.STOPPED))

    async def _read_all(self) -> None:
        """Read what is left to read, and add what the ledger holds beyond it."""
        opening = self._opening
        if self._keeper is not None:
            await asyncio.to_thread(self._keeper.start, opening.files)
        await self._run_scan()
        if not await asyncio.to_thread(lambda: opening.load() and opening.recall()):
            self._restart_scan(opening.all_tasks())
            self._unkept.clear()
            await self._run_scan()
            await asyncio.to_thread(opening.recall)
        self._is_replaced.clear()
        opening.files, self._scan = [], None  # what the first read alone needs

    async def _follow(self) -> None:
        """Follow logs and ledger until cancelled, or until the ledger is no longer the one that was counted."""
        opening = self._opening
        self.tail = Tail(opening.config, self.store, opening.reader, self._notify, opening.seen, self._keep)
        self._show(self._following())
        following = [asyncio.create_task(task) for task in (self.tail.run(), self._save_regularly())]
        if self._follower is not None:
            following.append(asyncio.create_task(self._follow_ledger(self._follower)))
        try:
            done, _ = await asyncio.wait(following, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.tail.end()
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)

    async def _follow_ledger(self, follower: LedgerFollower) -> None:
        """Give the store what others write into the ledger. Returns where it was replaced."""
        while not self._is_replaced.is_set():
            await asyncio.sleep(LEDGER_LOOK_S)
            await asyncio.to_thread(self.look_at_ledger)

    def look_at_ledger(self) -> None:
        """Give the store what is new in the ledger. Not for the event loop."""
        follower = self._follower
        if follower is None or not follower.is_behind():
            return
        from claude_tui.engine.ledger import Followed

        found = follower.follow(self._opening.seen)
        if found is Followed.REPLACED:
            self._is_replaced.set()
        if found is Followed.GIVEN:
            self._notify()

    def _forget(self) -> list[Task]:
        """Forget every number, to count again."""
        with self._saving:
            self._keep_unkept()
            if self._keeper is not None:
                self._keeper.forget()
            self._opening.forget()
            return self._opening.discover()

    async def _run_scan(self) -> None:
        scan = self._scan
        if scan is not None:
            self._show(Progress(Phase.SCANNING, 0, scan.files_total, 0, scan.bytes_total))
            await scan.run(self._take_in, self._show)

    def _restart_scan(self, tasks: list[Task]) -> None:
        if self._scan is not None:
            self._scan.stop()
        self._scan = Scan(tasks, self._opening.reader, niceness=WORKER_NICENESS)

    def _keep(self, found: FileColumns, before: Seen | None) -> None:
        """Let the ledger remember what was read of a file, `before` which it had been read up to there."""
        keeper = self._keeper
        if keeper is not None:
            self._keep_unkept()
            if found.outcome.is_whole and before is not None and not keeper.has_noted(*before):
                # What the file said before came from the cache, and neither file nor ledger say it now.
                self._is_replaced.set()
            keeper.note(found.outcome, found.columns)

    def _keep_unkept(self) -> None:
        """Let the ledger remember what the first count read; what comes later must not overtake it."""
        with self._keeping:
            unkept, self._unkept = self._unkept, []
            for found in unkept:
                for outcome, start, end in found.spans():
                    if self._keeper is not None:
                        self._keeper.note(outcome, found.columns_of(start, end))

    def _keep_first_count(self) -> None:
        """Bring the ledger level with what was counted."""
        with self._saving:
            if self._keeper is not None and not self._is_stopped:
                self._keep_unkept()
                self._keeper.catch_up(list(self._opening.seen.values()))
                self._keeper.flush()

    async def _watch_processes(self) -> None:
        """Look regularly which sessions have a living process, and tell where that changed."""
        while True:
            if await asyncio.to_thread(self._registry.look, int(time.time() * 1000)):
                self._maker.presences = self._registry.sessions
                self._notify()
            await asyncio.sleep(LOOK_S)

    async def _save_regularly(self) -> None:
        await asyncio.sleep(FIRST_PICTURE_S)
        await asyncio.to_thread(self._keep_first_count)
        await asyncio.to_thread(give_back, self.store)
        while True:
            await asyncio.to_thread(self._save)
            await asyncio.sleep(SAVE_INTERVAL_S)

    def _save(self) -> None:
        """Save for the next start, unless nothing is new."""
        with self._saving:
            if not self._is_stopped:
                self._save_what_is_new()

    def _stop_saving(self) -> None:
        """Save for the last time. A save that runs in a thread is waited for: after this nothing is written."""
        with self._saving:
            self._is_stopped = True
            self._keep_unkept()
            if self._keeper is not None:
                self._keeper.close()
            self._save_what_is_new()

    def _save_what_is_new(self) -> None:
        """Save, where all that is in the store can be proven to be in the logs or in the ledger."""
        tail, keeper = self.tail, self._keeper
        if tail is None or self._saved_revision == self.store.revision:
            return
        revision, problem = self.store.revision, self._opening.cache.problem
        if keeper is not None:
            keeper.flush()

        def is_sound() -> bool:
            return not self._is_replaced.is_set() and (tail.is_continued or (keeper is not None and keeper.is_level))

        if self._opening.save(is_sound):
            self._saved_revision = revision
            trim()
        if self._opening.cache.problem != problem:
            self._notify()

    def _following(self) -> Progress:
        """Describe what is being followed."""
        tail = self.tail
        phase = Phase.POLLING if tail is not None and tail.is_polling else Phase.LIVE
        files = tail.files if tail is not None else 0
        done = self._maker.progress.bytes_done
        history = self._keeper.status if self._keeper is not None else ""
        return Progress(phase, files, files, done, done, detail=self._opening.cache.problem, history=history)

    def _take_in(self, found: Packed) -> None:
        self.store.take_in(found)
        for outcome in found.outcomes:
            self._opening.note(outcome)
        if self._keeper is not None:
            self._unkept.append(found)
            if sum(len(one.columns) for one in self._unkept) > MAX_UNKEPT:
                self._keep_unkept()

    def _show(self, progress: Progress) -> None:
        self._maker.progress = progress
        self._notify()

    def _notify(self) -> None:
        if self._maker.progress.phase in (Phase.LIVE, Phase.POLLING):
            following = self._following()
            if following != self._maker.progress:
                self._maker.progress = following
        with self._callbacks_lock:
            callbacks = list(self._callbacks)
        for callback in callbacks:
            try:
                callback()
            except Exception:  # a listener's mistake must not stop the count
                _log.exception("a listener failed")
