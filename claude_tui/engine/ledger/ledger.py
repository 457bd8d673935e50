"""The history that outlives the logs: every file ever read, with its settled responses, even if it is gone.

The result of a count depends only on the files and the ledger. The responses of a file are merged with what is known of
it by the same rule a store uses, so nothing is counted twice, order does not matter and nothing ever shrinks. Costs are
not stored: what is read back is priced like a log. Must not read logs or own threads.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from claude_tui import paths
from claude_tui.engine.cache.given import Given, mark_of
from claude_tui.engine.ledger.file.book import Book, Doubt, FileKey, FileRecord, Seal
from claude_tui.engine.ledger.file.ledger_file import LedgerFile
from claude_tui.engine.ledger.file.salvage import readable
from claude_tui.engine.ledger.file.schema import (
    BUSY_S,
    BusyError,
    DamagedError,
    LedgerError,
    lease,
)
from claude_tui.engine.ledger.foreign import read_foreign
from claude_tui.engine.ledger.history import FileHistory, MergeResult
from claude_tui.engine.ledger.pieces import KnownFile, LedgerPiece, keys_of, put_pieces, remembered
from claude_tui.engine.ledger.results import News, Recalled, Summary, WriteResult
from claude_tui.engine.ledger.scope import LedgerScope, clean_host
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import FileFacts


class Ledger(LedgerFile):
    """One ledger.

    `status` is "" if all is well, else a sentence for the status line; `left_out` lists what the last `recall` found to
    be invalid. Safe from any thread.
    """

    def __init__(self, path: Path, host: str) -> None:
        super().__init__(path, host)
        self.status = ""
        self.left_out: tuple[Doubt, ...] = ()

    @classmethod
    def open(cls, path: Path | None = None, host: str = "") -> Ledger:
        """Return the ledger at `path`, or the user's own. Creates nothing before something is written."""
        name = host or socket.gethostname() or "unknown"
        return cls(path or paths.ledger_file(), clean_host(name))

    @property
    def host(self) -> str:
        """The machine this ledger belongs to: the one that created it."""
        try:
            return self.look(lambda book: book.seal().host, self._host)
        except (LedgerError, DamagedError):
            return self._host

    # -- reading -------------------------------------------------------------------------------------------

    def news(self, scope: LedgerScope, given: Given, is_level: Callable[[FileRecord], bool]) -> News:
        """Return what is in `scope` and not in the store, except records of this machine that are level with it.

        Raises LedgerError or DamagedError; `status` and `notice` describe the error.
        """

        def look(book: Book) -> News:
            seal = book.seal()
            is_same = given.ledger in ("", seal.ledger) and given.is_of(self.path)
            if not is_same or seal.generation < given.generation:
                return News(Given(), [], is_continued=False)
            records, checksums = book.changed(given.checksums)
            if not given.checksums.keys() <= checksums.keys():
                return News(Given(), [], is_continued=False)
            covered = [record for record in records if scope.covers(record.key, seal.host)]
            wanted = [record for record in covered if record.key.host != seal.host or not is_level(record)]
            files = [
                remembered(record, columns, seal.host)
                for record, columns in zip(wanted, book.all_columns(wanted), strict=True)
            ]
            # The mark is taken while the look lasts, during which nobody can commit.
            return News(Given(seal.ledger, seal.generation, mark_of(self.path), checksums), files, tuple(book.doubts))

        try:
            found = self.look(look, News(Given(), [], is_continued=not given.ledger))
        except DamagedError as error:
            self.notice = f"the ledger is damaged and cannot be repaired now: {error}"
            raise
        except LedgerError as error:
            self.status = f"ledger not read: {error}"
            raise
        return found

    def recall(self) -> Recalled:
        """Return everything. Never raises: `status` describes an error, and a damaged ledger returns what it can."""

        def look(book: Book) -> Recalled:
            host, records = book.seal().host, book.records()
            stamps = {
                (record.key.source, record.key.path): record.stamp for record in records if record.key.host == host
            }
            columns = book.all_columns(records)
            self.left_out = tuple(book.doubts)
            return Recalled(stamps, [remembered(*found, host) for found in zip(records, columns, strict=True)])

        try:
            return self.look(look, Recalled({}, []))
        except DamagedError as error:
            self.notice = f"the ledger is damaged and cannot be repaired now: {error}"
            return Recalled({}, [remembered(*found, self._host) for found in readable(self.path)])
        except LedgerError as error:
            self.status = f"ledger not read: {error}"
            return Recalled({}, [])

    def salvage(self, scope: LedgerScope) -> list[KnownFile]:
        """Return what is in `scope` and readable in a damaged ledger."""
        host = self._host
        found = [remembered(record, columns, host) for record, columns in readable(self.path)]
        return [one for one in found if scope.covers(one.key, host)]

    def stamps(self, names: Collection[tuple[str, str]] | None = None) -> dict[tuple[str, str], str]:
        """Return how far this machine's files are known, by source and path: all files, or the named ones.

        Never raises: a file that cannot be read is not known.
        """

        def look(book: Book) -> dict[tuple[str, str], str]:
            host = book.seal().host
            if names is None:
                return {(r.key.source, r.key.path): r.stamp for r in book.records() if r.key.host == host}
            found = (book.find(FileKey(host, *name)) for name in names)
            return {(r.key.source, r.key.path): r.stamp for r in found if r is not None}

        try:
            return self.look(look, {})
        except (LedgerError, DamagedError):
            return {}

    def holds(self, name: tuple[str, str], columns: Columns) -> bool:
        """Whether all that columns of a file of this machine say is in the ledger, and valid. Never raises."""

        def look(book: Book) -> bool:
            record = book.find(FileKey(book.seal().host, *name))
            if record is None:
                return not columns
            change = FileHistory(record.key.path, book.columns(record)).absorb(columns)
            return not (change.added or change.updated)

        try:
            return self.look(look, not columns)
        except (LedgerError, DamagedError):
            return False

    def columns(self) -> list[tuple[str, Columns, tuple[FileFacts, ...]]]:
        """Return everything by file: the path a store is to use, the responses, and the facts."""
        return [(one.path, one.columns, one.facts) for one in self.recall().files]

    def verify(self) -> bool:
        """Check every row and repair damage. Returns whether everything was sound."""
        before = self.notice
        try:
            self.look(lambda book: book.check_runs(book.stored_records()), None)
        except (LedgerError, DamagedError):
            return False
        return self.notice == before

    def summary(self, files: Sequence[KnownFile] | None = None) -> Summary:
        """Return the ledger in numbers. `files` is everything, if it was recalled already. Never raises."""
        files = self.recall().files if files is None else files
        keys, told = keys_of(file.columns for file in files)
        times = [time for file in files for time in file.columns.time if time]
        hosts = tuple(sorted({file.key.host for file in files}))
        try:
            size = self.path.stat().st_size
        except OSError:
            size = 0
        first_ms, last_ms = min(times, default=0), max(times, default=0)
        return Summary(self.path, hosts, len(files), len(keys), first_ms, last_ms, size, len(told))

    # -- writing -------------------------------------------------------------------------------------------

    def write(self, pieces: Iterable[LedgerPiece], wait_s: float = 0.0) -> WriteResult:
        """Merge pieces durably: after it returns, they are on the disk. Raises LedgerError, having written nothing.

        Waits up to `wait_s` for another process that is writing.
        """
        wanted = list(pieces)
        if not wanted:
            return WriteResult(MergeResult(), Seal("", ""), Seal("", ""))
        with self._lock, self._reported():
            if paths.create_private(self.path.parent) is None:
                raise LedgerError(f"{self.path.parent} is not writable")
            with lease(self.path, wait_s):
                try:
                    return self._write(wanted)
                except DamagedError as error:
                    self._mend(error)
                try:
                    return self._write(wanted)
                except DamagedError as error:
                    raise LedgerError(str(error)) from error

    def change(self, put: Callable[[Book, str], None], wait_s: float = 0.0) -> WriteResult:
        """Have something written beside the responses, given the machine's name. Raises LedgerError."""
        with self._lock, self._reported(), lease(self.path, wait_s):
            try:
                with self._written() as book:
                    seal = book.seal()
                    put(book, seal.host)
            except DamagedError as error:
                raise LedgerError(str(error)) from error
            return WriteResult(MergeResult(), seal, seal, (), mark_of(self.path))

    def merge(self, other: Path, on_doubt: Callable[[Doubt], object] = lambda doubt: None) -> MergeResult:
        """Merge the valid rows of another ledger; `on_doubt` receives the others. Raises LedgerError."""
        found = read_foreign(other)
        for doubt in found.doubts:
            on_doubt(doubt)
        return self.write(found.pieces, wait_s=BUSY_S).change

    def doubts(self) -> list[Doubt]:
        """Check everything and return the invalid rows, which are stored but not counted. Never raises."""
        try:
            return self.look(lambda book: book.look_over(), [])
        except (LedgerError, DamagedError):
            return []

    def _write(self, pieces: Sequence[LedgerPiece]) -> WriteResult:
        total, records = MergeResult(), []
        with self._written() as book:
            before = book.seal()
            host = before.host
            owned = [piece if piece.key.host else piece._replace(key=piece.key._replace(host=host)) for piece in pieces]
            # A stable sort: what was read of one file stays in order.
            for key, group in groupby(sorted(owned, key=lambda piece: piece.key), key=lambda piece: piece.key):
                change, written = put_pieces(book, key, list(group))
                total = MergeResult(*map(sum, zip(total, change, strict=True)))
                if written is not None:
                    records.append(written)
            after = book.seal()
        # Nobody else writes before the lease is given back.
        return WriteResult(total, before, after, tuple(records), mark_of(self.path))

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Keep `status` in line with what happens."""
        try:
            yield
        except BusyError:
            raise
        except LedgerError as error:
            self.status = f"ledger not written: {error}"
            raise
        self.status = ""
