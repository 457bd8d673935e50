"""The memory that outlives the logs: every file ever read, with its settled responses, whatever became of it.

The result of a count is a function of the files and this. A file's responses are merged with what is known of it,
which is the same merge a store does, so nothing is counted twice, order does not matter and nothing ever shrinks.
Costs are not kept: what is read back is priced like a log. Must not read logs or keep threads.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, TypeVar

from claude_tui import files, paths
from claude_tui.engine.ledger.book import Book, FileKey, Seal
from claude_tui.engine.ledger.history import Change
from claude_tui.engine.ledger.pieces import Piece, Remembered, put_pieces, remembered
from claude_tui.engine.ledger.runs import check
from claude_tui.engine.ledger.salvage import readable, rebuild
from claude_tui.engine.ledger.schema import (
    BUSY_S,
    BusyError,
    DamagedError,
    LedgerError,
    NewerVersionError,
    OlderVersionError,
    is_newer,
    lease,
    reading,
    writing,
)
from claude_tui.sources.columns import Columns
from claude_tui.sources.protocol import FileFacts

T = TypeVar("T")


class Recalled(NamedTuple):
    """What a start needs: up to where this machine's files are known (by source and path), and what is gone."""

    stamps: dict[tuple[str, str], str]
    files: list[Remembered]


class Written(NamedTuple):
    """What writing did. `beyond` are this machine's files of which more is known than they hold."""

    change: Change = Change()
    beyond: tuple[Remembered, ...] = ()


class Summary(NamedTuple):
    """A ledger in numbers. `responses` counts each key once; instants are 0 where there is nothing."""

    path: Path
    hosts: tuple[str, ...] = ()
    files: int = 0
    responses: int = 0
    first_ms: int = 0
    last_ms: int = 0
    size_bytes: int = 0


