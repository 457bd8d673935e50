"""Keeps a store level with a ledger that others write as well. Must not write the ledger.

Gives the store everything of the ledger that is not provably in it; responses settle by key, so giving twice changes
nothing. Proven is a record that has not changed since it was given, and one that holds only what the store itself read
of the file. What a file said of its sessions does not settle by itself: it is not given if the file still begins so.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable, Mapping
from enum import Enum

from claude_tui.clients import SOURCES
from claude_tui.engine.cache.given import Given
from claude_tui.engine.cache.seen import Seen
from claude_tui.engine.ledger.file.book import Doubt, FileRecord
from claude_tui.engine.ledger.file.schema import DamagedError, LedgerError
from claude_tui.engine.ledger.ledger import Ledger
from claude_tui.engine.ledger.pieces import read_stamp, stamp_of
from claude_tui.engine.ledger.results import WriteResult
from claude_tui.engine.ledger.scope import LedgerScope
from claude_tui.engine.state.store import Store
from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.problems import Problems
from claude_tui.sources.reading.lines import fingerprint
from claude_tui.sources.reading.log import FileLog


class FollowResult(Enum):
    """The result of comparing store and ledger.

    REPLACED: it is not the same ledger, or an older state of it, so the store may hold what neither logs nor ledger
    have. UNREAD: it cannot be read now. DAMAGED: it can never be read completely.
    """

    SAME = "same"
    LEVEL = "level"
    GIVEN = "given"
    REPLACED = "replaced"
    UNREAD = "unread"
    DAMAGED = "damaged"

    @property
    def is_lost(self) -> bool:
        """Whether what the store was given before can no longer be proven."""
        return self in (FollowResult.REPLACED, FollowResult.UNREAD, FollowResult.DAMAGED)


class LedgerFollower:
    """Gives a store what a ledger holds. `given` is what the store has of it already. Safe from any thread."""

    def __init__(self, store: Store, ledger: Ledger, scope: LedgerScope, given: Given) -> None:
        self.ledger = ledger
        self.given = given
        self._store = store
        self._scope = scope
        self._lock = threading.Lock()

    def is_behind(self) -> bool:
        """Whether the ledger may hold something new. Reads only the first bytes of its file."""
        return not self.given.is_at(self.ledger.path)

    def forget(self) -> None:
        """Record that the store was emptied: nothing of the ledger is in it any more."""
        with self._lock:
            self.given = Given()

    def follow(self, seen: Mapping[str, Seen]) -> FollowResult:
        """Bring the store level with the ledger. `seen` says how far each file has been read into the store."""
        with self._lock:
            if not self.is_behind():
                return FollowResult.SAME
            continued: list[FileRecord] = []

            def judge(record: FileRecord) -> bool:
                is_same = is_level(record, seen)
                if is_same or is_continued(record, seen):
                    continued.append(record)
                return is_same

            try:
                news = self.ledger.news(self._scope, self.given, judge)
            except LedgerError:
                return FollowResult.UNREAD
            except DamagedError:
                return FollowResult.DAMAGED
            if not news.is_continued:
                return FollowResult.REPLACED
            told = {(record.key.source, record.key.path) for record in continued}
            for file in news.files:
                is_told = (file.columns.source, file.path) in told
                self._store.remember(file.path, file.columns, () if is_told else file.facts)
            for record in continued:  # what it was given while the file had not been read so far
                self._store.forget_remembered(record.key.source, record.key.path, record.facts)
            self._note_doubts(news.doubts)
            self.given = news.given
            return FollowResult.GIVEN if news.files else FollowResult.LEVEL

    def holds(self, files: Collection[Seen]) -> bool:
        """Whether the ledger knows files exactly as far as they were read."""
        wanted = {(one.file.source, one.file.path): stamp_of(one.file, one.checkpoint) for one in files}
        stamps = self.ledger.stamps(list(wanted))
        return all(stamps.get(name) == stamp for name, stamp in wanted.items())

    def give_salvage(self) -> None:
        """Return what is readable of a ledger that is damaged and cannot be repaired."""
        for file in self.ledger.salvage(self._scope):
            self._store.remember(file.path, file.columns, file.facts)

    def _note_doubts(self, doubts: Iterable[Doubt]) -> None:
        with self._store.lock:
            for doubt in doubts:
                place = f"{os.fspath(self.ledger.path)} ({doubt.key.host}:{doubt.key.path})"
                found = Problems()
                found.append(Problem(ProblemKind.LEDGER, place, 0, doubt.why), doubt.number)
                self._store.problem_log.note(place, found, is_whole=True)

    def wrote(self, written: WriteResult) -> None:
        """Record what was written from the store: it need not be given back.

        If others wrote in between, the next check compares.
        """
        with self._lock:
            before, after = written.before, written.after
            is_first = not self.given.ledger and not before.generation
            if not is_first and (self.given.ledger, self.given.generation) != (after.ledger, before.generation):
                return
            if any(self.given.checksums.get(one.record) != one.before for one in written.records):
                return
            checksums = {**self.given.checksums, **{one.record: one.after for one in written.records}}
            self.given = Given(after.ledger, after.generation, written.mark, checksums)


def is_level(record: FileRecord, seen: Mapping[str, Seen]) -> bool:
    """Whether a record of this machine holds exactly what was read of its file."""
    found = seen.get(record.key.path)
    return (
        found is not None
        and not record.is_beyond
        and found.file.source == record.key.source
        and record.stamp == stamp_of(found.file, found.checkpoint)
    )


def is_continued(record: FileRecord, seen: Mapping[str, Seen]) -> bool:
    """Whether the file of a record of this machine began with what the record holds, and has been read at least so
    far: then it tells all of that itself."""
    found = seen.get(record.key.path)
    if found is None or record.is_beyond or found.file.source != record.key.source:
        return False
    kept, reached = read_stamp(record.stamp), found.checkpoint
    if kept is None or kept.offset > reached.offset or not SOURCES[found.file.source].is_append_only:
        return False
    if kept.offset == reached.offset:
        return kept.hashes == (reached.head, reached.anchor)
    try:
        log = FileLog(found.file.path)
        try:
            return (log.dev, log.ino) == (reached.dev, reached.ino) and kept.hashes == fingerprint(
                log.pread, kept.offset
            )
        finally:
            log.close()
    except OSError:
        return False
