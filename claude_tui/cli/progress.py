"""Progress on stderr for work that takes a while; silent if stderr is not a terminal.

Must not know what the work is.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final

from claude_tui.cli.streams import tell
from claude_tui.figures import many, size

if TYPE_CHECKING:
    from claude_tui.model import Progress

WIDTH: Final = 24
DELAY_S: Final = 0.5
"""Work that ends sooner shows no progress."""
INTERVAL_S: Final = 0.1


class Bar:
    """Shows how many files and bytes are done. Removes itself when the work is over."""

    def __init__(self, label: str) -> None:
        self.label = label
        self._is_shown = False
        self._next_s = time.monotonic() + DELAY_S
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_shown:
            tell("\r\x1b[K")

    def show(self, progress: Progress) -> None:
        """Draw the progress, at most ten times a second."""
        now_s = time.monotonic()
        if not self._is_terminal or now_s < self._next_s:
            return
        self._next_s, self._is_shown = now_s + INTERVAL_S, True
        share = progress.bytes_done / progress.bytes_total if progress.bytes_total else 1.0
        filled = int(share * WIDTH)
        bar = "#" * filled + "-" * (WIDTH - filled)
        files = f"{progress.files_done:,} of {many(progress.files_total, 'file')}"
        amount = f"{size(progress.bytes_done)} of {size(progress.bytes_total)}"
        tell(f"\r\x1b[K{self.label} [{bar}] {files}, {amount}")


class Steps:
    """Shows the current step on one line, which is removed at the end; on separate lines if stderr is not a
    terminal."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self) -> Steps:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_terminal:
            tell("\r\x1b[K")

    def show(self, text: str) -> None:
        """Show the current step."""
        tell(f"\r\x1b[K{text} ..." if self._is_terminal else f"{text}\n")

    def count(self, text: str, done: int, total: int) -> None:
        """Show the current step and its number."""
        self.show(f"{done + 1} of {total}: {text}")
