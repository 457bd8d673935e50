"""Keeps the ledger level with what is counted, beside the count and never in its way.

Takes note of everything that is read, writes it in batches from a thread of its own, and gives the store what
the files no longer hold. A ledger that cannot be written costs nothing but the history: counting goes on. Must not
decide what counts.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from claude_tui.engine.ledger.book import FileKey
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.pieces import Piece, Remembered, stamp_of
from claude_tui.engine.ledger.schema import BUSY_S, LedgerError
from claude_tui.engine.outcome import FileOutcome
from claude_tui.engine.reading import FileReader, Task
from claude_tui.engine.store import Store
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import NO_FACTS, Checkpoint, FileFacts, LogFile

COMMIT_S: Final = 1.0
COMMIT_FILES: Final = 100
"""One commit a second, or as soon as this many files are waiting."""
MAX_RETRY_S: Final = 60.0

MAX_WAITING: Final = 250_000
"""More responses than this do not wait in memory while nothing can be written; their files are read again."""

FileName = tuple[str, str]
"""Source and path."""

_log = logging.getLogger(__name__)


class Started(NamedTuple):
    """What a start gave: how many files. `lost` are cached ones that are gone and the ledger knows otherwise.

    A cache with such files is nothing that files and ledger together say.
    """

    given: int = 0
    lost: tuple[str, ...] = ()


class LedgerKeeper:
    """Ties a store to a ledger. All methods may be called from any thread.

    `places` are the (source, folder) pairs that are counted. `on_change` is called when the store was given
    something, or `status` changed.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        places: Sequence[tuple[str, str]],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.ledger = ledger
        self._store = store
        self._places = places
        self._on_change = on_change
        self._stamps: dict[FileName, str] = {}
        self._pending: list[Piece] = []
        self._waiting: set[FileName] = set()
        self._unreadable: set[str] = set()
        self._notice = ""
        self._files: dict[FileName, LogFile] = {}
        self._behind: dict[FileName, LogFile] = {}
        self._condition = threading.Condition()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._is_checked = False

    @property
    def status(self) -> str:
        """What is wrong with the ledger, for the status line; "" while nothing is."""
        return self.ledger.status or self.ledger.notice

    def start(
        self, files: Iterable[LogFile], cached: Mapping[str, Checkpoint] | None = None, cached_mark: str = ""
    ) -> Started:
        """Give the store what `files`, all that were found, no longer hold. Starts no thread: workers may be forked.

        `cached` says up to where the store already knows files, gone ones included, and `cached_mark` what
        `Ledger.mark` was when that was saved: while it is the same, no response is read. Blocks meanwhile.
        """
        found = {(file.source, file.path): file for file in files}
        live = {path for _, path in found}
        known = {path: stamp_of(checkpoint) for path, checkpoint in (cached or {}).items()}
        is_same = bool(cached_mark) and cached_mark == self.ledger.mark()
        recalled = self.ledger.recall(() if is_same else self._places, live, known)
        with self._condition:
            self._notice = self.ledger.notice
            self._files.update(found)
            self._stamps = {**recalled.stamps, **self._stamps}
        for file in recalled.files:
            self._give(file)
        if self.ledger.left_out and not is_same:
            with self._store.lock:
                self._store.problem_log.note(os.fspath(self.ledger.path), self.ledger.problems(), is_whole=True)
        stamps = {path: stamp for (_, path), stamp in recalled.stamps.items()}
        lost = [path for path, stamp in known.items() if path not in live and stamps.get(path) != stamp]
        return Started(len(recalled.files), tuple(lost))

    def note(self, found: FileOutcome, columns: Columns) -> None:
        """Keep what was read of a file, or where it could not be read give what is known of it. Cheap."""
        file = found.file
        name = (file.source, file.path)
        if found.checkpoint is None:
            with self._condition:
                self._unreadable.add(file.path)
                self._wake()
            return
        stamp = stamp_of(found.checkpoint)
        with self._condition:
            since = self._stamps.get(name, "")
            if since == stamp:
                return
            self._stamps[name] = stamp
            key = FileKey("", file.source, file.path)
            self._pending.append(Piece(key, columns, _facts(found), stamp, since, found.is_whole))
            self._files[name] = file
            self._waiting.add(name)
            if not since and not found.is_whole:  # what comes before it was never kept
                self._read_again([file])
            self._wake()

    def catch_up(self, seen: Iterable[tuple[LogFile, Checkpoint]]) -> int:
        """Read, in the keeper's thread, those files that the ledger does not know up to where they were read.

        For files whose numbers came from a cache. Returns how many there are.
        """
        with self._condition:
            stamps = self._stamps
            behind = [file for file, checkpoint in seen if stamps.get((file.source, file.path)) != stamp_of(checkpoint)]
            self._read_again(behind)
            self._wake()
        return len(behind)

    def flush(self, wait_s: float = 0.0) -> bool:
        """Write what is waiting. Returns whether nothing waits any more; what could not be written waits on."""
        status = self.status
        is_written = self._flush(wait_s)
        if self.status != status:
            self._on_change()
        return is_written

    def _flush(self, wait_s: float) -> bool:
        with self._writing:
            while True:
                with self._condition:
                    batch = _first(self._pending, COMMIT_FILES)
                if not batch:
                    return True
                try:
                    written = self.ledger.write(batch, wait_s)
                except LedgerError as error:
                    _log.info("the ledger was not written: %s", error)
                    self._relieve()
                    return False
                with self._condition:
                    del self._pending[: len(batch)]
                    self._waiting = {(piece.key.source, piece.key.path) for piece in self._pending}
                for file in written.beyond:
                    self._give(file)

    def close(self, wait_s: float = BUSY_S) -> bool:
        """Write everything and stop. Returns whether all of it is kept."""
        with self._condition:
            self._closing = True
            self._behind.clear()
            self._condition.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(wait_s)
        self._stand_in()
        return self.flush(wait_s)

    def _wake(self) -> None:
        """Have the thread look for work. Hold the condition."""
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
            self._thread.start()
        self._condition.notify_all()

    def _run(self) -> None:
        """Write in batches until closed; the thread's body."""
        delay_s, last = COMMIT_S, time.monotonic()
        while True:
            with self._condition:
                is_due = self._is_closing if delay_s > COMMIT_S else self._has_batch
                self._condition.wait_for(is_due, max(0.0, last + delay_s - time.monotonic()))
                if not self._has_work():
                    self._condition.wait_for(lambda: self._closing or self._has_work())
                if self._closing:
                    return
            status = self.status
            try:
                is_written = self._step()
            except Exception:  # the history must never stop the count
                _log.exception("keeping the history failed")
                is_written = False
            last = time.monotonic()
            delay_s = COMMIT_S if is_written else min(2 * delay_s, MAX_RETRY_S)
            if self.status != status:
                self._on_change()

    def _step(self) -> bool:
        """Write what waits, then read some of what is missing; with nothing else to do look for bit rot once."""
        self._stand_in()
        if not self.flush():
            return False
        behind = self._next_behind()
        if behind:
            reader = FileReader(self._store.pricer, self._store.calendar.zone, keep_names=True)
            for file in behind:
                if self._closing:
                    break
                found = reader.read(Task(file))
                self.note(found.outcome, found.columns)
        elif not self._is_checked:
            # While the logs it would cost us are still there.
            self._is_checked = True
            self.ledger.verify()
        self._heal()
        return True

    def _stand_in(self) -> None:
        """Give what is known of files that are there but cannot be read."""
        with self._condition:
            unreadable, self._unreadable = self._unreadable, set()
            readable = {path for _, path in self._files} - unreadable
        if unreadable:
            for file in self.ledger.recall(self._places, readable).files:
                self._give(file)

    def _heal(self) -> None:
        """After damage, read those files again that the ledger lost."""
        if self._notice == self.ledger.notice:
            return
        self._notice = self.ledger.notice
        stamps = self.ledger.recall(()).stamps
        with self._condition:
            lost = [file for name, file in self._files.items() if self._stamps.get(name) != stamps.get(name)]
            self._read_again(lost)

    def _relieve(self) -> None:
        """Let go of what waits where it has become too much."""
        with self._condition:
            if sum(len(piece.columns) for piece in self._pending) > MAX_WAITING:
                self._pending.clear()
                self._read_again([self._files[name] for name in self._waiting])
                self._waiting.clear()

    def _read_again(self, files: Iterable[LogFile]) -> None:
        """Forget how far files are known, and read them when there is time. Hold the condition."""
        for file in files:
            name = (file.source, file.path)
            self._stamps.pop(name, None)
            self._behind[name] = self._files[name] = file
        self._condition.notify_all()

    def _next_behind(self) -> list[LogFile]:
        with self._condition:
            names = list(self._behind)[:COMMIT_FILES]
            return [self._behind.pop(name) for name in names]

    def _has_batch(self) -> bool:
        return self._closing or len(self._waiting) >= COMMIT_FILES

    def _has_work(self) -> bool:
        return bool(self._pending or self._behind or self._unreadable or not self._is_checked)

    def _is_closing(self) -> bool:
        return self._closing

    def _give(self, file: Remembered) -> None:
        """Hand the store what is known of a file; it merges like any log."""
        if self._store.remember(file.path, file.columns, file.facts):
            self._on_change()


def _facts(found: FileOutcome) -> tuple[FileFacts, ...]:
    return tuple(facts for facts in found.every_fact if facts != NO_FACTS)


def _first(pieces: Sequence[Piece], files: int) -> list[Piece]:
    """Return the first pieces of at most so many files, in order, without passing any over."""
    seen: set[FileKey] = set()
    for number, piece in enumerate(pieces):
        seen.add(piece.key)
        if len(seen) > files:
            return list(pieces[:number])
    return list(pieces)
