"""Reads growing files in whole lines, from a checkpoint.

Knows bytes, offsets and file identity. Must not know what a line means, nor any client's format.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Final

from claude_tui.hashes import blake2b
from claude_tui.model import Problem, ProblemKind
from claude_tui.sources.problems import Problems
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.log import FileLog, Opener
from claude_tui.sources.reading.objects import decode_objects, whole_objects
from claude_tui.sources.reading.open_line import GIVEN_UP, OpenLine

MAX_LINE: Final = 64 << 20
"""Bytes of the longest line that is kept. A longer one is skipped in windows and counted."""

WINDOW: Final = 1 << 20
"""Bytes read at once."""

HEAD: Final = 1024
ANCHOR: Final = 64

UNTOUCHED_S: Final = 60
"""After this time an unfinished line is no longer waited for: nobody is writing it."""

_NOTHING: Final = OpenLine()
_checkpoint: Final = partial(tuple.__new__, Checkpoint)
"""Makes one of a tuple: its own way takes three times as long."""


def fingerprint(pread: Callable[[int, int], bytes], offset: int, before: bytes = b"") -> tuple[bytes, bytes]:
    """Return hashes of the first KiB (at most, and only of what lies before `offset`) and of the 64 bytes before
    `offset`.

    `pread` reads a size from an offset of the file. `before` is everything before `offset`, if it is available.
    """
    start = max(0, offset - ANCHOR)
    head = before[:HEAD] or pread(min(HEAD, offset), 0)
    near = before or head
    anchor = near[start:offset] if len(near) == offset else pread(offset - start, start)
    return blake2b(head, digest_size=8).digest(), blake2b(anchor, digest_size=8).digest()


class LineReader:
    """The whole lines of one file, from a checkpoint or from the start; a context manager.

    Iterate over `blocks()` or over the reader itself, once and to the end; then `checkpoint()` says how far it got. If
    the last line has no newline, the whole JSON objects it begins with count as lines; the rest is waited for, and
    reported if the file has not changed for a minute. `restarted` means that the checkpoint did not fit the file (it
    shrank, was rewritten or replaced) and everything is read again. `bytes_read` counts the log bytes read after the
    checkpoint, without the at most 1,152 bytes that verify it. `lines` counts lines skipped or iterated, not those
    inside `blocks()`.
    """

    def __init__(
        self,
        path: str,
        since: Checkpoint | None = None,
        *,
        max_line: int = MAX_LINE,
        window: int = WINDOW,
        opener: Opener = FileLog,
    ) -> None:
        self.path = path
        self.offset = 0
        self.restarted = False
        self.bytes_read = 0
        self.lines = 0
        self.problems = Problems()
        self._max_line = max_line
        self._window = min(window, max_line)
        self._first = b""  # the block at the start of the file
        self._open = _NOTHING
        self._log = opener(path)
        try:
            if since is not None:
                if self._continues(since):
                    self.offset = since.offset
                    self._open = self._known_end(since)
                else:
                    self.restarted = True
        except OSError:
            self._log.close()
            raise

    def __enter__(self) -> LineReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._log.close()

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
        """Yield runs of whole lines, newlines included, with the byte offset of the first.

        A whole object without a newline gets one.
        """
        if self._open.searched:
            if not self._open_line_ends():
                self._judge_end()
                return
            self._open = _NOTHING
        offset = self.offset
        chunk = self._chunk(offset)
        if offset + len(chunk) == self._log.size and chunk.endswith(b"\n"):  # as nearly every file is
            self.bytes_read += len(chunk)
            self.offset, self._first = self._log.size, b"" if offset else chunk
            yield offset, chunk
        else:
            yield from self._windows(chunk)

    def _windows(self, chunk: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield what `blocks` does, from `chunk` on, which is read already."""
        position = self.offset
        carry: list[bytes] = []  # the open line so far
        is_kept = True  # whether it is, which it no longer is once it is longer than any that is kept
        while chunk:
            position += len(chunk)
            self.bytes_read += len(chunk)
            end = chunk.rfind(b"\n") + 1
            if not end:
                if is_kept:
                    carry.append(chunk)
                if is_kept and position - self.offset > self._max_line:
                    data = b"".join(carry)
                    carry.clear()
                    yield from self._whole(data)
                    rest = data[len(data) - (position - self.offset) :]
                    is_kept = len(rest) <= self._max_line
                    carry = [rest] if is_kept else []
                chunk = self._chunk(position)
                continue
            block = chunk[:end]
            if carry or not is_kept:
                first = chunk.find(b"\n") + 1
                size = position - len(chunk) + first - 1 - self.offset
                if size <= self._max_line:
                    block = b"".join((*carry, block))
                else:
                    yield from self._end_long(b"".join((*carry, chunk[:first])) if is_kept else b"", size)
                    block = chunk[first:end]
            carry, is_kept = [chunk[end:]] if end < len(chunk) else [], True
            offset, self.offset = self.offset, self.offset + len(block)
            self._first = b"" if offset else block
            if block:
                yield offset, block
            chunk = self._chunk(position)
        if not carry and is_kept:
            return
        rest = b"".join(carry)
        carry.clear()
        yield from self._whole(rest)
        left = position - self.offset
        self._open, end = OpenLine().look_at(rest, len(rest) - left) if is_kept else (OpenLine(), left)
        if end:
            self._open = OpenLine(left, GIVEN_UP)
        self._judge_end()

    def _whole(self, line: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the whole objects at the start of the line at `offset`, which has no newline."""
        end = whole_objects(line, self._max_line)
        if end:
            offset, self.offset = self.offset, self.offset + end
            yield offset, line[:end] + b"\n"

    def _end_long(self, line: bytes, size: int) -> Iterator[tuple[int, bytes]]:
        """Yield what counts of a line that is too long, of `size` bytes: the whole objects at its start, and perhaps
        the rest."""
        before = self.offset
        yield from self._whole(line[:-1])
        rest = line[self.offset - before :]
        size -= self.offset - before
        if size > self._max_line:
            self._pass_over(size)
        else:
            offset, self.offset = self.offset, self.offset + len(rest)
            yield offset, rest

    def _pass_over(self, size: int) -> None:
        """Count a line of so many bytes that is too long to be kept."""
        self.problem(ProblemKind.OVERSIZE, self.offset, f"line of {size} bytes")
        self.offset += size + 1
        self.lines += 1

    def _open_line_ends(self) -> bool:
        """Scan what was appended to an open line. Returns whether it is to be read now."""
        position = self.offset + self._open.searched
        while chunk := self._chunk(position):
            self.bytes_read += len(chunk)
            newline = chunk.find(b"\n")
            if newline >= 0:
                size = position + newline - self.offset
                if size > self._max_line and self._open.is_given_up:
                    self._pass_over(size)
                return True
            self._open, end = self._open.look_at(chunk)
            if end:
                return True
            position += len(chunk)
            if position - self.offset > self._max_line:
                self._open = OpenLine(position - self.offset, GIVEN_UP)
        return False

    def _judge_end(self) -> None:
        """Report the end of a file that is not a whole line and that nobody has written to for a while."""
        if not self._open.searched or self._open.is_blank:
            return
        is_touched = self._is_growing and abs(time.time() - self._log.changed_ns / 1e9) < UNTOUCHED_S
        self._open = self._open._replace(is_waiting=is_touched)
        if not is_touched:
            self.problem(ProblemKind.UNFINISHED, self.offset, f"last {self._open.searched} bytes are not a whole line")

    def problem(self, kind: ProblemKind, offset: int, detail: str = "", number: int = 1) -> None:
        """Record that something was skipped or is in doubt at a byte offset of this file."""
        self.problems.append(Problem(kind, self.path, offset, detail), number)

    def objects(self, offset: int, line: bytes, *, is_slim: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the JSON objects on a line that starts at `offset`, and record problems of this file."""

        def report(kind: ProblemKind, at: int, detail: str, number: int = 1, /) -> None:
            self.problem(kind, offset + at, detail, number)

        return decode_objects(line, report, is_slim=is_slim)

    def read_at(self, size: int, offset: int) -> bytes:
        """Return bytes of the file once more, fewer at its end. Raises OSError."""
        return self._log.pread(size, offset)

    def checkpoint(self, *, mark: int = 0, state: str = "") -> Checkpoint:
        """Return how far the lines were read, and how to recognise this file again."""
        head, anchor = fingerprint(
            self._log.pread, self.offset, self._first if len(self._first) == self.offset else b""
        )
        open_line = ""
        if self._open.searched:
            open_line = str(self._open._replace(near=self._near(self.offset + self._open.searched)))
        return _checkpoint((self._log.dev, self._log.ino, self.offset, head, anchor, mark, state, open_line))

    _is_growing = True
    """Whether this file may still grow."""

    def _chunk(self, position: int) -> bytes:
        """Return the next bytes, none at the end."""
        # The size is taken once: a file that grows as fast as it is read must not hold the reader for ever.
        left = self._log.size - position
        return self._log.pread(min(self._window, left), position) if left > 0 else b""

    def _near(self, position: int) -> str:
        return fingerprint(self._log.pread, position)[1].hex()

    def _known_end(self, since: Checkpoint) -> OpenLine:
        """Return how far the open line was scanned, if the scanned bytes are still there."""
        known = OpenLine.parse(since.open_line)
        position = self.offset + known.searched
        is_same = known.searched and self._log.size >= position and self._near(position) == known.near
        return known if is_same else OpenLine()

    def _continues(self, since: Checkpoint) -> bool:
        same = (self._log.dev, self._log.ino) == (since.dev, since.ino)
        return (
            same
            and self._log.size >= since.offset
            and fingerprint(self._log.pread, since.offset)
            == (
                since.head,
                since.anchor,
            )
        )
