"""A view of one table that says more about its selected row if its rows leave room for that."""

from __future__ import annotations

from typing import Any, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from claude_tui.model import Query, Snapshot
from claude_tui.records import NamedTuple
from claude_tui.ui.source import SnapshotSource
from claude_tui.ui.views.base.table_view import TableView
from claude_tui.ui.views.base.view import DayWanted, Scope, Shown
from claude_tui.ui.widgets.row_detail import LEAST_HEIGHT, MOST_HEIGHT, Costs, RowDetail, last_costs

AROUND: Final = 3
"""Lines of a table's panel beside its rows: borders and the names of the columns."""


class LongAgo(NamedTuple):
    """When something was used that was not used lately, by what was asked for."""

    query: Query
    costs: Costs | None


class DetailedView(TableView):
    """A table that says more about its selected row if its rows leave room for that."""

    IS_PARTED = True

    def __init__(self) -> None:
        super().__init__()
        self._panel = Vertical(self._table, classes="panel")
        self._detail = RowDetail()
        self._asked: Query | None = None
        """Of what the days are wanted: of a selected row that was not used lately."""

    def compose(self) -> ComposeResult:
        """The table over the detail."""
        yield self._panel
        yield self._detail

    @property
    def titled(self) -> Widget:
        """The table's panel carries the titles."""
        return self._panel

    def fetch(self, source: SnapshotSource, snapshot: Snapshot, scope: Scope, now_ms: int) -> LongAgo | None:
        """When a row was used that was not used lately."""
        asked = self._asked
        return LongAgo(asked, last_costs(source.snapshot(asked, now_ms).days)) if asked is not None else None

    def draw(self, shown: Shown) -> None:
        """Give the rows to the table, and the selected one to the detail."""
        super().draw(shown)
        self._arrange_detail()

    def detail_name(self, row: Any) -> str:
        """What the detail calls a row."""
        return row.name if row is not None else ""

    def _arrange_detail(self) -> None:
        room = self.size.height - self._table.total - AROUND
        has_room = room >= LEAST_HEIGHT and self.size.width >= 76
        self._detail.display = has_room
        if has_room and self.shown is not None:
            self._detail.styles.height = min(room, max(MOST_HEIGHT, self.size.height // 3))
            row = self._table.cursor_row
            self._detail.show(row, self._costs(row, self.shown), self.detail_name(row))

    def _costs(self, row: Any, shown: Shown) -> Costs:
        """The days of a row: the last ones, or those up to its last use if none of them has any."""
        lately = Costs(shown.today, row.spark if row is not None else ())
        if row is None or any(lately.nanos) or not row.totals.cost_nano:
            return lately
        asked = self.about(row, shown)
        if isinstance(asked, Query) and asked != self._asked:
            self._asked = asked
            self.post_message(DayWanted())
        found = shown.extra
        return found.costs or lately if isinstance(found, LongAgo) and found.query == asked else lately

    def on_resize(self) -> None:
        """There may be room now, or none."""
        self._arrange_detail()

    def on_line_table_selected(self) -> None:
        """Another row."""
        self._arrange_detail()
