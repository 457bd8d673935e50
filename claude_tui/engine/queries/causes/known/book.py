"""What the logs say of each response of a store: read when asked, kept by file, and only what changed is read again.

Of copies of a response in several files the one counts that belongs to its owner. Must not know prices.
"""

from __future__ import annotations

import contextlib
import os
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import MsgspecError

from claude_tui.engine.queries.causes.known.columns import NOBODY, CauseNames, FileCalls, narrow
from claude_tui.engine.queries.causes.known.kept import CausesCache, KeptFile, Stamp
from claude_tui.engine.queries.causes.known.readers import TELLING, read_ahead, reader_of
from claude_tui.engine.state.rows.table import ResponseTable
from claude_tui.engine.state.store import Store
from claude_tui.model import Phase, Progress
from claude_tui.records import NamedTuple
from claude_tui.sources.causes import has_sizes, packed, unpacked
from claude_tui.sources.causes_archive import unarchived

Archive = Callable[[Collection[tuple[str, str]]], Mapping[str, bytes]]
"""Returns by path what is kept for good of logs that are gone, which are named by source and path."""
BATCH: Final = 1 << 10
BATCH_BYTES: Final = 32 << 20
"""Files, and bytes of them, that are read before what they said is kept."""
_NEVER: Final = Stamp(0, 0, -1, 0)
"""What no file looks like."""


class CausePlace(NamedTuple):
    """Where it stands what is known of a response."""

    file: FileCalls
    at: int


