"""One ledger file, opened for each operation: made if there is none, brought up to date, mended if it is damaged.

Opened each time, so nothing breaks if it is moved, replaced or removed. Must not know what is kept in it, or why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from claude_tui.engine.ledger.file.book import Book, Seal
from claude_tui.engine.ledger.file.salvage import rebuild
from claude_tui.engine.ledger.file.schema import (
    BUSY_S,
    DamagedError,
    LedgerError,
    NewerVersionError,
    OlderVersionError,
    is_newer,
    lease,
    reading,
    writing,
)

T = TypeVar("T")


class LedgerFile:
    """A ledger file of the machine `host`. `notice` describes damage that was found. Safe from any thread."""

    def __init__(self, path: Path, host: str) -> None:
        self.path = path
        self.notice = ""
        self._host = host
        self._lock = threading.RLock()

    def look(self, look: Callable[[Book], T], nothing: T) -> T:
        """Run `look` on the ledger, after repairing it if needed. Raises LedgerError or DamagedError."""
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
                    with lease(self.path, BUSY_S), self._written():
                        pass
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
        """Replace a damaged ledger by what can be read of it. Requires the lease."""
        try:
            with reading(self.path) as connection:
                book = Book(connection)
                records = book.stored_records()
                book.check_runs(records)
                seal: Seal | None = book.seal()
                if all(len(book.stored_columns(record)) == record.responses for record in records):
                    # Another instance has mended it meanwhile.
                    return
        except DamagedError:
            seal = self._seal()
        kept, responses = rebuild(self.path, seal.host if seal else self._host)
        self.notice = f"the ledger was damaged ({why}): {responses:,} responses saved, the rest is in {kept.name}"

    def _seal(self) -> Seal | None:
        try:
            with reading(self.path) as connection:
                return Book(connection).seal()
        except (DamagedError, LedgerError):
            return None

    @contextmanager
    def _written(self) -> Iterator[Book]:
        """Open it for writing, made or brought up to date first. Requires the lease."""
        with writing(self.path, lambda connection: Book(connection).create(self._host)) as connection:
            yield Book(connection)
