"""The first read of everything: a known file list, divided into batches, parsed outside this process.

Must not watch for changes. What a worker fails at is read again in this process, so a broken one loses nothing.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final

from claude_tui import runtime
from claude_tui.engine.scan.asking import CALLS, NATIVE_BYTES, SHOWN_BYTES
from claude_tui.engine.scan.handing import with_files
from claude_tui.engine.scan.native import begun_of, natively_readable, portions, read_natively
from claude_tui.engine.scan.reading import (
    BYTES_PER_WORKER,
    MAX_IN_FLIGHT,
    FileReader,
    Task,
    batches,
    bytes_of,
    with_short_end,
)
from claude_tui.engine.state.batch import Packed
from claude_tui.model import Phase, Progress

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from claude_tui.engine.scan.ahead import Ahead
    from claude_tui.engine.scan.head_start import HeadStart
    from claude_tui.engine.scan.native import Begun
    from claude_tui.engine.scan.workers import Workers

FREED_BYTES: Final = 1 << 30
"""After so much was read, what that left free is returned to the system."""

LEAST_FREED_BYTES: Final = 256 << 20
"""Reading less leaves so little free that nobody need return it."""

OnRead = Callable[[Packed], None]
OnProgress = Callable[[Progress], None]
NativelyRead = tuple[list[Packed], list[Task]]
"""What the core read, and what it left."""

_log = logging.getLogger(__name__)


def worker_count(total_bytes: int) -> int:
    """Return how many processes are worth starting for this much to read; 0 for reading in this one."""
    wanted = min(os.cpu_count() or 1, total_bytes // BYTES_PER_WORKER)
    return wanted if wanted > 1 else 0


class Scan:
    """One read of many files. Made as early as possible, so that workers read while the rest is loaded.

    `processes` is the number of worker processes; None chooses by the size of the work. `niceness` is by how much
    others come before them. `ahead` is what workers have begun to read of the same tasks, if they have, and
    `head_start` what the core has.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        reader: FileReader,
        *,
        processes: int | None = None,
        niceness: int = 0,
        ahead: Ahead | None = None,
        head_start: HeadStart | None = None,
    ) -> None:
        self.files_total = len(tasks)
        self.bytes_total = bytes_of(tasks)
        self._reader = reader
        self._processes, self._niceness = processes, niceness
        self._core: ThreadPoolExecutor | None = None
        whole: list[Task] = []
        begun: Begun = []
        self._workers = ahead.workers if ahead is not None else None
        if ahead is not None and ahead.workers is not None:
            self._early = ahead.early
            self._batches = with_short_end(ahead.batches, len(ahead.early))
        else:
            whole, tasks = natively_readable(tasks) if processes is None else ([], tasks)
            if head_start is not None:
                self._core, readings = head_start.taken_over(with_names=reader.keep_names)
                begun, whole = begun_of(readings, whole)
            self._batches, self._early = list(batches(tasks)), []
            self._workers = self._start_workers()
        self._early += [self._submit(batch) for batch in self._batches[len(self._early) : MAX_IN_FLIGHT]]
        # A thread comes after the processes, for a process with threads must not be forked.
        self._core = self._core or (ThreadPoolExecutor(CALLS, "core") if whole else None)
        self._natively = deque[tuple[list[Task], Callable[[], NativelyRead]]](
            (batch, partial(read_natively, batch, reader, answer.result)) for batch, answer in begun
        )
        for batch in portions(whole, SHOWN_BYTES if niceness else NATIVE_BYTES):
            if self._core is not None:
                self._natively.append((batch, self._core.submit(read_natively, batch, reader).result))
        self._applier = ThreadPoolExecutor(1, "apply")
        self._begun: Future[Sequence[Task]] | None = None
        self._taken, self._is_running = 0, False
        self._taking, self._is_over = threading.Lock(), False
        self._files_done = self._bytes_done = 0
        self._started = time.monotonic()

    def begin(self, on_read: OnRead, on_progress: OnProgress) -> None:
        """Take in what the core and the workers read from now on, before there is an event loop to `run` in; that goes
        on from there.

        Both are called in a thread, one at a time.
        """

        def take_in() -> Sequence[Task]:
            others = self._take_in_natively(on_read, on_progress)
            self._take_in_begun(on_read, on_progress)
            return others

        self._begun = self._applier.submit(take_in)

    async def run(self, on_read: OnRead, on_progress: OnProgress) -> None:
        """Read every file once, about in order. `on_read` is called in a thread, one batch at a time, `on_progress`
        anywhere.

        Cancelling stops after the batches under way.
        """
        import asyncio  # 13 ms that a report, which reads without an event loop, need not wait for

        semaphore = asyncio.Semaphore(MAX_IN_FLIGHT)
        loop = asyncio.get_running_loop()

        async def worker(number: int, batch: list[Task]) -> None:
            async with semaphore:
                found = await self._found(loop, number, batch)
                await loop.run_in_executor(self._applier, self._take_in, on_read, found)
            on_progress(self._progress(batch))

        try:
            self._is_running = True
            if self._begun is None:
                self.begin(on_read, on_progress)
            assert self._begun is not None
            self._add(await asyncio.wrap_future(self._begun))
            left = range(self._taken, len(self._batches))
            await asyncio.gather(*(worker(number, self._batches[number]) for number in left))
        finally:
            self.stop()

    def run_here(self, on_read: OnRead, on_progress: OnProgress) -> None:
        """Read every file once, in order, without an event loop. What is free in between is returned to the system."""
        freed = 0

        def passed(progress: Progress) -> None:
            nonlocal freed
            on_progress(progress)
            if progress.bytes_done - freed >= FREED_BYTES:
                freed = progress.bytes_done
                runtime.trim()

        try:
            self._add(self._take_in_natively(on_read, passed))
            while self._taken < len(self._batches):
                self._take_in_next(on_read, passed)
        finally:
            self.stop()
        if self._bytes_done >= LEAST_FREED_BYTES:
            runtime.trim()

    def stop(self) -> None:
        """End the workers, and the core after the batch it is at. Nothing is taken in after this."""
        self._is_over = True
        with self._taking:  # what is being taken in now
            pass
        self._applier.shutdown(wait=False)
        if self._core is not None:
            self._core.shutdown(wait=False, cancel_futures=True)
        if self._workers is not None:
            self._workers.stop()

    def _take_in(self, on_read: OnRead, found: Packed) -> None:
        with self._taking:
            if not self._is_over:
                on_read(found)

    def _take_in_natively(self, on_read: OnRead, on_progress: OnProgress) -> Sequence[Task]:
        """Take in what the core reads, batch by batch, and let go of it. What little it leaves is read here; returns
        what is more than that."""
        others: list[Task] = []
        while self._natively:
            tasks, read = self._natively.popleft()
            packs, left = read()
            for found in packs:
                self._take_in(on_read, found)
            on_progress(self._progress(tasks, left))
            others += left
        if worker_count(bytes_of(others)):
            return others
        for batch in batches(others):
            self._take_in(on_read, self._reader.read_all(batch))
            on_progress(self._progress(batch))
        return ()

    def _take_in_begun(self, on_read: OnRead, on_progress: OnProgress) -> None:
        """Take in what workers read, in order, until `run` does or all that is under way is taken in."""
        while self._taken < len(self._early) and self._early[self._taken] is not None:
            if self._is_running or self._is_over:
                return
            self._take_in_next(on_read, on_progress)

    def _take_in_next(self, on_read: OnRead, on_progress: OnProgress) -> None:
        """Take in the next batch, read by a worker if it can be, and have a further one read."""
        number = self._taken
        self._taken += 1
        if len(self._early) < len(self._batches):
            self._early.append(self._submit(self._batches[len(self._early)]))
        batch, future, self._early[number] = self._batches[number], self._early[number], None
        try:
            found = _whole(batch, future.result()) if future is not None else self._reader.read_all(batch)
        except (BrokenExecutor, CancelledError, OSError) as error:
            if self._is_over:
                return
            found = self._read_again(batch, error)
        self._take_in(on_read, found)
        on_progress(self._progress(batch))

    async def _found(self, loop: AbstractEventLoop, number: int, batch: list[Task]) -> Packed:
        from asyncio import wrap_future

        future = self._early[number] if number < len(self._early) else self._submit(batch)
        if number < len(self._early):
            self._early[number] = None
        if future is None:
            return await loop.run_in_executor(self._applier, self._reader.read_all, batch)
        try:
            return _whole(batch, await wrap_future(future))
        except (BrokenExecutor, OSError) as error:
            return await loop.run_in_executor(self._applier, self._read_again, batch, error)

    def _submit(self, batch: list[Task]) -> Future[Packed] | None:
        return self._workers.submit(batch) if self._workers is not None else None

    def _read_again(self, batch: list[Task], error: BaseException) -> Packed:
        _log.warning("reading %d files in this process: %s", len(batch), error)
        return self._reader.read_all(batch)

    def _add(self, tasks: Sequence[Task]) -> None:
        """Let Python read what the core left."""
        if self._core is not None:
            self._core.shutdown()
        if not tasks:
            return
        self._batches += batches(tasks)
        if self._workers is None:
            self._workers = self._start_workers()
        self._early += [self._submit(batch) for batch in self._batches[len(self._early) : MAX_IN_FLIGHT]]

    def _start_workers(self) -> Workers | None:
        count = self._processes
        if count is None:
            count = worker_count(sum(map(bytes_of, self._batches)))
        if not count:
            return None
        if self._core is not None:  # a process with threads must not be forked
            self._core.shutdown()
            self._core = None
        from claude_tui.engine.scan.workers import started  # 12 ms, for those who have any

        return started(count, self._reader, self._niceness)

    def _progress(self, batch: Sequence[Task], left: Sequence[Task] = ()) -> Progress:
        self._files_done += len(batch) - len(left)
        self._bytes_done += bytes_of(batch) - bytes_of(left)
        done, total = self._bytes_done, self.bytes_total
        eta_s = (time.monotonic() - self._started) * (total - done) / done if done else None
        return Progress(Phase.SCANNING, self._files_done, self.files_total, done, total, eta_s)


def _whole(batch: Sequence[Task], found: Packed) -> Packed:
    return with_files(found, [task.file for task in batch])
