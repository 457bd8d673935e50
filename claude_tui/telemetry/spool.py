"""The files that what arrives is written to: a line of OTLP/JSON for each response, in the file of the day (UTC).

A line that was written is on the disk when `append` returns, so it outlives a kill and a loss of power. Must not know
where records come from, nor who reads them.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from hashlib import blake2b
from pathlib import Path
from typing import Final

from claude_tui import files
from claude_tui.records import NamedTuple

SEEN_LINES: Final = 4096
"""How many of the last lines are known, so that one that is sent again is not written again."""

TAIL_BYTES: Final = 4 << 20
"""How much of a file is read for that at the start."""

WRITE_BYTES: Final = 1 << 20
"""Most bytes that are written in one go."""

SUFFIX: Final = ".jsonl"

_sync: Final[Callable[[int], None]] = getattr(os, "fdatasync", os.fsync)
_OPEN: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)


class SpooledLines(NamedTuple):
    """How many lines were written, by client, and how many had been before."""

    kept: Counter[str]
    repeated: int


class Spool:
    """A folder with one file a day. One process at a time writes to it (see `ownership`)."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        self.folder = folder
        self._now = now
        self._seen: dict[int, None] = {}
        self._is_recalled = False

    def append(self, lines: Iterable[tuple[str, bytes]]) -> SpooledLines:
        """Write the lines that are new, all of them or none; each comes with the client that told it.

        An exporter that had no answer sends again what was written: such a line is not written twice. Raises OSError if
        they could not be written; the file is then as it was.
        """
        if not self._is_recalled:
            self._recall()
        data, new, written = bytearray(), dict[int, None](), SpooledLines(Counter(), 0)
        for client, line in lines:
            digest = _digest(line)
            if digest in self._seen or digest in new:
                written = written._replace(repeated=written.repeated + 1)
            else:
                new[digest] = None
                data += line
                written.kept[client] += 1
        if data:
            self._write(data)
        for digest in new:
            self._remember(digest)
        return written

    def _write(self, data: bytearray) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / (datetime.fromtimestamp(self._now(), timezone.utc).strftime("%Y-%m-%d") + SUFFIX)
        # Opened each time: a file that was deleted meanwhile is made again, and not written to where nobody finds it.
        descriptor = os.open(path, _OPEN, files.OWN)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                data[:0] = b"\n"  # behind a line that a kill has torn
            try:
                _write_all(descriptor, data)
                _sync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        if not size:
            _sync_folder(self.folder)

    def _recall(self) -> None:
        """Know the last lines of the two newest files."""
        for path in days(self.folder)[-2:]:
            for line in _last_lines(path):
                self._remember(_digest(line))
        self._is_recalled = True

    def _remember(self, digest: int) -> None:
        self._seen[digest] = None
        if len(self._seen) > SEEN_LINES:
            del self._seen[next(iter(self._seen))]


def days(folder: Path) -> list[Path]:
    """The files of a spool, the oldest first. Empty if there is none."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError:
        return []


def _write_all(descriptor: int, data: bytearray) -> None:
    at = 0
    while at < len(data):
        written = os.write(descriptor, data[at : at + WRITE_BYTES])
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        at += written


def _last_lines(path: Path) -> Iterator[bytes]:
    try:
        descriptor = files.open_regular(path)
    except OSError:
        return
    with open(descriptor, "rb") as file:
        size = os.fstat(descriptor).st_size
        file.seek(max(0, size - TAIL_BYTES))
        if size > TAIL_BYTES:
            file.readline()
        yield from file


def _digest(line: bytes) -> int:
    return int.from_bytes(blake2b(line, digest_size=8).digest(), "little")


def _sync_folder(folder: Path) -> None:
    """A new file is found again after a loss of power only if its folder was written, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError:  # not every file system can
        pass
    finally:
        os.close(descriptor)
