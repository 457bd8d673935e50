"""The ledger's SQLite file: opening it safely, its versions, one writer at a time. Must not know what it holds.

Uses a rollback journal with full synchronous writes, because write-ahead logging is unsafe with the SQLite versions of
Python, on network file systems and in folders that are not writable. Rowid tables throughout.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

APPLICATION_ID: Final = 0x634C7470
BUSY_S: Final = 10.0
"""How long SQLite waits for another process."""
_RETRY_S: Final = 0.002


class LedgerError(Exception):
    """The ledger cannot be read or written now; the text gives the reason for the user."""


class BusyError(LedgerError):
    """Another process is writing at this moment."""


class NewerVersionError(LedgerError):
    """A newer version wrote the ledger, and only a newer version may write it."""


class OlderVersionError(LedgerError):
    """An older version wrote the ledger: `writing` migrates it."""


class DamagedError(Exception):
    """The file is not as it was written: a check failed, or SQLite says so."""


def _version_1(connection: sqlite3.Connection) -> None:
    # Not executescript, which would commit first.
    for statement in (
        "CREATE TABLE seal (id INTEGER PRIMARY KEY CHECK (id = 1), ledger BLOB NOT NULL, host BLOB NOT NULL,"
        " generation INTEGER NOT NULL, files INTEGER NOT NULL, files_sum INTEGER NOT NULL, crc INTEGER NOT NULL)",
        "CREATE TABLE files (id INTEGER PRIMARY KEY, host BLOB NOT NULL, source BLOB NOT NULL, path BLOB NOT NULL,"
        " stamp BLOB NOT NULL, beyond INTEGER NOT NULL, facts BLOB NOT NULL, responses INTEGER NOT NULL,"
        " output INTEGER NOT NULL, runs INTEGER NOT NULL, runs_sum INTEGER NOT NULL, crc INTEGER NOT NULL)",
        "CREATE UNIQUE INDEX files_by_path ON files (path, source, host)",
        "CREATE TABLE runs (id INTEGER PRIMARY KEY, data BLOB NOT NULL, crc INTEGER NOT NULL)",
        f"PRAGMA application_id = {APPLICATION_ID}",
    ):
        connection.execute(statement)


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [_version_1]
"""The step to each version from the one before, the first from nothing. Steps are added, never changed."""


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn errors of SQLite and the system into LedgerError, or into DamagedError if the file is the cause."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if any(sign in text for sign in ("no such", "has no column", "decode", "malformed", "already exists")):
            raise DamagedError(text) from error
        if "locked" in text or "busy" in text:
            raise BusyError("another program is using it") from error
        raise LedgerError(text) from error
    except sqlite3.DatabaseError as error:
        raise DamagedError(str(error)) from error
    except UnicodeDecodeError as error:
        # What Python makes of an error message that quotes damaged text.
        raise DamagedError("malformed text") from error
    except OSError as error:
        raise LedgerError(error.strerror or type(error).__name__) from error


@contextlib.contextmanager
def connect(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an existing ledger, only for reading if it is not writable. Closes it at the end."""
    with explained():
        if path.exists() and not path.is_file():  # opening a FIFO would wait for ever
            raise LedgerError("it is not a regular file")
        uri = f"file:{quote(os.fsencode(path))}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "synchronous = FULL"):
                connection.execute(f"PRAGMA {pragma}")
            yield connection
        finally:
            connection.close()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a ledger for one consistent read.

    Raises DamagedError if it is not one of ours, OlderVersionError if it must be migrated first.
    """
    with connect(path) as connection:
        connection.execute("BEGIN")
        version, is_ours = _version(connection), _is_ours(connection)
        if not version or not is_ours:
            raise DamagedError("not a ledger")
        if version < len(MIGRATIONS):
            raise OlderVersionError("it was written by an older version and cannot be migrated now")
        yield connection


@contextlib.contextmanager
def writing(path: Path, on_new: Callable[[sqlite3.Connection], None]) -> Iterator[sqlite3.Connection]:
    """Open a ledger for one transaction, committed at the end; creates or migrates the file before.

    `on_new` fills a file that was just created. Requires the lease.
    """
    with explained(), contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    with connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise NewerVersionError("it was written by a newer version of claude-top")
        if version and not _is_ours(connection):
            raise DamagedError("not a ledger")
        if 0 < version < len(MIGRATIONS):
            _back_up(connection, path, version)
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _version(connection)
            if not version and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise DamagedError("a ledger without a version")
            for step in MIGRATIONS[version:]:
                step(connection)
            if version < len(MIGRATIONS):
                connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            if not version:
                on_new(connection)
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise


def is_newer(connection: sqlite3.Connection) -> bool:
    """Whether a newer version wrote this file."""
    return _version(connection) > len(MIGRATIONS)


@contextlib.contextmanager
def lease(path: Path, wait_s: float = 0.0) -> Iterator[None]:
    """Be the only writer of a ledger for the duration of the block. Raises BusyError if another process is, after
    `wait_s`."""
    give_up = time.monotonic() + wait_s
    with explained():
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path.with_name(path.name + ".lock"), flags, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= give_up:
                    raise BusyError("another claude-top is writing") from error
                time.sleep(_RETRY_S)
            except OSError as error:
                raise LedgerError(f"no file locks: {error.strerror}") from error
        yield
    finally:
        os.close(descriptor)


def free_name(path: Path, what: str) -> Path:
    """Return an unused name beside a ledger, such as `ledger-damaged-1.db`."""
    number = 1
    while (found := path.with_name(f"{path.stem}-{what}-{number}{path.suffix}")).exists():
        number += 1
    return found


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    target = free_name(path, f"version{version}")
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    backup = sqlite3.connect(target)
    try:
        connection.backup(backup)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        backup.close()


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _is_ours(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID)
