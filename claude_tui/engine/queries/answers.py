"""Everything that can be asked of a store, in one place: for the screen, the server and whoever stands in for them.

Safe from any thread. Must not change what is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from claude_tui.engine.queries.allowances.budgets import Budget, BudgetState, check
from claude_tui.engine.queries.allowances.limits import Limits
from claude_tui.engine.queries.allowances.windows import BlocksPicture, WindowBook
from claude_tui.engine.queries.explain import Explanation, explain
from claude_tui.engine.queries.periods.hours import HourBook, Hours
from claude_tui.engine.queries.responses import list_responses
from claude_tui.engine.queries.snapshots.maker import SnapshotMaker
from claude_tui.engine.queries.turns import TurnDetails, turn_details
from claude_tui.engine.state.store import Store
from claude_tui.model import Query, Response, Snapshot


class Answers:
    """The answers of one store.

    `roots` are the folders that snapshots name as counted; `limits_folder` is where reported limits are kept.
    """

    def __init__(self, store: Store, *, roots: tuple[str, ...] = (), limits_folder: Path | None = None) -> None:
        self.store = store
        self.maker = SnapshotMaker(store, roots=roots)
        self._hours = HourBook(store)
        self._windows = WindowBook(store, limits_folder)

    def snapshot(self, query: Query, now_ms: int) -> Snapshot:
        """Return the state at `now_ms`; the same object again while nothing moved."""
        return self.maker.take(query, now_ms)

    def turns(self, session: str) -> Sequence[Response]:
        """Return every response of a session with its extras, by time."""
        return list_responses(self.store, Query(session=session))

    def responses(self, query: Query) -> Sequence[Response]:
        """Return every response a query covers with its extras, by time. Not for the event loop."""
        return list_responses(self.store, query)

    def budgets(self, budgets: Iterable[Budget], now_ms: int, week_starts_on: str = "monday") -> Sequence[BudgetState]:
        """Return how budgets stand. Takes a few milliseconds."""
        return check(self.store, budgets, now_ms, week_starts_on=week_starts_on)

    def hours(self, query: Query) -> Hours | None:
        """Return the cost of each local hour of the day over `query`; None while responses are still loaded.

        Not for the event loop: the first answer for a query takes a few microseconds per response.
        """
        return self._hours.hours(query)

    def blocks(self, now_ms: int) -> BlocksPicture:
        """Return the five-hour blocks and the window that is open; the same object while nothing moved.

        Not for the event loop: the first answer takes a few microseconds per response.
        """
        return self._windows.picture(now_ms)

    def limits(self) -> Limits:
        """Return the limits and prompt caches the client reported last."""
        return self._windows.limits()

    def turn_details(self, response: Response) -> TurnDetails:
        """Return what the log says of one response beside its numbers. Reads its file: not for the event loop."""
        return turn_details(response)

    def explain(self, about: Query | Response) -> Explanation:
        """Explain the sum over a query, or a single response. Takes seconds at most; not for the event loop."""
        return explain(self.store, about)