class Ledger:
    """One ledger file. Opened for each operation, so nothing breaks when it is moved, replaced or removed.

    `status` is "" while all is well, else a sentence for the status line; `notice` tells of damage that was
    found. Safe from any thread.
    """

    def __init__(self, path: Path, host: str) -> None:
        self.path = path
        self.status = ""
        self.notice = ""
        self._host = host
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: Path | None = None, host: str = "") -> Ledger:
        """Return the ledger at `path`, or the user's own. Nothing is created before something is written."""
        name = host or socket.gethostname() or "unknown"
        return cls(path or paths.ledger_file(), clean_host(name))

    # -- reading -------------------------------------------------------------------------------------------

    def mark(self) -> str:
        """Return a text that differs after every change, from the first bytes of the file alone; "" unknown.

        Whoever keeps what was recalled can compare it instead of recalling again.
        """
        try:
            if self.path.with_name(self.path.name + "-journal").exists():
                return ""
            with open(files.open_regular(self.path), "rb") as file:
                # SQLite's file format: at 24 a counter of commits, at 28 the size in pages.
                head = file.read(32)
            return f"{self.path.stat().st_ino}:{head[24:32].hex()}" if len(head) == 32 else ""
        except OSError:
            return ""

    def recall(
        self,
        places: Sequence[tuple[str, str]] | None = None,
        live: Collection[str] = (),
        cached: Mapping[str, str] | None = None,
    ) -> Recalled:
        """Return what must be added to the files in `live`: those that are gone or hold less than is known.

        Left out is also what is in `cached`, by path, with the stamp up to which it is known. `places` are
        (source, folder) looked in: this machine's files elsewhere are none of this count's. None means everything.
        Never raises; `status` says what is wrong.
        """
        known = cached or {}

        def look(book: Book) -> Recalled:
            host = book.seal().host
            stamps, wanted = {}, []
            for record in book.records():
                key = record.key
                is_own = key.host == host
                if is_own:
                    stamps[key.source, key.path] = record.stamp
                    is_known = key.path in live or (record.stamp and record.stamp == known.get(key.path))
                    if is_known and not record.is_beyond:
                        continue
                if places is None or _is_in(key, places, is_own=is_own):
                    wanted.append(record)
            columns = book.all_columns(wanted) if wanted else []
            return Recalled(stamps, [remembered(*found, host) for found in zip(wanted, columns, strict=True)])

        try:
            return self._read(look, Recalled({}, []))
        except DamagedError as error:
            self.notice = f"the history is damaged and cannot be mended now: {error}"
            host = self._host
            saved = [remembered(record, columns, host) for record, columns in readable(self.path)]
            wanted = [one for one in saved if places is None or _is_in(one.key, places, is_own=one.key.host == host)]
            return Recalled({}, wanted)
        except LedgerError as error:
            self.status = f"history not read: {error}"
            return Recalled({}, [])

    def columns(self) -> list[tuple[str, Columns, tuple[FileFacts, ...]]]:
        """Return everything: the path a store is to use, the responses and what is known beside them, by file."""
        return [(one.path, one.columns, one.facts) for one in self.recall().files]

    def verify(self) -> bool:
        """Check every row; mend what is damaged. Returns whether all was sound."""
        before = self.notice
        try:
            self._read(lambda book: book.check_runs(book.records()), None)
        except (LedgerError, DamagedError):
            return False
        return self.notice == before

    def summary(self) -> Summary:
        """Return the ledger in numbers. Never raises."""
        files = self.recall().files
        keys = {key for file in files for key in file.columns.key}
        times = [time for file in files for time in file.columns.time if time]
        hosts = tuple(sorted({file.key.host for file in files}))
        try:
            size = self.path.stat().st_size
        except OSError:
            size = 0
        return Summary(self.path, hosts, len(files), len(keys), min(times, default=0), max(times, default=0), size)

    # -- writing -------------------------------------------------------------------------------------------

    def write(self, pieces: Iterable[Piece], wait_s: float = 0.0) -> Written:
        """Merge pieces in, durably: what returns is on the disk. Raises LedgerError, having written nothing.

        Waits up to `wait_s` for another instance that is writing.
        """
        wanted = list(pieces)
        if not wanted:
            return Written()
        with self._lock, self._reported():
            if paths.create_private(self.path.parent) is None:
                raise LedgerError(f"{self.path.parent} cannot be written")
            with lease(self.path, wait_s):
                try:
                    return self._write(wanted)
                except DamagedError as error:
                    self._mend(error)
                try:
                    return self._write(wanted)
                except DamagedError as error:
                    raise LedgerError(str(error)) from error

    def merge(self, other: Path) -> Change:
        """Take in all of another ledger. Raises LedgerError."""
        if not other.is_file():
            raise LedgerError(f"{other} is not there")
        try:
            with reading(other) as connection:
                book = Book(connection)
                found = [(record, book.columns(record)) for record in book.records()]
                for _, columns in found:
                    check(columns)
        except (DamagedError, ValueError) as error:
            raise LedgerError(f"{other} is damaged: {error}") from error
        return self.write(
            (Piece(record.key, columns, record.facts) for record, columns in found), wait_s=BUSY_S
        ).change  # fmt: skip

    def _write(self, pieces: Sequence[Piece]) -> Written:
        total, beyond = Change(), []
        with writing(self.path, lambda connection: Book(connection).create(self._host)) as connection:
            book = Book(connection)
            host = book.seal().host
            owned = [piece if piece.key.host else piece._replace(key=piece.key._replace(host=host)) for piece in pieces]
            # A stable sort: what was read of one file stays in order.
            for key, group in groupby(sorted(owned, key=lambda piece: piece.key), key=lambda piece: piece.key):
                change, more = put_pieces(book, key, list(group), host)
                total = Change(*map(sum, zip(total, change, strict=True)))
                if more is not None:
                    beyond.append(more)
        return Written(total, tuple(beyond))

    # -- mending -------------------------------------------------------------------------------------------

    def _read(self, look: Callable[[Book], T], nothing: T) -> T:
        """Run `look` on the ledger, after mending it if need be. Raises LedgerError or DamagedError."""
        with self._lock:
            if not self.path.exists():
                return nothing
            for is_last in (False, True):
                try:
                    with reading(self.path) as connection:
                        try:
                            return look(Book(connection))
                        except (DamagedError, ValueError, TypeError) as error:
                            if is_newer(connection):
                                raise NewerVersionError("it was written by a newer version of claude-top") from error
                            raise DamagedError(str(error)) from error
                except OlderVersionError:
                    if is_last:
                        raise
                    with lease(self.path, BUSY_S):
                        self._write([])
                except DamagedError as error:
                    if is_last:
                        raise
                    try:
                        with lease(self.path, BUSY_S):
                            self._mend(error)
                    except LedgerError:
                        raise error from None
            return nothing

    def _mend(self, why: DamagedError) -> None:
        """Replace a damaged ledger by what can be read of it. Hold the lease."""
        try:
            with reading(self.path) as connection:
                book = Book(connection)
                records = book.records()
                book.check_runs(records)
                seal: Seal | None = book.seal()
                if all(len(book.columns(record)) == record.responses for record in records):
                    # Another instance has mended it meanwhile.
                    return
        except DamagedError:
            seal = self._seal()
        kept, responses = rebuild(self.path, seal.host if seal else self._host)
        self.notice = f"history was damaged ({why}): {responses:,} responses saved, the rest is in {kept.name}"

    def _seal(self) -> Seal | None:
        try:
            with reading(self.path) as connection:
                return Book(connection).seal()
        except (DamagedError, LedgerError):
            return None

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Keep `status` true to what happens."""
        try:
            yield
        except BusyError:
            raise
        except LedgerError as error:
            self.status = f"history not kept: {error}"
            raise
        self.status = ""


def clean_host(name: str) -> str:
    """Return a machine's name as it is kept: short, plain characters."""
    return name.encode("ascii", "backslashreplace").decode()[:64]


def _is_in(key: FileKey, places: Sequence[tuple[str, str]], *, is_own: bool) -> bool:
    """Whether a file lies in a place looked in. For other machines' the client alone counts."""
    return any(
        key.source == source and (not is_own or key.path == place or key.path.startswith(place.rstrip("/") + "/"))
        for source, place in places
    )
