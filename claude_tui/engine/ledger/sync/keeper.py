"""Keeps the ledger level with what is counted, beside the count and never in its way.

Records everything that is read and writes it in batches from its own thread. If the ledger is not writable, only the
history is lost: counting goes on. Must not decide what counts, nor change the store.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from claude_tui.engine.cache.seen import Seen
from claude_tui.engine.ledger.file.book import FileKey
from claude_tui.engine.ledger.file.schema import BUSY_S, LedgerError
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.pieces import LedgerPiece, stamp_of
from claude_tui.engine.ledger.results import WriteResult
from claude_tui.engine.ledger.sync.telling import QUIET_S, Telling
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.state.batch import FileOutcome
from claude_tui.pricing import Pricer
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import NO_FACTS, Checkpoint, FileFacts, LogFile

COMMIT_S: Final = 1.0
COMMIT_FILES: Final = 100
"""Commits once a second, or as soon as this many files are waiting."""
MAX_RETRY_S: Final = 60.0

MAX_WAITING: Final = 250_000
"""At most this many responses wait in memory while nothing can be written; the files of the others are read again."""

FileName = tuple[str, str]
"""Source and path."""

_log = logging.getLogger(__name__)


class LedgerKeeper:
    """Connects a count to a ledger. All methods may be called from any thread.

    `on_change` is called when `status` changed, `on_written` after each write of what was counted.
    """

    def __init__(
        self,
        ledger: Ledger,
        pricer: Pricer,
        zone: ZoneInfo,
        on_change: Callable[[], None] = lambda: None,
        on_written: Callable[[WriteResult], None] = lambda written: None,
    ) -> None:
        self.ledger = ledger
        self._pricer, self._zone = pricer, zone
        self._on_change = on_change
        self._on_written = on_written
        self._stamps: dict[FileName, str] = {}
        self._pending: list[LedgerPiece] = []
        self._waiting: set[FileName] = set()
        self._notice = ""
        self._files: dict[FileName, LogFile] = {}
        self._behind: dict[FileName, LogFile] = {}
        self._reading = 0
        self._condition = threading.Condition()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._is_checked = False
        self._telling = Telling(ledger, on_written)

    @property
    def status(self) -> str:
        """What is wrong with the ledger, for the status line; "" if nothing is."""
        return self.ledger.status or self.ledger.notice

    @property
    def is_level(self) -> bool:
        """Whether everything that was recorded is written."""
        with self._condition:
            return not self._pending and not self._behind and not self._reading

    def start(self, files: Iterable[LogFile]) -> None:
        """Learn how far the ledger knows files. `files` are all that were found. Starts no thread."""
        found = {(file.source, file.path): file for file in files}
        stamps = self.ledger.stamps()
        with self._condition:
            self._notice = self.ledger.notice
            self._files.update(found)
            self._stamps = {**stamps, **self._stamps}

    def forget(self) -> None:
        """Forget what is not written yet, and what the ledger knows: it is another ledger now."""
        with self._writing, self._condition:
            self._stamps, self._pending, self._behind, self._waiting = {}, [], {}, set()

    def has_noted(self, file: LogFile, checkpoint: Checkpoint) -> bool:
        """Whether a file was recorded, or is known, exactly up to this state."""
        with self._condition:
            return self._stamps.get((file.source, file.path)) == stamp_of(file, checkpoint)

    def note(
        self, found: FileOutcome, columns: Columns, before: Seen | None = None, *, is_counted: bool = True
    ) -> None:
        """Record what was read of a file, on from where it had been read `before`. Cheap.

        `is_counted`: it is in the store as well. What lies between what the ledger knows and `before` is read again:
        a cache may have it from a program that keeps no ledger.
        """
        file = found.file
        name = (file.source, file.path)
        if found.checkpoint is None:
            return
        stamp = stamp_of(file, found.checkpoint)
        with self._condition:
            known = self._stamps.get(name, "")
            if known == stamp:
                return
            since = stamp_of(*before) if before is not None and not found.is_whole else ""
            self._stamps[name] = stamp
            key = FileKey("", file.source, file.path)
            self._pending.append(LedgerPiece(key, columns, _facts(found), stamp, since, found.is_whole, is_counted))
            self._files[name] = file
            self._waiting.add(name)
            if not found.is_whole and (not since or since != known):
                self._read_again([file])
            self._wake()

    def catch_up(self, seen: Iterable[tuple[LogFile, Checkpoint]]) -> int:
        """Read, in the keeper's thread, those files that the ledger does not know as far as they were read.

        For files whose numbers came from a cache. Returns how many there are.
        """
        with self._condition:
            stamps = self._stamps
            behind = [one[0] for one in seen if stamps.get((one[0].source, one[0].path)) != stamp_of(*one)]
            self._read_again(behind)
            self._wake()
        return len(behind)

    def flush(self, wait_s: float = 0.0) -> bool:
        """Write what is waiting. Returns whether nothing waits any more; what could not be written keeps waiting."""
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
                if all(piece.is_counted for piece in batch):
                    self._on_written(written)

    def settle(self, wait_s: float = BUSY_S) -> bool:
        """Write everything now, what has to be read for it included. Returns whether everything is stored.

        Waits up to `wait_s` for another process that is writing.
        """
        while self.flush(wait_s):
            if self.is_level:
                return True
            if not self._read_behind():
                with self._condition:  # the thread is reading the last of it
                    self._condition.wait_for(lambda: not self._reading, COMMIT_S)
        return False

    def close(self, wait_s: float = BUSY_S) -> bool:
        """Write everything and stop. Returns whether everything is stored."""
        with self._condition:
            self._closing = True
            self._behind.clear()
            self._condition.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(wait_s)
        return self.flush(wait_s)

    def _wake(self) -> None:
        """Wake the thread to look for work. Requires the condition."""
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
            self._thread.start()
        self._condition.notify_all()

    def _run(self) -> None:
        """The body of the thread: write in batches until closed."""
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
        """Write what waits, then read some of what is missing; if there is nothing else to do, check for bit rot
        once."""
        if not self.flush():
            return False
        if not self._read_behind() and not self._is_checked:
            # While the logs it would cost us are still there.
            self._is_checked = True
            self.ledger.verify()
        elif not self._behind:
            self._keep_causes(QUIET_S)
        self._heal()
        return True

    def keep_causes(self) -> None:
        """Keep at once what all logs say of causes."""
        while not self._closing and self._keep_causes(0.0):
            pass

    def _keep_causes(self, quiet_s: float) -> bool:
        """Keep what some logs say of causes that were quiet for so long. Returns whether there were any."""
        with self._condition:
            files = [*self._files.values()]
        return self._telling.keep(files, quiet_s, lambda: self._closing)

    def _read_behind(self) -> bool:
        """Read some files the ledger does not know as far as they were counted. Returns whether there were any."""
        with self._condition:
            names = list(self._behind)[:COMMIT_FILES]
            behind = [self._behind.pop(name) for name in names]
            self._reading += len(behind)
        reader = FileReader(self._pricer, self._zone, keep_names=True) if behind else None
        for file in behind:
            try:
                if reader is not None and not self._closing:
                    found = reader.read(Task(file))
                    self.note(found.outcome, found.columns, is_counted=False)
            finally:
                with self._condition:
                    self._reading -= 1
                    self._condition.notify_all()
        return bool(behind)

    def _heal(self) -> None:
        """After damage, read those files again that the ledger lost."""
        if self._notice == self.ledger.notice:
            return
        self._notice = self.ledger.notice
        stamps = self.ledger.stamps()
        with self._condition:
            lost = [file for name, file in self._files.items() if self._stamps.get(name) != stamps.get(name)]
            self._read_again(lost)

    def _relieve(self) -> None:
        """Drop what waits if it has become too much."""
        with self._condition:
            if sum(len(piece.columns) for piece in self._pending) > MAX_WAITING:
                self._pending.clear()
                self._read_again([self._files[name] for name in self._waiting])
                self._waiting.clear()

    def _read_again(self, files: Iterable[LogFile]) -> None:
        """Forget how far files are known, and read them when there is time. Requires the condition."""
        for file in files:
            name = (file.source, file.path)
            self._stamps.pop(name, None)
            self._behind[name] = self._files[name] = file
        self._condition.notify_all()

    def _has_batch(self) -> bool:
        return self._closing or len(self._waiting) >= COMMIT_FILES

    def _has_work(self) -> bool:
        return bool(self._pending or self._behind or not self._is_checked or self._telling.is_due)

    def _is_closing(self) -> bool:
        return self._closing


def _facts(found: FileOutcome) -> tuple[FileFacts, ...]:
    return tuple(facts for facts in found.every_fact if facts != NO_FACTS)


def _first(pieces: Sequence[LedgerPiece], files: int) -> list[LedgerPiece]:
    """Return the first pieces of at most `files` files, in order and without gaps."""
    seen: set[FileKey] = set()
    for number, piece in enumerate(pieces):
        seen.add(piece.key)
        if len(seen) > files:
            return list(pieces[:number])
    return list(pieces)
