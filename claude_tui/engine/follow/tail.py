"""Keeps the store level with growing, shrinking, moving and vanishing logs.

Hints say where to look first; a sweep over all files finds what they missed. A file is opened only if its
stat differs from the one it was last read at, and only the bytes after its checkpoint are read. What was
counted is never taken back. Must not draw or price.
"""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from claude_tui.clients import SOURCES
from claude_tui.engine.cache.seen import Seen
from claude_tui.engine.follow.watch import hints, needs_polling
from claude_tui.engine.scan.reading import FileReader
from claude_tui.engine.start import APPENDED, is_same_stat, task_of
from claude_tui.engine.state.batch import FileColumns, FileOutcome, pack
from claude_tui.engine.state.store import Store
from claude_tui.sources.protocol import REFUSED, LogFile, SourceConfig
from claude_tui.sources.reading.folders import with_note
from claude_tui.sources.registry import logs_below, reader, roots
from claude_tui.waiting import is_set_in_time

SWEEP_S: Final = 5.0
SWEEP_SHARE: Final = 100
"""Sweeps may take one part in this many of the time."""
HINTED_SHARE: Final = 600
HINTED_SWEEP_S: Final = 30.0
"""If hints arrive too, sweeps take one part in `HINTED_SHARE`, with at most this long between two."""
HOT_FILES: Final = 200
HOT_POLL_S: Final = 0.25


@dataclass(slots=True)
class Work:
    """What tailing has done so far: for tests and diagnostics."""

    sweeps: int = 0
    files_opened: int = 0
    bytes_read: int = 0
    last_sweep_s: float = 0.0


