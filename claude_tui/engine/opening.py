"""A store as far as it is known without reading logs, and the work left to make it complete.

Warm: what the cache knows, and only the files that changed. Cold: nothing, and every file. Must not run the work.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from claude_tui import __version__
from claude_tui.engine.cache import Cache, Saved
from claude_tui.engine.reading import FileReader, Task, discover, roots_of
from claude_tui.engine.sections import DamagedError
from claude_tui.engine.seen import Seen, SeenFiles
from claude_tui.engine.store import Store
from claude_tui.pricing import Pricer
from claude_tui.sources.protocol import LogFile, SourceConfig

if TYPE_CHECKING:
    from claude_tui.engine.ledger import LedgerKeeper


UNUSABLE: Final = (OSError, DamagedError, ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What loading single responses from a damaged cache may raise."""


class Opening:
    """The start of a count: a store with what was saved, the files there are, and the tasks left.

    `saved_ms` is when the cache was saved, 0 without one.
    """

    def __init__(
        self,
        config: SourceConfig,
        pricer: Pricer,
        zone: ZoneInfo,
        *,
        cache_folder: Path | None = None,
        ledger_file: Path | None = None,
        keep_names: bool = False,
        note_names: bool = False,
    ) -> None:
        self.config = config
        self.reader = FileReader(pricer, zone, keep_names=keep_names or note_names)
        self.store = Store(pricer, zone, keep_names=keep_names)
        self.roots = roots_of(config)
        # Names of keys are not kept in the cache, so a count that needs them reads every log.
        self.cache = Cache(None if keep_names else cache_folder, self._identity(pricer, zone))
        saved = self.cache.load(self.store) or Saved(SeenFiles(), 0, "")
        self._ledger_file = ledger_file
        self._ledger_mark = saved.ledger_mark
        self.files_seen = saved.seen
        self.saved_ms = saved.saved_ms
        self.files: list[LogFile] = []

    @property
    def seen(self) -> dict[str, Seen]:
        """How far each file has been read, of all files; what is put in here is known."""
        try:
            return self.files_seen.all()
        except UNUSABLE:
            self.forget()
            return self.files_seen.all()

    def discover(self) -> list[Task]:
        """Find the files and return what is left to read, newest first.

        Where a file that was counted cannot be continued, or is gone and no ledger remembers, the cache tells
        of logs that are no more, so everything is counted again.
        """
        self.files = discover(self.config)
        try:
            tasks = self._tasks()
        except UNUSABLE:
            return self.forget()
        is_gone = not self.files_seen.paths() <= {file.path for file in self.files}
        is_continued = self._ledger_file is not None or not is_gone
        if not is_continued or any(task.since and task.file.size < task.since.offset for task in tasks):
            return self.forget()
        if tasks and not self.load_table():
            return self.all_tasks()
        return tasks

    def keeper(self, on_change: Callable[[], None] = lambda: None) -> LedgerKeeper | None:
        """Return what ties the store to the ledger; None without one."""
        if self._ledger_file is None:
            return None
        from claude_tui.engine.ledger import Ledger, LedgerKeeper  # SQLite, for those who have a ledger

        return LedgerKeeper(self.store, Ledger.open(self._ledger_file), self.roots, on_change)

    def recall(self, keeper: LedgerKeeper) -> bool:
        """Add what the ledger knows of logs that are gone or hold less than they did. Call after `discover`.

        Returns False where the cache told of logs that neither files nor ledger know: then it is forgotten, and
        every file is to be read.
        """
        is_same = bool(self._ledger_mark) and self._ledger_mark == keeper.ledger.mark()
        is_known = is_same or self.load_table()
        try:
            cached = {path: seen.checkpoint for path, seen in self.files_seen.all().items()}
        except UNUSABLE:
            self.forget()
            is_known, cached = False, {}
        if keeper.start(self.files, cached, self._ledger_mark if is_known else "").lost:
            is_known = False
            self.forget()
            keeper.start(self.files)
        gone = self.seen.keys() - {file.path for file in self.files}
        if gone and self.load_table():
            self.store.remember_files(gone)
        return is_known

    def load_table(self) -> bool:
        """Load single responses where that is still to be done. Where they are damaged everything is forgotten."""
        try:
            with self.store.lock:
                return self.store.table is not None
        except UNUSABLE:
            self.forget()
            return False

    def load(self) -> bool:
        """Load all that was saved and has not been needed yet. Where it is damaged everything is forgotten."""
        if not self.load_table():
            return False
        try:
            self.files_seen.all()
        except UNUSABLE:
            self.forget()
            return False
        return True

    def forget(self) -> list[Task]:
        """Forget what was saved; every file is to be read."""
        self.store.clear()
        self.files_seen.clear()
        self.saved_ms, self._ledger_mark = 0, ""
        return self.all_tasks()

    def all_tasks(self) -> list[Task]:
        """Return the tasks of reading every file whole."""
        return [Task(file) for file in self.files]

    def save(self, ledger_mark: str = "") -> bool:
        """Save what is known now, and the mark of the ledger it agrees with. Returns whether it could be."""
        with self.store.lock:
            self.store.settle()
            return self.cache.save(self.store, self.seen, int(time.time() * 1000), ledger_mark)

    def _tasks(self) -> list[Task]:
        is_same = self.files_seen.is_same
        changed = [file for file in self.files if not is_same(file)]
        return list(map(Task, changed, self.files_seen.checkpoints([file.path for file in changed]))) if changed else []

    def _identity(self, pricer: Pricer, zone: ZoneInfo) -> tuple[str, ...]:
        roots: Sequence[str] = [f"{source}:{root}" for source, root in self.roots]
        return (__version__, pricer.digest, zone.key, platform.machine(), sys.byteorder, *sorted(roots))


def is_same_stat(file: LogFile, other: LogFile) -> bool:
    """Whether a file looks exactly as it did."""
    return (file.size, file.mtime_ns, file.dev, file.ino) == (other.size, other.mtime_ns, other.dev, other.ino)
