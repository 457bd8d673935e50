"""A log as bytes at offsets, wherever it lies: a file here, or what was fetched from elsewhere.

Must not know lines, nor any client's format.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Final, Protocol

_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0)


class Log(Protocol):
    """An open log. `size` is taken once: what is appended later is not seen. `dev` and `ino` say which file it is."""

    size: int
    dev: int
    ino: int
    changed_ns: int

    def pread(self, size: int, offset: int) -> bytes:
        """Return bytes from an offset on, fewer at the end. Raises OSError."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


Opener = Callable[[str], Log]
"""Opens a log by its path. Raises OSError."""


class FileLog:
    """A regular file here. Raises OSError for anything else, as `open_regular`."""

    __slots__ = ("_fd", "changed_ns", "dev", "ino", "size")

    def __init__(self, path: str) -> None:
        self._fd, found = open_regular(path)
        self.size, self.dev, self.ino, self.changed_ns = found.st_size, found.st_dev, found.st_ino, found.st_mtime_ns

    def pread(self, size: int, offset: int) -> bytes:
        """Return bytes from an offset on, fewer at the end. Raises OSError."""
        return os.pread(self._fd, size, offset)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class BytesLog:
    """A log that is in memory. It has no identity: it is never read on from a checkpoint."""

    __slots__ = ("_data", "changed_ns", "dev", "ino", "size")

    def __init__(self, data: bytes, changed_ns: int) -> None:
        self._data = data
        self.size, self.dev, self.ino, self.changed_ns = len(data), 0, 0, changed_ns

    def pread(self, size: int, offset: int) -> bytes:
        """Return bytes from an offset on, fewer at the end."""
        return self._data[offset : offset + size]

    def close(self) -> None:
        """Forget the bytes."""
        self._data = b""


def open_flags() -> int:
    """Return how a log is opened: never a link, and never waiting."""
    return _OPEN


def open_regular(path: str) -> tuple[int, os.stat_result]:
    """Open a regular file for reading. Raises OSError for anything else: a FIFO would block, and a link may lead
    anywhere."""
    try:
        fd = os.open(path, _OPEN)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK) and os.path.islink(path):
            raise OSError(error.errno, "a link; links are not followed", path) from None
        raise
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
    except OSError:
        os.close(fd)
        raise
    return fd, found
