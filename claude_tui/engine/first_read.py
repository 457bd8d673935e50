"""The first read of a count, begun before what shows and follows it is loaded. Must not take in what is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from claude_tui import runtime
from claude_tui.engine.scan.reading import Task
from claude_tui.engine.scan.scan import Scan
from claude_tui.engine.setup import Setup
from claude_tui.engine.start import Opening

WORKER_NICENESS: Final = 5
"""The screen comes before what reads for it."""


class FirstRead:
    """An opened count, and the scan of what is left to read once that has begun: it goes on by itself."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.opening = Opening(setup, note_names=setup.ledger_file is not None)
        self.scan: Scan | None = None

    def begin(self) -> Scan:
        """Find the files and begin to read them."""
        runtime.reading()
        return self.restart(self.opening.discover())

    def restart(self, tasks: Sequence[Task]) -> Scan:
        """Read these instead of all before."""
        self.end()
        self.scan = Scan(tasks, self.opening.reader, niceness=WORKER_NICENESS, head_start=self.opening.head_start)
        return self.scan

    def end(self) -> None:
        """Read no more."""
        if self.scan is not None:
            self.scan.stop()
        self.scan = None
