"""What a ledger is behind by: what waits to be written, what is to be read again, and how far each file is known.

Must not know how anything is written or read, nor when.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from claude_tui.engine.cache.seen import Seen
from claude_tui.engine.ledger.file.book import FileKey
from claude_tui.engine.ledger.pieces import LedgerPiece, stamp_of
from claude_tui.engine.state.batch import FileOutcome
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import NO_FACTS, Checkpoint, FileFacts, LogFile

COMMIT_FILES: Final = 100
"""So many files are written or read at a time."""

MAX_WAITING: Final = 250_000
"""At most this many responses wait in memory while nothing can be written; the files of the others are read again."""

FileName = tuple[str, str]
"""Source and path."""


class Backlog:
    """The backlog of one ledger. Safe from any thread; `condition` is notified of changes.

    `pending` waits to be written, the oldest first; `behind` waits to be read; `reading` is how many files are being
    read.
    """

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.pending: list[LedgerPiece] = []
        self.behind: dict[FileName, LogFile] = {}
        self.reading = 0
        self._waiting: set[FileName] = set()
        self._stamps: dict[FileName, str] = {}
        self._files: dict[FileName, LogFile] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to do, or being done."""
        with self.condition:
            return not self.pending and not self.behind and not self.reading

    @property
    def is_full(self) -> bool:
        """Whether enough waits to be written."""
        return len(self._waiting) >= COMMIT_FILES

    def files(self) -> list[LogFile]:
        """Return every file there is."""
        with self.condition:
            return [*self._files.values()]

    def learn(self, files: Iterable[LogFile], stamps: Mapping[FileName, str]) -> None:
        """Take over which files there are, and how far the ledger knows files."""
        found = {(file.source, file.path): file for file in files}
        with self.condition:
            self._files.update(found)
            self._stamps = {**stamps, **self._stamps}

    def forget(self) -> None:
        """Forget what waits, and how far files are known."""
        with self.condition:
            self._stamps, self.pending, self.behind, self._waiting = {}, [], {}, set()

    def knows(self, file: LogFile, checkpoint: Checkpoint) -> bool:
        """Whether a file was recorded, or is known, exactly up to this state."""
        with self.condition:
            return self._stamps.get((file.source, file.path)) == stamp_of(file, checkpoint)

    def note(self, found: FileOutcome, columns: Columns, before: Seen | None, *, is_counted: bool) -> bool:
        """Record what was read of a file, as `LedgerKeeper.note` says. Returns whether that was news."""
        file = found.file
        name = (file.source, file.path)
        if found.checkpoint is None:
            return False
        stamp = stamp_of(file, found.checkpoint)
        with self.condition:
            known = self._stamps.get(name, "")
            if known == stamp:
                return False
            since = stamp_of(before.file, before.checkpoint) if before is not None and not found.is_whole else ""
            self._stamps[name] = stamp
            key = FileKey("", file.source, file.path)
            self.pending.append(LedgerPiece(key, columns, _facts(found), stamp, since, found.is_whole, is_counted))
            self._files[name] = file
            self._waiting.add(name)
            if not found.is_whole and (not since or since != known):
                self._read_again([file])
            return True

    def catch_up(self, seen: Iterable[tuple[LogFile, Checkpoint]]) -> int:
        """Have those files read that are not known as far as they were read. Returns how many there are."""
        with self.condition:
            stamps = self._stamps
            behind = [one[0] for one in seen if stamps.get((one[0].source, one[0].path)) != stamp_of(*one)]
            self._read_again(behind)
        return len(behind)

    def compare(self, stamps: Mapping[FileName, str]) -> None:
        """Have those files read again that the ledger knows otherwise than they are known here."""
        with self.condition:
            self._read_again([file for name, file in self._files.items() if self._stamps.get(name) != stamps.get(name)])

    def batch(self) -> list[LedgerPiece]:
        """Return what is to be written next; it waits on until it was `written`."""
        with self.condition:
            return _first(self.pending, COMMIT_FILES)

    def written(self, batch: Sequence[LedgerPiece]) -> None:
        """Take a batch out."""
        with self.condition:
            del self.pending[: len(batch)]
            self._waiting = {(piece.key.source, piece.key.path) for piece in self.pending}

    def relieve(self) -> None:
        """Drop what waits if it has become too much."""
        with self.condition:
            if sum(len(piece.columns) for piece in self.pending) > MAX_WAITING:
                self.pending.clear()
                self._read_again([self._files[name] for name in self._waiting])
                self._waiting.clear()

    def take_behind(self) -> list[LogFile]:
        """Return some files that are to be read; each must be reported by `was_read`."""
        with self.condition:
            behind = [self.behind.pop(name) for name in list(self.behind)[:COMMIT_FILES]]
            self.reading += len(behind)
            return behind

    def was_read(self) -> None:
        """A file was read, or could not be."""
        with self.condition:
            self.reading -= 1
            self.condition.notify_all()

    def _read_again(self, files: Iterable[LogFile]) -> None:
        """Forget how far files are known, and have them read. Requires the condition."""
        for file in files:
            name = (file.source, file.path)
            self._stamps.pop(name, None)
            self.behind[name] = self._files[name] = file
        self.condition.notify_all()


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
