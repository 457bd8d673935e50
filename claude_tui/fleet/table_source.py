"""A merged table as what a screen asks: the sums of the last days, which stay until the table is read again.

Nothing is followed, and single responses are not there. Must not draw.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Final

from claude_tui.engine.queries.answers import Answers
from claude_tui.engine.queries.explain import Explanation
from claude_tui.engine.queries.periods.hours import Hours
from claude_tui.engine.state.store import Store
from claude_tui.fleet.lake import LakeError
from claude_tui.model import Phase, Progress, Query, Response
from claude_tui.records import NamedTuple

DAYS: Final = 30
"""How many days a screen shows."""
GROUPINGS: Final = ("project", "team", "user", "host")
"""What its rows can be summed by: the project, or whose it is."""


class Looked(NamedTuple):
    """What a look at a table gave: a store with its sums, and when it was merged."""

    store: Store
    merged_ms: int


class TableSource(Answers):
    """The numbers of a table, as of its last merge when it was looked at last. Raises what `look` raises."""

    groupings = GROUPINGS

    def __init__(self, look: Callable[[str], Looked]) -> None:
        self._look = look
        found = look(self.grouped_by)
        self.saved_ms = found.merged_ms
        self.is_counting = False
        self._callbacks: list[Callable[[], None]] = []
        self._refreshing = threading.Lock()
        super().__init__(found.store)
        self._say()

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each new look."""
        self._callbacks.append(callback)

    async def run(self) -> None:
        """Wait until cancelled: there is nothing to follow."""
        await asyncio.Event().wait()

    def refresh(self) -> None:
        """Look at the table again. What was there stays if it cannot be read now. Not for the event loop."""
        with self._refreshing:
            try:
                found = self._look(self.grouped_by)
            except LakeError:
                self._say("cannot be read now")
                return
            of, store = found.store, self.store
            with store.lock:
                store.clear()
                store.restore(of.owners, of.models, dict(of.cells.all), of.facts, of.problem_log, of.cells.unlogged)
            self.saved_ms = found.merged_ms
            self._say()

    def group(self, by: str) -> None:
        """Sum by project, team, user or machine from now on. Not for the event loop."""
        self.grouped_by = by
        self.refresh()

    def hours(self, query: Query) -> Hours | None:
        """Return None: sums by day do not know the hour."""
        return None

    def hours_by_day(self, query: Query) -> None:
        """Return None: sums by day do not know the hour."""

    def cost_course(self, since_ms: int, until_ms: int, step_ms: int, query: Query | None = None) -> None:
        """Return None: sums by day do not know the minute."""

    def explain(self, about: Query | Response) -> Explanation:
        """Raise LookupError: that needs single responses."""
        raise LookupError("a table of many machines is read by its sums; its responses/ have the single ones")

    def _say(self, error: str = "") -> None:
        self.maker.progress = Progress(Phase.MERGED, detail=error or self._covered())
        for callback in self._callbacks:
            callback()

    def _covered(self) -> str:
        return f"last {DAYS} days" + (f", by {self.grouped_by}" if self.grouped_by != GROUPINGS[0] else "")
