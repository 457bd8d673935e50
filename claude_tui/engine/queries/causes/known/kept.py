"""What transcripts said of causes, kept between two runs, file by file. May be deleted at any time.

One SQLite file that several programs share. Never raises: where it cannot be used, files are read again. Must not know
what the kept bytes mean.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from claude_tui.files import OWN
from claude_tui.paths import create_private
from claude_tui.records import NamedTuple
from claude_tui.sources.causes import FORMAT
from claude_tui.sources.protocol import Checkpoint

LAYOUT: Final = 3
"""Moves whenever the columns do, or the shape of sizes in them, which are kept nowhere else."""
NAME: Final = f"causes-{FORMAT}-{LAYOUT}.db"
BUSY_S: Final = 0.5
_CREATE: Final = (
    "CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, dev INTEGER, ino INTEGER, size INTEGER, mtime INTEGER,"
    " reached INTEGER, head BLOB, anchor BLOB, mark INTEGER, state TEXT, open_line TEXT, data BLOB)"
)
_CREATE_CONTEXTS: Final = "CREATE TABLE IF NOT EXISTS contexts (path BLOB PRIMARY KEY, key BLOB, data BLOB)"
_UNUSABLE: Final = (sqlite3.Error, OSError, OverflowError)


class Stamp(NamedTuple):
    """What says that a file has not changed."""

    dev: int
    ino: int
    size: int
    mtime_ns: int


class KeptFile(NamedTuple):
    """What is kept of a file: what it looked like, how far it was read, and what it said up to there."""

    stamp: Stamp
    checkpoint: Checkpoint
    data: bytes


class CausesCache:
    """The kept files of a cache folder; without a folder, what this program has read itself."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._own: dict[str, KeptFile] = {}

    def get(self, path: str) -> KeptFile | None:
        """Return what is kept of a file."""
        if self._folder is None:
            return self._own.get(path)
        return next((kept for _, kept in self.all([path])), None)

    def all(self, paths: Collection[str]) -> Iterator[tuple[str, KeptFile]]:
        """Yield what is kept of these files."""
        if self._folder is None:
            yield from ((path, self._own[path]) for path in paths if path in self._own)
            return
        wanted = set(paths)
        rows: list[tuple[bytes, int, int, int, int, int, bytes, bytes, int, str, str, bytes]] = []
        with contextlib.suppress(*_UNUSABLE), self._opened() as connection:
            if connection is not None and len(wanted) == 1:
                rows = connection.execute("SELECT * FROM files WHERE path = ?", [os.fsencode(*wanted)]).fetchall()
            elif connection is not None:
                rows = connection.execute("SELECT * FROM files").fetchall()
        for name, dev, ino, size, mtime_ns, reached, head, anchor, mark, state, open_line, data in rows:
            path = os.fsdecode(name)
            if path in wanted:
                checkpoint = Checkpoint(dev, ino, reached, head, anchor, mark, state, open_line)
                yield path, KeptFile(Stamp(dev, ino, size, mtime_ns), checkpoint, data)

    def put(self, found: Iterable[tuple[str, KeptFile]], gone: Collection[str] = ()) -> None:
        """Keep what was read, and nothing more of files that are gone."""
        if self._folder is None:
            self._own.update(found)
            for path in gone:
                self._own.pop(path, None)
            return
        if create_private(self._folder) is None:
            return
        rows = [(os.fsencode(path), *stamp, *point[2:], data) for path, (stamp, point, data) in found]
        with contextlib.suppress(*_UNUSABLE), self._opened(is_made=True) as connection:
            if connection is not None:
                with connection:
                    connection.execute(_CREATE)
                    connection.execute(_CREATE_CONTEXTS)
                    connection.executemany(
                        "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
                    )
                    for table in ("files", "contexts"):
                        paths = [[os.fsencode(path)] for path in gone]
                        connection.executemany(f"DELETE FROM {table} WHERE path = ?", paths)

    def contexts(self) -> dict[str, tuple[bytes, bytes]]:
        """Return what was made of files, each with a key of what it was made of."""
        rows: list[tuple[bytes, bytes, bytes]] = []
        if self._folder is not None:
            with contextlib.suppress(*_UNUSABLE), self._opened() as connection:
                if connection is not None:
                    connection.execute(_CREATE_CONTEXTS)
                    rows = connection.execute("SELECT * FROM contexts").fetchall()
        return {os.fsdecode(path): (key, data) for path, key, data in rows}

    def put_contexts(self, made: Mapping[str, tuple[bytes, bytes]]) -> None:
        """Keep what was made of files, if they are kept over the end of the program."""
        if self._folder is None or not made or create_private(self._folder) is None:
            return
        rows = [(os.fsencode(path), key, data) for path, (key, data) in made.items()]
        with contextlib.suppress(*_UNUSABLE), self._opened(is_made=True) as connection:
            if connection is not None:
                with connection:
                    connection.execute(_CREATE_CONTEXTS)
                    connection.executemany("INSERT OR REPLACE INTO contexts VALUES (?, ?, ?)", rows)

    @contextlib.contextmanager
    def _opened(self, *, is_made: bool = False) -> Iterator[sqlite3.Connection | None]:
        """Open the file, and remove one that is damaged."""
        assert self._folder is not None
        place = self._folder / NAME
        if not place.exists():
            if not is_made:
                yield None
                return
            os.close(os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWN))
            for other in self._folder.glob("causes-*.db"):
                if other.name != NAME:  # of another version, which will read the logs again
                    other.unlink(missing_ok=True)
        connection = sqlite3.connect(place, timeout=BUSY_S)
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError):
                place.unlink(missing_ok=True)
            raise
        finally:
            connection.close()