class Tail:
    """Follows the logs of one configuration into a store."""

    def __init__(
        self,
        config: SourceConfig,
        store: Store,
        file_reader: FileReader,
        on_change: Callable[[], None],
        seen: dict[str, Seen] | None = None,
        on_read: Callable[[FileColumns, Seen | None], None] = lambda found, before: None,
    ) -> None:
        self.work = Work()
        self.is_continued = True
        self._store = store
        self._reader = file_reader
        self._on_read = on_read
        self._on_change = on_change
        self._roots = [(name, root) for name in config.sources for root in roots(name, config)]
        self.seen = {} if seen is None else seen
        self._path_of = {(one.file.dev, one.file.ino): path for path, one in self.seen.items()}
        self._unnamed: set[str] = set()
        """Files that were gone and whose problems were taken back: once they are there again they are read whole."""
        self._wake = asyncio.Event()
        self._is_over = False
        self._reading = asyncio.Lock()
        self.is_polling = any(needs_polling(str(root)) for _, root in self._roots if root.exists())
        """Whether no hints come, so that the newest files are looked at often instead."""
        self._polling = asyncio.Event()

    @property
    def files(self) -> int:
        """How many files are followed."""
        return len(self.seen)

    def note(self, found: FileOutcome) -> None:
        """Remember how far a file has been read."""
        if found.checkpoint is not None:
            file = found.file
            before = self.seen.get(file.path)
            if before is not None and self._path_of.get((before.file.dev, before.file.ino)) == file.path:
                del self._path_of[before.file.dev, before.file.ino]
            self.seen[file.path] = Seen(file, found.checkpoint)
            self._path_of[file.dev, file.ino] = file.path

    def refresh(self) -> None:
        """Sweep now. Call from the event loop."""
        self._wake.set()

    def end(self) -> None:
        """From now on nothing comes into the store: what a thread still reads is dropped."""
        with self._store.lock:
            self._is_over = True

    async def run(self) -> None:
        """Follow until cancelled."""
        tasks = [
            asyncio.create_task(follow) for follow in (self._follow_hints(), self._follow_sweeps(), self._follow_hot())
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow_hints(self) -> None:
        if self.is_polling:
            self._polling.set()
            return
        async for paths in hints([str(root) for _, root in self._roots]):
            self._poll(paths is None)
            if not paths:
                self._wake.set()
                continue
            await self._read_changed(await asyncio.to_thread(self._hinted, paths))

    def _poll(self, is_polling: bool) -> None:
        """Poll from now on, or no longer."""
        if is_polling != self.is_polling:
            self.is_polling = is_polling
            (self._polling.set if is_polling else self._polling.clear)()
            self._on_change()

    async def _follow_sweeps(self) -> None:
        while True:
            started = time.monotonic()
            self._wake.clear()
            await self.sweep()
            self.work.last_sweep_s = time.monotonic() - started
            await is_set_in_time(self._wake, self._pause_s())

    def _pause_s(self) -> float:
        """How long until the next sweep: the longer the more a sweep costs, and longer if hints arrive too."""
        cost_s = self.work.last_sweep_s
        hinted_s = 0.0 if self.is_polling else min(HINTED_SHARE * cost_s, HINTED_SWEEP_S)
        return max(SWEEP_S, SWEEP_SHARE * cost_s, hinted_s)

    async def _follow_hot(self) -> None:
        """If no hints come, look at the newest files often."""
        while await self._polling.wait():
            await asyncio.sleep(HOT_POLL_S)
            plain = [seen.file for seen in self.seen.values() if seen.file.source in APPENDED]
            newest = sorted(plain, key=lambda file: -file.mtime_ns)[:HOT_FILES]
            await self._read_changed(await asyncio.to_thread(_restat, newest))

    async def sweep(self) -> None:
        """Compare every file with what was last read of it, and read what differs."""
        self.work.sweeps += 1
        changed, gone = await asyncio.to_thread(self._look)
        await self._read_changed(changed)
        if self._store.forget_problems(gone):
            self._unnamed |= gone
            self._on_change()

    def _look(self) -> tuple[list[LogFile], set[str]]:
        """Find the files that changed, and the paths of those that had problems and are gone.

        Thousands are compared one by one: off the event loop, and without a list of them all.
        """
        changed, gone = [], self._store.paths_with_problems()
        for file in self._discover():
            gone.discard(file.path)
            if self._differs(file):
                changed.append(file)
        return changed, gone

    def _discover(self) -> Iterator[LogFile]:
        return self._as_known(_distinct(file for name, root in self._roots for file in logs_below(name, root)))

    def _hinted(self, paths: Iterable[str]) -> list[LogFile]:
        """Find the logs that hints are about: a known file itself, else what lies in the folder."""
        found: dict[str, LogFile] = {}
        unknown: dict[tuple[str, str], None] = {}
        for path in sorted(paths):
            seen = self.seen.get(path)
            if seen is not None and seen.file.source in APPENDED:
                found.update((file.path, file) for file in _restat([seen.file]))
                continue
            for name, root in self._roots:
                if path == str(root) or path.startswith(str(root) + os.sep):
                    # A link is looked at where it lies, where it may be one that is not followed.
                    is_folder = path == str(root) or (os.path.isdir(path) and not os.path.islink(path))
                    folder = path if is_folder else os.path.dirname(path)
                    unknown[name, folder if SOURCES[name].is_found_below else str(root)] = None
        for name, folder in unknown:
            source = reader(name)
            root = next(root for known, root in self._roots if known == name)
            below = source.discover(type(root)(folder))
            found.update((file.path, file) for file in below if file.dev != REFUSED)  # what these are, a sweep says
        return list(self._as_known(found.values()))

    def _as_known(self, files: Iterable[LogFile]) -> Iterator[LogFile]:
        """Give a file that is followed already the name it is followed by: links give files several."""
        for file in files:
            path = self._path_of.get((file.dev, file.ino), file.path)
            if path != file.path and file.source in APPENDED:
                known = _restat([seen.file] if (seen := self.seen.get(path)) is not None else [])
                if known and (known[0].dev, known[0].ino) == (file.dev, file.ino):
                    file = known[0]
            yield file

    async def _read_changed(self, files: Sequence[LogFile]) -> None:
        async with self._reading:
            changed = [file for file in files if self._differs(file)]
            moved = bool(changed) and await asyncio.to_thread(self._read, changed)
        if moved:
            self._on_change()

    def _differs(self, file: LogFile) -> bool:
        seen = self.seen.get(file.path)
        return seen is None or not is_same_stat(file, seen.file) or file.path in self._unnamed

    def _read(self, files: Sequence[LogFile]) -> bool:
        """Read changed files into the store. Returns whether anything moved."""
        moved = False
        for file in files:
            seen = self.seen.get(file.path)
            is_continued = seen is not None and file.path not in self._unnamed
            found = self._reader.read(task_of(file, seen.checkpoint if seen is not None and is_continued else None))
            outcome = found.outcome
            self.work.files_opened += 1
            self.work.bytes_read += outcome.bytes_read
            self._unnamed.discard(file.path)
            if outcome.is_whole and seen is not None:
                self.is_continued = False
            # Under one lock: what is saved in between must not say that a file was read whose rows it lacks.
            with self._store.lock:
                if self._is_over:
                    return moved
                moved |= self._store.take_in(pack([found]))
                self.note(outcome)
                self._on_read(found, seen)
        return moved


def _distinct(files: Iterable[LogFile]) -> Iterator[LogFile]:
    """Yield each file once, by the first of the names it has."""
    found = set()
    for file in files:
        if (file.dev, file.ino) not in found:
            found.add((file.dev, file.ino))
            yield file


def _restat(files: Iterable[LogFile]) -> list[LogFile]:
    """Return files with the stat they have now; those that are gone are left out."""
    found = []
    for file in files:
        try:
            at = os.stat(file.path, follow_symlinks=False)
        except OSError:
            continue
        if stat.S_ISREG(at.st_mode):  # a link left where a file was is not that file
            log = file._replace(size=at.st_size, mtime_ns=at.st_mtime_ns, dev=at.st_dev, ino=at.st_ino)
            note = SOURCES[file.source].note
            found.append(with_note(log, note) if note else log)
    return found
