"""Rollouts the client has compressed (`*.jsonl.zst`), read like any other.

Must not know records.
"""

from __future__ import annotations

import errno
import io
import sys
from functools import cache
from typing import IO, Any, Final

from claude_tui.model import ProblemKind
from claude_tui.sources.protocol import Checkpoint
from claude_tui.sources.reading.lines import WINDOW, LineReader, fingerprint
from claude_tui.sources.reading.log import FileLog, Log, Opener

SUFFIX: Final = ".zst"


def open_rollout(
    path: str, since: Checkpoint | None = None, *, window: int = WINDOW, opener: Opener = FileLog
) -> LineReader:
    """Open a rollout, compressed or not. Raises OSError if it cannot be opened or nothing can decompress it."""
    if path.endswith(SUFFIX):
        return CompressedReader(path, since, window=window, opener=opener)
    return LineReader(path, since, window=window, opener=opener)


class CompressedReader(LineReader):
    """The lines of a compressed file: all of them, or none if the file is the one the checkpoint saw.

    Offsets refer to the decompressed text, except in the checkpoint, where the offset is the size of the file.
    """

    def __init__(
        self, path: str, since: Checkpoint | None = None, *, window: int = WINDOW, opener: Opener = FileLog
    ) -> None:
        self._module = decompressor()
        super().__init__(path, window=window, opener=opener)
        found = self._log
        seen = (found.dev, found.ino, found.size, found.changed_ns)
        self._is_known = since is not None and (since.dev, since.ino, since.offset, since.mark) == seen
        self.restarted = since is not None and not self._is_known
        self._stream: IO[bytes] | None = None
        self._is_broken = False

    def __exit__(self, *error: Any) -> None:
        if self._stream is not None:
            self._stream.close()
        super().__exit__(*error)

    def checkpoint(self, *, mark: int = 0, state: str = "") -> Checkpoint:
        """Return which state of the file was read."""
        found = self._log
        return Checkpoint(
            found.dev, found.ino, found.size, *fingerprint(found.pread, found.size), found.changed_ns, state
        )

    _is_growing = False

    def _judge_end(self) -> None:
        if not self._is_broken:
            super()._judge_end()

    def _chunk(self, position: int) -> bytes:
        if self._is_known:
            return b""
        try:
            if self._stream is None:
                self._stream = self._module.open(_Stream(self._log), "rb")
            return self._stream.read(self._window)
        except (OSError, EOFError, self._module.ZstdError) as error:
            self._is_broken = True
            self.problem(ProblemKind.MALFORMED, position, f"cannot be decompressed: {type(error).__name__}")
            return b""


class _Stream(io.RawIOBase):
    """A log as a stream of bytes, which it does not close."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._log.pread(len(buffer), self._position)
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)


@cache
def decompressor() -> Any:
    """Return the module that opens compressed files: that of Python 3.14, or its backport. Raises OSError if it is not
    there."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise OSError(errno.EOPNOTSUPP, "compressed: Python 3.14 or the package backports.zstd can read it") from None
    return zstd