class CauseBook:
    """What is known of the responses of one store. Not safe from several threads at once: `Causes` takes care.

    `reads_once`: what logs say later is not asked for.
    """

    def __init__(
        self,
        store: Store,
        folder: Path | None,
        on_progress: Callable[[Progress], None] | None = None,
        archive: Archive | None = None,
        *,
        reads_once: bool = False,
    ) -> None:
        self._archive = archive
        self._reads_once, self._is_read = reads_once, False
        self._asked: set[str] = set()
        self._on_progress = on_progress
        self.names = CauseNames()
        self.gone: set[str] = set()
        self._store = store
        self.kept = CausesCache(folder)
        self._stamps: dict[str, int] = {}
        self._files: dict[str, FileCalls] = {}
        self._order: list[FileCalls] = []
        self._holder: Sequence[int] = ()
        self._at: Sequence[int] = ()
        self._size = 0
        self._table: ResponseTable | None = None
        self._revision = -1
        self._has_sizes = False

    def refresh(self, *, with_sizes: bool = False) -> bool:
        """Read what the logs say beyond what is known. Returns whether anything changed. Takes the store's lock.

        `with_sizes`: what prompts are made of, too, from now on.
        """
        if with_sizes and not self._has_sizes:
            self._has_sizes, self._is_read = True, False
            self._stamps.clear()
        with self._store.lock:
            table, revision = self._store.table, self._store.revision
            paths = {ref.path: ref.source for ref in table.files if ref.source in TELLING}
        changed = set[str]() if self._is_read else self._read(paths)
        self._is_read = self._reads_once
        if not changed and table is self._table and revision == self._revision:
            return False
        with self._store.lock:
            self._assemble(self._store.table, changed)
            self._revision = self._store.revision
        return True

    def place(self, row: int) -> CausePlace | None:
        """Return where it stands what is known of a row of the table; None of one that came since `refresh`."""
        if row >= self._size or self._table is not self._store.table:
            return None
        holder = self._holder[row]
        return CausePlace(self._order[holder - 1], self._at[row]) if holder else None

    def described(self, rows: Iterable[int]) -> Iterator[tuple[int, int, int]]:
        """Yield of each row which of `files` describes it, from 1 on, and the numbers of its calls and of what is told
        in words; zeros where `place` is None."""
        holder, places, files = self._holder, self._at, self._order
        size = self._size if self._table is self._store.table else 0
        for row in rows:
            number = holder[row] if row < size else 0
            if number:
                found, at = files[number - 1], places[row]
                yield number, found.calls[at], found.told[at]
            else:
                yield 0, 0, 0

    def stamp(self, found: FileCalls) -> int:
        """Return what says that a file has not changed since it was read, 0 of one that is gone."""
        return self._stamps.get(found.path, 0)

    def files(self) -> Iterator[FileCalls]:
        """Yield what is known of each file."""
        yield from self._order

    def _read(self, paths: dict[str, str]) -> set[str]:
        """Read the files that changed. Returns their paths."""
        changed: set[str] = set()
        stamps: dict[str, Stamp] = {}
        self.gone.clear()
        for path in paths:
            try:
                stamps[path] = _stamp(path)
            except (OSError, ValueError):
                self.gone.add(path)
        for path in self._stamps.keys() - stamps.keys():  # what is known of it stays known
            del self._stamps[path]
        changed |= self._recall({path: paths[path] for path in self.gone - self._asked - self._files.keys()})
        wanted = [path for path, stamp in stamps.items() if self._stamps.get(path) != hash(stamp)]
        if not wanted:
            return changed
        kept = {path: one for path, one in self.kept.all(wanted) if not self._has_sizes or has_sizes(one.data)}
        whole, done, number = sum(stamps[path].size for path in wanted), 0, 0
        for batch in _batches(wanted, stamps):
            self._tell(number, len(wanted), done, whole)
            fresh: list[tuple[str, KeptFile]] = []
            unread = [(path, stamps[path].size) for path in batch if path not in kept]
            for path, one in read_ahead(unread, paths, with_sizes=self._has_sizes, size=whole):
                kept[path] = KeptFile(_NEVER if one.has_more else stamps[path], one.checkpoint, one.data)
                if not one.has_more:
                    fresh.append((path, kept[path]))
            for path in batch:
                self._tell(number, len(wanted), done, whole)
                if self._read_one(paths[path], path, stamps[path], kept.pop(path, None), fresh):
                    changed.add(path)
                number, done = number + 1, done + stamps[path].size
            if fresh:
                self.kept.put(fresh)
        if self.gone:
            self.kept.put((), self.gone)
        return changed

    def _tell(self, files: int, of_files: int, size: int, of_size: int) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(Phase.SCANNING, files, of_files, size, of_size))

    def _recall(self, gone: Mapping[str, str]) -> set[str]:
        """Take in what the ledger keeps of logs that are gone. Returns their paths."""
        self._asked.update(gone)
        if not gone or self._archive is None:
            return set()
        found = set()
        for path, data in self._archive([(source, path) for path, source in gone.items()]).items():
            with contextlib.suppress(MsgspecError, ValueError, OverflowError, TypeError):
                self._files[path] = FileCalls(path, unarchived(data), self.names)
                found.add(path)
        return found

    def _read_one(
        self,
        source: str,
        path: str,
        stamp: Stamp,
        kept: KeptFile | None,
        fresh: list[tuple[str, KeptFile]],
    ) -> bool:
        """Take in one file, from what is kept of it where that is all there is."""
        known = None
        if kept is not None:
            try:
                known = unpacked(kept.data)
            except (MsgspecError, ValueError):
                kept = None
        if known is None or kept is None or kept.stamp != stamp:
            try:
                since = kept.checkpoint if kept is not None else None
                known, checkpoint = reader_of(source)(path, known, since, with_sizes=self._has_sizes)
            except OSError:
                self.gone.add(path)
                return False
            fresh.append((path, KeptFile(stamp, checkpoint, packed(known))))
        self._files[path] = FileCalls(path, known, self.names, with_sizes=self._has_sizes)
        self._stamps[path] = hash(stamp)  # a sixth of the bytes
        return True

    def _assemble(self, table: ResponseTable, changed: set[str]) -> None:
        """Find for each response the file that describes it."""
        before, self._table = self._table, table
        self._order = [self._files[path] for path in sorted(self._files)]
        self._settle(table, before, changed)
        holder, places = array("i", [0]) * len(table), array("i", [0]) * len(table)
        owner_file, file, files = table.owner_file, table.file, table.files
        for number, found in enumerate(self._order, start=1):
            found.is_shared = False
            for at, row in enumerate(found.rows):
                if row == NOBODY:
                    continue
                if other := holder[row]:
                    found.is_shared = self._order[other - 1].is_shared = True
                    if files[owner_file.get(row, file[row])].path != found.path:
                        continue  # of those that are not the owner's the first by name stays
                holder[row], places[row] = number, at
        self._holder, self._at, self._size = narrow(holder), narrow(places), len(table)

    def _settle(self, table: ResponseTable, before: ResponseTable | None, changed: set[str]) -> None:
        """Find the rows of all responses of the files of which they may be others; of all in one go."""
        files = [one for one in self._order if table is not before or one.path in changed or one.uncounted]
        keys = array("q")
        for found in files:
            keys.extend(found.keys(before))
        rows = array("i", [NOBODY]) * len(keys)
        for place, row in zip(*table.row_of.known(keys), strict=True):
            rows[place] = row
        end = 0
        for found in files:
            start, end = end, end + found.size
            found.settle(keys[start:end], rows[start:end])


def _batches(paths: Sequence[str], stamps: Mapping[str, Stamp]) -> Iterator[list[str]]:
    """Yield some files at a time: many small ones, or a few large ones."""
    batch, size = list[str](), 0
    for path in paths:
        batch.append(path)
        size += stamps[path].size
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _stamp(path: str) -> Stamp:
    """Return what a file looks like; of a database together with its write-ahead log, which changes first."""
    found = os.stat(path)
    size, mtime_ns = found.st_size, found.st_mtime_ns
    if path.endswith(".db"):
        with contextlib.suppress(OSError):
            log = os.stat(os.path.realpath(path) + "-wal")
            size, mtime_ns = size + log.st_size, max(mtime_ns, log.st_mtime_ns)
    return Stamp(found.st_dev, found.st_ino, size, mtime_ns)
