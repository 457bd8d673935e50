"""Keeps the ledger level with what is counted, beside the count and never in its way.

Records everything that is read and writes it in batches from its own thread. If the ledger is not writable, only the
history is lost: counting goes on. Must not decide what counts, nor change the store.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final
from zoneinfo import ZoneInfo

from claude_tui.engine.cache.seen import Seen
from claude_tui.engine.ledger.file.schema import BUSY_S, LedgerError
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.results import WriteResult
from claude_tui.engine.ledger.sync.backlog import Backlog
from claude_tui.engine.ledger.sync.cause_backfill import QUIET_S, CauseBackfill
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.state.batch import FileOutcome
from claude_tui.pricing import Pricer
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import Checkpoint, LogFile

COMMIT_S: Final = 1.0
"""Commits once a second, or as soon as `COMMIT_FILES` are waiting."""
MAX_RETRY_S: Final = 60.0

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
        self.backlog = Backlog()
        self._condition = self.backlog.condition
        self._notice = ""
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._is_checked = False
        self._backfill = CauseBackfill(ledger, on_written)

    @property
    def status(self) -> str:
        """What is wrong with the ledger, for the status line; "" if nothing is."""
        return self.ledger.status or self.ledger.notice

    @property
    def is_level(self) -> bool:
        """Whether everything that was recorded is written."""
        return self.backlog.is_empty

    def start(self, files: Iterable[LogFile]) -> None:
        """Learn how far the ledger knows files. `files` are all that were found. Starts no thread."""
        stamps = self.ledger.stamps()
        self._notice = self.ledger.notice
        self.backlog.learn(files, stamps)

    def forget(self) -> None:
        """Forget what is not written yet, and what the ledger knows: it is another ledger now."""
        with self._writing:
            self.backlog.forget()

    def has_noted(self, file: LogFile, checkpoint: Checkpoint) -> bool:
        """Whether a file was recorded, or is known, exactly up to this state."""
        return self.backlog.knows(file, checkpoint)

    def note(
        self, found: FileOutcome, columns: Columns, before: Seen | None = None, *, is_counted: bool = True
    ) -> None:
        """Record what was read of a file, on from where it had been read `before`. Cheap.

        `is_counted`: it is in the store as well. What lies between what the ledger knows and `before` is read again:
        a cache may have it from a program that keeps no ledger.
        """
        with self._condition:
            if self.backlog.note(found, columns, before, is_counted=is_counted):
                self._wake()

    def catch_up(self, seen: Iterable[tuple[LogFile, Checkpoint]]) -> int:
        """Read, in the keeper's thread, those files that the ledger does not know as far as they were read.

        For files whose numbers came from a cache. Returns how many there are.
        """
        with self._condition:
            behind = self.backlog.catch_up(seen)
            self._wake()
        return behind

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
                batch = self.backlog.batch()
                if not batch:
                    return True
                try:
                    written = self.ledger.write(batch, wait_s)
                except LedgerError as error:
                    _log.info("the ledger was not written: %s", error)
                    self.backlog.relieve()
                    return False
                self.backlog.written(batch)
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
                    self._condition.wait_for(lambda: not self.backlog.reading, COMMIT_S)
        return False

    def close(self, wait_s: float = BUSY_S) -> bool:
        """Write everything and stop. Returns whether everything is stored."""
        with self._condition:
            self._closing = True
            self.backlog.behind.clear()
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
        elif not self.backlog.behind:
            self._keep_causes(QUIET_S)
        self._heal()
        return True

    def keep_causes(self) -> None:
        """Keep at once what all logs say of causes."""
        while not self._closing and self._keep_causes(0.0):
            pass

    def _keep_causes(self, quiet_s: float) -> bool:
        """Keep what some logs say of causes that were quiet for so long. Returns whether there were any."""
        return self._backfill.keep(self.backlog.files(), quiet_s, lambda: self._closing)

    def _read_behind(self) -> bool:
        """Read some files the ledger does not know as far as they were counted. Returns whether there were any."""
        behind = self.backlog.take_behind()
        reader = FileReader(self._pricer, self._zone, keep_names=True) if behind else None
        for file in behind:
            try:
                if reader is not None and not self._closing:
                    found = reader.read(Task(file))
                    self.note(found.outcome, found.columns, is_counted=False)
            finally:
                self.backlog.was_read()
        return bool(behind)

    def _heal(self) -> None:
        """After damage, read those files again that the ledger lost."""
        if self._notice == self.ledger.notice:
            return
        self._notice = self.ledger.notice
        self.backlog.compare(self.ledger.stamps())

    def _has_batch(self) -> bool:
        return self._closing or self.backlog.is_full

    def _has_work(self) -> bool:
        backlog = self.backlog
        return bool(backlog.pending or backlog.behind or not self._is_checked or self._backfill.is_due)

    def _is_closing(self) -> bool:
        return self._closing
