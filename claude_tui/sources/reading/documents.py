"""Files that hold one JSON value and are rewritten in place: read whole, and only if they changed.

Must not know what the value means.
"""

from __future__ import annotations

import os
from functools import partial

from claude_tui.model import Problem, ProblemKind
from claude_tui.records import NamedTuple
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.lines import MAX_LINE, fingerprint
from claude_tui.sources.reading.log import open_regular


class Document(NamedTuple):
    """The bytes of a file; None if they equal those of the checkpoint (or exceed the size limit)."""

    data: bytes | None
    checkpoint: Checkpoint
    restarted: bool
    problems: list[Problem]


def read_document(path: str, since: Checkpoint | None = None, *, max_bytes: int = MAX_LINE) -> Document:
    """Read a file whole, unless its inode, size and time of change are those of the checkpoint.

    Raises OSError if it cannot be read. Does not wait for the writer: a half-written document is returned as it is.
    """
    fd, found = open_regular(path)
    try:
        size, changed_ns = found.st_size, found.st_mtime_ns
        same = since is not None and (since.dev, since.ino, since.offset, since.mark) == (
            found.st_dev,
            found.st_ino,
            size,
            changed_ns,
        )
        if since is not None and same:
            return Document(None, since, False, [])
        mark = Checkpoint(found.st_dev, found.st_ino, size, *fingerprint(partial(os.pread, fd), size), mark=changed_ns)
        if size > max_bytes:
            problem = Problem(ProblemKind.OVERSIZE, path, 0, f"{size} bytes")
            return Document(None, mark, since is not None, [problem])
        data = bytearray()
        while len(data) < size and (chunk := os.pread(fd, size - len(data), len(data))):
            data += chunk
        return Document(bytes(data), mark, since is not None, [])
    finally:
        os.close(fd)
