"""The one way to open a count: what the cache and the ledger know, and the files left to read. Must not read logs.

Every number is a function of the logs and the ledger, and of nothing else: the union of all they say, settled by key.
Screen, report and server open a count here, whatever they show of it. What a saved store holds has one of two reasons:

- a file says it, read up to a checkpoint that the file still continues;
- the ledger says it, in a record that was given to the store (see `given`).

A cache may skip what this proves, and no more. A file that is gone, was rewritten or can no longer be read stands for
what was counted of it only if the ledger's record of it reaches to the same checkpoint. A record needs not be given
again if its checksum is the one it was given at, or if the file was read to just where the record ends. The ledger is
the one that was given if its name is the same and none of its records is missing; it only grows. Where any of this
fails everything saved is forgotten, and all is counted from the logs and the ledger. What is saved along with the
numbers is what was given up to then, never what the ledger has become meanwhile: other processes write it, too.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Final

from claude_tui import __version__
from claude_tui.clients import CLIENTS, SOURCES, TELEMETRY
from claude_tui.engine.cache.cache import Cache, CachedState
from claude_tui.engine.cache.given import Given
from claude_tui.engine.cache.seen import Seen, SeenFiles
from claude_tui.engine.scan.discovery import MANY_FILES, Found, Listing, discover, roots_of
from claude_tui.engine.scan.reading import FileReader, Task
from claude_tui.engine.setup import Setup
from claude_tui.engine.state.accounts import Accounts
from claude_tui.engine.state.batch import FileOutcome
from claude_tui.engine.state.store import UNUSABLE, Store
from claude_tui.engine.state.sums.calendar import rules_of
from claude_tui.hashes import blake2b
from claude_tui.sources.protocol import Checkpoint, LogFile
from claude_tui.sources.record_columns import RecordColumns

if TYPE_CHECKING:
    from claude_tui.engine.ledger import LedgerFollower, LedgerKeeper


APPENDED: Final = frozenset(client.name for client in SOURCES.values() if client.is_append_only)
"""Clients whose logs are plain files that only grow. Others may spread one log over several files."""


_YES: Final = ("1", "true", "yes", "on")
"""What switches a variable of the environment on."""

_task: Final = partial(tuple.__new__, Task)
_seen: Final = partial(tuple.__new__, Seen)
"""Make one of a tuple, for there may be tens of thousands: their own way takes three times as long."""


class Opening:
    """The start of a count: a store with what was saved, the files there are, and the tasks left.

    Call `discover`, read the tasks and `note` each outcome, then `recall`; if that returns False, do all of it again.
    `saved_ms` is when the cache was saved, 0 without one. `is_stale`: more was done than the next start need do again.
    """

    def __init__(
        self,
        setup: Setup,
        *,
        keep_names: bool = False,
        note_names: bool = False,
    ) -> None:
        self.config = setup.config
        self.reader = FileReader(setup.pricer, setup.zone, keep_names=keep_names or note_names)
        clients = [name for name in setup.config.sources if name != TELEMETRY]
        self.roots = roots_of(setup.config)
        self.head_start = setup.head_start
        self.store = Store(
            setup.pricer,
            setup.zone,
            keep_names=keep_names,
            projects=setup.projects,
            accounts=Accounts(self.roots),
            clients=() if len(clients) == len(CLIENTS) else clients,
        )
        self.store.is_telemetry_on = TELEMETRY in setup.config.sources
        self.store.short_windows = [
            name for name, client in CLIENTS.items() if setup.config.env.get(client.short_windows, "").lower() in _YES
        ]
        self._ledger_file = setup.ledger_file
        # Names of keys are not kept in the cache, so a count that needs them reads every log.
        self.cache = Cache(None if keep_names else setup.cache_folder, self._identity(setup))
        saved = self.cache.load(self.store) or CachedState(SeenFiles(), 0, Given())
        self._given = saved.given
        self._follower: LedgerFollower | None = None
        self.files_seen = saved.seen
        self.saved_ms = saved.saved_ms
        self.files: list[LogFile] = []
        self.is_stale = False
        self._lost: dict[str, Seen] = {}

    @property
    def seen(self) -> dict[str, Seen]:
        """How far each file has been read, of all files; what is put in here is known."""
        try:
            return self.files_seen.all()
        except UNUSABLE:
            self.forget()
            return self.files_seen.all()

    def discover(self, found: Found = list, known: Listing | None = None) -> list[Task]:
        """Find the files and return what is left to read, newest first. `found` is told of files on the way.

        They may be `known` from before; what another process has saved since then may be of newer ones.
        """
        if known is not None and known.at_ms > self.saved_ms:
            self.files = known.files
        else:
            is_many = not self.saved_ms or len(self.files_seen) > MANY_FILES
            before = self.head_start.found if self.head_start is not None else None
            self.files = discover(self.config, natively=is_many, found=found, found_before=before)
        self._lost = {}
        try:
            tasks, doubted = self._tasks(), self.store.paths_with_problems()
            gone, shrunk = set[str](), set[str]()
            if doubted or len(self.files_seen):
                there = {file.path for file in self.files}
                gone, doubted = self.files_seen.paths() - there, doubted - there
                shrunk = {task.file.path for task in tasks if task.since and task.file.size < task.since.offset}
            if not self._is_kept(gone | shrunk):
                return self.forget()
        except UNUSABLE:
            return self.forget()
        if (tasks or gone) and not self.load_table():
            return self.all_tasks()
        if gone:
            self.store.remember_files(gone)
            self.files_seen.drop(gone)
            self.is_stale = True
        # A folder that could not be looked into may be open now, or gone.
        self.is_stale |= self.store.forget_problems(doubted)
        return tasks

    def note(self, outcomes: Sequence[FileOutcome]) -> None:
        """Note how far files were read. The ledger must have what they said before and say no longer."""
        seen, read = self.files_seen, RecordColumns.of(FileOutcome, outcomes)
        files, _, _, reached, is_whole, *_ = read.columns
        paths = [file.path for file in files]
        if seen.has_any(paths):
            for path, its, is_all in zip(paths, reached, is_whole, strict=True):
                if path in seen and (is_all or its is None):
                    self._lost.setdefault(path, seen.all()[path])
        if None not in reached:
            seen.note(zip(paths, map(_seen, zip(files, reached, strict=True)), strict=True))
            return
        seen.note((one.file.path, Seen(one.file, one.reached)) for one in read if one.reached is not None)
        seen.drop([one.file.path for one in read if one.reached is None])

    def recall(self) -> bool:
        """Give the store what the ledger holds beyond it. Call when the tasks have been read.

        Returns False if what was saved has lost its reasons: it is forgotten, and every file is to be read.
        """
        lost, self._lost = self._lost, {}
        if not lost and (self._ledger_file is None or self._given_now.is_at(self._ledger_file)):
            return True
        from claude_tui.engine.ledger import FollowResult

        follower = self.follower
        if follower is None or (lost and not follower.holds(lost.values())):
            self.forget()
            return False
        found = follower.follow(self.seen)
        if found.is_lost and follower.given.ledger:
            self.forget()
            return False
        if found is FollowResult.DAMAGED:
            follower.give_salvage()
        self.is_stale |= found is FollowResult.GIVEN
        return True

    @property
    def _given_now(self) -> Given:
        return self._follower.given if self._follower is not None else self._given

    @property
    def follower(self) -> LedgerFollower | None:
        """What gives the ledger's records to the store; None without a ledger."""
        if self._follower is None and self._ledger_file is not None:
            from claude_tui.engine.ledger import (  # SQLite, for those who have a ledger
                Ledger,
                LedgerFollower,
                scope_of,
            )

            ledger = Ledger.open(self._ledger_file)
            self._follower = LedgerFollower(self.store, ledger, scope_of(self.config, self.roots), self._given)
        return self._follower

    @property
    def has_ledger(self) -> bool:
        """Whether there is a ledger to follow and to keep."""
        return self._ledger_file is not None

    @property
    def history_status(self) -> str:
        """What is wrong with the ledger; "" while nothing is, or nothing was asked of it."""
        ledger = self._follower.ledger if self._follower is not None else None
        return ledger.status or ledger.notice if ledger is not None else ""

    def keeper(self, on_change: Callable[[], None] = lambda: None) -> LedgerKeeper | None:
        """Return what writes to the ledger; None without one."""
        follower = self.follower
        if follower is None:
            return None
        from claude_tui.engine.ledger import LedgerKeeper

        return LedgerKeeper(
            follower.ledger, self.store.pricer, self.store.calendar.zone, on_change, on_written=follower.wrote
        )

    def load_table(self) -> bool:
        """Load single responses if that is still to be done. If they are damaged, forget everything."""
        try:
            with self.store.lock:
                return self.store.table is not None
        except UNUSABLE:
            self.forget()
            return False

    def load(self) -> bool:
        """Load all that was saved and has not been needed yet. If it is damaged, everything is forgotten."""
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
        self._given, self._lost = Given(), {}
        if self._follower is not None:
            self._follower.forget()
        self.saved_ms, self.is_stale = 0, True
        return self.all_tasks()

    def all_tasks(self) -> list[Task]:
        """Return the tasks of reading every file whole."""
        return list(map(_task, zip(self.files, repeat(None, len(self.files)), strict=True)))

    def save(self, is_sound: Callable[[], bool] = lambda: True) -> bool:
        """Save what is known now, if it `is_sound` at that moment. Returns whether it was saved."""
        with self.store.lock:
            self.store.settle()
            return is_sound() and self.cache.save(self.store, self.seen, int(time.time() * 1000), self._given_now)

    def prepared_save(self) -> Callable[[], bool]:
        """Return what saves, as `save` does, in whatever thread it is called. Nothing may be taken in before that."""
        with self.store.lock:
            self.store.settle()
            return self.cache.prepared(self.store, self.seen, int(time.time() * 1000), self._given_now)

    def _tasks(self) -> list[Task]:
        if not len(self.files_seen):
            return self.all_tasks()
        is_same = self.files_seen.is_same
        changed = [file for file in self.files if not is_same(file)]
        checkpoints = self.files_seen.checkpoints([file.path for file in changed]) if changed else []
        return list(map(task_of, changed, checkpoints))

    def _is_kept(self, paths: Collection[str]) -> bool:
        """Whether the ledger holds what was counted of files that no longer say it."""
        if not paths:
            return True
        known, follower = self.files_seen.all(), self.follower
        return follower is not None and follower.holds([known[path] for path in paths])

    def _identity(self, setup: Setup) -> tuple[str, ...]:
        roots: Sequence[str] = [f"{source}:{root}" for source, root in self.roots]
        scope = (f"ledger:{setup.ledger_file}", *sorted(f"named:{source}" for source in setup.config.explicit))
        money = (setup.pricer.digest, setup.zone.key, blake2b(rules_of(setup.zone), digest_size=10).hexdigest())
        machine = os.uname().machine  # caches may lie on a folder that several machines share
        return (__version__, *money, machine, sys.byteorder, *scope, *sorted(roots))


def task_of(file: LogFile, since: Checkpoint | None) -> Task:
    """Return the task of reading a file that changed: what is new in it, or all if it changed without growing."""
    is_rewritten = since is not None and file.source in APPENDED and file.size == since.offset
    return Task(file, None if is_rewritten else since)


def is_same_stat(file: LogFile, other: LogFile) -> bool:
    """Whether a file looks exactly as it did."""
    return (file.size, file.mtime_ns, file.dev, file.ino) == (other.size, other.mtime_ns, other.dev, other.ino)
