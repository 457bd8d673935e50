"""Growing files read in whole lines, from a checkpoint, and the JSON objects on a line.

Knows bytes, offsets and file identity. Must not know what a line means, nor any client's format.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from hashlib import blake2b
from types import TracebackType
from typing import Any, Final

import orjson

from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.protocol import Checkpoint

MAX_LINE: Final = 64 << 20
"""Bytes of the longest line that is kept. A longer one is passed over in windows and counted."""

WINDOW: Final = 1 << 20
"""Bytes read at once."""

# The first large block that is freed tells glibc that such blocks come and go. It then keeps the memory of windows,
# which would otherwise be taken from the system and cleared again for each of them.
bytes(4 * WINDOW)

HEAD: Final = 1024
ANCHOR: Final = 64

# A line this broken is given up: every attempt costs a scan of what lies before it.
_MAX_BROKEN: Final = 256

Report = Callable[[ProblemKind, int, str], None]
"""Takes the kind of a problem, its byte offset (in the line or the file) and a short reason."""


_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: str) -> tuple[int, os.stat_result]:
    """Open a regular file for reading. Raises OSError for anything else: a FIFO would block, a link lead anywhere."""
    try:
        fd = os.open(path, _OPEN)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK) and os.path.islink(path):
            raise OSError(error.errno, "a link, which is not followed", path) from None
        raise
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
    except OSError:
        os.close(fd)
        raise
    return fd, found


def fingerprint(fd: int, offset: int, before: bytes = b"") -> tuple[bytes, bytes]:
    """Hashes of the first KiB (at most, and only of what lies before `offset`) and of the 64 bytes before it.

    `before` is all that lies before `offset`, where it is at hand.
    """
    start = max(0, offset - ANCHOR)
    head = before[:HEAD] or os.pread(fd, min(HEAD, offset), 0)
    near = before or head
    anchor = near[start:offset] if len(near) == offset else os.pread(fd, offset - start, start)
    return blake2b(head, digest_size=8).digest(), blake2b(anchor, digest_size=8).digest()


class LineReader:
    """The whole lines of one file, from a checkpoint or from the start; a context manager.

    Iterate over `blocks()` or over the reader itself, once and to the end; then `checkpoint()` says how far
    it came. A last line without its newline stays unread. `restarted` says that the checkpoint did not fit
    the file (it shrank, was rewritten or replaced) and everything is read again. `bytes_read` counts the log
    bytes read after the checkpoint; the at most 1,088 bytes that verify it are not in it. `lines` counts lines
    passed over or iterated, not those inside `blocks()`.
    """

    def __init__(
        self, path: str, since: Checkpoint | None = None, *, max_line: int = MAX_LINE, window: int = WINDOW
    ) -> None:
        self.path = path
        self.offset = 0
        self.restarted = False
        self.bytes_read = 0
        self.lines = 0
        self.problems: list[Problem] = []
        self._max_line = max_line
        self._window = min(window, max_line)
        self._first = b""  # the block at the start of the file
        self._fd, self._stat = open_regular(path)
        try:
            if since is not None:
                if self._continues(since):
                    self.offset = since.offset
                else:
                    self.restarted = True
        except OSError:
            os.close(self._fd)
            raise

    def __enter__(self) -> LineReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._fd)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line with its byte offset, without its newline."""
        for offset, block in self.blocks():
            lines = block.split(b"\n")
            lines.pop()
            self.lines += len(lines)
            for line in lines:
                yield offset, line
                offset += len(line) + 1

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Yield runs of whole lines, newlines included, with the byte offset of the first."""
        position = self.offset
        carry: list[bytes] = []  # the open line so far, empty once it is longer than any that is kept
        while chunk := self._chunk(position):
            carried = position - self.offset
            position += len(chunk)
            self.bytes_read += len(chunk)
            end = chunk.rfind(b"\n") + 1
            if not end:
                carry.append(chunk)
                if carried + len(chunk) > self._max_line:
                    carry.clear()
                continue
            block = chunk[:end]
            if carried:
                first = chunk.find(b"\n") + 1
                if carried + first - 1 > self._max_line:
                    self.problem(ProblemKind.OVERSIZE, self.offset, f"line of {carried + first - 1} bytes")
                    self.offset += carried + first
                    self.lines += 1
                    block = chunk[first:end]
                else:
                    block = b"".join((*carry, block))
            carry = [chunk[end:]] if end < len(chunk) else []
            offset, self.offset = self.offset, self.offset + len(block)
            self._first = b"" if offset else block
            if block:
                yield offset, block

    def problem(self, kind: ProblemKind, offset: int, detail: str = "") -> None:
        """Note something that was skipped or doubted at a byte offset of this file."""
        self.problems.append(Problem(kind, self.path, offset, detail))

    def objects(self, offset: int, line: bytes) -> Iterator[dict[str, Any]]:
        """Yield the JSON objects on a line that starts at `offset`, noting problems in this file."""
        return decode_objects(line, lambda kind, at, detail: self.problem(kind, offset + at, detail))

    def checkpoint(self, *, mark: int = 0, state: str = "") -> Checkpoint:
        """How far the lines were read, and how to know this file again."""
        head, anchor = fingerprint(self._fd, self.offset, self._first if len(self._first) == self.offset else b"")
        return Checkpoint(self._stat.st_dev, self._stat.st_ino, self.offset, head, anchor, mark, state)

    def _chunk(self, position: int) -> bytes:
        """The next bytes, none at the end."""
        # The size is taken once: a file that grows as fast as it is read must not hold the reader for ever.
        left = self._stat.st_size - position
        return os.pread(self._fd, min(self._window, left), position) if left > 0 else b""

    def _continues(self, since: Checkpoint) -> bool:
        same = (self._stat.st_dev, self._stat.st_ino) == (since.dev, since.ino)
        return (
            same
            and self._stat.st_size >= since.offset
            and fingerprint(self._fd, since.offset)
            == (
                since.head,
                since.anchor,
            )
        )


def decode_objects(line: bytes, report: Report | None = None) -> Iterator[dict[str, Any]]:
    """Yield every JSON object on a line: usually one, more where two writers shared it, none of garbage.

    What is skipped is told to `report`, with its byte offset in the line: NUL runs, and text that is no
    object. A byte order mark and blank lines are nothing. Never raises.
    """
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    else:
        if type(value) is dict:
            yield value
            return
    if line and not line.isspace():
        yield from _decode_broken(line, report or (lambda kind, at, detail: None))


def _decode_broken(line: bytes, report: Report) -> Iterator[dict[str, Any]]:
    # orjson also rejects what JavaScript writes and json reads: lone surrogates, depth, NaN.
    if b"\0" in line:
        report(ProblemKind.NUL_RUN, line.index(0), f"{line.count(0)} NUL bytes")
        line = line.replace(b"\0", b"")
    text = line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").strip()
    decoder = json.JSONDecoder(parse_int=_whole_number)
    broken = 0
    at = end = 0
    while (at := text.find("{", at)) >= 0 and broken <= _MAX_BROKEN:
        try:
            value, stop = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            # A line torn in the middle is followed by the next one: its brace is the last before the error.
            broken += 1
            at = max(text.rfind("{", at + 1, error.pos + 1), 0) or max(error.pos, at + 1)
        except RecursionError as error:
            report(ProblemKind.MALFORMED, 0, type(error).__name__)
            return
        else:
            if text[end:at].strip():
                broken += 1
            yield value
            at = end = stop
    if broken or text[end:].strip():
        report(ProblemKind.MALFORMED, 0, "not a JSON object")


def _whole_number(text: str) -> int | float:
    """Read a number; one with more digits than Python takes is no count of anything, and no reason to lose a row."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def as_count(value: object) -> int | None:
    """A token count as logged: a whole number from 0 to 2**53 - 1. None for anything else."""
    return value if type(value) is int and 0 <= value < 1 << 53 else None
