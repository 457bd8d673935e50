"""Small whole files: atomic replacement, and bounded reading. Must not know what is in them.

Imported by the statusline, which has 60 ms: only the standard library, and little of it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

OWN: Final = 0o600
"""The mode of files that are ours alone: ledger, cache, limits, settings we create."""

MOST_LINKS: Final = 40
"""Most links that are followed in a row, as in Linux."""

SETTINGS_BYTES: Final = 16 << 20
"""Most bytes of a file that a person writes."""

StrPath = str | os.PathLike[str]
_READ: Final = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


def replace(
    path: StrPath, data: bytes | Iterable[bytes | memoryview], mode: int | None = None, *, is_durable: bool = False
) -> None:
    """Replace a file with `data` atomically: at every moment it is either the whole old file or the whole new one.

    A link stays a link: its target is replaced (`target` says which links are refused). An existing file keeps its
    mode; a new file gets `mode`, or if that is None, 0666 less the umask, as for a file the user asked for. A device or
    a pipe is written to directly. With `is_durable`, the file survives a loss of power. Raises OSError, and whatever
    `data` raises; then the old file is unchanged and no temporary file is left.
    """
    place = target(path)
    parts = (data,) if isinstance(data, bytes) else data
    try:
        found = os.stat(path)  # by its own name: /dev/stdout leads to what has none
    except FileNotFoundError:
        found = None
    if found is not None and not stat.S_ISREG(found.st_mode):
        with open(path, "wb") as file:  # a folder cannot be opened so
            file.writelines(parts)
        return
    folder, name = os.path.split(place)
    part = os.path.join(folder, f".{name[:200]}.{os.urandom(6).hex()}")
    try:
        with open(part, "wb", opener=lambda name, _: os.open(name, _NEW, 0o666 if mode is None else mode)) as file:
            file.writelines(parts)
            if found is not None:
                _make_like(file.fileno(), found)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise
    if is_durable:
        _sync_folder(folder)


def put(part: StrPath, path: StrPath) -> None:
    """Move a complete file into the place of another one, to survive a loss of power. Raises OSError."""
    place = target(path)
    os.replace(part, place)
    _sync_folder(os.path.dirname(place))


def target(path: StrPath) -> str:
    """Return what a path leads to, links followed, whether it exists or not.

    A link that another user may have placed there is refused with a PermissionError: one owned by another user, or one
    in a folder that others can write to. Raises OSError.
    """
    at = os.path.abspath(path)
    for _ in range(MOST_LINKS):
        at = os.path.join(os.path.realpath(os.path.dirname(at)), os.path.basename(at))
        try:
            found = os.lstat(at)
        except FileNotFoundError:
            return at
        if not stat.S_ISLNK(found.st_mode):
            return at
        is_shared = os.stat(os.path.dirname(at)).st_mode & (stat.S_IWOTH | stat.S_ISVTX)
        if is_shared or found.st_uid not in (os.geteuid(), 0):
            raise PermissionError(errno.EPERM, "it is a link that another user may have placed there", at)
        at = os.path.abspath(os.path.join(os.path.dirname(at), os.readlink(at)))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path))


def read(path: StrPath, most_bytes: int = SETTINGS_BYTES) -> bytes:
    """Return the content of a regular file. Raises OSError at once, also if it is not a regular file or is too
    large."""
    descriptor = open_regular(path)
    try:
        content = bytearray()
        while len(content) <= most_bytes and (part := os.read(descriptor, min(1 << 20, most_bytes + 1))):
            content += part
    finally:
        os.close(descriptor)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes:,} bytes", os.fspath(path))
    return bytes(content)


def read_text(path: StrPath, most_bytes: int = SETTINGS_BYTES) -> str:
    """Return the text of a regular file. Raises OSError as `read` does, and UnicodeDecodeError if it is not UTF-8."""
    return read(path, most_bytes).decode("utf-8")


def open_regular(path: StrPath) -> int:
    """Return a descriptor for reading a regular file. Raises OSError, also for a pipe, a device or a folder."""
    _check(os.stat(path), path)  # to open a device may do something already
    descriptor = os.open(path, _READ)
    try:
        _check(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check(found: os.stat_result, path: StrPath) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", os.fspath(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))


def _make_like(descriptor: int, found: os.stat_result) -> None:
    """Give a new file the mode of the one it replaces, and its owner if that is allowed."""
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (found.st_uid, found.st_gid):
        with suppress(OSError):
            os.fchown(descriptor, found.st_uid, found.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(found.st_mode))


def _sync_folder(folder: str) -> None:
    with suppress(OSError):  # not every system lets a folder be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
