"""A database opened in place while its client writes it: read-only, with its write-ahead log. Must not know tables."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager


@contextmanager
def connected(path: str) -> Iterator[sqlite3.Connection]:
    """Connect for reading, in one transaction. Raises sqlite3.Error."""
    try:
        connection = _connect(path)
    except sqlite3.OperationalError:
        # A write-ahead log cannot be shared from a folder that must not be written to: read a copy of both.
        log = os.path.realpath(path) + "-wal"  # beside the file itself, wherever the name leads
        if not os.path.exists(log):
            raise
        with tempfile.TemporaryDirectory(prefix="claude-top-") as folder:
            copy = shutil.copyfile(path, os.path.join(folder, "copy.db"))
            shutil.copyfile(log, copy + "-wal")
            with closing(_connect(copy)) as connection:
                yield connection
        return
    with closing(connection):
        yield connection


def _connect(path: str) -> sqlite3.Connection:
    from urllib.parse import quote  # 1.5 ms, which only such databases need

    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode=ro", uri=True, timeout=2, isolation_level=None, check_same_thread=False
    )
    try:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection.execute("PRAGMA query_only = 1")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
